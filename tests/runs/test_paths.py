"""Where a run writes: found impossible before the text is read, and never over the text."""

from __future__ import annotations

import pytest

import wordkin
from wordkin import ConfigError, OutputError

SMALL = {"vector_size": 4, "min_count": 1, "epochs": 1, "threads": 1, "subsample": 0}


@pytest.fixture
def text(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text("sun moon\n" * 20)
    return path


@pytest.mark.parametrize("name", ["output", "log"])
@pytest.mark.parametrize("naming", ["file", "list", "directory", "pattern", "link", "held-out text"])
def test_the_text_is_not_overwritten(text, name, naming):
    link = text.with_name("link.txt")
    if naming == "link":
        link.symlink_to(text)
    texts = {"file": text, "list": [str(text)], "directory": text.parent, "pattern": text.parent / "*.txt"}
    place = link if naming == "link" else text
    with pytest.raises(ConfigError, match=f"{name} must not be a file of the text, which would be overwritten"):
        if naming == "held-out text":
            wordkin.train([["sun", "moon"]], validation=text, **{name: place}, **SMALL)
        else:
            wordkin.train(texts.get(naming, text), **{name: place}, **SMALL)
    assert text.read_text() == "sun moon\n" * 20


def test_the_log_does_not_overwrite_the_vectors(text, tmp_path):
    with pytest.raises(ConfigError, match=r"log must not be the same file as output, which would be overwritten"):
        wordkin.train(text, output=tmp_path / "v.txt", log=tmp_path / "v.txt", **SMALL)


@pytest.mark.parametrize(
    "options", [{"output": "v.model"}, {"log": "no/log.jsonl"}, {"checkpoint": "text.txt/run"}, {"checkpoint": "a\0b"}]
)
def test_an_impossible_place_leaves_nothing_behind(text, tmp_path, options, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises((ConfigError, OutputError)):
        wordkin.train(text, **options, **SMALL)
    assert list(tmp_path.iterdir()) == [text]


@pytest.mark.parametrize("options", [
    {"output": "run"}, {"output": "run/run.json"}, {"log": "run"}, {"log": "run/run.json"}, {"log": "run/corpus"},
    {"log": "run/tables-0123456789ab.safetensors"},
])  # fmt: skip
def test_vectors_and_log_do_not_take_the_place_of_the_run(text, tmp_path, monkeypatch, options):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "run").mkdir()
    with pytest.raises(
        ConfigError, match=r"(output|log) must not be the checkpoint directory or one of its files; got"
    ):
        wordkin.train(text, checkpoint="run", **options, **SMALL)
    assert list((tmp_path / "run").iterdir()) == []


@pytest.mark.parametrize("options", [
    {"checkpoint": "texts/run"}, {"checkpoint": "texts"}, {"checkpoint": "link/deep/run"}, {"log": "texts/log.jsonl"},
    {"output": "texts/v.bin"}, {"output": "texts/v.vec.gz"},
])  # fmt: skip
@pytest.mark.parametrize("naming", [str, lambda name: [name]], ids=["directory", "list"])
def test_nothing_is_left_where_the_next_run_would_read_it_as_text(text, tmp_path, monkeypatch, options, naming):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "texts" / "deep").mkdir(parents=True)
    text.rename(tmp_path / "texts" / "text.txt")
    (tmp_path / "link").symlink_to("texts")
    with pytest.raises(
        ConfigError, match=r"must not be in a directory that is read as text, because the next run would read"
    ):
        wordkin.train(naming("texts"), **options, **SMALL)
    assert sorted(path.name for path in (tmp_path / "texts").rglob("*")) == ["deep", "text.txt"]


def test_what_is_hidden_or_no_text_may_lie_beside_the_text(text, tmp_path):
    wordkin.train(
        tmp_path, output=tmp_path / "v.safetensors", checkpoint=tmp_path / ".run", log=tmp_path / ".log", **SMALL
    )
    with pytest.warns(UserWarning, match="skipped 1 of 2 files because they look binary"):
        assert set(wordkin.train(tmp_path, **SMALL).words) == {"sun", "moon"}


def test_errors_name_the_place(text, tmp_path):
    with pytest.raises(ConfigError, match=r"^output must end in .safetensors, .bin, .txt or .vec"):
        wordkin.train(text, output=tmp_path / "v.model", **SMALL)
    with pytest.raises(OutputError, match=r"cannot write to the directory .*text.txt': it is a file"):
        wordkin.train(text, checkpoint=text, **SMALL)


def test_a_time_between_checkpoints_needs_a_place_for_them(text):
    with pytest.raises(
        ConfigError, match=r"checkpoint_every needs a checkpoint directory; got '5m': pass the directory as checkpoint"
    ):
        wordkin.train(text, checkpoint_every="5m", **SMALL)


@pytest.mark.parametrize(
    ("callbacks", "remedy"), [(print, "put it in a list"), (None, "pass [] for none"), ([5], "pass [] for none")]
)
def test_callbacks_that_could_not_be_called_are_refused_before_the_work(text, tmp_path, callbacks, remedy):
    with pytest.raises(ConfigError, match="callbacks must be a list of functions that take a TrainingReport") as caught:
        wordkin.train(text, callbacks=callbacks, checkpoint=tmp_path / "run", **SMALL)
    assert caught.value.remedy == remedy
    assert not (tmp_path / "run").exists()


SPACED = [["new york", "sun", "moon"], ["sun", "moon", "new york"]] * 10
REFUSED = (
    r"output must end in .safetensors, because words such as 'new york' contain white space; got '.*': change the "
    "suffix, or replace white space"
)


def never(*_: object) -> None:
    raise AssertionError("trained, or read the text")


def unread():
    never()
    yield ["sun"]


@pytest.mark.parametrize("name", ["v.bin", "v.txt", "v.vec.gz"])
def test_words_that_a_format_cannot_hold_are_found_before_training(tmp_path, name):
    output = tmp_path / name
    with pytest.raises(ConfigError, match=REFUSED):
        wordkin.train(SPACED, output=output, callbacks=[never], **SMALL)
    with pytest.raises(ConfigError, match=REFUSED):  # all words of a given vocabulary are learned
        wordkin.train(unread(), vocabulary={"new york": 7, "sun": 5}, output=output, **SMALL | {"min_count": 5})
    model = wordkin.Word2Vec(**SMALL).fit(SPACED)
    with pytest.raises(ConfigError, match=REFUSED):
        model.update(unread(), output=output)
    wordkin.train(SPACED, checkpoint=tmp_path / "run", callbacks=[lambda report: True], **SMALL | {"epochs": 2})
    with pytest.raises(ConfigError, match=REFUSED):
        wordkin.resume(tmp_path / "run", output=output, callbacks=[never])
    assert not output.exists()
    assert len(wordkin.resume(tmp_path / "run", output=tmp_path / "v.safetensors")) == 3


def test_words_that_are_not_saved_may_have_white_space(tmp_path):
    rare = [*SPACED, ["los angeles", "sun"]]
    kept = [[word.replace(" ", "\u00a0") for word in sentence] for sentence in rare]
    wordkin.train(kept, output=tmp_path / "v.txt", **SMALL)
    rare = [["los angeles", "sun", "moon"], *[["sun", "moon"]] * 5]
    assert "los angeles" not in wordkin.train(rare, output=tmp_path / "v.bin", **SMALL | {"min_count": 2})

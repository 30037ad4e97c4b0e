"""A text read once and kept: training from it is as from the text, and it is whole or refused."""

from __future__ import annotations

import gzip
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import wordkin
from wordkin import CheckpointError, ConfigError, CorpusError, FormatError, OutputError
from wordkin.config import TrainingConfig
from wordkin.corpus.encoded import EncodedCorpus
from wordkin.text.encoded_text import (
    EncodedText,
    content_fingerprint,
    interleaved,
    is_encoded_text,
    open_text,
    renumbered,
)
from wordkin.text.read import save_encoded
from wordkin.text.steps import source_of
from wordkin.vocabulary import Vocabulary

SMALL = {"vector_size": 4, "epochs": 2, "threads": 1, "subsample": 0}
LINES = [" ".join(f"w{(line * word + line) % (5 + line % 40)}" for word in range(1 + line % 7)) for line in range(300)]


@pytest.fixture
def text(tmp_path: Path) -> Path:
    path = tmp_path / "text.txt"
    path.write_text("\n".join(LINES))
    return path


def encoded(corpus: object, place: Path, **options: object) -> EncodedText:
    config = TrainingConfig.from_options(**options)
    return save_encoded(source_of(corpus, config), config, place)


@pytest.mark.parametrize("options", [
    {}, {"min_count": 9}, {"max_vocabulary": 10}, {"validation_fraction": 0.2}, {"lowercase": True},
    {"deterministic": True, "threads": 2}, {"phrases": 1, "phrase_threshold": 1},
])  # fmt: skip
def test_training_from_it_is_as_from_the_text(text: Path, tmp_path: Path, options: dict[str, object]) -> None:
    of_text = {name: options[name] for name in ("lowercase", "phrases", "phrase_threshold") if name in options}
    encoded(text, tmp_path / "c.wk", **of_text)
    one, other = (wordkin.Word2Vec(**{**SMALL, **options}).fit(each) for each in (text, tmp_path / "c.wk"))
    assert list(one.vocabulary.words) == list(other.vocabulary.words)
    assert np.array_equal(one.vocabulary.counts, other.vocabulary.counts)
    assert np.array_equal(one.embeddings.matrix, other.embeddings.matrix)
    assert one.config == other.config
    assert one.phrases == other.phrases and (one.phrases is not None) == ("phrases" in options)


def test_options_left_out_are_as_the_text_was_made(text: Path, tmp_path: Path) -> None:
    opened = encoded(text, tmp_path / "c.wk", tokenizer="words", lowercase=True, min_count=7)
    model = wordkin.Word2Vec(**SMALL).fit(tmp_path / "c.wk")
    assert (model.config.tokenizer, model.config.lowercase, model.config.min_count) == ("words", True, 7)
    assert list(model.vocabulary.words) == list(opened.vocabulary.words)


@pytest.mark.parametrize(("option", "made"), [
    ({"lowercase": True}, "False"), ({"tokenizer": "words"}, "'whitespace'"), ({"min_count": 2}, "5"),
    ({"max_vocabulary": 50}, "20"), ({"encoding": "cp949"}, "'utf-8'"), ({"field": "t"}, "None"),
])  # fmt: skip
def test_other_options_are_refused(text: Path, tmp_path: Path, option: dict[str, object], made: str) -> None:
    encoded(text, tmp_path / "c.wk", max_vocabulary=20)
    message = rf"{next(iter(option))} must be left out, because the text was encoded with {made}; got .*: leave .* out"
    with pytest.raises(ConfigError, match=message):
        wordkin.train(tmp_path / "c.wk", **SMALL, **option)


def test_a_run_resumes_with_the_text_or_what_was_encoded_of_it(text: Path, tmp_path: Path) -> None:
    encoded(text, tmp_path / "c.wk")
    for corpus in (text, tmp_path / "c.wk"):
        run = tmp_path / f"run of {corpus.name}"
        wordkin.train(corpus, checkpoint=run, **SMALL)
        for again in (text, tmp_path / "c.wk"):
            wordkin.resume(run, again)
        encoded([["w1", "w2"]] * 9, tmp_path / "other.wk")
        with pytest.raises(
            CheckpointError, match=r"the text or its reading options differ from those at the start of the run"
        ):
            wordkin.resume(run, tmp_path / "other.wk")


def test_held_out_and_scored_texts(text: Path, tmp_path: Path) -> None:
    encoded(text, tmp_path / "c.wk")
    encoded([["w3", "new", "w4"], ["new"] * 5, ["w1", "w2"] * 5] * 5, tmp_path / "held.wk")
    model = wordkin.Word2Vec(**SMALL, objective="softmax")
    model.fit(tmp_path / "c.wk", validation=[["w3", "new", "w4"], ["new"] * 5, ["w1", "w2"] * 5] * 5)
    expected = model.validation_losses
    model.fit(tmp_path / "c.wk", validation=tmp_path / "held.wk")
    assert model.validation_losses == expected
    assert model.score(tmp_path / "c.wk") == model.score(text)


def test_one_content_whatever_the_container(text: Path, tmp_path: Path) -> None:
    (tmp_path / "c.txt.gz").write_bytes(gzip.compress(text.read_bytes()))
    (tmp_path / "c.jsonl").write_text("".join(json.dumps({"t": line}) + "\n" for line in LINES))
    texts = [encoded(corpus, tmp_path / f"{number}.wk", **options) for number, (corpus, options) in enumerate([
        (text, {}), (tmp_path / "c.txt.gz", {}), (tmp_path / "c.jsonl", {"field": "t"}),
        ([line.split() for line in LINES], {}), (text, {"threads": 3}),
    ])]  # fmt: skip
    assert len({each.description.content_fingerprint for each in texts}) == 1
    assert len({each.description.provenance_fingerprint for each in texts}) == 4  # threads change nothing
    others = [LINES[1:], [*LINES, "w1"], [LINES[0] + " " + LINES[1], *LINES[2:]]]
    for number, lines in enumerate(others):
        other = encoded([line.split() for line in lines], tmp_path / f"other {number}.wk")
        assert other.description.content_fingerprint != texts[0].description.content_fingerprint


def test_the_content_does_not_depend_on_ids_or_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wordkin.text.encoded_text.PIECE_WORDS", 4)
    offsets = np.array([0, 3, 4, 9, 11])
    ids = np.array([0, 1, 2, 1, 0, 2, 2, 1, 0, 1, 2], np.int32)
    first = Vocabulary(["a", "b", "c"], [3, 4, 4]), EncodedCorpus(ids, offsets, "")
    swapped = Vocabulary(["c", "b", "a"], [4, 4, 3]), EncodedCorpus(2 - ids, offsets, "")
    found = {content_fingerprint(*each, threads) for each in (first, swapped) for threads in (1, 3)}
    assert len(found) == 1
    other = EncodedCorpus(ids, np.array([0, 3, 5, 9, 11]), "")
    assert content_fingerprint(first[0], other) not in found


@given(
    lengths=st.lists(st.integers(1, 5), max_size=12), piece=st.integers(1, 9),
    new_ids=st.lists(st.integers(-1, 3), min_size=4, max_size=4), seed=st.integers(0, 99),
)  # fmt: skip
def test_renumbering_leaves_words_and_empty_sentences_out(
    lengths: list[int], piece: int, new_ids: list[int], seed: int
) -> None:
    ids = np.random.default_rng(seed).integers(0, 4, sum(lengths)).astype(np.int32)
    corpus = EncodedCorpus(ids, np.cumsum([0, *lengths]), "")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("wordkin.text.encoded_text._BATCH_WORDS", piece)
        found = renumbered(corpus, np.array(new_ids, np.int32), path=None, spool_directory=None)
    sentences = [[new_ids[word] for word in sentence if new_ids[word] >= 0] for sentence in corpus]
    assert [sentence.tolist() for sentence in found] == [sentence for sentence in sentences if sentence]


SENTENCES = st.lists(st.lists(st.integers(0, 9), min_size=1, max_size=6), max_size=30)


def corpus_of(sentences: list[list[int]]) -> EncodedCorpus:
    ids = np.array([word for each in sentences for word in each], np.int32)
    return EncodedCorpus(ids, np.cumsum([0, *map(len, sentences)]), "")


@given(first=SENTENCES, second=SENTENCES, piece=st.integers(1, 40))
def test_interleaving_keeps_both_orders_and_spreads_evenly(
    first: list[list[int]], second: list[list[int]], piece: int
) -> None:
    second = [[10 + word for word in each] for each in second]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("wordkin.text.encoded_text._BATCH_WORDS", piece)
        found = [each.tolist() for each in interleaved(corpus_of(first), corpus_of(second))]
    assert [each for each in found if each[0] < 10] == first and [each for each in found if each[0] >= 10] == second
    totals = [sum(map(len, each)) for each in (first, second)]
    done = [0, 0]
    for each in found:  # the next sentence is of the corpus that is behind
        mine = int(each[0] >= 10)
        if min(totals) and done[1 - mine] < totals[1 - mine]:
            assert done[mine] / totals[mine] <= done[1 - mine] / totals[1 - mine]
        done[mine] += len(each)


def test_it_is_replaced_as_a_whole(text: Path, tmp_path: Path) -> None:
    before = encoded(text, tmp_path / "c.wk").description.content_fingerprint

    def failing() -> object:
        yield ["a"] * 9
        raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        encoded(failing(), tmp_path / "c.wk")
    assert open_text(tmp_path / "c.wk", verify=True).description.content_fingerprint == before
    encoded([["a"] * 9], tmp_path / "c.wk")
    assert list(open_text(tmp_path / "c.wk", verify=True).vocabulary.words) == ["a"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["c.wk", "text.txt"]


def test_places_that_are_refused(text: Path, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"cannot write '.*text.txt', which exists and is not an encoded text"):
        encoded([["a"] * 5], text)
    with pytest.raises(OutputError, match=r"there is no directory '.*none': make this directory first"):
        encoded(text, tmp_path / "none" / "c.wk")
    with pytest.raises(ConfigError, match=r"output must not be a directory that is read as text; got .*c.wk'"):
        encoded(tmp_path, tmp_path / "c.wk")
    encoded(text, tmp_path / "c.wk")
    with pytest.raises(CorpusError, match=r"'.*c.wk' is already encoded: pass the text it was made from"):
        encoded(tmp_path / "c.wk", tmp_path / "d.wk")
    with pytest.raises(
        CorpusError, match=r"an encoded text cannot be combined with other texts; got .*: encode all texts together"
    ):
        wordkin.train([tmp_path / "c.wk", text])
    with pytest.raises(ConfigError, match="log must not be a file of the text"):
        wordkin.train(tmp_path / "c.wk", log=tmp_path / "c.wk" / "text.json", **SMALL)


def test_a_damaged_one_is_refused(text: Path, tmp_path: Path) -> None:
    whole = tmp_path / "whole.wk"
    encoded(text, whole)
    assert is_encoded_text(whole) and not is_encoded_text(tmp_path)
    for name in sorted(path.name for path in whole.iterdir()):
        for change in ("cut", "flip", "remove"):
            damaged = tmp_path / "damaged.wk"
            shutil.rmtree(damaged, ignore_errors=True)
            shutil.copytree(whole, damaged)
            data = (whole / name).read_bytes()
            middle = len(data) // 2
            changed = {"cut": data[:middle], "flip": data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]}
            if change == "remove":
                if name == "text.json":
                    continue  # it is no encoded text then
                (damaged / name).unlink()
            else:
                (damaged / name).write_bytes(changed[change])
            if (name, change) == ("text.json", "flip"):
                continue  # may change a letter of a name
            with pytest.raises(FormatError):
                open_text(damaged, verify=True)

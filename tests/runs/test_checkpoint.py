"""A run goes on from its directory as if nothing had happened, or says why it cannot."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

import wordkin
from wordkin import CheckpointError, ConfigError, DivergenceError, FormatError, OutputError, Word2Vec
from wordkin.corpus.encoded import EncodedCorpus
from wordkin.runs import directory as checkpoint
from wordkin.runs.checkpoints import seconds_of
from wordkin.runs.directory import RunDirectory
from wordkin.runs.record import digest_of
from wordkin.training.cpu.backend import CpuBackend

SMALL = {"vector_size": 7, "min_count": 1, "epochs": 2, "threads": 1}
COMBINATIONS = [
    {"architecture": architecture, "objective": objective, "output_bias": bias, "projection_bias": bias}
    for architecture in ("skip-gram", "cbow")
    for objective in ("negative-sampling", "hierarchical-softmax", "softmax", ("hierarchical-softmax", "softmax"))
    for bias in (False, True)
]


def assert_same_tables(one: Word2Vec, other: Word2Vec) -> None:
    assert one._tables.keys() == other._tables.keys()
    for name, table in one._tables.items():
        assert np.array_equal(table, other._tables[name]), name


def files_of(directory: Path) -> set[str]:
    return {path.name.split("-")[0] for path in directory.iterdir()}


@pytest.fixture
def stopped(sentences, tmp_path, stop_at, short_spans):
    """A directory with a run that was stopped in its second epoch."""
    Word2Vec(**SMALL).fit(sentences, checkpoint=tmp_path / "run", callbacks=[stop_at(6)])
    return tmp_path / "run"


# --- the same bits


@pytest.mark.parametrize("options", COMBINATIONS, ids=lambda options: "-".join(str(each) for each in options.values()))
def test_a_run_that_was_stopped_twice_ends_as_one_that_was_not(options, sentences, tmp_path, stop_at, monkeypatch):
    whole = Word2Vec(**SMALL, **options).fit(sentences)
    monkeypatch.setattr(wordkin.training.trainer, "SECONDS_PER_SPAN", 0)
    first = Word2Vec(**SMALL, **options).fit(sentences, checkpoint=tmp_path, callbacks=[stop_at(2)])
    assert (first._state.epoch, first._state.position) == (0, 2 * 16_384)
    second = Word2Vec.resume(tmp_path, callbacks=[stop_at(4)])
    assert second._state.epoch == 1
    third = Word2Vec.resume(tmp_path)
    assert_same_tables(third, whole)
    assert third.losses == whole.losses
    assert np.array_equal(third.embeddings.matrix, whole.embeddings.matrix)


def sealed(record: dict) -> str:
    """A changed record as wordkin would have written it, with the digest of its content."""
    content = {name: value for name, value in record.items() if name != "sha256"}
    return json.dumps(content | {"sha256": digest_of(content)})


def test_a_run_goes_on_from_before_its_first_checkpoint(sentences, tmp_path):
    class Killed(BaseException):
        pass

    def die(report):
        raise Killed

    whole = Word2Vec(**SMALL).fit(sentences)
    with pytest.raises(Killed):
        Word2Vec(**SMALL).fit(sentences, checkpoint=tmp_path, callbacks=[die])
    record = json.loads((tmp_path / "run.json").read_text())
    record["files"].pop("tables")  # as when it had just begun
    record["state"] |= {"position": 0, "epoch": 0, "epoch_loss": 0.0, "epoch_examples": 0, "losses": []}
    (tmp_path / "run.json").write_text(sealed(record))
    assert_same_tables(Word2Vec.resume(tmp_path), whole)


def test_checkpoints_change_nothing(sentences, tmp_path, short_spans):
    whole = Word2Vec(**SMALL).fit(sentences)
    kept = Word2Vec(**SMALL).fit(sentences, checkpoint=tmp_path, checkpoint_every=0)
    assert_same_tables(kept, whole)


def test_a_finished_run_is_loaded_and_saved_again(sentences, tmp_path):
    output = tmp_path / "v.safetensors"
    vectors = wordkin.train(sentences, checkpoint=tmp_path / "run", output=output, **SMALL)
    output.unlink()
    again = wordkin.resume(tmp_path / "run")
    assert np.array_equal(again.matrix, vectors.matrix)
    assert np.array_equal(wordkin.load(output).matrix, vectors.matrix)


def test_a_resumed_run_saves_where_it_was_to(sentences, tmp_path, stop_at, short_spans, monkeypatch):
    monkeypatch.chdir(tmp_path)
    wordkin.train(sentences, checkpoint="run", output="v.bin", callbacks=[stop_at(1)], **SMALL)
    (tmp_path / "v.bin").unlink()
    monkeypatch.chdir("/")
    wordkin.resume(tmp_path / "run")
    assert (tmp_path / "v.bin").exists()
    wordkin.resume(tmp_path / "run", output=tmp_path / "other.txt")
    assert (tmp_path / "other.txt").exists()


def test_the_number_of_threads_may_change(stopped, sentences):
    model = Word2Vec.resume(stopped, threads=2)
    assert model.config.threads == 2
    assert model.losses[-1] == pytest.approx(Word2Vec(**SMALL).fit(sentences).losses[-1], rel=0.05)


def test_the_corpus_may_be_given_again(stopped, sentences):
    assert Word2Vec.resume(stopped, iter(sentences), vector_size=7)._state.epoch == 2


def test_files_are_json_safetensors_and_plain_numbers(stopped, sentences):
    assert files_of(stopped) == {"run.json", "vocabulary", "rare", "tables", "corpus"}
    record = json.loads((stopped / "run.json").read_text())
    assert record["config"]["vector_size"] == 7
    assert record["state"]["epoch"] == 1 and record["state"]["position"] == 2 * 16_384
    tables = load_file(stopped / record["files"]["tables"]["name"])
    assert tables["input"].shape == tables["output/negative-sampling"].shape == (300, 7)
    corpus = EncodedCorpus.open(stopped / "corpus", verify=True)
    assert (corpus.words, corpus.sentences) == (60_000, 2000)


# --- refused, with a reason


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"window": 7},
            "the run started with window=5 and cannot be resumed with 7: leave the option out, or start a new run",
        ),
        (
            {"objective": "softmax"},
            "the run started with objective='negative-sampling' and cannot be resumed with 'softmax'",
        ),
        ({"seed": 2, "threads": 2}, "the run started with seed=1 and cannot be resumed with 2"),
    ],
)
def test_another_configuration_is_refused(stopped, options, message):
    with pytest.raises(CheckpointError, match=message):
        wordkin.resume(stopped, **options)


def test_unknown_and_illegal_options_are_refused_as_ever(stopped):
    with pytest.raises(ConfigError, match="windows is not an option of training"):
        wordkin.resume(stopped, windows=7)
    with pytest.raises(ConfigError, match="checkpoint_every must be a number of seconds from 0 up"):
        wordkin.resume(stopped, checkpoint_every="soon")


@pytest.mark.parametrize("change", ["another word", "another order", "a word less"])
def test_another_text_is_refused(stopped, sentences, change):
    other = [list(sentence) for sentence in sentences]
    if change == "another word":
        other[700][3] = "new"
    elif change == "another order":
        other[700], other[701] = other[701], other[700]
    else:
        other[700].pop()
    with pytest.raises(
        CheckpointError, match=r"the text or its reading options differ from those at the start of the run in"
    ):
        wordkin.resume(stopped, other)


def test_a_configuration_changed_by_hand_is_refused(stopped):
    path = stopped / "run.json"
    path.write_text(path.read_text().replace('"window": 5', '"window": 6'))
    with pytest.raises(
        CheckpointError, match=r"run.json.*: the configuration or a fingerprint was edited after the run"
    ):
        wordkin.resume(stopped)


def test_a_corpus_put_in_place_of_the_old_is_refused(stopped):
    corpus = EncodedCorpus.open(stopped / "corpus")
    ids = np.array(corpus.ids)
    ids[100] = 1 - ids[100] if ids[100] < 2 else 0
    EncodedCorpus(ids, np.array(corpus.offsets), "whatever").save(stopped / "corpus")
    with pytest.raises(
        CheckpointError, match=r"the text in .*corpus.* is not the text that the run started with: restore that text"
    ):
        wordkin.resume(stopped)


def test_ids_beyond_the_vocabulary_are_refused(stopped):
    """Whoever edits ids may edit all digests as well; kernels would read and write out of bounds."""
    for damage in (-1, 2**30):
        corpus = EncodedCorpus.open(stopped / "corpus")
        ids = np.array(corpus.ids)
        ids[100] = damage
        EncodedCorpus(ids, np.array(corpus.offsets), "whatever").save(stopped / "corpus")
        fingerprint = EncodedCorpus.open(stopped / "corpus").fingerprint
        directory = RunDirectory.open(stopped)
        directory.continue_as(dataclasses.replace(directory.record.run, corpus_fingerprint=fingerprint))
        (stopped / "run.json").write_bytes(directory.record.to_json())
        with pytest.raises(FormatError, match=r"corpus.* is damaged: it holds word ids that are not in the voc"):
            wordkin.resume(stopped)


def test_a_damaged_corpus_is_refused(stopped):
    (path,) = (stopped / "corpus").glob("ids-*")
    with path.open("r+b") as file:
        file.seek(100)
        file.write(b"\x01")
    with pytest.raises(FormatError, match=r"corpus.* is damaged, because its content does not match its fingerprint"):
        wordkin.resume(stopped)


@pytest.mark.parametrize("kind", ["tables", "vocabulary"])
@pytest.mark.parametrize("damage", ["a bit", "the end", "the file"])
def test_a_damaged_file_is_refused(stopped, kind, damage):
    (path,) = stopped.glob(f"{kind}-*")
    content = bytearray(path.read_bytes())
    if damage == "a bit":
        content[-1] ^= 1
    path.write_bytes(content[:-1] if damage == "the end" else content)
    if damage == "the file":
        path.unlink()
    reason = "there is no file" if damage == "the file" else "its SHA-256 differs from that in run.json"
    with pytest.raises(FormatError, match=reason):
        wordkin.resume(stopped)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda record: "not JSON", "it is not JSON"),
        (lambda record: [], "it is not the record of a wordkin run"),
        (lambda record: record | {"format": "other"}, "it is not the record of a wordkin run"),
        (lambda record: record | {"version": 2}, "its format version is 2, but this wordkin reads version 1"),
        (lambda record: record | {"files": {}}, "its entry 'files' names no file for the vocabulary"),
        (lambda record: record | {"files": record["files"] | {"tables": {}}}, "its entry 'name' is missing"),
        (
            lambda record: record | {"files": record["files"] | {"tables": {"name": "../x", "sha256": ""}}},
            "its entry 'files' stores 'tables' in '../x', which wordkin never does",
        ),
        (lambda record: record | {"config": 3}, "its entry 'config' is missing or has the wrong type"),
        (lambda record: record | {"finished": "no"}, "its entry 'finished' is missing or has the wrong type"),
        (lambda record: record | {"checkpoint_seconds": None}, "its entry 'checkpoint_seconds' is missing"),
        (lambda record: record | {"state": {}}, "the state must have the entries epoch, position"),
        (lambda record: record | {"state": record["state"] | {"epoch": -1}}, "epoch in the state must be a valid int"),
        (
            lambda record: record | {"state": record["state"] | {"losses": [None]}},
            "losses in the state must be a valid list",
        ),
        (
            lambda record: record | {"state": record["state"] | {"epoch": 10**9}},
            "it was edited or is damaged",
        ),
        (lambda record: record | {"finished": True}, "it was edited or is damaged"),
        (lambda record: record | {"log": "elsewhere"}, "it was edited or is damaged"),
    ],
)
def test_a_damaged_record_is_refused(stopped, change, message):
    path = stopped / "run.json"
    changed = change(json.loads(path.read_text()))
    path.write_text(changed if isinstance(changed, str) else json.dumps(changed))
    with pytest.raises(FormatError, match=message):
        wordkin.resume(stopped)


def test_tables_of_another_shape_are_refused(stopped, sentences, tmp_path):
    Word2Vec(**SMALL | {"vector_size": 6}).fit(sentences, checkpoint=tmp_path / "other")
    path, record = stopped / "run.json", json.loads((stopped / "run.json").read_text())
    other = json.loads((tmp_path / "other" / "run.json").read_text())["files"]["tables"]
    (tmp_path / "other" / other["name"]).rename(stopped / other["name"])
    path.write_text(sealed(record | {"files": record["files"] | {"tables": other}}))
    with pytest.raises(FormatError, match=r"the table 'input' must have the shape \(300, 7\), but has \(300, 6\)"):
        wordkin.resume(stopped)


def test_a_directory_without_a_run_is_refused(tmp_path):
    with pytest.raises(CheckpointError, match=r"there is no run in .* \(no run.json\): check the path"):
        wordkin.resume(tmp_path)


def test_a_run_does_not_begin_over_another(stopped, sentences):
    with pytest.raises(
        CheckpointError, match="holds an unfinished run, which can be resumed: choose another directory"
    ):
        Word2Vec(**SMALL).fit(sentences, checkpoint=stopped)
    wordkin.resume(stopped)
    with pytest.raises(
        CheckpointError, match="holds a finished run: choose another directory, or remove this one first"
    ):
        Word2Vec(**SMALL).fit(sentences, checkpoint=stopped)


@pytest.mark.skipif(os.name != "posix", reason="locks are those of POSIX")
def test_two_processes_do_not_share_a_run(stopped, sentences):
    with RunDirectory.open(stopped, lock=True):
        with pytest.raises(CheckpointError, match="is in use by another process: wait for it"):
            wordkin.resume(stopped)
        other = f"import wordkin; wordkin.resume({str(stopped)!r})"
        done = subprocess.run([sys.executable, "-c", other], capture_output=True, text=True)
        assert "is in use by another process" in done.stderr
    wordkin.resume(stopped)


def test_a_place_that_cannot_be_written_is_found_before_the_text_is_read(tmp_path):
    (tmp_path / "file").write_text("")

    def text():
        raise AssertionError("the text was read")
        yield

    for options in ({"checkpoint": tmp_path / "file"}, {"checkpoint": tmp_path / "file" / "run"}):
        with pytest.raises(OutputError, match=r"cannot write to the directory .*file"):
            wordkin.train(text(), **options)
    for options in ({"log": tmp_path / "no such place" / "log"}, {"output": tmp_path / "no such place" / "v.bin"}):
        with pytest.raises(OutputError, match=r"there is no directory .*no such place'?: make this directory first"):
            wordkin.train(text(), **options)
    with pytest.raises(ConfigError, match="checkpoint_every"):
        wordkin.train(text(), checkpoint=tmp_path / "run", checkpoint_every="often")


# --- faults on the way


def test_a_checkpoint_that_cannot_be_written_is_left_out(sentences, tmp_path, short_spans, monkeypatch):
    whole = Word2Vec(**SMALL).fit(sentences)
    real, written = checkpoint.write_tensors, []

    def fill_the_disk(stream, tensors, metadata):
        written.append("input" in tensors)
        if "input" in tensors and sum(written) > 2:  # two checkpoints fit, no third
            stream.write(b"half")
            raise OSError(28, "No space left on device")
        real(stream, tensors, metadata)

    monkeypatch.setattr(checkpoint, "write_tensors", fill_the_disk)
    with pytest.warns(
        RuntimeWarning, match="No space left on device: this checkpoint is skipped, the previous one is kept"
    ):
        kept = Word2Vec(**SMALL).fit(sentences, checkpoint=tmp_path, checkpoint_every=0)
    assert_same_tables(kept, whole)
    assert files_of(tmp_path) == {"run.json", "vocabulary", "rare", "tables", "corpus"}
    assert len(list(tmp_path.iterdir())) == 5
    monkeypatch.undo()
    assert json.loads((tmp_path / "run.json").read_text())["state"]["position"] == 2 * 16_384
    assert_same_tables(Word2Vec.resume(tmp_path), whole)


def test_a_full_disk_at_the_beginning_ends_the_run(sentences, tmp_path, monkeypatch):
    def fill_the_disk(stream, tensors, metadata):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(checkpoint, "write_tensors", fill_the_disk)
    with pytest.raises(OutputError, match=r"cannot write .*vocabulary-.*: No space left on device"):
        Word2Vec(**SMALL).fit(sentences, checkpoint=tmp_path)
    assert files_of(tmp_path) == {"corpus"}


def test_what_a_killed_process_left_half_written_is_removed(stopped):
    leftovers = ["tables-0123456789ab.safetensors", ".run.json.01234567.tmp", "vocabulary-0123456789ab.safetensors"]
    for name in leftovers:
        (stopped / name).write_bytes(b"half")
    (stopped / "notes.txt").write_text("not ours")
    wordkin.resume(stopped)
    assert files_of(stopped) == {"run.json", "vocabulary", "rare", "tables", "corpus", "notes.txt"}
    assert not any((stopped / name).exists() for name in leftovers)


def test_an_exception_in_a_callback_ends_the_run_and_keeps_it(sentences, tmp_path, short_spans):
    def fail(report):
        if report.words > 40_000:
            raise LookupError("the callback's own")

    whole = Word2Vec(**SMALL).fit(sentences)
    with pytest.raises(LookupError, match="the callback's own"):
        Word2Vec(**SMALL).fit(sentences, checkpoint=tmp_path, callbacks=[fail])
    assert json.loads((tmp_path / "run.json").read_text())["state"]["position"] == 3 * 16_384
    assert_same_tables(Word2Vec.resume(tmp_path), whole)


def test_divergence_saves_nothing_and_keeps_the_last_good_checkpoint(sentences, tmp_path, short_spans, monkeypatch):
    real = CpuBackend.train_span

    def poisoned(self, corpus, epoch, start, *arguments):
        result = real(self, corpus, epoch, start, *arguments)
        if start == 2 * 16_384:
            self.tables()["output/negative-sampling"][7, 3] = np.nan
        return result

    monkeypatch.setattr(CpuBackend, "train_span", poisoned)
    message = "training diverged in epoch 1: the table output/negative-sampling holds the value nan; lower"
    with pytest.raises(DivergenceError, match=message):
        wordkin.train(sentences, checkpoint=tmp_path / "run", checkpoint_every=0, output=tmp_path / "v.bin", **SMALL)
    assert not (tmp_path / "v.bin").exists()
    assert Word2Vec.load(tmp_path / "run")._state.position == 2 * 16_384
    monkeypatch.undo()
    assert_same_tables(Word2Vec.resume(tmp_path / "run"), Word2Vec(**SMALL).fit(sentences))


def test_a_tokenizer_that_is_a_function_is_not_stored_but_named(tmp_path, stop_at, short_spans):
    def letters(line):
        return list(line.replace(" ", ""))

    text = tmp_path / "text"
    text.write_text("some letters\n" * 4000)
    options = SMALL | {"tokenizer": letters}
    Word2Vec(**options).fit(text, checkpoint=tmp_path / "run", callbacks=[stop_at(1)])
    with pytest.raises(ConfigError, match=r"tokenizer must be passed again, because .* with a run; got .*letters"):
        wordkin.resume(tmp_path / "run", text)
    resumed = Word2Vec.resume(tmp_path / "run", text, tokenizer=letters)
    assert_same_tables(resumed, Word2Vec(**options).fit(text))
    assert Word2Vec.load(tmp_path / "run").config.to_dict()["tokenizer"].endswith("letters")


# --- models


def test_a_model_comes_back_as_it_was(sentences, tmp_path):
    model = Word2Vec(**SMALL, objective=("negative-sampling", "hierarchical-softmax")).fit(sentences)
    model.save(tmp_path / "model")
    assert files_of(tmp_path / "model") == {"run.json", "vocabulary", "rare", "tables"}
    loaded = Word2Vec.load(tmp_path / "model")
    assert loaded.config == model.config
    assert loaded.vocabulary == model.vocabulary
    assert loaded.losses == model.losses
    assert_same_tables(loaded, model)
    assert loaded.embeddings.most_similar("w1") == model.embeddings.most_similar("w1")


def test_a_saved_model_is_replaced_as_a_whole(sentences, tmp_path, monkeypatch):
    first = Word2Vec(**SMALL).fit(sentences)
    second = Word2Vec(**SMALL, seed=2).fit(sentences)
    first.save(tmp_path)
    real = checkpoint.write_tensors

    def fill_the_disk(stream, tensors, metadata):
        if "input" in tensors:
            raise OSError(28, "No space left on device")
        real(stream, tensors, metadata)

    with monkeypatch.context() as patch, pytest.raises(OutputError, match=r"cannot write .*tables"):
        patch.setattr(checkpoint, "write_tensors", fill_the_disk)
        second.save(tmp_path)
    assert_same_tables(Word2Vec.load(tmp_path), first)
    second.save(tmp_path)
    assert_same_tables(Word2Vec.load(tmp_path), second)
    assert len(list(tmp_path.iterdir())) == 4


def test_a_loaded_model_may_be_saved_where_it_lies(sentences, tmp_path):
    model = Word2Vec(**SMALL).fit(sentences)
    model.save(tmp_path)
    Word2Vec.load(tmp_path).save(tmp_path)
    assert_same_tables(Word2Vec.load(tmp_path), model)


def test_a_model_is_not_saved_over_a_run(stopped, sentences):
    with pytest.raises(CheckpointError, match="holds an unfinished run"):
        Word2Vec(**SMALL).fit(sentences).save(stopped)


def test_a_run_begins_in_no_directory_of_a_model(sentences, tmp_path):
    Word2Vec(**SMALL).fit(sentences).save(tmp_path)
    with pytest.raises(CheckpointError, match="holds a saved model: choose another directory"):
        Word2Vec(**SMALL).fit(sentences, checkpoint=tmp_path)


def test_a_run_under_way_can_be_looked_at(stopped):
    model = Word2Vec.load(stopped)
    assert len(model.losses) == 1
    assert model.embeddings.matrix.shape == (300, 7)


def test_a_run_that_has_not_trained_is_no_model(sentences, tmp_path, monkeypatch):
    def fail(*arguments, **options):
        raise MemoryError

    monkeypatch.setattr("wordkin.runs.run.open_backend", fail)
    with pytest.raises(MemoryError):
        Word2Vec(**SMALL).fit(sentences, checkpoint=tmp_path)
    with pytest.raises(CheckpointError, match="has no trained tables yet: continue it with resume"):
        Word2Vec.load(tmp_path)


def test_callbacks_are_not_kept(sentences, tmp_path):
    reports = []
    model = Word2Vec(**SMALL).fit(sentences, callbacks=[reports.append], checkpoint=tmp_path)
    assert not any(reports is value or value == reports.append for value in vars(model).values())
    assert b"callback" not in (tmp_path / "run.json").read_bytes()


# --- times


@pytest.mark.parametrize(
    ("given", "seconds"),
    [("10m", 600), ("30s", 30), ("1.5h", 5400), ("7", 7), (" 2h ", 7200), (0, 0), (0.25, 0.25),
     (np.int64(3), 3), (np.float32(0.5), 0.5)],
)  # fmt: skip
def test_times_between_checkpoints(given, seconds):
    assert seconds_of(given) == seconds


@pytest.mark.parametrize(
    "given", ["", "m", "10 m", "-1", "1d", -1, float("inf"), float("nan"), "9" * 400, 10**400, True, None, [1]]
)
def test_times_that_are_none(given):
    with pytest.raises(
        ConfigError, match='checkpoint_every must be a number of seconds from 0 up, or text such as "30s"'
    ):
        seconds_of(given)

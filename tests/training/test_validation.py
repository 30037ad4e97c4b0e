"""Held-out text: which it is, what is measured on it, when it ends a run, and what the log says of it all."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import wordkin
import wordkin.text.sampling
from wordkin import ConfigError, CorpusError, OutputError, Word2Vec
from wordkin.corpus.encoded import EncodedCorpus
from wordkin.runs.checkpoints import TemporaryBestTables
from wordkin.runs.directory import RunDirectory
from wordkin.runs.log import TrainingLog
from wordkin.text.sampling import split_corpus
from wordkin.training.backend import SpanResult
from wordkin.training.cpu.backend import CpuBackend
from wordkin.training.progress import TrainingReport
from wordkin.training.state import RunState, rising_loss_note
from wordkin.training.trainer import Trainer

SMALL = {"vector_size": 8, "min_count": 1, "epochs": 3, "threads": 1}


def encoded(sentences: list[list[int]]) -> EncodedCorpus:
    offsets = np.cumsum([0, *map(len, sentences)])
    return EncodedCorpus(np.concatenate(sentences).astype(np.int32), offsets, "")


def sentences_of(corpus: EncodedCorpus) -> list[list[int]]:
    return [sentence.tolist() for sentence in corpus]


# --- which sentences are held out


@given(
    lengths=st.lists(st.integers(1, 9), min_size=2, max_size=60),
    fraction=st.floats(0.05, 0.5),
    seed=st.integers(0, 99),
    piece=st.integers(1, 40),
)
def test_every_sentence_goes_whole_to_one_side_in_order(lengths, fraction, seed, piece):
    sentences = [[number] * length for number, length in enumerate(lengths)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(wordkin.text.sampling, "_PIECE_WORDS", piece)
        try:
            trained_on, kept = map(sentences_of, split_corpus(encoded(sentences), fraction, seed))
        except CorpusError as error:
            assert "validation_fraction" in str(error)
            return
    assert sorted([*trained_on, *kept]) == sentences
    assert trained_on == sorted(trained_on) and kept == sorted(kept)
    patched_in_one_piece = split_corpus(encoded(sentences), fraction, seed)
    assert sentences_of(patched_in_one_piece[1]) == kept


def test_the_share_is_as_asked_and_the_seed_chooses():
    corpus = encoded([[0]] * 20_000)
    sizes = [split_corpus(corpus, fraction, 1)[1].sentences / 20_000 for fraction in (0.01, 0.1, 0.5)]
    assert sizes == pytest.approx([0.01, 0.1, 0.5], rel=0.1)
    numbered = encoded([[number] for number in range(2000)])
    first, second, again = (sentences_of(split_corpus(numbered, 0.1, seed)[1]) for seed in (1, 2, 1))
    assert first == again != second
    both = {number for (number,) in first} & {number for (number,) in second}
    assert len(both) < 60  # about 20 by chance


def test_a_text_too_short_to_hold_out_from_is_refused():
    with pytest.raises(
        CorpusError, match=r"validation_fraction=0.01 holds out no sentence of 2: pass a separate held-out"
    ):
        split_corpus(encoded([[1], [2]]), 0.01, 1)


# --- what is measured


def test_held_out_loss_is_measured_after_each_epoch(sentences):
    reports = []
    model = Word2Vec(**SMALL, validation_fraction=0.1).fit(sentences, callbacks=[reports.append])
    assert len(model.validation_losses) == 3
    assert [report.validation_loss for report in reports if report.epoch_finished] == model.validation_losses
    assert all(report.validation_loss is None for report in reports if not report.epoch_finished)
    assert model.validation_losses[-1] == pytest.approx(model.losses[-1], rel=0.1)


def test_held_out_sentences_are_not_trained_on(sentences):
    reports = []
    Word2Vec(**SMALL, validation_fraction=0.25).fit(sentences, callbacks=[reports.append])
    assert reports[-1].total_words == pytest.approx(3 * 0.75 * 60_000, rel=0.05)
    assert reports[-1].total_words % 30 == 0


def test_measuring_changes_nothing(sentences, tmp_path):
    text = tmp_path / "held out.txt"
    text.write_text("w1 w2 w3 unknown w4\nunknown\n\nw5 w6\n")
    plain = Word2Vec(**SMALL).fit(sentences)
    measured = Word2Vec(**SMALL).fit(sentences, validation=text)
    assert np.array_equal(plain.embeddings.matrix, measured.embeddings.matrix)
    assert plain.validation_losses == []
    assert len(measured.validation_losses) == 3
    as_lists = Word2Vec(**SMALL).fit(sentences, validation=[["w1", "w2", "w3", "w4"], ["w5", "w6"]])
    assert as_lists.validation_losses == measured.validation_losses


def test_the_same_noise_is_drawn_each_time(sentences):
    """At a learning rate that changes next to nothing, all epochs measure the same."""
    options = SMALL | {"learning_rate": 1e-9}
    losses = Word2Vec(**options, validation_fraction=0.1).fit(sentences).validation_losses
    assert max(losses) - min(losses) < 1e-6


def test_held_out_text_without_a_known_word_is_refused(sentences):
    with pytest.raises(CorpusError, match=r"the held-out text \(validation\) has no word of the vocabulary"):
        Word2Vec(**SMALL).fit(sentences, validation=[["what", "is", "this"]])


def test_held_out_text_without_pairs_is_refused():
    message = r"no sentence of the held-out text \(validation\) has two words of the vocabulary: choose longer"
    with pytest.raises(CorpusError, match=message):
        Word2Vec(**SMALL).fit([["sun", "moon"]] * 9, validation=[["sun"], ["moon", "mars"]])
    with pytest.raises(CorpusError, match=message):
        Word2Vec(**SMALL, validation_fraction=0.5).fit([["sun"], ["moon"]] * 9)


def test_options_that_do_not_go_together(sentences):
    with pytest.raises(
        ConfigError, match=r"patience needs held-out text; got 2: set validation_fraction, or pass a text"
    ):
        Word2Vec(**SMALL, patience=2).fit(sentences)
    with pytest.raises(ConfigError, match=r"validation_fraction cannot be combined with a held-out text"):
        Word2Vec(**SMALL, validation_fraction=0.1).fit(sentences, validation=[["w1"]])
    with pytest.raises(ConfigError, match=r"validation_fraction must be a number above 0 and at most 0.5; got 0.6"):
        Word2Vec(validation_fraction=0.6)


# --- when to stop


class ScriptedBackend:
    """A backend whose one table counts its spans, and whose held-out losses are given."""

    step_words = 10

    def __init__(self, held_out_losses, examples=5):
        self._held_out_losses = iter(held_out_losses)
        self._table = np.zeros((1, 1), np.float32)
        self._examples = examples

    def train_span(self, corpus, epoch, start, stop, schedule, should_stop):
        self._table += 1
        return SpanResult([1.0 * self._examples], self._examples, stop)

    def held_out_loss(self, corpus, should_stop):
        return next(self._held_out_losses)

    def tables(self):
        return {"input": self._table}

    def load_tables(self, tables):
        self._table[...] = tables["input"]

    def close(self):
        pass


def run_scripted(held_out_losses, patience, epochs=9, **options):
    config = wordkin.TrainingConfig(epochs=epochs, patience=patience)
    corpus = encoded([[0] * 10])
    backend = ScriptedBackend(held_out_losses)
    state = Trainer(
        config, backend, corpus, validation=corpus, best_tables=TemporaryBestTables(), **options
    ).run()  # fmt: skip
    return state, float(backend.tables()["input"][0, 0])


@pytest.mark.parametrize(
    ("losses", "patience", "epochs_done", "best"),
    [
        ([3, 2, 1, 2, 2, 2], 3, 6, 3),
        ([3, 2, 2.5, 1, 4, 5], 2, 6, 4),
        ([1, 1, 1], 2, 3, 1),  # no lower is not better
        ([1, 2], 1, 2, 1),
        ([9, 8, 7, 6, 5, 4, 3, 2, 1], 1, 9, 9),
        ([1, 0.5, 9, 9, 0.4, 9, 9, 9, 9], 3, 8, 5),
    ],
)
def test_training_stops_when_held_out_loss_has_not_fallen_and_keeps_the_best(losses, patience, epochs_done, best):
    state, table = run_scripted(losses, patience)
    assert (state.epoch, state.best_epoch, table) == (epochs_done, best, best)
    assert state.validation_losses == losses[:epochs_done]
    assert state.stopped_early == (epochs_done < 9)


def test_what_a_run_says_of_its_end():
    best_is_not_last = RunState(epoch=9, best_epoch=8, validation_losses=[1.0] * 7 + [0.5, 0.6])
    assert best_is_not_last.ending(9) == "ran 9 epochs; kept epoch 8, held-out loss 0.5000"
    assert (best_is_not_last.ending(10), best_is_not_last.kept_epoch(10)) == ("", 9)  # still under way
    assert RunState(epoch=3, best_epoch=3, validation_losses=[3.0, 2.0, 1.0]).ending(3) == ""
    assert (RunState(epoch=3).ending(3), RunState(epoch=3).kept_epoch(3), RunState().kept_epoch(3)) == ("", 3, 0)


def test_a_rising_training_loss_is_explained():
    assert rising_loss_note([3.0, 2.0, 1.0]) == rising_loss_note([1.0, 2.0]) == rising_loss_note([2, 1, 1.001]) == ""
    assert rising_loss_note([3, 2, 2.5]).startswith("the training loss rose after epoch 2: as the learning rate falls")
    assert rising_loss_note([3, 2, 2.5]).endswith(
        "held-out loss (validation_fraction=0.05) shows whether the vectors still improve"
    )
    assert rising_loss_note([3, 2, 2.5], [4, 3, 2]).endswith("the held-out loss is not affected, and it still fell")
    assert rising_loss_note([3, 2, 2.5], [4, 3, 3.5]) == ""


def test_without_patience_the_last_tables_stay():
    state, table = run_scripted([1, 2, 3, 4, 5, 6, 7, 8, 9], None)
    assert (state.epoch, state.best_epoch, table) == (9, 0, 9)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 1e9])
def test_a_wild_held_out_loss_is_divergence(value):
    with pytest.raises(wordkin.DivergenceError, match="training diverged in epoch 2: the mean loss is"):
        run_scripted([1, value], 3)


def test_best_tables_without_room_are_an_error(monkeypatch):
    def fill_the_disk(stream, tensors, metadata):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(wordkin.runs.checkpoints, "write_tensors", fill_the_disk)
    with pytest.raises(OutputError, match=r"cannot write .* .No space left on device."):
        run_scripted([1, 2], 1)


def test_nothing_to_train_on_is_said():
    backend, corpus = ScriptedBackend([], examples=0), encoded([[0] * 10])
    with pytest.warns(
        RuntimeWarning, match=r"the first epoch had no training example: .*raise subsample \(now 0.001\), or set it"
    ):
        Trainer(wordkin.TrainingConfig(epochs=3), backend, corpus).run()


def test_nothing_to_train_on_for_want_of_neighbours_is_said():
    """Then keeping more words would not help, whatever subsample is."""
    for subsample in (0, 1e-3):
        config = wordkin.TrainingConfig(epochs=3, subsample=subsample)
        with pytest.warns(RuntimeWarning, match="no sentence has two words of the vocabulary; use longer sentences"):
            Trainer(config, ScriptedBackend([], examples=0), encoded([[0], [0]])).run()


def test_early_stopping_survives_being_stopped(sentences, tmp_path, stop_at, short_spans):
    """Too many epochs on little text, each of one span: the held-out loss rises, and the best epoch is found again."""
    rates = {"learning_rate": 0.05, "min_learning_rate": 0.05, "subsample": 0}
    options = SMALL | rates | {"epochs": 30, "validation_fraction": 0.2, "patience": 2}
    whole = Word2Vec(**options).fit(sentences[:100])
    state = whole._state
    assert state.stopped_early and state.epoch == state.best_epoch + 2 < 30
    assert state.best_epoch == 1 + int(np.argmin(whole.validation_losses))
    assert (whole.best_epoch, whole.stopped_early) == (state.best_epoch, True)
    kept = min(whole.validation_losses)
    assert whole.ending == (
        f"stopped after {state.epoch} of 30 epochs; kept epoch {state.best_epoch}, held-out loss {kept:.4f}"
    )
    assert whole.embeddings.metadata["ending"] == whole.ending
    assert whole.embeddings.metadata["best_epoch"] == str(whole.best_epoch)
    assert f"loss {whole.losses[whole.best_epoch - 1]:.4f}" in repr(whole)
    stopped = Word2Vec(**options).fit(sentences[:100], checkpoint=tmp_path, callbacks=[stop_at(state.best_epoch + 1)])
    assert stopped._state.best_epoch == state.best_epoch
    assert len(list(tmp_path.glob("best-*"))) == 1
    resumed = Word2Vec.resume(tmp_path)
    assert resumed.validation_losses == whole.validation_losses
    assert np.array_equal(resumed.embeddings.matrix, whole.embeddings.matrix)
    assert list(tmp_path.glob("best-*")) == []
    assert np.array_equal(wordkin.resume(tmp_path).matrix, whole.embeddings.matrix)


@pytest.mark.parametrize("ending", ["a checkpoint at each span", "an exception at the last report"])
def test_the_end_of_a_run_is_kept_with_the_tables_of_the_best_epoch(sentences, tmp_path, ending):
    rates = {"learning_rate": 0.05, "min_learning_rate": 0.05, "subsample": 0}
    options = SMALL | rates | {"epochs": 30, "validation_fraction": 0.2, "patience": 2}
    whole = Word2Vec(**options).fit(sentences[:100])
    assert whole._state.stopped_early

    def fail_at_the_end(report):
        if ending == "an exception at the last report" and report.epoch == len(whole.losses):
            raise KeyError("a fault of the callback")

    with contextlib.suppress(KeyError):
        Word2Vec(**options).fit(
            sentences[:100], checkpoint=tmp_path, checkpoint_every=0, callbacks=[fail_at_the_end]
        )  # fmt: skip
    assert np.array_equal(Word2Vec.load(tmp_path).embeddings.matrix, whole.embeddings.matrix)
    assert np.array_equal(wordkin.resume(tmp_path).matrix, whole.embeddings.matrix)


# --- the log


def lines_of(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_the_log_has_a_line_for_each_epoch(sentences, tmp_path):
    path = tmp_path / "log.jsonl"
    path.write_text("of an earlier run\n")
    model = Word2Vec(**SMALL, validation_fraction=0.1).fit(sentences, log=path)
    lines = lines_of(path)
    assert lines[0].pop("reading")["readers"]["sentences"]["skipped"] == {}
    assert [list(line) for line in lines] == [
        ["step", "epoch", "words", "words_per_second", "learning_rate", "loss", "validation_loss", "seconds"]
    ] * len(lines)
    assert [line["step"] for line in lines] == list(range(1, len(lines) + 1))
    ends = [line for line in lines if line["validation_loss"] is not None]
    assert [line["loss"] for line in ends] == model.losses
    assert [line["validation_loss"] for line in ends] == model.validation_losses
    assert [line["epoch"] for line in ends] == [1, 2, 3]


def test_a_resumed_run_tells_one_story(sentences, tmp_path, stop_at, short_spans):
    path = tmp_path / "log.jsonl"
    Word2Vec(**SMALL).fit(sentences, log=path, checkpoint=tmp_path / "run", callbacks=[stop_at(5)])
    of_a_dead_process = {"step": 99, "words": 100_000}
    with path.open("a") as file:
        file.write(json.dumps(of_a_dead_process) + '\n{"step": 100, "wor')
    model = Word2Vec.resume(tmp_path / "run")
    lines = lines_of(path)
    words = [line["words"] for line in lines]
    assert words == sorted(set(words)) and words[-1] == 180_000 and 100_000 not in words
    assert [line["step"] for line in lines] == list(range(1, len(lines) + 1))
    assert lines[-1]["loss"] == model.losses[-1]


def test_a_log_that_is_none_is_not_gone_on_with(sentences, tmp_path, stop_at, short_spans):
    path = tmp_path / "log.jsonl"
    Word2Vec(**SMALL).fit(sentences, log=path, checkpoint=tmp_path / "run", callbacks=[stop_at(5)])
    path.write_text("my diary\n")
    with pytest.raises(OutputError, match=r"^cannot append to .*, which is not a log of wordkin: choose another file"):
        wordkin.resume(tmp_path / "run")
    assert path.read_text() == "my diary\n"
    wordkin.resume(tmp_path / "run", log=tmp_path / "new.jsonl")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full, a disk that is always full")
def test_a_full_disk_ends_the_log_not_the_run(sentences):
    with pytest.warns(
        RuntimeWarning, match=r"cannot write '/dev/full' .No space left on device.: the log ends here"
    ) as caught:
        Word2Vec(**SMALL).fit(sentences, log="/dev/full")
    assert len(caught) == 1


def test_a_signal_ends_the_measuring_and_a_resumed_run_measures(sentences, tmp_path, monkeypatch):
    options = SMALL | {"validation_fraction": 0.1, "patience": 2}
    whole = Word2Vec(**options).fit(sentences)
    measure = CpuBackend.held_out_loss

    def interrupted(backend, corpus, should_stop):
        if corpus.words > 1:  # not while kernels are made ready
            signal.raise_signal(signal.SIGINT)
        return measure(backend, corpus, should_stop)

    log = tmp_path / "log.jsonl"
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(CpuBackend, "held_out_loss", interrupted)
        Word2Vec(**options).fit(sentences, checkpoint=tmp_path / "run", log=log)
    with RunDirectory.open(tmp_path / "run") as opened:
        assert (opened.record.state.epoch, opened.record.state.position) == (0, opened.open_corpus().words)
    resumed = Word2Vec.resume(tmp_path / "run")
    assert resumed.validation_losses == whole.validation_losses
    assert np.array_equal(resumed.embeddings.matrix, whole.embeddings.matrix)
    words = [line["words"] for line in lines_of(log)]
    assert words == sorted(set(words))
    assert [line["validation_loss"] for line in lines_of(log) if line["validation_loss"]] == whole.validation_losses


@pytest.fixture
def pipe(tmp_path):
    if not hasattr(os, "mkfifo"):
        pytest.skip("needs named pipes")
    os.mkfifo(tmp_path / "pipe")
    return tmp_path / "pipe"


def test_a_pipe_that_nobody_reads_does_not_hold_up_the_run(sentences, pipe):
    with pytest.raises(OutputError, match=r"cannot write .*pipe': .*.the pipe has no reader"):
        wordkin.train(sentences, log=pipe, **SMALL)


def test_a_log_through_a_pipe(sentences, tmp_path, pipe, stop_at, short_spans):
    """Also for a run that goes on: what a pipe has passed on cannot be read again."""
    read_end = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    wordkin.train(sentences, log=pipe, checkpoint=tmp_path / "run", callbacks=[stop_at(5)], **SMALL)
    wordkin.resume(tmp_path / "run")
    received = [json.loads(line) for line in os.read(read_end, 1 << 16).splitlines()]
    os.close(read_end)
    assert [received[0]["step"], received[-1]["words"]] == [1, 180_000]


def test_a_pipe_whose_reader_sleeps_or_leaves_ends_the_log(pipe):
    report = TrainingReport(1, 1, True, 1, 25, 1.0, 1.0, 0.1, None, 0.1)
    read_end = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    log = TrainingLog(pipe)
    with pytest.warns(RuntimeWarning, match=r"the reader of the pipe is too slow\): the log ends here"):
        for _ in range(1000):
            log(report)
    log = TrainingLog(pipe)
    os.close(read_end)
    with pytest.warns(RuntimeWarning, match=r"Broken pipe\): the log ends here"):
        log(report)


def test_no_half_line_stays_where_the_disk_fills_up(tmp_path):
    resource = pytest.importorskip("resource")
    report = TrainingReport(1, 1, True, 1, 25, 1.0, 1.0, 0.1, None, 0.1)
    log = TrainingLog(tmp_path / "log")
    log(report)
    size = (tmp_path / "log").stat().st_size
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 20, before[1]))
    try:
        with pytest.warns(RuntimeWarning, match=r"No space left on device\): the log ends here"):
            log(report)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert (tmp_path / "log").stat().st_size == size


def test_a_log_where_standard_output_goes_shares_the_file(tmp_path):
    script = (
        "from wordkin.runs.log import TrainingLog; from wordkin.training.progress import TrainingReport\n"
        "print('before', flush=True); log = TrainingLog('/dev/stdout')\n"
        "log(TrainingReport(1, 1, True, 1, 25, 1.0, 1.0, 0.1, None, 0.1)); log.close(); print('after')"
    )
    for mode in ("w", "a"):
        with (tmp_path / "out").open(mode) as out:
            subprocess.run([sys.executable, "-c", script], stdout=out, check=True)
    first, line, last, *again = (tmp_path / "out").read_text().splitlines()
    assert (first, json.loads(line)["words"], last) == ("before", 1, "after")
    assert again == [first, line, last]


def test_a_log_behind_a_link_stays_there(sentences, tmp_path, stop_at, short_spans):
    (tmp_path / "link").symlink_to("log")
    Word2Vec(**SMALL).fit(sentences, log=tmp_path / "link", checkpoint=tmp_path / "run", callbacks=[stop_at(5)])
    Word2Vec.resume(tmp_path / "run")
    assert (tmp_path / "link").is_symlink()
    assert lines_of(tmp_path / "log")[-1]["words"] == 180_000


def test_lines_come_about_once_a_second(tmp_path, monkeypatch):
    now = [0.0]
    monkeypatch.setattr("wordkin.runs.log.time.monotonic", lambda: now[0])
    log = TrainingLog(tmp_path / "log")
    for tenth in range(25):
        now[0] = 100 + tenth / 10
        log(TrainingReport(1, 1, tenth == 24, tenth, 25, 1.0, 1.0, 0.1, None, tenth / 10))
    log.close()
    log.close()
    assert [line["words"] for line in lines_of(tmp_path / "log")] == [0, 10, 20, 24]

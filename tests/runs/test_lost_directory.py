"""A checkpoint directory that is removed, moved or locked away while a run goes on costs checkpoints, not the run."""

from __future__ import annotations

import json
import shutil
import warnings
from pathlib import Path

import numpy as np
import pytest

import wordkin
from wordkin import CheckpointError, OutputError, Word2Vec
from wordkin.runs import checkpoints
from wordkin.runs import directory as run_directory
from wordkin.runs.directory import RunDirectory

SMALL = {"vector_size": 8, "min_count": 1, "epochs": 3, "threads": 1}


def at_report(number: int, act):
    """A callback that acts once, at its so-manieth report."""
    reports = []

    def watch(report):
        reports.append(report)
        if len(reports) == number:
            act()

    return watch


def move_away(run: Path) -> None:
    run.rename(run.with_name("moved"))


def replace_by_another(run: Path) -> None:
    move_away(run)
    run.mkdir()


def empty(run: Path) -> None:
    for path in run.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def lose_text(run: Path) -> None:
    shutil.rmtree(run / "corpus")


def lose_words(run: Path) -> None:
    next(run.glob("vocabulary-*")).unlink()


@pytest.mark.parametrize("lose", [shutil.rmtree, move_away, replace_by_another, empty, lose_text, lose_words])
@pytest.mark.parametrize("options", [{}, {"validation_fraction": 0.1, "patience": 2}], ids=["plain", "patience"])
def test_a_run_outlives_its_directory(sentences, tmp_path, short_spans, lose, options):
    run, output, options = tmp_path / "run", tmp_path / "v.safetensors", SMALL | options
    whole = wordkin.train(sentences, **options)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        wordkin.train(
            sentences,
            output=output,
            checkpoint=run,
            checkpoint_every=0,
            callbacks=[at_report(5, lambda: lose(run))],
            **options,
        )
    told = [str(warning.message) for warning in caught if "this checkpoint is skipped" in str(warning.message)]
    assert len(told) == 1, told
    assert np.array_equal(wordkin.load(output).matrix, whole.matrix)
    if lose is replace_by_another:
        assert not list(run.iterdir())  # not ours
    if lose in (move_away, replace_by_another):
        resumed = wordkin.resume(tmp_path / "moved", output=tmp_path / "w.safetensors")
        assert np.array_equal(resumed.matrix, whole.matrix)


@pytest.mark.parametrize("options", [{}, {"validation_fraction": 0.1, "patience": 2}], ids=["plain", "patience"])
def test_a_directory_that_comes_back_takes_checkpoints_again(sentences, tmp_path, short_spans, options):
    run, options = tmp_path / "run", SMALL | options
    whole = Word2Vec(**options).fit(sentences)
    back = at_report(9, lambda: (tmp_path / "moved").rename(run))
    with pytest.warns(RuntimeWarning, match="No such file or directory: this checkpoint is skipped, later ones are"):
        Word2Vec(**options).fit(
            sentences, checkpoint=run, checkpoint_every=0, callbacks=[at_report(5, lambda: move_away(run)), back]
        )
    assert json.loads((run / "run.json").read_text())["finished"]
    assert np.array_equal(Word2Vec.load(run).embeddings.matrix, whole.embeddings.matrix)


def test_permissions_that_are_taken_away(sentences, without_privileges, short_spans):
    whole = Word2Vec(**SMALL).fit(sentences)
    with without_privileges() as directory:
        run = directory / "run"
        changes = [at_report(3, lambda: run.chmod(0)), at_report(9, lambda: run.chmod(0o700))]
        with pytest.warns(RuntimeWarning, match="Permission denied: this checkpoint is skipped"):
            kept = Word2Vec(**SMALL).fit(sentences, checkpoint=run, checkpoint_every=0, callbacks=changes)
        assert np.array_equal(kept.embeddings.matrix, whole.embeddings.matrix)
        assert json.loads((run / "run.json").read_text())["finished"]
        assert len(list(run.iterdir())) == 5
        run.chmod(0)
        with pytest.raises(CheckpointError, match=r"cannot look for a run in .*run': Permission denied"):
            wordkin.resume(run)


def test_best_tables_go_to_a_temporary_file_until_the_directory_takes_them(sentences, tmp_path, monkeypatch):
    """The checkpoint that names the best epoch has its tables, whatever became of them in between."""
    options = SMALL | {"validation_fraction": 0.2, "patience": 1, "epochs": 8}
    real, refused = run_directory.write_tensors, []

    def refuse_once(stream, tensors, metadata):
        if not refused and len(written) == 2:  # words and rare words are written, and an epoch is over
            refused.append(tensors)
            raise OSError(28, "No space left on device")
        written.append(tensors)
        real(stream, tensors, metadata)

    written: list[object] = []
    whole = Word2Vec(**options).fit(sentences[:300])
    monkeypatch.setattr(run_directory, "write_tensors", refuse_once)
    Word2Vec(**options).fit(sentences[:300], checkpoint=tmp_path, callbacks=[lambda report: report.epoch_finished])
    monkeypatch.undo()
    assert refused
    assert "best" in json.loads((tmp_path / "run.json").read_text())["files"]
    assert np.array_equal(Word2Vec.resume(tmp_path).embeddings.matrix, whole.embeddings.matrix)


def test_best_tables_without_any_room_are_an_error(sentences, tmp_path, monkeypatch):
    def full(stream, tensors, metadata):
        raise OSError(28, "No space left on device")

    options = SMALL | {"validation_fraction": 0.2, "patience": 1}
    stop = lambda report: not report.epoch_finished  # noqa: E731
    Word2Vec(**options).fit(sentences, checkpoint=tmp_path, callbacks=[stop])
    monkeypatch.setattr(run_directory, "write_tensors", full)
    monkeypatch.setattr(checkpoints, "write_tensors", full)
    with pytest.raises(OutputError, match="No space left on device"):
        wordkin.resume(tmp_path)


def test_a_record_that_cannot_be_read_lets_nothing_be_removed(sentences, tmp_path, monkeypatch):
    """Nobody knows then which files count."""
    Word2Vec(**SMALL).fit(sentences, checkpoint=tmp_path)
    before = sorted(path.name for path in tmp_path.iterdir())
    with RunDirectory.open(tmp_path, lock=True) as opened:
        record = (tmp_path / "run.json").read_bytes()
        (tmp_path / "run.json").write_bytes(b"damaged")
        opened._record = None
        opened._remove_leftovers()
    (tmp_path / "run.json").write_bytes(record)
    assert sorted(path.name for path in tmp_path.iterdir()) == before

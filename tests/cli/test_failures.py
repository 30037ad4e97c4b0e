"""Tests of exit codes and one-line errors that name parameters as the command line does."""

from __future__ import annotations

import errno
import signal
import sys

import pytest

from wordkin import errors
from wordkin.cli import main
from wordkin.cli.failures import UsageError, describe, exit_code

SPELLINGS = {name: "--" + name.replace("_", "-") for name in ("min_count", "epochs", "objective", "dynamic_window")}


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (errors.ConfigError("min_count", "must be 1 or more", 0), "--min-count must be 1 or more; got 0"),
        (errors.ConfigError("matrix", "must be finite", 0), "matrix must be finite; got 0"),
        (
            errors.ConfigError("epochs", 'must be 1 with objective="softmax"', 2, "pass dynamic_window=False"),
            '--epochs must be 1 with --objective "softmax"; got 2: pass --no-dynamic-window',
        ),
        (errors.EmptyVocabularyError("too few: lower min_count"), "too few: lower --min-count"),
        (errors.EmptyVocabularyError("after 3 epochs\nnothing"), "after 3 epochs nothing"),
        (errors.CorpusError("pass dynamic_window=True, min_count=5."), "pass --dynamic-window, --min-count 5."),
        (errors.CorpusError("other_name=3 and my_min_count stay"), "other_name=3 and my_min_count stay"),
        (UsageError("wrong"), "wrong"),
        (FileNotFoundError(errno.ENOENT, "No such file", "a.txt"), "a.txt: No such file"),
        (OSError(errno.ENOSPC, "No space left on device"), "No space left on device"),
    ],
)
def test_messages(error, text):
    assert describe(error, SPELLINGS) == text


def test_a_missing_extra_is_added_with_the_pip_of_this_environment(monkeypatch, tmp_path):
    error = errors.MissingExtraError("a map by UMAP", "umap")
    monkeypatch.setattr(sys, "executable", str(tmp_path / "an environment" / "python"))
    monkeypatch.setattr("shutil.which", lambda name: str(tmp_path / "an environment" / name))
    assert describe(error, {}).endswith(": pip install 'wordkin[umap]'")
    monkeypatch.setattr("shutil.which", lambda name: "/usr/bin/pip")
    assert describe(error, {}).endswith(f": '{tmp_path}/an environment/python' -m pip install 'wordkin[umap]'")


def test_what_is_not_foreseen_asks_for_a_report():
    text = describe(ZeroDivisionError("division by zero"), {})
    assert text.startswith("unexpected ZeroDivisionError: division by zero. This is a bug in wordkin: please report it")
    assert "WORDKIN_DEBUG=1" in text


def test_remedies_for_callers_from_python_are_left_out(run, tmp_path):
    finished = run("train", tmp_path / "no.txt", "-o", tmp_path / "v.bin")
    assert finished.err == f"wordkin: there is no file or directory '{tmp_path}/no.txt': check the path\n"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.ConfigError("x", "must", 1), 2),
        (errors.CorpusNotFoundError("x"), 2),
        (errors.EncodingError("x"), 2),
        (errors.EmptyVocabularyError("x"), 2),
        (errors.FormatError("x"), 2),
        (errors.UnknownWordError("x"), 2),
        (errors.CheckpointError("x"), 2),
        (errors.MissingExtraError("x", "y"), 2),
        (UsageError("x"), 2),
        (errors.OutputError("x"), 1),
        (errors.DivergenceError("x"), 1),
        (OSError(errno.EIO, "x"), 1),
        (MemoryError(), 1),
        (ZeroDivisionError(), 1),
    ],
)
def test_exit_codes(error, code):
    assert exit_code(error) == code


def test_a_traceback_comes_only_on_request(run, monkeypatch, vectors_file):
    def broken(*arguments, **options):
        raise ZeroDivisionError("deep inside")

    monkeypatch.setattr("wordkin.embeddings.Embeddings.most_similar_batch", broken)
    arguments = ["similar", str(vectors_file), "paris"]
    assert run(*arguments).code == 1
    with pytest.raises(ZeroDivisionError):
        main(["--debug", *arguments])
    monkeypatch.setenv("WORDKIN_DEBUG", "0")
    assert run(*arguments).code == 1
    monkeypatch.setenv("WORDKIN_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        main(arguments)


@pytest.mark.parametrize(
    ("number", "code", "said"),
    [(signal.SIGTERM, 143, "wordkin: stopped by SIGTERM\n"), (signal.SIGINT, 130, "wordkin: stopped by Ctrl-C\n")],
)
def test_a_signal_that_becomes_another_error_on_its_way_is_still_a_signal(run, monkeypatch, number, code, said):
    """An interrupted compiler, for example, may report the signal as an error of its own."""

    def compile_and_fail(arguments):
        try:
            signal.raise_signal(number)
        except BaseException as interruption:
            raise RuntimeError("failed in a pipeline: <function softmax at 0x7f>") from interruption

    monkeypatch.setattr("wordkin.cli.application.run", compile_and_fail)
    finished = run("train")
    assert (finished.code, finished.err) == (code, said)

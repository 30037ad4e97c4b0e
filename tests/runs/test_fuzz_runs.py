"""Broken runs of every kind: the run that was, or one error of wordkin, never a crash or other vectors."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import wordkin
from wordkin import Word2Vec, WordkinError

EXAMPLES = int(os.environ.get("WORDKIN_FUZZ_EXAMPLES", "60"))
KINDS = ("run.json", "vocabulary-*", "tables-*", "best-*", "corpus/corpus.json", "corpus/ids-*", "corpus/offsets-*")
KINDS_OF_UPDATES = ("run.json", "start-*", "weights-*", "rare-*", "text-*", "frozen-*", "phrases-*")
SPICE = (b"", b"\0", b"\xff" * 8, b"{", b"}", b"[" * 2000, b"null", b"1e999", b"-1", b"9" * 20, b'"../x"', b"nan")

edits = st.lists(
    st.tuples(st.floats(0, 1), st.integers(0, 40), st.one_of(st.sampled_from(SPICE), st.binary(max_size=12))),
    min_size=1,
    max_size=3,
)


def edited(data: bytes, changes: list[tuple[float, int, bytes]]) -> bytes:
    """The data with so many bytes at each place replaced by others."""
    for where, length, spice in changes:
        place = int(where * len(data))
        data = data[:place] + spice + data[place + length :]
    return data


OPTIONS = {"vector_size": 4, "min_count": 1, "epochs": 3, "threads": 1, "subsample": 0}


def sentences(words, lines):
    return [[f"w{(7 * line + position * position) % words}" for position in range(12)] for line in range(lines)]


def in_second_epoch(report):
    return report.epoch == 2


@pytest.fixture(scope="module")
def unfinished(tmp_path_factory):
    """A run that stopped in its second epoch, and the vectors it will come to."""
    directory = tmp_path_factory.mktemp("fuzz") / "run"
    held_out = {"validation_fraction": 0.2, "patience": 3}
    whole = Word2Vec(**OPTIONS, **held_out).fit(sentences(40, 60))
    Word2Vec(**OPTIONS, **held_out).fit(sentences(40, 60), checkpoint=directory, callbacks=[in_second_epoch])
    return directory, whole.embeddings.matrix


@pytest.fixture(scope="module")
def unfinished_update(tmp_path_factory):
    """An update that stopped in its second epoch, with every kind of file, and the vectors it will come to."""
    folder = tmp_path_factory.mktemp("fuzz")
    Word2Vec(**OPTIONS | {"min_count": 2}, phrases=1, phrase_threshold=0).fit(sentences(40, 60)).save(folder / "model")
    new = {"freeze": ["w0"], "corpus": sentences(50, 30)}
    whole = Word2Vec.load(folder / "model").update(**new)
    Word2Vec.load(folder / "model").update(**new, checkpoint=folder / "run", callbacks=[in_second_epoch])
    return folder / "run", whole.embeddings.matrix


def check_edited_run(folder, unfinished, kind, changes):
    original, expected = unfinished
    directory = folder / "run"
    shutil.rmtree(directory, ignore_errors=True)
    shutil.copytree(original, directory)
    (path,) = directory.glob(kind)
    path.write_bytes(edited(path.read_bytes(), changes))
    try:
        assert np.array_equal(wordkin.resume(directory).matrix, expected)
    except WordkinError as error:
        assert str(folder) in str(error)
        assert "\n" not in str(error) and len(str(error)) < 900
    assert {each.name for each in Path(folder).iterdir()} == {"run"}


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=edits)
def test_edited_runs(tmp_path, unfinished, kind, changes):
    check_edited_run(tmp_path, unfinished, kind, changes)


@pytest.mark.parametrize("kind", KINDS_OF_UPDATES)
@settings(max_examples=EXAMPLES // 4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=edits)
def test_edited_updates(tmp_path, unfinished_update, kind, changes):
    check_edited_run(tmp_path, unfinished_update, kind, changes)

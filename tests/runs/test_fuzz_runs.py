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


@pytest.fixture(scope="module")
def unfinished(tmp_path_factory):
    """A run that stopped in its second epoch, and the vectors it will come to."""
    directory = tmp_path_factory.mktemp("fuzz") / "run"
    sentences = [[f"w{(7 * line + place * place) % 40}" for place in range(12)] for line in range(60)]
    options = {"vector_size": 4, "min_count": 1, "epochs": 3, "threads": 1, "subsample": 0}
    held_out = {"validation_fraction": 0.2, "patience": 3}
    whole = Word2Vec(**options, **held_out).fit(sentences)
    Word2Vec(**options, **held_out).fit(sentences, checkpoint=directory, callbacks=[lambda report: report.epoch == 2])
    return directory, whole.embeddings.matrix


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=edits)
def test_edited_runs(tmp_path, unfinished, kind, changes):
    original, expected = unfinished
    directory = tmp_path / "run"
    shutil.rmtree(directory, ignore_errors=True)
    shutil.copytree(original, directory)
    (path,) = directory.glob(kind)
    path.write_bytes(edited(path.read_bytes(), changes))
    try:
        assert np.array_equal(wordkin.resume(directory).matrix, expected)
    except WordkinError as error:
        assert str(tmp_path) in str(error)
        assert "\n" not in str(error) and len(str(error)) < 900
    assert {each.name for each in Path(tmp_path).iterdir()} == {"run"}

"""Damaged files give correct vectors or a FormatError, never a crash, a hang or a huge allocation."""

from __future__ import annotations

import functools
import gzip
import os
import tempfile
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wordkin.embeddings import Embeddings, binary_format, load_embeddings, text_format
from wordkin.errors import FormatError
from wordkin.vocabulary import Vocabulary

SUFFIXES = (".safetensors", ".bin", ".txt", ".vec", ".safetensors.gz", ".bin.gz", ".txt.gz")
EXAMPLES = int(os.environ.get("WORDKIN_FUZZ_EXAMPLES", "60"))
SPICE = (
    b"", b"\n", b"\n\n", b" ", b"\r\n", b"\t", b"\x00", b"\xff", b"\xc3", b"nan ", b"inf", b"1e999", b"-",
    b"1000000000000 300\n", b"99999999999999999999 3\n", b"4 3\n", b"0 3\n", b"3 0\n", b"-1 3\n",
    b"\x80\x04\x95", b"\x1f\x8b\x08", b"\xba\x16\x4f\x2f", b"PK\x03\x04", b"\x00\x00\xc0\x7f", b"\x00\x00\x80\x7f",
    b"{", b"}", b"[" * 2000, b"null", b"true", b'"shape":[1000000000000,3]', b"\xff" * 8,
    (2**63).to_bytes(8, "little"), b"\xef\xbb\xbf", b"x" * 5000,
)  # fmt: skip


@functools.cache
def whole_file(suffix: str) -> bytes:
    """Return the bytes of a small file; for ``.gz``, before compression."""
    words = ["the", "été", "猫", "word", "x"]
    matrix = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"whole{suffix.removesuffix('.gz')}"
        Embeddings(Vocabulary(words, range(5)), matrix, {"training": "{}"}).save(path)
        return path.read_bytes()


edits = st.lists(
    st.tuples(
        st.sampled_from(["cut", "put", "set", "drop", "double"]),
        st.floats(0, 1),
        st.integers(1, 40),
        st.one_of(st.sampled_from(SPICE), st.binary(max_size=12)),
    ),
    min_size=1,
    max_size=4,
)


def edited(data: bytes, changes) -> bytes:
    for kind, where, length, spice in changes:
        place = int(where * len(data))
        if kind == "cut":
            data = data[:place]
        elif kind == "put":
            data = data[:place] + spice + data[place:]
        elif kind == "set":
            data = data[:place] + spice + data[place + len(spice) :]
        elif kind == "drop":
            data = data[:place] + data[place + length :]
        else:
            data = data[:place] + data[place : place + length] * 2 + data[place + length :]
    return data


def load_and_use(path: Path, **options) -> None:
    """Load a file and use all of its content, which must be consistent; otherwise loading must raise FormatError."""
    try:
        vectors = load_embeddings(path, **options)
        words = list(vectors)
        assert len(words) == len(vectors) == len(vectors.matrix)
        for word_id, word in enumerate(words):
            assert vectors.vocabulary.id_of(word) == word_id
        if words:
            vectors.similarities(vectors.matrix[0].astype(np.float32) * 0 + 1)
    except FormatError as error:
        assert str(path) in str(error) or "vocabulary" in str(error) or "the vector of" in str(error)
        assert "\n" not in str(error) and len(str(error)) < 600


@pytest.mark.parametrize("suffix", SUFFIXES)
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=edits, options=st.sampled_from([{}, {"limit": 3}]), block=st.sampled_from([16, 50, 1 << 20]))
def test_edited_files(tmp_path, monkeypatch, suffix, changes, options, block):
    for module in (binary_format, text_format):
        monkeypatch.setattr(module, "_BLOCK_BYTES", block)
    data = edited(whole_file(suffix), changes)
    path = tmp_path / f"v{suffix}"
    path.write_bytes(gzip.compress(data, 1) if suffix.endswith(".gz") else data)
    tracemalloc.start()
    try:
        load_and_use(path, **options)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 4_000_000


@pytest.mark.parametrize("suffix", [".safetensors.gz", ".bin.gz", ".txt.gz"])
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=edits)
def test_edited_compressed_bytes(tmp_path, suffix, changes):
    path = tmp_path / f"v{suffix}"
    path.write_bytes(edited(gzip.compress(whole_file(suffix), 1), changes))
    load_and_use(path)


@pytest.mark.parametrize("kind", ["safetensors", "bin", "text"])
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.one_of(st.binary(max_size=200), st.lists(st.sampled_from(SPICE), max_size=8).map(b"".join)))
def test_any_bytes(tmp_path, kind, data):
    path = tmp_path / "v"
    path.write_bytes(data)
    load_and_use(path, format=kind)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_every_truncation(tmp_path, suffix):
    """A truncated file does not load, except a text that only lost digits of its last number."""
    data = whole_file(suffix)
    path = tmp_path / f"v{suffix}"
    least = len(data) - 1 if ".bin" in suffix else data.rindex(b" ") if ".safetensors" not in suffix else len(data)
    for length in range(len(data)):
        path.write_bytes(gzip.compress(data[:length], 1) if suffix.endswith(".gz") else data[:length])
        try:
            loaded = load_embeddings(path)
        except FormatError:
            continue
        assert length >= least and len(loaded) == 5


@pytest.mark.parametrize("suffix", [".bin.gz", ".txt.gz"])
@pytest.mark.parametrize("header", [b"5 10000000", b"51000000000000 300", b"99999999 99999999"])
def test_a_compressed_header_sets_no_memory_aside(tmp_path, suffix, header):
    """Regression test: memory for one row was allocated by the size in the header, however large."""
    path = tmp_path / f"v{suffix}"
    path.write_bytes(gzip.compress(header + b"\na b"))
    tracemalloc.start()
    try:
        with pytest.raises(FormatError):
            load_embeddings(path)
        assert tracemalloc.get_traced_memory()[1] < 4_000_000
    finally:
        tracemalloc.stop()

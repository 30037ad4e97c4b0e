"""Tests of the native format: readable with safetensors, memory-mapped, refused if damaged."""

from __future__ import annotations

import gzip
import itertools
import json
import sys
from pathlib import Path

import numpy as np
import pytest
import safetensors
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from safetensors.numpy import load_file, save_file

import wordkin
from wordkin.embeddings import Embeddings, load_embeddings
from wordkin.errors import ConfigError, FormatError
from wordkin.storage import files
from wordkin.vocabulary import Vocabulary

any_words = st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=5), unique=True, max_size=8)


def some_vectors(words: int = 5, size: int = 4, dtype: str = "float32") -> Embeddings:
    matrix = np.random.default_rng(0).normal(size=(words, size)).astype(dtype)
    return Embeddings(Vocabulary([f"word{i}" for i in range(words)], range(words, 0, -1)), matrix, {"note": "é"})


@given(any_words, st.booleans(), st.sampled_from(["float32", "float16"]), st.sampled_from(["", ".gz"]), st.data())
def test_round_trip_of_any_words(tmp_path_factory, words, counted, dtype, suffix, data):
    matrix = data.draw(hnp.arrays(dtype, (len(words), data.draw(st.integers(1, 5))), elements={"allow_nan": False}))
    counts = list(range(len(words))) if counted else None
    path = tmp_path_factory.mktemp("native") / f"v.safetensors{suffix}"
    saved = Embeddings(Vocabulary(words, counts), matrix, {"a b": "ü\n"})
    saved.save(path)
    loaded = load_embeddings(path)
    assert loaded.vocabulary == saved.vocabulary
    assert loaded.matrix.dtype == dtype and np.array_equal(loaded.matrix, matrix)
    assert loaded.metadata == saved.metadata
    assert loaded.path == path
    assert [loaded.vocabulary.id_of(word) for word in words] == list(range(len(words)))


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_plain_safetensors_reads_what_we_write(tmp_path, dtype):
    """The example in docs/formats.md reads a file with the safetensors library alone."""
    vectors = some_vectors(dtype=dtype)
    vectors.save(tmp_path / "v.safetensors")
    tensors = load_file(tmp_path / "v.safetensors")
    text, starts = tensors["word_bytes"].tobytes(), tensors["word_offsets"]
    words = [text[a:b].decode() for a, b in itertools.pairwise(starts)]
    assert words == list(vectors)
    assert np.array_equal(tensors["vectors"], vectors.matrix)
    assert tensors["counts"].tolist() == [5, 4, 3, 2, 1]
    assert [words[i] for i in tensors["word_order"]] == sorted(words)
    with safetensors.safe_open(tmp_path / "v.safetensors", framework="np") as file:
        assert file.metadata() == {
            "note": "é", "wordkin.format_version": "1", "wordkin.version": wordkin.__version__
        }  # fmt: skip


def test_we_read_what_plain_safetensors_writes(tmp_path):
    vectors = some_vectors()
    words = vectors.words
    tensors = {
        "vectors": vectors.matrix, "word_bytes": words.utf8, "word_offsets": words.offsets,
        "word_order": vectors.vocabulary.order, "other": np.zeros(3, np.float64),
    }  # fmt: skip
    save_file({name: np.array(array) for name, array in tensors.items()}, tmp_path / "v.safetensors")
    loaded = load_embeddings(tmp_path / "v.safetensors")
    assert loaded.words == words and np.array_equal(loaded.matrix, vectors.matrix)
    assert loaded.vocabulary.counts is None and not loaded.metadata


def test_limit_takes_the_first_words(tmp_path):
    some_vectors().save(tmp_path / "v.safetensors")
    loaded = load_embeddings(tmp_path / "v.safetensors", limit=2)
    assert list(loaded) == ["word0", "word1"] and "word2" not in loaded and loaded.matrix.shape == (2, 4)


def test_saving_over_the_file_that_is_mapped(tmp_path):
    path = tmp_path / "v.safetensors"
    some_vectors().save(path)
    loaded = load_embeddings(path)
    before = loaded.matrix.copy()
    loaded.reduce_dimensions(2).save(path)
    assert np.array_equal(loaded.matrix, before)
    assert load_embeddings(path).vector_size == 2


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_opening_reads_the_words_and_not_the_vectors(tmp_path):
    """Reading the vectors of this sparse 4 GB file would show in the memory of the process."""
    size, dimensions = 100_000, 10_240
    vocabulary = Vocabulary([f"word{i}" for i in range(size)])
    arrays = {
        "word_offsets": ("I64", vocabulary.words.offsets), "word_order": ("I32", vocabulary.order),
        "word_bytes": ("U8", vocabulary.words.utf8),
    }  # fmt: skip
    header, start = {}, 0
    for name, (code, array) in arrays.items():
        header[name] = {"dtype": code, "shape": array.shape, "data_offsets": [start, start + array.nbytes]}
        start += array.nbytes
    span = [start, start + 4 * size * dimensions]
    header["vectors"] = {"dtype": "F32", "shape": [size, dimensions], "data_offsets": span}
    text = json.dumps(header).encode()
    path = tmp_path / "large.safetensors"
    with path.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for _, array in arrays.values():
            file.write(array.tobytes())
        row = np.ones(dimensions, dtype="<f4").tobytes()
        for word_id in (70, size - 1):
            file.seek(8 + len(text) + start + word_id * len(row))
            file.write(row)
    before = _resident_megabytes()
    vectors = load_embeddings(path)
    assert vectors.similarity("word70", f"word{size - 1}") == pytest.approx(1)
    assert "word12" in vectors and "nothing" not in vectors
    assert _resident_megabytes() - before < 50


def _resident_megabytes() -> float:
    status = Path("/proc/self/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS"))) / 1024


def rewritten(path: Path, change) -> Path:
    """Write a native file whose parsed header was modified by ``change``."""
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    header = change(header) or header
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + data[8 + length :])
    return path


def test_what_is_not_whole_is_refused_with_the_place(tmp_path):
    path = tmp_path / "v.safetensors"
    some_vectors().save(path)
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    cases = {
        b"": "the file ends after 0 bytes, inside the length of its header",
        data[:5]: "the file ends after 5 bytes, inside the length of its header",
        data[:50]: f"the header has {length:,} bytes, according to bytes 0 to 7, but the file has only 50 bytes",
        b"\xff"
        * 60: "the header has 18,446,744,073,709,551,615 bytes, according to bytes 0 to 7, but the file has only",
        data[:8] + b"?" + data[9:]: f"the header, bytes 8 to {7 + length}, is not JSON",
        (2).to_bytes(8, "little") + b"[]": "the header, bytes 8 to 9, is not a JSON object",
        (99999).to_bytes(8, "little") + b"[" * 99999: "is not JSON",
        data[:-3]: "the tensor 'word_bytes' needs 25 bytes; its data_offsets are",
    }
    for content, message in cases.items():
        path.write_bytes(content)
        with pytest.raises(FormatError) as caught:
            load_embeddings(path)
        assert message in str(caught.value) and str(path) in str(caught.value)


@pytest.mark.parametrize(
    ("tensor", "field", "value", "message"),
    [
        ("vectors", "shape", [10**12, 4], "needs 16,000,000,000,000 bytes; its data_offsets are [108, 188] in"),
        ("vectors", "shape", [10**30, 10**30], "needs 4,000,000,000,000"),
        ("vectors", "shape", [-5, -4], "must be F32 or F16 or I8 in 2 dimensions; the header has 'F32', [-5, -4]"),
        ("vectors", "shape", [20], "must be F32 or F16 or I8 in 2 dimensions"),
        ("vectors", "shape", [True, 20], "must be F32 or F16 or I8 in 2 dimensions"),
        ("vectors", "dtype", "F64", "must be F32 or F16 or I8 in 2 dimensions; the header has 'F64', [5, 4]"),
        ("vectors", "data_offsets", [-80, 0], "its data_offsets are [-80, 0]"),
        ("vectors", "data_offsets", [168, 88], "its data_offsets are [168, 88]"),
        ("vectors", "data_offsets", [88, 10**13], "its data_offsets are [88, 10000000000000]"),
        ("vectors", "data_offsets", None, "its data_offsets are None"),
        ("vectors", "shape", [4, 5], "the vectors are 4 rows of 5 numbers, for 5 words"),
        ("word_offsets", "dtype", "I32", "must be I64 in 1 dimension; the header has 'I32', [6]"),
        ("word_order", "data_offsets", [0, 20], "overlap at byte"),
    ],
)
def test_a_header_that_lies_is_refused(tmp_path, tensor, field, value, message):
    path = tmp_path / "v.safetensors"
    some_vectors().save(path)

    def change(header):
        header[tensor][field] = value

    with pytest.raises(FormatError) as caught:
        load_embeddings(rewritten(path, change))
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda header: header.pop("vectors") and None, "after the header belong to no tensor"),
        (
            lambda header: header | {"vectors": 7},
            "F32 or F16 or I8 in 2 dimensions; the header has None, None",
        ),
        (lambda header: header | {"__metadata__": {"a": 1}}, "__metadata__ in the header must map names to strings"),
        (lambda header: header | {"__metadata__": []}, "__metadata__ in the header must map names to strings"),
        (lambda header: header | {"__metadata__": {"wordkin.format_version": "3"}}, "format version is '3', but this"),
    ],
)
def test_a_file_of_another_kind_is_refused(tmp_path, change, message):
    path = tmp_path / "v.safetensors"
    some_vectors().save(path)
    with pytest.raises(FormatError) as caught:
        load_embeddings(rewritten(path, change))
    assert message in str(caught.value)


@pytest.mark.parametrize("missing", ["vectors", "word_order", "word_bytes", "word_offsets"])
def test_tensors_of_something_else_are_refused(tmp_path, missing):
    path = tmp_path / "v.safetensors"
    some_vectors().save(path)
    tensors = load_file(path)
    del tensors[missing]
    save_file(tensors, path)
    with pytest.raises(
        FormatError, match=f"the tensor '{missing}' is missing: this is not a file of wordkin word vectors"
    ):
        load_embeddings(path)


def test_truncated_gzip_is_refused(tmp_path):
    path = tmp_path / "v.safetensors.gz"
    some_vectors(200).save(path)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(FormatError, match="the gzip data is truncated or damaged before byte"):
        load_embeddings(path)


def test_a_decompression_bomb_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "_GZIP_SLACK_BYTES", 1000)
    path = tmp_path / "v.safetensors.gz"
    path.write_bytes(gzip.compress(bytes(1_000_000), 9))
    with pytest.raises(FormatError, match="expands to more than 100 times its size"):
        load_embeddings(path)


def test_options_of_other_formats_are_refused(tmp_path):
    some_vectors().save(tmp_path / "v.safetensors")
    for option in ({"encoding_errors": "replace"}, {"duplicates": "first"}):
        with pytest.raises(ConfigError, match="must be left unset for the native format"):
            load_embeddings(tmp_path / "v.safetensors", **option)
    with pytest.raises(ConfigError, match="header must be left unset for formats other than text"):
        load_embeddings(tmp_path / "v.safetensors", header=True)
    with pytest.raises(ConfigError, match="header must be True for formats other than text"):
        some_vectors().save(tmp_path / "v.safetensors", header=False)


def test_words_that_are_not_utf8_or_not_in_order(tmp_path):
    path = tmp_path / "v.safetensors"
    some_vectors().save(path)
    whole = path.read_bytes()
    path.write_bytes(whole[:-5] + b"\xff\xff\xff\xff\xff")
    with pytest.raises(FormatError, match=r"v.safetensors': the words must be valid UTF-8"):
        load_embeddings(path)
    path.write_bytes(whole[:-5] + b"a    ")
    loaded = load_embeddings(path)
    with pytest.raises(FormatError, match="does not sort its words, or a word is repeated"):
        loaded["absent"]

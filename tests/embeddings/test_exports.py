"""Tests of conversion to and from other libraries: words and numbers stay the same."""

from __future__ import annotations

import subprocess
import sys

import gensim.models
import numpy as np
import pandas
import pyarrow.parquet
import pytest

from wordkin.embeddings import Embeddings
from wordkin.errors import ConfigError, MissingExtraError, OutputError
from wordkin.vocabulary import Vocabulary


def some_vectors(dtype: str = "float32", counts=(3, 2, 1), size: int = 4) -> Embeddings:
    matrix = np.random.default_rng(0).normal(size=(3, size)).astype(dtype)
    return Embeddings(Vocabulary(["the", "a\tb", "猫"], counts), matrix)


@pytest.mark.parametrize("dtype", ["float32", "float16"])
@pytest.mark.parametrize("counts", [None, (3, 2, 1)])
def test_to_gensim_and_back(dtype, counts):
    vectors = some_vectors(dtype, counts)
    keyed = vectors.to_gensim()
    assert keyed.index_to_key == list(vectors)
    assert np.array_equal(keyed.vectors, vectors.matrix.astype(np.float32))
    if counts:
        assert [keyed.get_vecattr(word, "count") for word in vectors] == [3, 2, 1]
    back = Embeddings.from_gensim(keyed)
    assert back.vocabulary == vectors.vocabulary and np.array_equal(back.matrix, keyed.vectors)
    keyed.vectors[:] = 0
    assert back.matrix.any() and vectors.matrix.any()


def test_from_a_trained_gensim_model():
    model = gensim.models.Word2Vec([["a", "b", "c"], ["a", "b"]], vector_size=3, min_count=1, workers=1, seed=1)
    vectors = Embeddings.from_gensim(model)
    assert list(vectors) == model.wv.index_to_key and np.array_equal(vectors.matrix, model.wv.vectors)
    assert vectors.vocabulary.counts.tolist() == [2, 2, 1]
    with pytest.raises(
        ConfigError, match="vectors must be a gensim KeyedVectors, or a model whose attribute wv is one; got 'dict'"
    ):
        Embeddings.from_gensim({})


def test_to_pandas():
    frame = some_vectors().to_pandas()
    assert frame.shape == (3, 4) and frame.index.name == "word" and list(frame.index) == ["the", "a\tb", "猫"]
    assert np.array_equal(frame.loc["猫"], some_vectors()["猫"])


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_to_arrow_copies_nothing(dtype):
    vectors = some_vectors(dtype)
    table = vectors.to_arrow()
    assert table.column_names == ["word", "count", "vector"]
    assert table["word"].to_pylist() == list(vectors) and table["count"].to_pylist() == [3, 2, 1]
    values = table["vector"].chunk(0).values
    assert np.array_equal(values.to_numpy().reshape(3, 4), vectors.matrix)
    assert values.buffers()[1].address == vectors.matrix.ctypes.data
    assert some_vectors(counts=None).to_arrow().column_names == ["word", "vector"]


@pytest.mark.parametrize(("dtype", "size"), [("float32", 4), ("float16", 4), ("float32", 1)])
def test_to_parquet_holds_vectors_and_a_map(tmp_path, dtype, size):
    vectors = some_vectors(dtype, size=size)
    vectors.to_parquet(tmp_path / "v.parquet")
    table = pyarrow.parquet.read_table(tmp_path / "v.parquet")
    assert table.column_names == ["word", "count", "vector", "x", "y"]
    frame = table.to_pandas()
    assert list(frame["word"]) == list(vectors)
    assert np.array_equal(np.stack(frame["vector"]), vectors.matrix.astype(np.float32))
    if size > 1:
        expected = vectors.astype("float32").reduce_dimensions(2).matrix
        assert np.array_equal(frame[["x", "y"]].to_numpy(), expected)
    with pytest.raises(OutputError, match="there is no directory"):
        vectors.to_parquet(tmp_path / "missing" / "v.parquet")


def test_parquet_as_embedding_atlas_takes_it(tmp_path):
    """It reads with pandas, needs text, finite x and y and vectors as arrays, and writes the frame as Parquet again."""
    some_vectors("float16").to_parquet(tmp_path / "v.parquet")
    frame = pandas.read_parquet(tmp_path / "v.parquet")
    assert all(isinstance(word, str) for word in frame["word"])
    assert all(isinstance(vector, np.ndarray) and vector.dtype == np.float32 for vector in frame["vector"])
    assert frame[["x", "y"]].dtypes.tolist() == [np.float32] * 2 and np.isfinite(frame[["x", "y"]]).all(axis=None)
    again = pyarrow.Table.from_pandas(frame)
    pyarrow.parquet.write_table(again, tmp_path / "again.parquet")
    assert pyarrow.parquet.read_table(tmp_path / "again.parquet")["vector"].to_pylist() == again["vector"].to_pylist()


@pytest.mark.parametrize("counts", [None, (3, 2, 1)])
def test_to_projector(tmp_path, counts):
    vectors = some_vectors(counts=counts)
    tensor, metadata = vectors.to_projector(tmp_path / "run")
    assert (tensor.name, metadata.name) == ("run_tensor.tsv", "run_metadata.tsv")
    assert np.array_equal(np.loadtxt(tensor, dtype=np.float32, delimiter="\t"), vectors.matrix)
    lines = metadata.read_text(encoding="utf-8").splitlines()
    assert lines == (["word\tcount", "the\t3", "a b\t2", "猫\t1"] if counts else ["the", "a b", "猫"])


@pytest.mark.parametrize(("module", "extra", "call"), [
    ("gensim.models", "gensim", lambda vectors, path: vectors.to_gensim()),
    ("pandas", "arrow", lambda vectors, path: vectors.to_pandas()),
    ("pyarrow", "arrow", lambda vectors, path: vectors.to_arrow()),
    ("pyarrow", "arrow", lambda vectors, path: vectors.to_parquet(path / "v.parquet")),
    ("torch", "torch", lambda vectors, path: vectors.to_torch()),
    ("torch", "torch", lambda vectors, path: vectors.to_torch_embedding()),
    ("spacy.strings", "spacy", lambda vectors, path: vectors.to_spacy()),
    ("ot", "transport", lambda vectors, path: vectors.wmdistance(["the"], ["the"])),
    ("usearch.index", "index", lambda vectors, path: vectors.build_index()),
])  # fmt: skip
def test_what_is_not_installed_is_named(tmp_path, monkeypatch, module, extra, call):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingExtraError, match=rf"needs an optional dependency: pip install 'wordkin\[{extra}\]'"):
        call(some_vectors(), tmp_path)


def test_options_of_a_layer_are_checked_before_its_library_is_loaded():
    for options, message in [({"extra_rows": -1}, "extra_rows must be"), ({"freeze": 1}, "freeze must be")]:
        with pytest.raises(ConfigError, match=message):
            some_vectors().to_torch_embedding(**options)


def test_writing_into_mapped_vectors_changes_no_file_and_ends_no_process(tmp_path):
    """torch.from_numpy, for example, ignores that an array is read-only."""
    path = tmp_path / "v.safetensors"
    some_vectors().save(path)
    program = (
        "import ctypes, sys, wordkin\nmatrix = wordkin.load(sys.argv[1]).matrix\nassert not matrix.flags.writeable\n"
        "ctypes.memset(matrix.ctypes.data, 0, 4)\nprint(matrix[0, 0])"
    )
    before = path.read_bytes()
    done = subprocess.run([sys.executable, "-c", program, path], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "0.0\n"), done.stderr
    assert path.read_bytes() == before

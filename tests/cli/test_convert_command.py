"""convert: formats, number types, sizes, and what they cost."""

from __future__ import annotations

import json

import numpy as np
import pytest

from wordkin.embeddings import Embeddings, load_embeddings
from wordkin.vocabulary import Vocabulary


@pytest.mark.parametrize("name", ["v.bin", "v.txt", "v.vec", "v.txt.gz", "v.safetensors"])
def test_formats(run, vectors_file, tmp_path, name):
    finished = run("convert", vectors_file, tmp_path / name)
    assert finished == (0, f"{tmp_path / name}: 7 words x 3, float32\n", "")
    before, after = load_embeddings(vectors_file), load_embeddings(tmp_path / name)
    assert list(after.words) == list(before.words)
    np.testing.assert_array_equal(after.matrix, before.matrix)


def test_smaller_vectors_come_with_what_they_cost(run, vectors_file, tmp_path):
    output = tmp_path / "small.safetensors"
    finished = run("convert", vectors_file, output, "--dtype", "float16")
    first, second = finished.out.splitlines()
    assert first == f"{output}: 7 words x 3, float16"
    assert second.startswith("of the 6 nearest words 100.0% stay, cosines move by ")
    assert second.endswith(" on average (7 words asked about)")
    document = json.loads(run("convert", vectors_file, output, "--dimensions", "1", "--json").out)
    assert document.pop("cosine_difference") > 0.01
    assert document == {
        "input": str(vectors_file),
        "outputs": [str(output)],
        "words": 7,
        "vector_size": 1,
        "dtype": "float32",
        "shared_neighbours": 1.0,
    }


def test_text_without_a_header(run, vectors_file, tmp_path):
    run("convert", vectors_file, tmp_path / "glove.txt", "--no-header")
    assert (tmp_path / "glove.txt").read_text().startswith("paris 1 0 1\n")


def test_for_other_tools(run, vectors_file, tmp_path):
    pytest.importorskip("pyarrow")
    assert run("convert", vectors_file, tmp_path / "v.parquet").code == 0
    assert (tmp_path / "v.parquet").read_bytes()[:4] == b"PAR1"
    finished = run("convert", vectors_file, tmp_path / "v.tsv")
    tensor, metadata = tmp_path / "v_tensor.tsv", tmp_path / "v_metadata.tsv"
    assert finished.out == f"{tensor}, {metadata}: 7 words x 3, float32\n"
    assert len(tensor.read_text().splitlines()) == 7


def test_an_output_that_cannot_be_is_found_before_the_work(run, vectors_file, tmp_path):
    finished = run("convert", tmp_path / "not-read-yet.bin", tmp_path / "v.dat")
    assert finished.code == 2
    assert finished.err == (
        f"wordkin: OUT must end in .safetensors, .bin, .txt or .vec, each also with .gz; or in .parquet or .tsv, "
        f"for tables and TensorBoard's projector; got '{tmp_path}/v.dat'\n"
    )
    finished = run("convert", vectors_file, tmp_path / "missing" / "v.bin")
    assert finished.code == 2
    assert "make it first" in finished.err


def test_what_a_format_cannot_hold_is_refused(run, tmp_path):
    path = tmp_path / "v.safetensors"
    Embeddings(Vocabulary(["new york"]), np.float32([[1, 2]])).save(path)
    finished = run("convert", path, tmp_path / "v.txt")
    assert finished.code == 2
    assert "new york" in finished.err
    assert '--whitespace "underscore"' in finished.err
    assert not (tmp_path / "v.txt").exists()
    assert run("convert", path, tmp_path / "v.txt", "--whitespace", "underscore").code == 0
    assert "new_york" in (tmp_path / "v.txt").read_text()

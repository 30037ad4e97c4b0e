"""Tests of wordkin convert: formats, number types, sizes, and the measured differences."""

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
    assert second.startswith("100.0% of the 6 nearest words stay the same; their cosines change by ")
    assert second.endswith("on average; the mean cosine of old and new vector is 1.000000 (measured on 7 words)")
    document = json.loads(run("convert", vectors_file, output, "--dimensions", "1", "--json").out)
    assert document.pop("cosine_difference") > 0.01
    assert document == {
        "input": str(vectors_file),
        "outputs": [str(output)],
        "words": 7,
        "vector_size": 1,
        "dtype": "float32",
        "shared_neighbours": 1.0,
        "vector_cosine": None,
        "kept_text": 1.0,
        "scores": None,
    }


def test_int8_is_a_quarter_of_the_size_and_says_so(run, tmp_path):
    source, output = tmp_path / "v.safetensors", tmp_path / "small.safetensors"
    rows = np.random.default_rng(0).normal(size=(200, 64)).astype(np.float32)
    Embeddings(Vocabulary([f"w{number}" for number in range(200)]), rows).save(source)
    finished = run("convert", source, output, "--dtype", "int8")
    assert finished.out.startswith(f"{output}: 200 words x 64, int8\n9")
    assert "% of the 10 nearest words stay the same; " in finished.out
    assert output.stat().st_size < 0.4 * source.stat().st_size
    assert json.loads(run("info", output, "--json").out)["dtype"] == "int8"
    finished = run("convert", source, tmp_path / "v.bin", "--dtype", "int8")
    assert finished.code == 2 and "--dtype int8 needs a .safetensors file, because no other format" in finished.err
    assert not (tmp_path / "v.bin").exists()


def test_fewer_words(run, vectors_file, tmp_path):
    output, listed = tmp_path / "v.txt", tmp_path / "words.txt"
    finished = run("convert", vectors_file, output, "--keep", "4")
    assert finished.out.startswith(f"{output}: 4 words x 3, float32\n50.0% of the 6 nearest words stay ")
    assert finished.out.endswith("; the words kept cover 78.6% of the text (measured on 4 words)\n")
    listed.write_text("oslo\nparis\nberlin\n")
    pairs = tmp_path / "pairs.tsv"
    pairs.write_text("paris\trome\t9\noslo\tcheese\t1\nitaly\tnorway\t5\nparis\toslo\t3\n")
    finished = run("convert", vectors_file, output, "--words", listed, "--evaluate", pairs)
    assert finished.out.startswith(f"{output}: 2 words x 3, float32\n")
    assert {line.split()[0] for line in finished.out.splitlines()[5:7]} == {"before", "after"}
    assert list(load_embeddings(output).words) == ["paris", "oslo"]
    scores = json.loads(run("convert", vectors_file, output, "--keep", "5", "--evaluate", pairs, "--json").out)[
        "scores"
    ]
    assert [scores[name]["known"] for name in ("before", "after")] == [4, 2]
    assert run("convert", vectors_file, output, "--words", listed, "--no-measure").out.count("\n") == 1
    listed.write_text("berlin\n")
    finished = run("convert", vectors_file, output, "--words", listed)
    assert finished.code == 2 and f"--words: none of the words in '{listed}' has a vector" in finished.err
    finished = run("convert", vectors_file, output, "--no-measure", "--evaluate", pairs)
    assert finished.code == 2 and "--evaluate cannot be given with --no-measure" in finished.err


def test_a_directory_for_static_models(run, vectors_file, tmp_path):
    finished = run("convert", vectors_file, f"{tmp_path}/model/")
    assert finished == (0, f"{tmp_path}/model/: 7 words x 3, float32\n", "")
    assert json.loads((tmp_path / "model" / "modules.json").read_text())[0]["path"] == "."


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
        f"wordkin: OUT must end in .safetensors, .bin, .txt or .vec, each also with .gz, or in .parquet, .tsv or / "
        f"(data frames, TensorBoard's projector, static models); got '{tmp_path}/v.dat'\n"
    )
    finished = run("convert", vectors_file, tmp_path / "missing" / "v.bin")
    assert finished.code == 2
    assert "make this directory first" in finished.err


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

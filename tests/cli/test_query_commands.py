"""Tests of wordkin similar, analogy, index and info."""

from __future__ import annotations

import json

import numpy as np
import pytest

from wordkin.embeddings import Embeddings
from wordkin.vocabulary import Vocabulary


def test_similar_shows_words_and_cosines(run, vectors_file):
    finished = run("similar", vectors_file, "oslo", "--topn", "2")
    assert finished.code == 0
    assert finished.out == "near oslo   similarity\nrome            0.8000\nnorway          0.7071\n"


def test_similar_takes_several_words(run, vectors_file):
    finished = run("similar", vectors_file, "oslo", "norway", "--topn", "1")
    assert finished.out == (
        "near oslo   similarity\nrome            0.8000\n\nnear norway   similarity\noslo              0.7071\n"
    )


def test_similar_as_json(run, vectors_file):
    document = json.loads(run("similar", vectors_file, "oslo", "--topn", "1", "--json").out)
    assert document == {
        "vectors": str(vectors_file),
        "results": [{"word": "oslo", "neighbours": [{"word": "rome", "similarity": pytest.approx(0.8, abs=1e-6)}]}],
        "unknown": [],
    }


def test_similar_searches_only_the_first_words_when_asked(run, vectors_file):
    assert "rome" not in run("similar", vectors_file, "oslo", "--restrict-vocab", "2").out


def test_an_unknown_word_comes_with_its_nearest_spellings(run, vectors_file):
    finished = run("similar", vectors_file, "pariss")
    assert finished == (2, "", "wordkin: the word 'pariss' is not in the vocabulary; nearest spellings: 'paris'\n")


def test_analogy(run, vectors_file):
    finished = run("analogy", vectors_file, "france", "paris", "italy", "--topn", "1")
    assert finished.out.splitlines()[0] == "france is to paris as italy is to   similarity"
    assert finished.out.splitlines()[1].startswith("rome ")
    document = json.loads(run("analogy", vectors_file, "france", "paris", "italy", "--topn", "2", "--json").out)
    assert list(document) == ["vectors", "a", "b", "c", "answers"]
    assert (document["a"], document["b"], document["c"]) == ("france", "paris", "italy")
    assert document["answers"][0].keys() == {"word", "similarity"}


def test_info(run, vectors_file):
    finished = run("info", vectors_file)
    shown = {line[:22].strip(): line[22:].strip() for line in finished.out.splitlines()}
    assert shown["words"] == "7"
    assert shown["vector size"] == "3"
    assert shown["number type"] == "float32"
    assert "first words             paris france rome italy oslo norway cheese" in finished.out
    assert "trained with\nepochs         5\n" in finished.out
    document = json.loads(run("info", vectors_file, "--json").out)
    assert document == {
        "file": str(vectors_file),
        "bytes": vectors_file.stat().st_size,
        "words": 7,
        "items": "words",
        "vector_size": 3,
        "dtype": "float32",
        "total_count": 280,
        "rare_words": None,
        "rare_bytes": None,
        "reading": None,
        "first_words": ["paris", "france", "rome", "italy", "oslo", "norway", "cheese"],
        "metadata": {"epochs": "5"},
    }


def test_a_missing_file_and_an_unknown_suffix(run, tmp_path):
    assert run("info", tmp_path / "no.bin").err == f"wordkin: there is no file '{tmp_path}/no.bin': check the path\n"
    strange = tmp_path / "vectors.dat"
    strange.write_text("2 2\na 1 2\nb 3 4\n")
    finished = run("similar", strange, "a")
    assert finished.code == 2
    assert finished.err.startswith(
        "wordkin: VECTORS must end in .safetensors, .bin, .txt or .vec, each also with .gz; got"
    )
    assert '--format "safetensors"' in finished.err
    assert run("similar", strange, "a", "--format", "text").code == 0


def test_reading_options_reach_the_reader(run, tmp_path):
    path = tmp_path / "doubled.txt"
    path.write_bytes(b"3 2\na 1 2\na 3 4\nb\xff 5 6\n")
    assert run("info", path).code == 2
    document = json.loads(run("info", path, "--duplicates", "first", "--encoding-errors", "replace", "--json").out)
    assert document["first_words"] == ["a", "b\ufffd"]
    assert json.loads(run("info", path, "--limit", "1", "--json").out)["words"] == 1


def test_words_cannot_move_the_cursor_or_markup_the_table(run, tmp_path):
    path = tmp_path / "tricky.safetensors"
    words = ["[red]plain[/red]", "\x1b[2J", "line\u2028end", "日本語", "क्\u200dष"]
    Embeddings(Vocabulary(words), np.float32([[1, 0], [1, 0.1], [1, 0.2], [1, 0.3], [1, 0.4]])).save(path)
    out = run("similar", path, words[0]).out
    assert "near [red]plain[/red]" in out
    assert "\\x1b[2J" in out
    assert "\x1b" not in out
    assert "line\\u2028end" in out
    assert "日本語" in out
    assert words[4] in out


def test_known_words_are_answered_and_unknown_ones_named(run, vectors_file):
    finished = run("similar", vectors_file, "oslo", "pariss", "--topn", "1")
    assert finished.code == 2
    assert finished.out == "near oslo   similarity\nrome            0.8000\n"
    assert finished.err == "wordkin: the word 'pariss' is not in the vocabulary; nearest spellings: 'paris'\n"
    finished = run("similar", vectors_file, "pariss", "oslo", "osloo", "--topn", "1", "--json")
    document = json.loads(finished.out)
    assert [each["word"] for each in document["results"]] == ["oslo"] and document["unknown"] == ["pariss", "osloo"]
    assert finished.code == 2
    assert "'pariss' is not in the vocabulary; nearest spellings: 'paris'; the word 'osloo' is not in" in finished.err
    assert run("similar", vectors_file, "pariss", "osloo").out == ""


def test_an_index_is_built_and_searched(run, vectors_file, tmp_path):
    pytest.importorskip("usearch")
    missing = run("similar", vectors_file, "oslo", "--index")
    assert (missing.code, missing.out) == (2, "")
    assert "there is no index" in missing.err and "build it with wordkin index" in missing.err
    finished = run("index", vectors_file)
    assert (finished.code, finished.out) == (0, f"{vectors_file}.usearch: 7 words, i8\n")
    expected = run("similar", vectors_file, "oslo", "paris", "--topn", "3")
    assert run("similar", vectors_file, "oslo", "paris", "--topn", "3", "--index") == expected
    other = tmp_path / "other.usearch"
    document = json.loads(run("index", vectors_file, "-o", other, "--dtype", "f32", "--json").out)
    assert document == {"vectors": str(vectors_file), "output": str(other), "words": 7, "dtype": "f32"}
    assert run("similar", vectors_file, "oslo", "paris", "--topn", "3", "--index-file", other) == expected
    refused = run("similar", vectors_file, "oslo", "--index", "--restrict-vocab", "3")
    assert (refused.code, "--restrict-vocab cannot be given with --index" in refused.err) == (2, True)
    assert run("index", vectors_file, "-o", tmp_path / "no" / "x.usearch").code == 2


def test_the_directory_of_a_run_is_opened_as_vectors(run, text_file, tmp_path):
    vectors, directory = tmp_path / "v.safetensors", tmp_path / "run"
    options = ("--checkpoint", directory, "--epochs", "1", "--vector-size", "8", "--threads", "1", "--quiet")
    assert run("train", text_file, "-o", vectors, *options).code == 0
    assert run("similar", directory, "sun") == run("similar", vectors, "sun")
    facts = json.loads(run("info", directory, "--json").out)
    assert facts["words"] == json.loads(run("info", vectors, "--json").out)["words"]
    assert facts["bytes"] > vectors.stat().st_size
    finished = run("similar", directory, "sun", "--format", "bin")
    assert (finished.code, finished.err) == (
        2,
        f"wordkin: --format works only for files of vectors, and '{directory}' is a training run: leave --format out\n",
    )
    empty = tmp_path / "empty"
    empty.mkdir()
    assert run("info", empty).code == 2
    assert run("index", directory).code == 2

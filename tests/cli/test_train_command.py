"""train: text in, a file of vectors out; nothing half-written, nothing found too late."""

from __future__ import annotations

import io
import json
import sys

import pytest

from wordkin.embeddings import load_embeddings

SMALL = ["--vector-size", "8", "--threads", "1"]


def test_text_becomes_vectors(run, text_file, tmp_path):
    output = tmp_path / "v.safetensors"
    finished = run("train", text_file, "-o", output, *SMALL, "--epochs", "3")
    assert finished.code == 0
    assert finished.out.startswith(f"{output}: 8 words x 8, loss ")
    assert [line.split(",")[0] for line in finished.err.splitlines()] == ["epoch 1/3", "epoch 2/3", "epoch 3/3"]
    vectors = load_embeddings(output)
    assert vectors.similarity("sun", "moon") > vectors.similarity("sun", "cheese")
    assert vectors.metadata["epochs"] == "3"


def test_json(run, text_file, tmp_path):
    output = tmp_path / "v.bin"
    finished = run("train", text_file, "--output", output, *SMALL, "--epochs", "2", "--json", "--quiet")
    document = json.loads(finished.out)
    assert finished.err == ""
    assert list(document) == [
        "output", "vocabulary_size", "vector_size", "words", "losses", "seconds", "words_per_second"
    ]  # fmt: skip
    assert (document["output"], document["vocabulary_size"], document["words"]) == (str(output), 8, 4800)
    assert len(document["losses"]) == 2


def test_several_inputs_and_a_pattern(run, tmp_path):
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text("left right\n" * 5)
    for inputs in ([tmp_path / "a.txt", tmp_path / "b.txt"], [tmp_path / "*.txt"]):
        document = json.loads(run("train", *inputs, "-o", tmp_path / "v.bin", *SMALL, "--epochs", "1", "--json").out)
        assert document["words"] == 20


def test_standard_input(run, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"left right\n" * 10)))
    finished = run("train", "-", "-o", tmp_path / "v.bin", *SMALL)
    assert finished.code == 0
    assert sorted(load_embeddings(tmp_path / "v.bin").words) == ["left", "right"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("v.model", "--output must end in .safetensors, .bin, .txt or .vec, each also with .gz; got '{}'"),
        ("no/v.bin", "there is no directory"),
        ("", "--output must end in"),
    ],
)
def test_an_impossible_output_is_found_before_the_text_is_read(run, tmp_path, monkeypatch, name, words):
    monkeypatch.setattr("wordkin.api.train", lambda *_, **__: pytest.fail("training began"))
    finished = run("train", "text.txt", "-o", tmp_path / name)
    assert finished.code == 2
    assert words.format(tmp_path / name) in finished.err
    assert list(tmp_path.iterdir()) == []


def test_unusable_text(run, tmp_path):
    empty, rare, output = tmp_path / "empty.txt", tmp_path / "rare.txt", tmp_path / "v.bin"
    empty.write_text(" \n\n")
    rare.write_text("each word here comes once\n")
    finished = run("train", empty, "-o", output)
    assert (finished.code, finished.err) == (
        2,
        f"wordkin: no words in '{empty}': the text is empty or white space only\n",
    )
    finished = run("train", rare, "-o", output)
    assert finished.code == 2
    assert "--min-count" in finished.err
    assert not output.exists()


def test_a_failed_run_leaves_nothing_behind(run, text_file, tmp_path, monkeypatch):
    def fail(*_, **__):
        raise OSError(28, "No space left on device", "v.bin")

    monkeypatch.setattr("wordkin.embeddings.formats.write_binary", fail)
    finished = run("train", text_file, "-o", tmp_path / "v.bin", *SMALL, "--epochs", "1", "--quiet")
    assert finished.code == 1
    assert "No space left on device" in finished.err
    assert list(tmp_path.iterdir()) == [text_file]


@pytest.mark.filterwarnings("default::wordkin.corpus.CorpusWarning")
def test_a_warning_is_one_line(run, tmp_path):
    (tmp_path / "latin.txt").write_bytes("größe maß\n".encode("latin-1") * 10)
    finished = run("train", tmp_path / "latin.txt", "-o", tmp_path / "v.bin", *SMALL, "--epochs", "1", "--quiet")
    assert finished.code == 0
    assert finished.err.startswith("wordkin: warning: ")
    assert "UTF-8" in finished.err
    assert finished.err.count("\n") == 1

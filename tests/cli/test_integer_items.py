"""Tests of the command line with items that are whole numbers."""

from __future__ import annotations

import json

import numpy as np
import pytest

import wordkin
from wordkin import Embeddings, Vocabulary


@pytest.fixture
def numbered(tmp_path):
    matrix = np.random.default_rng(1).normal(size=(5, 4)).astype(np.float32)
    path = tmp_path / "v.safetensors"
    Embeddings(Vocabulary([42, 7, -3, 1000, 0], [9, 8, 7, 6, 5]), matrix).save(path)
    return path


def test_words_are_read_as_numbers(run, numbered, tmp_path):
    assert run("similar", numbered, "42", "--topn", "4").out.startswith("near 42")
    answer = json.loads(run("similar", numbered, "--json", "--", "-3").out)
    assert answer["results"][0]["word"] == -3
    assert " 1000 " in run("similar", numbered, "42").out.replace(
        "\n", " "
    )  # without a thousands separator, since it is an item
    assert "as -3 is to" in run("analogy", numbered, "--", "42", "7", "-3").out
    wanted = tmp_path / "words.txt"
    wanted.write_text("7\n42\n")
    facts = json.loads(run("info", numbered, "--words", wanted, "--json").out)
    assert (facts["items"], facts["first_words"]) == ("whole numbers", [42, 7])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["similar", "cat"], "word must be a whole number, like all items of these vectors; got 'cat'"),
        (["similar", "8"], "the item 8 is not in the vocabulary"),
        (["plot", "42", "x", "-o", "p.png"], "word must be a whole number, like all items of these vectors; got 'x'"),
    ],
)
def test_what_is_no_number_is_refused(run, numbered, arguments, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    command, *rest = arguments
    failed = run(command, numbered, *rest)
    assert (failed.code, failed.err) == (2, f"wordkin: {message}\n")


def test_numbers_become_words_where_that_is_asked_for(run, numbered, tmp_path):
    failed = run("convert", numbered, tmp_path / "v.vec")
    assert failed.code == 2 and "OUT must end in .safetensors for items that are whole numbers" in failed.err
    assert run("convert", numbered, tmp_path / "v.vec", "--as-text").code == 0
    assert (tmp_path / "v.vec").read_text().splitlines()[1].startswith("42 ")
    failed = run("convert", tmp_path / "v.vec", tmp_path / "w.vec", "--as-text")
    assert failed.code == 2 and "--as-text applies only to items that are whole numbers" in failed.err


def test_words_to_keep_and_to_freeze_are_read_as_numbers_where_items_are(run, tmp_path):
    text, vectors = tmp_path / "baskets.jsonl", tmp_path / "v.safetensors"
    text.write_text('{"items": [7, 9, 9, 7, 9]}\n' * 9 + '{"items": [42, 7]}\n')
    train = ["train", text, "--field", "items", "--vector-size", "4", "--epochs", "1", "--subsample", "0", "-q"]
    assert run(*train, "-o", vectors, "--keep-words", "42").code == 0
    assert 42 in wordkin.load(vectors)
    failed = run(*train, "-o", vectors, "--keep-words", "042")
    assert (failed.code, failed.err) == (
        2, "wordkin: --keep-words must be whole numbers, like the items of the text; got '042'\n"
    )  # fmt: skip
    named = tmp_path / "frozen.txt"
    named.write_text("9\n")
    for frozen in "9|42", f"@{named}":
        again = tmp_path / "w.safetensors"
        assert run(*train, "-o", again, "--init", vectors, "--freeze", frozen).code == 0
        old, new = wordkin.load(vectors), wordkin.load(again)
        assert (new[9] == old[9]).all() and (new[7] != old[7]).any()

"""Tests of wordkin phrases, and of training with its file."""

from __future__ import annotations

import json


def test_phrases_are_learned_once_and_used(run, tmp_path):
    text, phrases = tmp_path / "text.txt", tmp_path / "phrases.json"
    text.write_text("the Bank of America in New York\nNew York far from New Mexico\n" * 40)
    options = ["--lowercase", "--phrase-scoring", "npmi", "--phrase-connectors", "of,in", "--show", "1"]
    finished = run("phrases", text, "-o", phrases, *options, "--json")
    document = json.loads(finished.out)
    assert document["output"] == str(phrases) and document["phrases"] >= 2
    assert [each["phrase"] for each in document["best"]] == ["bank_of_america"]
    train = ["train", text, "--lowercase", "--phrases", phrases, "--epochs", "1", "--vector-size", "8", "-q"]
    assert run(*train, "-o", tmp_path / "v.txt", "--subsample", "0").code == 0
    assert "\nnew_york " in (tmp_path / "v.txt").read_text()
    finished = run("phrases", text, "-o", phrases, *options)
    assert finished.out.splitlines()[-1] == f"{phrases}: {document['phrases']} phrases"


def test_phrases_says_what_is_wrong(run, tmp_path):
    text = tmp_path / "text.txt"
    text.write_text("a b\n")
    for arguments, message in (
        ([], "missing argument 'CORPUS'; see: wordkin phrases --help"),
        ([text], "phrases needs --output FILE that ends in .json; got None"),
        ([text, "-o", tmp_path / "p.txt"], "phrases needs --output FILE that ends in .json; got"),
        ([text, "-o", tmp_path / "no" / "p.json"], "there is no directory"),
        ([text, "-o", tmp_path / "p.json", "--passes", "0"], "--passes must be a whole number from 1 to 16; got 0"),
    ):
        finished = run("phrases", *arguments)
        assert finished.code == 2 and message in finished.err, finished
    assert not (tmp_path / "p.json").exists()

"""The examples in docs/evaluation.md and docs/sklearn.md run, and the lists of keys are complete."""

from __future__ import annotations

import doctest
import json
import re
from pathlib import Path

import numpy as np
import pytest

from wordkin.evaluation import compare, evaluate_file

DOCS = Path(__file__).parents[2] / "docs"
PLACES = ["athens", "greece", "oslo", "norway", "paris", "france", "rome", "italy"]
QUESTIONS = """\
: capitals
athens greece oslo norway
athens greece paris france
athens greece rome italy
oslo norway athens greece
oslo norway paris france
oslo norway rome italy
paris france athens greece
paris france oslo norway
paris france rome italy
rome italy athens greece
: gone
rome italy atlantis sea
rome italy lima peru
"""


@pytest.fixture
def files(tmp_path, monkeypatch, make_embeddings):
    """Write the files that the pages name to the current directory."""
    rng = np.random.default_rng(1)
    capitals, offset = rng.standard_normal((4, 20)), 2 * rng.standard_normal(20)
    planted = np.stack((capitals, capitals + offset), axis=1).reshape(8, 20)
    make_embeddings(PLACES, planted).save(tmp_path / "vectors.safetensors")
    backwards = np.stack((capitals, capitals[::-1] - 3 * capitals), axis=1).reshape(8, 20)
    make_embeddings(PLACES, backwards).save(tmp_path / "other.safetensors")
    (tmp_path / "capitals.txt").write_text(QUESTIONS)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(("page", "extra"), [("evaluation.md", "matplotlib"), ("sklearn.md", "sklearn")])
def test_examples_print_what_the_page_says(files, page, extra):
    pytest.importorskip(extra)
    result = doctest.testfile(str(DOCS / page), module_relative=False, encoding="utf-8", optionflags=doctest.ELLIPSIS)
    assert result.attempted >= 10
    assert result.failed == 0


def keys_of(values: object) -> set[str]:
    if isinstance(values, dict):
        return set(values).union(*map(keys_of, values.values()))
    return set().union(*map(keys_of, values)) if isinstance(values, list) else set()


def test_the_page_lists_every_key(files, make_embeddings):
    vectors = make_embeddings(PLACES)
    written = {
        "analogies": QUESTIONS.replace("gone", "gram"),
        "similarity": "athens\tgreece\t1\noslo\tnorway\t2\nparis\trome\t\n",
        "categories": "athens capital\noslo capital\ngreece country\nnorway country\n",
        "odd one out": "athens oslo | greece\n",
    }
    listed = dict(re.findall(r"^\| ([a-z ]+) \| (`.*) \|$", (DOCS / "evaluation.md").read_text(encoding="utf-8"), re.M))
    listed = {row: set(re.findall(r"`(\w+)`", keys)) for row, keys in listed.items()}
    for kind, text in written.items():
        (files / "benchmark.txt").write_text(text)
        values = evaluate_file(vectors, "benchmark.txt", bad_items="skip").to_dict()
        assert json.loads(json.dumps(values, allow_nan=False)) == values
        expected = listed[kind] | listed["every result"] | listed["a reading"]
        expected |= set(values["reading"]["columns"])
        if not values["reading"]["dropped"]:
            expected -= {"line", "reason"}
        if kind == "analogies":
            expected |= listed["a section or total of analogies"]
        assert keys_of(values) == expected - {"null", "gram"}
    comparison = compare(vectors, vectors, "capitals.txt").to_dict()
    assert set(comparison) == listed["a comparison"] - {"accuracy", "spearman"}

from __future__ import annotations

import json

import numpy as np
import pytest

from wordkin.errors import FormatError
from wordkin.evaluation import categories, evaluate_file


def clustered(make_embeddings, spread: float = 0.1):
    rng = np.random.default_rng(2)
    centres = {"animal": rng.standard_normal(20), "colour": rng.standard_normal(20), "food": rng.standard_normal(20)}
    words = [f"{name}{i}" for name in centres for i in range(6)]
    matrix = [centre + spread * rng.standard_normal(20) for centre in centres.values() for _ in range(6)]
    text = "".join(f"{word}\t{word.rstrip('012345')}\n" for word in words)
    return make_embeddings(words, matrix), text


def test_planted_clusters_are_pure(make_embeddings, write_file):
    embeddings, text = clustered(make_embeddings)
    result = evaluate_file(embeddings, write_file(text))
    assert (result.clusters, result.purity.value, result.largest_share) == (3, 1.0, pytest.approx(1 / 3))
    assert [score.in_majority for score in result.categories] == [6, 6, 6]


def test_a_misplaced_word_and_an_unknown_one(make_embeddings, write_file):
    embeddings, text = clustered(make_embeddings)
    text = text.replace("animal0\tanimal", "animal0\tfood") + "unicorn\tanimal\nplum\tfruit\n"
    result = evaluate_file(embeddings, write_file(text), kind="categories")
    assert (result.words, result.known, result.clusters) == (20, 18, 3)
    assert result.purity.value == 17 / 18 and result.purity_unknown_wrong.value == 17 / 20
    assert result.categories[0].to_dict() == {"name": "food", "words": 7, "known": 7, "in_majority": 6}
    assert result.categories[-1].to_dict() == {"name": "fruit", "words": 1, "known": 0, "in_majority": 0}


def test_length_of_vectors_does_not_matter(make_embeddings, write_file):
    embeddings, text = clustered(make_embeddings)
    scaled = make_embeddings(list(embeddings.words), embeddings.matrix * np.geomspace(0.01, 100, 18)[:, None])
    assert evaluate_file(scaled, write_file(text)).purity.value == 1.0


def test_nothing_known(make_embeddings, write_file):
    nothing = evaluate_file(make_embeddings(["x"]), write_file("a\tb\nc\tb\nd\te\nf\te\n")).to_dict()
    assert nothing["purity"] is None and nothing["clusters"] == 0 and nothing["purity_unknown_wrong"] == 0.0
    json.dumps(nothing, allow_nan=False)


def test_a_score_that_any_vectors_would_reach_is_undefined(make_embeddings, write_file):
    """If only one word of each category is known, or only one category, the clusters cannot be wrong."""
    path = write_file("a\tletter\nb\tletter\n1\tdigit\n2\tdigit\n")
    for words in (["a", "1"], ["a", "b"]):
        result = evaluate_file(make_embeddings(words), path)
        assert result.known == 2 and np.isnan(result.purity.value) and result.to_dict()["purity"] is None


@pytest.mark.parametrize(
    ("text", "got"),
    [("a\tfirst\nb\tsecond\n", "one word in each"), ("a\tletter\nb\tletter\n", "only the category 'letter'")],
)
def test_files_that_can_have_one_score_only_are_refused(make_embeddings, write_file, text, got):
    with pytest.raises(
        FormatError, match=f"must have at least two categories, one of them with two words, because .*; got {got}:"
    ):
        evaluate_file(make_embeddings(["a"]), write_file(text), kind="categories")


def test_too_many_words_are_refused(make_embeddings, write_file, monkeypatch):
    embeddings, text = clustered(make_embeddings)
    monkeypatch.setattr(categories, "_MOST_WORDS", 10)
    with pytest.raises(FormatError, match="must have at most 10 known words; got 18: split the file"):
        evaluate_file(embeddings, write_file(text))

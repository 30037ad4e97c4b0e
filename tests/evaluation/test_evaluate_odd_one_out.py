from __future__ import annotations

import json

import numpy as np
import pytest

from wordkin.evaluation import evaluate_file

MATRIX = [[1, 0.1], [1, 0], [1, -0.1], [0, 1]]
WORDS = ["bread", "rice", "soup", "car"]


def test_odd_words_are_found(make_embeddings, write_file):
    path = write_file(": right\nbread rice soup | car\n: wrong\nbread car soup | rice\n: gone\nbread rice | boat\n")
    result = evaluate_file(make_embeddings(WORDS, MATRIX), path)
    assert result.outcomes.tolist() == [1, 0, -1]
    assert [section.name for section in result.sections] == ["right", "wrong", "gone"]
    total = result.total
    assert (total.groups, total.known, total.correct) == (3, 2, 1)
    assert (total.accuracy.value, total.accuracy_unknown_wrong.value) == (0.5, 1 / 3)
    assert total.coverage == pytest.approx(2 / 3) and total.chance == 0.25
    assert result.sections[2].to_dict()["chance"] is None
    json.dumps(result.to_dict(), allow_nan=False)


def test_equal_to_gensims_doesnt_match_and_to_compactness(make_embeddings, write_file):
    gensim_models = pytest.importorskip("gensim.models")
    words = [f"w{i}" for i in range(30)]
    embeddings = make_embeddings(words, size=6)
    vectors = gensim_models.KeyedVectors(6)
    vectors.add_vectors(words, np.array(embeddings.matrix))
    rng = np.random.default_rng(0)
    groups = [list(rng.choice(words, rng.integers(3, 8), replace=False)) for _ in range(100)]
    result = evaluate_file(embeddings, write_file("".join(f"{' '.join(g[:-1])} | {g[-1]}\n" for g in groups)))
    assert result.outcomes.tolist() == [vectors.doesnt_match(group) == group[-1] for group in groups]

    unit = {word: vector / np.linalg.norm(vector) for word, vector in zip(words, embeddings.matrix, strict=True)}

    def compactness(rest: list[str]) -> float:
        return sum(float(unit[a] @ unit[b]) for a in rest for b in rest if a != b)

    found = [max(group, key=lambda word: compactness([w for w in group if w != word])) for group in groups]
    assert result.outcomes.tolist() == [word == group[-1] for word, group in zip(found, groups, strict=True)]


def test_case_is_folded(make_embeddings, write_file):
    path = write_file("Bread Rice Soup | CAR\n")
    assert evaluate_file(make_embeddings(WORDS, MATRIX), path).total.correct == 1
    assert evaluate_file(make_embeddings(WORDS, MATRIX), path, case="exact").total.known == 0

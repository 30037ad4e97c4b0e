"""What was planted in a text is found again, by each of the six combinations, within seconds."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import wordkin
from wordkin.config import ARCHITECTURES, OBJECTIVES

SIX = list(itertools.product(ARCHITECTURES, OBJECTIVES))
PAIRS = 5
OPTIONS = {"vector_size": 8, "window": 4, "min_count": 1, "subsample": 0, "threads": 1}


def several(name: str, count: int) -> list[str]:
    return [f"{name}{number}" for number in range(count)]


ANIMALS, TOOLS = several("animal", 6), several("tool", 6)


def group_text() -> list[list[str]]:
    """Any animal stands among any words of the farm, any tool among any words of the workshop; none meets its like."""
    random = np.random.default_rng(1)
    text = []
    for _ in range(3000):
        words, around = (ANIMALS, several("farm", 5)) if random.random() < 0.5 else (TOOLS, several("shop", 5))
        left, right = random.choice(around, 2), random.choice(around, 2)
        text.append([*left.tolist(), str(random.choice(words)), *right.tolist()])
    return text


def grammar_text() -> list[list[str]]:
    """A capital follows words of cities, a country words of states; both precede words of their own place."""
    random = np.random.default_rng(2)
    text = []
    for _ in range(4000):
        pair = int(random.integers(PAIRS))
        kind, role = ("capital", "city") if random.random() < 0.5 else ("country", "state")
        roles, places = random.integers(2, size=2), random.integers(2, size=2)
        before, after = [f"{role}{each}" for each in roles], [f"place{pair}-{each}" for each in places]
        text.append([*before, f"{kind}{pair}", *after])
    return text


@pytest.mark.parametrize(("architecture", "objective"), SIX)
def test_words_that_can_stand_for_each_other_are_neighbours(architecture: str, objective: str) -> None:
    vectors = wordkin.train(group_text(), architecture=architecture, objective=objective, epochs=10, **OPTIONS)
    for group, others in ((ANIMALS, TOOLS), (TOOLS, ANIMALS)):
        for word in group:
            assert {near for near, _ in vectors.most_similar(word, topn=5)} == set(group) - {word}
            nearest_stranger = max(vectors.similarity(word, other) for other in others)
            assert min(vectors.similarity(word, other) for other in group) > nearest_stranger + 0.2


@pytest.mark.parametrize(("architecture", "objective"), SIX)
def test_a_grammar_of_capitals_is_understood(architecture: str, objective: str) -> None:
    vectors = wordkin.train(grammar_text(), architecture=architecture, objective=objective, epochs=15, **OPTIONS)
    right = 0
    for here, there in itertools.permutations(range(PAIRS), 2):
        question = {"positive": [f"capital{here}", f"country{there}"], "negative": [f"country{here}"]}
        right += vectors.most_similar(**question, topn=1)[0][0] == f"capital{there}"
    assert right >= 0.8 * PAIRS * (PAIRS - 1)


@pytest.mark.parametrize("objective", ["softmax", "hierarchical-softmax"])
def test_a_model_knows_the_probabilities_it_was_shown(objective: str) -> None:
    """Nine sentences of ten end one way: the model says so, whatever it normalises with."""
    random = np.random.default_rng(3)
    text = [["it", "is", "often" if random.random() < 0.9 else "seldom"] for _ in range(4000)]
    model = wordkin.Word2Vec(architecture="cbow", objective=objective, epochs=10, **OPTIONS | {"window": 2}).fit(text)
    share = sum("often" in sentence for sentence in text) / len(text)
    assert model.probability("often", given=["it", "is"]).value == pytest.approx(share, abs=0.03)
    entropy = -(share * np.log(share) + (1 - share) * np.log(1 - share))
    assert model.score(text) == pytest.approx(-entropy / 3, abs=0.05)  # the other two centres are certain

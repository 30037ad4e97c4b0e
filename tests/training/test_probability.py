"""Probability questions: the answers are those of the reference, and are called what they are."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

import wordkin
from wordkin.config import TrainingConfig
from wordkin.corpus.encoded import EncodedCorpus
from wordkin.errors import ConfigError, CorpusError, NotTrainedError, UnknownWordError
from wordkin.objectives import reference
from wordkin.training.probability import NORMALISED, Prediction, Predictor, Probability
from wordkin.training.tables import table_shapes
from wordkin.vocabulary import Vocabulary
from wordkin.vocabulary.huffman import HuffmanTree

WORDS = ["a", "b", "c", "d", "e", "f"]
COUNTS = np.array([40, 25, 12, 8, 3, 1])
TREE = HuffmanTree.from_counts(COUNTS)
ALL = ("negative-sampling", "hierarchical-softmax", "softmax")
COMBINATIONS = [
    (architecture, combine, biases)
    for architecture, combine in (("skip-gram", "mean"), ("cbow", "mean"), ("cbow", "sum"))
    for biases in (False, True)
]


def predictor(
    architecture: str = "cbow",
    combine: str = "mean",
    biases: bool = False,
    objective: str | tuple[str, ...] = ALL,
    size: int = 6,
) -> Predictor:
    """Random tables of the first ``size`` words."""
    config = TrainingConfig(
        architecture=architecture, objective=objective, cbow_combine=combine, vector_size=7, window=2,
        projection_bias=biases, output_bias=biases, threads=2,
    )  # fmt: skip
    random = np.random.default_rng(4)
    shapes = table_shapes(config, size)
    tables = {name: random.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}
    return Predictor(config, Vocabulary(WORDS[:size], COUNTS[:size]), tables)


def reference_tables(asked: Predictor, objective: str) -> reference.Tables:
    named = asked.tables
    return reference.Tables(
        named["input"],
        named[f"output/{objective}"],
        named.get("projection_bias"),
        named.get(f"output_bias/{objective}"),
    ).copy()


def values_of_all(asked: Predictor, objective: str, input_ids: list[int], combine: str) -> np.ndarray:
    tables = reference_tables(asked, objective)
    hidden = reference.hidden_vector(tables, input_ids, combine)
    if objective == "hierarchical-softmax":
        return reference.tree_probabilities(tables, hidden, TREE)
    scores = reference.row_scores(tables, hidden, range(6))
    return reference.softmax(scores) if objective == "softmax" else reference.sigmoid(scores)


@pytest.mark.parametrize(("architecture", "combine", "biases"), COMBINATIONS)
@pytest.mark.parametrize("objective", ALL)
def test_answers_are_those_of_the_reference(architecture: str, combine: str, biases: bool, objective: str) -> None:
    asked = predictor(architecture, combine, biases)
    given = ["c"] if architecture == "skip-gram" else ["a", "c", "c", "f"]
    values = values_of_all(asked, objective, [WORDS.index(word) for word in given], combine)
    prediction = asked.predict(given, 4, objective)
    order = np.argsort(-values)
    assert [word for word, _ in prediction] == [WORDS[each] for each in order[:4]]
    np.testing.assert_allclose([value for _, value in prediction], values[order[:4]], rtol=1e-5)
    for word, value in zip(WORDS, values, strict=True):
        answer = asked.probability(word, given, objective)
        assert float(answer) == answer.value == pytest.approx(value, rel=1e-5)
        assert (answer.objective, answer.normalised) == (objective, objective != "negative-sampling")
    assert (prediction.objective, prediction.normalised) == (objective, objective != "negative-sampling")


@pytest.mark.parametrize("objective", NORMALISED)
def test_probabilities_of_all_words_sum_to_one(objective: str) -> None:
    prediction = predictor().predict(["a", "b"], topn=100, objective=objective)
    assert len(prediction) == 6
    assert sum(value for _, value in prediction) == pytest.approx(1, rel=1e-12)
    assert all(one[1] >= other[1] for one, other in pairwise(prediction))


def test_one_word_is_a_context_of_its_own() -> None:
    assert predictor().predict("b") == predictor().predict(["b"])
    assert predictor("skip-gram").probability("a", "b") == predictor("skip-gram").probability("a", ["b"])


@pytest.mark.parametrize(
    ("trained", "asked"),
    [
        ("negative-sampling", "negative-sampling"),
        (("negative-sampling", "hierarchical-softmax"), "hierarchical-softmax"),
        (("negative-sampling", "hierarchical-softmax", "softmax"), "softmax"),
    ],
)
def test_an_objective_that_gives_probabilities_is_asked_first(trained: str | tuple[str, ...], asked: str) -> None:
    assert predictor(objective=trained).predict("a").objective == asked


def test_a_vocabulary_of_one_word_is_certain() -> None:
    for objective in NORMALISED:
        alone = predictor(size=1)
        assert alone.predict("a", objective=objective).ranked == (("a", 1.0),)
        assert alone.probability("a", given="a", objective=objective).value == 1


def test_a_prediction_is_a_sequence() -> None:
    prediction = Prediction((("x", 0.5), ("y", 0.25), ("z", 0.125)), "softmax", True)
    assert prediction[0] == ("x", 0.5)
    assert prediction[1:] == (("y", 0.25), ("z", 0.125))
    assert dict(prediction) == {"x": 0.5, "y": 0.25, "z": 0.125}
    assert ("y", 0.25) in prediction
    assert float(Probability(0.5, "softmax", True)) == 0.5


SENTENCES = [[0, 1, 0, 2, 5, 5, 0], [3], [4, 0, 1]]


def encoded(sentences: list[list[int]]) -> EncodedCorpus:
    ids = np.array([word for sentence in sentences for word in sentence], np.int32)
    return EncodedCorpus(ids, np.cumsum([0, *map(len, sentences)]), "none")


def plain_log_likelihoods(asked: Predictor, objective: str, architecture: str, combine: str) -> list[float]:
    """log p of every example of the sentences, with windows of two words on either side."""
    found = []
    for sentence in SENTENCES:
        for centre, word in enumerate(sentence):
            context = sentence[max(0, centre - 2) : centre] + sentence[centre + 1 : centre + 3]
            if context and architecture == "cbow":
                found.append(values_of_all(asked, objective, context, combine)[word])
            elif context:
                values = values_of_all(asked, objective, [word], combine)
                found += [values[output] for output in context]
    return np.log(found).tolist()


@pytest.mark.parametrize(("architecture", "combine", "biases"), COMBINATIONS)
@pytest.mark.parametrize("objective", NORMALISED)
def test_a_text_is_as_likely_as_its_examples_on_average(
    architecture: str, combine: str, biases: bool, objective: str
) -> None:
    asked = predictor(architecture, combine, biases)
    before = {name: table.copy() for name, table in asked.tables.items()}
    likelihoods = plain_log_likelihoods(asked, objective, architecture, combine)
    assert asked.mean_log_likelihood(encoded(SENTENCES), objective) == pytest.approx(np.mean(likelihoods), rel=1e-5)
    for name, table in asked.tables.items():
        np.testing.assert_array_equal(table, before[name])


@pytest.mark.parametrize("sentences", [[], [[0]], [[1], [2], [2]]], ids=["no word", "one word", "no two together"])
def test_a_text_with_nothing_to_score_is_refused(sentences: list[list[int]]) -> None:
    with pytest.raises(CorpusError, match="cannot be scored: no sentence has two words of the vocabulary"):
        predictor().mean_log_likelihood(encoded(sentences))


REFUSALS = {
    "no context": (lambda: predictor().predict([]), r"words must name at least one word; got \[\]"),
    "nothing given": (lambda: predictor().probability("a", []), r"given must name at least one word; got \[\]"),
    "several centres": (
        lambda: predictor("skip-gram").predict(["a", "b"]),
        r'words must be one word with architecture="skip-gram", because only "cbow" predicts from several',
    ),
    "no number of words": (lambda: predictor().predict("a", 0), "topn must be a whole number from 1 up; got 0"),
    "an objective not trained": (
        lambda: predictor(objective="softmax").predict("a", objective="negative-sampling"),
        "objective must be an objective of the model, \"softmax\"; got 'negative-sampling'",
    ),
    "a score without probabilities": (
        lambda: predictor(objective="negative-sampling").mean_log_likelihood(encoded(SENTENCES)),
        'objective must include "softmax" or "hierarchical-softmax" to score a text, because other objectives',
    ),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_what_cannot_be_answered_is_refused(case: str) -> None:
    ask, message = REFUSALS[case]
    with pytest.raises(ConfigError, match=message):
        ask()


def test_unknown_words_are_refused() -> None:
    for ask in (lambda: predictor().predict(["a", "zzz"]), lambda: predictor().probability("zzz", "a")):
        with pytest.raises(UnknownWordError, match="'zzz' is not in the vocabulary"):
            ask()


def test_a_model_answers_when_trained_and_when_loaded(tmp_path) -> None:
    text = [["the", "cat", "sat", "on", "the", "mat"], ["the", "dog", "sat", "on", "the", "rug"]] * 100
    model = wordkin.Word2Vec(
        architecture="cbow", objective="softmax", vector_size=7, window=2, min_count=1, subsample=0, epochs=15,
        threads=1,
    )  # fmt: skip
    with pytest.raises(NotTrainedError, match="has not been trained"):
        model.predict("the")
    model.fit(text)
    assert {word for word, _ in model.predict(["the", "sat", "on"], topn=2)} == {"cat", "dog"}
    assert model.probability("cat", given=["the", "sat", "on"]).value > 0.4
    assert model.score(text) > model.score([["mat", "the", "dog", "on", "the", "unheard-of", "rug", "cat"]])
    model.save(tmp_path)
    loaded = wordkin.Word2Vec.load(tmp_path)
    assert loaded.predict(["the", "on"]) == model.predict(["the", "on"])
    assert loaded.score(text) == model.score(text)
    first = model.predict("cat")
    model.fit([["cat", "dog"]] * 20)
    assert model.predict("cat") != first

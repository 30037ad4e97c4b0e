from __future__ import annotations

import json

import numpy as np
import pytest

from wordkin.evaluation import evaluate_file, evaluate_similarity, read_dataset

WORDS = [f"w{i:02d}" for i in range(40)]


def random_pairs(words: list[str], count: int = 200) -> str:
    rng = np.random.default_rng(1)
    rows = [(*rng.choice(words, 2), rng.integers(0, 20) / 2) for _ in range(count)]
    return "# word pairs\n" + "".join(f"{first}\t{second}\t{score}\n" for first, second, score in rows)


@pytest.mark.parametrize("restrict_vocab", [15, None])
def test_equal_to_gensim(make_embeddings, write_file, restrict_vocab):
    gensim_models = pytest.importorskip("gensim.models")
    embeddings = make_embeddings(WORDS, size=10)
    vectors = gensim_models.KeyedVectors(10)
    vectors.add_vectors(WORDS, np.array(embeddings.matrix))
    path = write_file(random_pairs([*WORDS, "unknown"]))
    result = evaluate_similarity(embeddings, read_dataset(path), restrict_vocab=restrict_vocab)
    for zero, ours in (
        (False, (result.pearson, result.spearman)),
        (True, (result.pearson_unknown_zero, result.spearman_unknown_zero)),
    ):
        *theirs, unknown_percent = vectors.evaluate_word_pairs(
            str(path), restrict_vocab=restrict_vocab or len(WORDS), dummy4unknown=zero
        )
        for mine, their in zip(ours, theirs, strict=True):
            assert mine.value == pytest.approx(their.statistic, abs=1e-14)
            assert mine.p_value == pytest.approx(their.pvalue, rel=1e-9)
        assert 100 * (1 - result.coverage) == pytest.approx(unknown_percent)
    assert 0 < result.known < result.pairs


def test_a_planted_order_is_recovered(make_embeddings, write_file):
    angles = np.linspace(0, np.pi / 2, 20)
    embeddings = make_embeddings(["here", *WORDS[:20]], [[1, 0], *np.column_stack((np.cos(angles), np.sin(angles)))])
    path = write_file("".join(f"here {word} {20 - i}\n" for i, word in enumerate(WORDS[:20])))
    result = evaluate_file(embeddings, path)
    assert result.spearman.value == pytest.approx(1.0, abs=1e-12) and result.spearman.interval == (1.0, 1.0)
    assert result.cosines.tolist() == pytest.approx(np.cos(angles).tolist(), abs=1e-6)
    assert result.gold.tolist() == list(range(20, 0, -1))


def test_interval_contains_the_value_and_follows_the_seed(make_embeddings, write_file):
    embeddings, path = make_embeddings(WORDS, size=3), write_file(random_pairs(WORDS))
    first, again, other = (evaluate_file(embeddings, path, seed=seed) for seed in (1, 1, 2))
    assert first == again != other
    for correlation in (first.spearman, first.pearson):
        low, high = correlation.interval
        assert low < correlation.value < high
        assert 0.15 < high - low < 0.4  # about 4 / sqrt(200)


def test_case_is_folded_for_pairs(make_embeddings, write_file):
    embeddings, path = make_embeddings(["berlin", "straße", "haus"]), write_file("Berlin\tSTRASSE\t1\nHaus\thaus\t9\n")
    assert evaluate_file(embeddings, path).known == 2
    assert evaluate_file(embeddings, path, case="exact").known == 0


def test_undefined_scores_are_none_in_json(make_embeddings, write_file):
    values = evaluate_file(make_embeddings(["a", "b"]), write_file("a\tb\t1\nx\ty\t2\n")).to_dict()
    undefined = {"correlation": None, "p_value": None, "interval": [None, None]}
    assert values["spearman"] == values["pearson"] == undefined
    assert (values["pairs"], values["known"], values["coverage"]) == (2, 1, 0.5)
    assert json.loads(json.dumps(values, allow_nan=False)) == values


def test_a_zero_vector_is_similar_to_nothing(make_embeddings, write_file):
    embeddings = make_embeddings(["zero", "one"], [[0, 0], [1, 0]])
    result = evaluate_file(embeddings, write_file("zero\tone\t1\none\tone\t2\n"))
    assert result.cosines.tolist() == [0.0, 1.0]

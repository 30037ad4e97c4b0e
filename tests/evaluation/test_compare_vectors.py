from __future__ import annotations

import json

import numpy as np
import pytest

from wordkin.errors import ConfigError
from wordkin.evaluation import compare

WORDS = [f"{end}{i}" for end in ("start", "end") for i in range(20)]


def offsets(make_embeddings, noise: float, words: list[str] = WORDS):
    rng = np.random.default_rng(4)
    starts, offset = rng.standard_normal((20, 30)), 2 * rng.standard_normal(30)
    return make_embeddings(
        words, np.concatenate((starts, starts + offset)) + noise * np.random.default_rng(5).standard_normal((40, 30))
    )


@pytest.fixture
def analogies(write_file):
    lines = [f"start{i} end{i} start{j} end{j}" for i in range(20) for j in range(20) if i != j]
    return write_file(": planted\n" + "\n".join(lines) + "\n", "analogies.txt")


@pytest.fixture
def pairs(write_file, make_embeddings):
    exact = offsets(make_embeddings, 0)
    rng = np.random.default_rng(6)
    chosen = [rng.choice(40, 2, replace=False) for _ in range(150)]
    rows = [f"{WORDS[a]}\t{WORDS[b]}\t{exact.matrix[a] @ exact.matrix[b]:.4f}\n" for a, b in chosen]
    return write_file("".join(rows), "pairs.txt")


def test_clear_differences_are_found(make_embeddings, analogies, pairs):
    good, bad = offsets(make_embeddings, 0.05), offsets(make_embeddings, 1.5)
    for path, test, measure in ((analogies, "McNemar", "accuracy"), (pairs, "Williams", "spearman")):
        better = compare(good, bad, path)
        assert (better.test, better.measure, better.dataset) == (test, measure, path.name)
        assert better.differs and better.p_value < 1e-6
        low, high = better.interval
        assert 0 < low < better.difference < high
        worse = compare(bad, good, path)
        assert worse.difference == -better.difference and worse.differs
        assert worse.p_value == pytest.approx(better.p_value)


@pytest.mark.parametrize("method", ["3cosadd", "3cosmul"])
def test_counts_are_those_of_the_answers(make_embeddings, analogies, method):
    result = compare(offsets(make_embeddings, 0.05), offsets(make_embeddings, 1.0), analogies, method=method)
    assert result.items == 380
    assert result.only_first - result.only_second == pytest.approx(380 * result.difference)
    assert result.first - result.second == pytest.approx(result.difference)


def test_equal_vectors_do_not_differ(make_embeddings, analogies, pairs):
    same = offsets(make_embeddings, 0.5)
    for path in (analogies, pairs):
        result = compare(same, same, path)
        assert (result.difference, result.interval, result.p_value, result.differs) == (0.0, (0.0, 0.0), 1.0, False)


def test_only_items_known_to_both_count(make_embeddings, analogies, pairs):
    whole = offsets(make_embeddings, 0.1)
    renamed = offsets(make_embeddings, 0.1, ["lost", *WORDS[1:]])
    assert compare(whole, renamed, analogies).items == 19 * 18
    assert compare(renamed, whole, pairs).items < 150
    nothing = compare(whole, make_embeddings(["other"]), pairs)
    assert nothing.items == 0 and not nothing.differs
    values = compare(make_embeddings(["other"]), whole, analogies).to_dict()
    assert values["first"] is None and values["interval"] == [None, None]
    json.dumps(nothing.to_dict(), allow_nan=False)


def test_questions_that_share_a_pair_widen_the_interval(make_embeddings, write_file):
    # second lacks the offset of ten of the twenty pairs, and so fails all questions with one of them
    starts, offset = np.random.default_rng(7).standard_normal((20, 60)), np.full(60, 1.0)
    broken = np.random.default_rng(8).standard_normal((20, 60)) * 3 * (np.arange(20) < 10)[:, None]
    first = make_embeddings(WORDS, np.concatenate((starts, starts + offset)))
    second = make_embeddings(WORDS, np.concatenate((starts, starts + offset + broken)))
    questions = [f"start{i} end{i} start{j} end{j}" for i in range(20) for j in range(20) if i != j]
    together = compare(first, second, write_file(": all\n" + "\n".join(questions), "together.txt"))
    apart = compare(first, second, write_file("".join(f": {q}\n{q}\n" for q in questions), "apart.txt"))
    assert together.difference == apart.difference and together.p_value == apart.p_value
    assert np.ptp(together.interval) > 1.5 * np.ptp(apart.interval)


def test_odd_one_out(make_embeddings, write_file):
    path = write_file("a b | c\na c | b\nb c | a\n")
    first = make_embeddings("abc", [[1, 0.1], [1, 0], [0, 1]])
    second = make_embeddings("abc", [[1, 0.1], [0, 1], [1, 0]])
    result = compare(first, second, path)
    assert (result.kind, result.items, result.only_first, result.only_second) == ("odd-one-out", 3, 1, 1)
    assert result.p_value == 1.0


def test_categories_have_no_paired_test(make_embeddings, write_file):
    with pytest.raises(ConfigError, match='kind must be "analogies", "similarity" or "odd-one-out", because there'):
        compare(make_embeddings(["a"]), make_embeddings(["a"]), write_file("a\tx\nb\tx\nc\ty\nd\ty\n"))


def test_unknown_method(make_embeddings, analogies):
    with pytest.raises(ConfigError, match='method must be "3cosadd" or "3cosmul"; got \'add\''):
        compare(make_embeddings(["a"]), make_embeddings(["a"]), analogies, method="add")

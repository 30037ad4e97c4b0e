import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wordkin.errors import ConfigError
from wordkin.vocabulary.subsampling import keep_probabilities

COUNTS = st.lists(st.integers(0, 10**9), min_size=1, max_size=30)


def test_word2vec_formula_by_hand() -> None:
    # f = 0.5, 0.4, 0.1; t = 0.1: sqrt(0.2) + 0.2, sqrt(0.25) + 0.25, sqrt(1) + 1 -> 1
    keep = keep_probabilities([5, 4, 1], threshold=0.1)
    np.testing.assert_allclose(keep, [np.sqrt(0.2) + 0.2, 0.75, 1.0], rtol=1e-15)


def test_paper_formula_by_hand() -> None:
    keep = keep_probabilities([5, 4, 1], threshold=0.1, formula="paper")
    np.testing.assert_allclose(keep, [np.sqrt(0.2), 0.5, 1.0], rtol=1e-15)


@given(COUNTS, st.floats(0, 1), st.sampled_from(["word2vec", "paper"]))
def test_probabilities_lie_in_the_unit_interval_and_fall_with_frequency(
    counts: list[int], threshold: float, formula: str
) -> None:
    keep = keep_probabilities(counts, threshold, formula)
    assert keep.dtype == np.float64
    assert ((keep >= 0) & (keep <= 1)).all()
    rare_first = np.argsort(counts, kind="stable")
    assert (np.diff(keep[rare_first]) <= 0).all()


def test_threshold_zero_keeps_everything() -> None:
    assert keep_probabilities([10**9, 1], threshold=0).tolist() == [1.0, 1.0]


def test_a_word_that_never_occurs_is_kept() -> None:
    assert keep_probabilities([100, 0], threshold=1e-3)[1] == 1.0
    assert keep_probabilities([0, 0], threshold=1e-3).tolist() == [1.0, 1.0]


def test_no_words_no_probabilities() -> None:
    assert keep_probabilities([], threshold=1e-3).shape == (0,)


def test_illegal_arguments_are_refused() -> None:
    with pytest.raises(ConfigError, match=r'subsample_formula must be one of "word2vec", "paper"; got \'gensim\''):
        keep_probabilities([1], 1e-3, "gensim")
    with pytest.raises(ConfigError, match=r"subsample must be a number from 0 to 1; got -1"):
        keep_probabilities([1], -1)
    with pytest.raises(ConfigError, match=r"subsample must be a number from 0 to 1; got nan"):
        keep_probabilities([1], float("nan"))
    with pytest.raises(ConfigError, match=r"counts must not be negative; got -2"):
        keep_probabilities([1, -2], 1e-3)

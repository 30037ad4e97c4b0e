"""Recipes: named sets of option values for training. Options that the caller sets override those of a recipe.

``word2vec`` consists of the defaults, which are the settings of word2vec.c and gensim. ``quality`` gives better vectors
in about the time of three epochs of the defaults. It subsamples more. This shortens an epoch, so that there is time for
more epochs, and it brings content words into narrow windows. ``docs/recipes.md`` lists the measured effect of each
value.

For a text of fewer than :data:`SMALL_TEXT_WORDS` words, a recipe has different values. Such a text needs wider windows
to have enough pairs of words. It is read in more epochs, so some rates must be lower. The number of words is known only
after the text has been read; until then the values for a large text apply.

The learning rate, the number of noise words and the average of both tables were chosen for negative sampling. A recipe
leaves them out if training does not use it. It also leaves out values that conflict with an option of the caller.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Values = Mapping[str, Any]

RECIPES: Mapping[str, Mapping[str, Values]] = {
    "word2vec": {"skip-gram": {}, "cbow": {}},
    "quality": {
        "skip-gram": {
            "dynamic_window": False, "window": 3, "subsample": 3e-5, "learning_rate": 0.05, "epochs": 5,
        },
        "cbow": {"subsample": 1e-4, "learning_rate": 0.1, "vectors": "average", "epochs": 4},
    },
}  # fmt: skip
SMALL_TEXT_WORDS = 10_000_000
"""A text is small if it has fewer words than this, counting only words of the vocabulary."""
OF_SMALL_TEXT: Mapping[str, Mapping[str, Values]] = {
    "word2vec": {"skip-gram": {}, "cbow": {}},
    "quality": {
        "skip-gram": {"dynamic_window": True, "window": 7, "negative": 3, "subsample": 5e-5, "epochs": 4},
        "cbow": {"window": 8, "learning_rate": 0.05},
    },
}
"""The values of each recipe that are different for a small text."""
_FOR_NEGATIVE_SAMPLING = ("learning_rate", "negative", "vectors")


def values_of(recipe: str, architecture: str, given: Values | None = None, words: int | None = None) -> Values:
    """Return the option values of a recipe.

    Parameters
    ----------
    recipe, architecture : str
        Values of the options of the same names.
    given : mapping or None, default None
        The options that the caller set. Some of them conflict with values of the recipe.
    words : int or None, default None
        Number of words of the text. None if it is unknown; the values for a large text then apply.

    Returns
    -------
    mapping
        Option names and values, without those that conflict with ``given``.
    """
    values = dict(RECIPES[recipe][architecture])
    if words is not None and words < SMALL_TEXT_WORDS:
        values |= OF_SMALL_TEXT[recipe][architecture]
    given = {} if given is None else given
    objective = given.get("objective", "negative-sampling")
    left_out: set[str] = set()
    if isinstance(objective, str | list | tuple) and "negative-sampling" not in objective:
        left_out |= set(_FOR_NEGATIVE_SAMPLING)
    if given.get("window") == "sentence":  # such windows have no width
        left_out.add("dynamic_window")
    if (
        architecture == "cbow" and given.get("cbow_combine") == "sum"
    ):  # a sum needs a lower learning rate, because its updates are larger
        left_out.add("learning_rate")
    return {name: value for name, value in values.items() if name not in left_out}

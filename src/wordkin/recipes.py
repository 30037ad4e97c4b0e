"""Recipes: named sets of option values for training. Options given by hand override those of a recipe.

``word2vec`` is the defaults: the settings of word2vec.c and gensim. ``quality`` gives better vectors in about the time
of three epochs of the defaults. More subsampling shortens an epoch, which pays for more epochs, and it brings content
words into narrow windows. ``docs/recipes.md`` has measurements of what each value contributes.

A text of fewer than :data:`SMALL_TEXT_WORDS` words has different values: it needs wider windows to have enough pairs of
words, and it is read so often that some rates are too high. The length of a text is known only after it has been read;
until then the values for a large text apply.

The learning rate, the number of noise words and the average of both tables were chosen for negative sampling and are
left out where training does not use it. Values that conflict with a given option are left out too.
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
"""A text with fewer words, counting those in the vocabulary, is a small one."""
OF_SMALL_TEXT: Mapping[str, Mapping[str, Values]] = {
    "word2vec": {"skip-gram": {}, "cbow": {}},
    "quality": {
        "skip-gram": {"dynamic_window": True, "window": 7, "negative": 3, "subsample": 5e-5, "epochs": 4},
        "cbow": {"window": 8, "learning_rate": 0.05},
    },
}
"""The values that differ for a small text."""
_FOR_NEGATIVE_SAMPLING = ("learning_rate", "negative", "vectors")


def values_of(recipe: str, architecture: str, given: Values | None = None, words: int | None = None) -> Values:
    """The option values of a recipe.

    Parameters
    ----------
    recipe, architecture : str
        As the options of these names.
    given : mapping or None, default None
        The options given by hand, some of which make values of the recipe meaningless.
    words : int or None, default None
        Length of the text; None where it is not known, which counts as a large text.

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
    if given.get("window") == "sentence":  # to which the width of a window does not apply
        left_out.add("dynamic_window")
    if architecture == "cbow" and given.get("cbow_combine") == "sum":  # whose updates are larger
        left_out.add("learning_rate")
    return {name: value for name, value in values.items() if name not in left_out}

"""Recipes: named sets of values for options of training. Options given by hand win over those of a recipe.

``word2vec`` is the defaults: the settings of word2vec.c and gensim. ``quality`` gives better vectors in about the time
of three epochs of the defaults. Dropping frequent words more often shortens an epoch, which pays for more epochs, and
it brings words of content into narrow windows. What each value contributes is measured in ``docs/recipes.md``.

A text of fewer than :data:`SMALL_TEXT_WORDS` words has values of its own: it has too few pairs of words for the narrow
window of skip-gram and for dropping so many words, and it is read so often that CBOW's rate would be too high. How long
a text is, is known when it has been read; until then it counts as a large one.

Learning rate and the averaging of both tables were chosen for negative sampling; without that objective they are left
out. So are values that a given option does not go with.
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
"""Words of the vocabulary in the text to train on; a text with fewer is a small one."""
OF_SMALL_TEXT: Mapping[str, Mapping[str, Values]] = {
    "word2vec": {"skip-gram": {}, "cbow": {}},
    "quality": {
        "skip-gram": {"window": 5, "subsample": 5e-5, "epochs": 4},
        "cbow": {"learning_rate": 0.05},
    },
}
"""The values that differ for a small text."""
_FOR_NEGATIVE_SAMPLING = ("learning_rate", "vectors")


def values_of(recipe: str, architecture: str, given: Values | None = None, words: int | None = None) -> Values:
    """The values that a recipe gives to options.

    Parameters
    ----------
    recipe, architecture : str
        As the options of these names.
    given : mapping or None, default None
        The options given by hand, some of which leave others without a meaning.
    words : int or None, default None
        Length of the text; None where it is not known, which counts as a large text.
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

"""Recipes: named sets of values for options of training. Options given by hand win over those of a recipe.

``word2vec`` is the defaults: the settings of word2vec.c and gensim. ``quality`` gives better vectors in about the time
of three epochs of the defaults. Dropping frequent words more often shortens an epoch, which pays for more epochs, and
it brings words of content into narrow windows. What each value contributes is measured in
``docs/recipes.md``.

Rates, gradient and the averaging of both tables were chosen for negative sampling; without that objective they are left
out. So are values that a given option does not go with.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

RECIPES: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    "word2vec": {"skip-gram": {}, "cbow": {}},
    "quality": {
        "skip-gram": {
            "dynamic_window": False, "window": 3, "subsample": 3e-5, "learning_rate": 0.05, "epochs": 5,
        },
        "cbow": {
            "subsample": 5e-5, "cbow_gradient": "exact", "learning_rate": 0.15, "vectors": "average", "epochs": 5,
        },
    },
}  # fmt: skip
_FOR_NEGATIVE_SAMPLING = ("learning_rate", "cbow_gradient", "vectors")


def values_of(recipe: str, architecture: str, given: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
    """The values that a recipe gives to options, for an architecture and the options given by hand."""
    values = dict(RECIPES[recipe][architecture])
    given = {} if given is None else given
    objective = given.get("objective", "negative-sampling")
    left_out: set[str] = set()
    if isinstance(objective, str | list | tuple) and "negative-sampling" not in objective:
        left_out |= set(_FOR_NEGATIVE_SAMPLING)
    if given.get("window") == "sentence":  # to which the width of a window does not apply
        left_out.add("dynamic_window")
    if given.get("cbow_combine") == "sum":  # whose gradient needs no division
        left_out |= {"cbow_gradient", "learning_rate"}
    if "cbow_gradient" in values and given.get("cbow_gradient", "exact") != "exact":  # the rate is for the other
        left_out.add("learning_rate")
    return {name: value for name, value in values.items() if name not in left_out}

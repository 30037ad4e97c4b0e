"""Recipes: named sets of values for options of training. Options given by hand win over those of a recipe.

``word2vec`` is the defaults: the settings of word2vec.c and gensim. ``quality`` gives better vectors in about the time
of three epochs of the defaults. Noise words are shared by a block of centres, so more context words for each centre
cost little here. The cheap directions are wide fixed windows, and more epochs over a text of which frequent words are
dropped more often. What each value contributes is measured in ``docs/recipes.md``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

RECIPES: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    "word2vec": {"skip-gram": {}, "cbow": {}},
    "quality": {
        "skip-gram": {"dynamic_window": False, "subsample": 1e-4, "epochs": 5},
        "cbow": {"subsample": 1e-4, "epochs": 5},
    },
}


def values_of(recipe: str, architecture: str) -> Mapping[str, Any]:
    """The values that a recipe gives to options, for an architecture."""
    return RECIPES[recipe][architecture]

"""The pages of the lesson in order. Each has a name and a function.

The function builds the page, and returns a function that updates the page to the current step.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from wordkin.studio.lesson.tab import Tab, Update
from wordkin.studio.lesson.topics import architectures, exercises, noise, objectives, results, sampling, trees, words

TOPICS: Mapping[str, Callable[[Tab], Update]] = {
    "why": words.why,
    "one_hot": words.one_hot,
    "projection": words.projection,
    "windows": words.windows,
    "cbow": architectures.cbow,
    "skip_gram": architectures.skip_gram,
    "update": architectures.update_page,
    "cost": objectives.cost,
    "tree": trees.tree,
    "sampling": sampling.sampling,
    "noise": noise.noise,
    "subsampling": objectives.subsampling,
    "tables": results.tables,
    "six": architectures.six,
    "exercises": exercises.exercises,
    "sheet": results.sheet,
}

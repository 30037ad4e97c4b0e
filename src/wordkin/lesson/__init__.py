"""Training by hand: every step on a short text as plain numbers for people to look at.

:func:`overview` shows what training starts from, :func:`steps` yields each gradient step with its
window, labelled rows, hidden vector, scores, probabilities, loss, gradients, and the tables before
and after. Nothing is printed here; whoever shows a lesson reads the fields of :mod:`wordkin.lesson.views`
or the JSON-ready ``to_dict()`` of each.
"""

from wordkin.lesson.course import lesson_config, overview, steps
from wordkin.lesson.views import (
    ComparedMethod,
    ComparedWord,
    Comparison,
    InputRow,
    InputTarget,
    ObjectiveView,
    OutputRow,
    Overview,
    PathNode,
    Step,
    TableView,
    TreeNode,
    WindowView,
    WordRow,
)

__all__ = [
    "ComparedMethod",
    "ComparedWord",
    "Comparison",
    "InputRow",
    "InputTarget",
    "ObjectiveView",
    "OutputRow",
    "Overview",
    "PathNode",
    "Step",
    "TableView",
    "TreeNode",
    "WindowView",
    "WordRow",
    "lesson_config",
    "overview",
    "steps",
]

"""Lessons: training on a short text, in single steps whose numbers a learner can look at.

:class:`Course` computes any step of the training, and the tables after it. :func:`overview` returns the state before
training. :func:`steps` yields the gradient steps in order. Each step holds its window, the output rows with their
labels, the hidden vector, scores, probabilities, loss, gradients and changed rows.

This package prints nothing. Steps and states are data classes (``wordkin.lesson.views``), which ``to_dict()`` converts
to JSON-compatible values. ``wordkin.lesson.equations`` builds the formulas of a step.

Names are imported on first use, so that reading the options of a lesson imports neither Numba nor the views.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from wordkin.lesson.options import LESSON_OPTIONS, lesson_config
from wordkin.lesson.presets import PRESETS, Preset

if TYPE_CHECKING:
    from wordkin.lesson.course import Course, overview, steps
    from wordkin.lesson.views import (
        ComparedMethod,
        ComparedWord,
        Comparison,
        InputRow,
        InputTarget,
        LabelledPair,
        NodeView,
        ObjectiveView,
        OutputRow,
        Overview,
        PathNode,
        RowChange,
        State,
        Step,
        TableRows,
        TableView,
        TreeNode,
        WindowPair,
        WindowView,
        WordRow,
    )

__all__ = [
    "LESSON_OPTIONS",
    "PRESETS",
    "ComparedMethod",
    "ComparedWord",
    "Comparison",
    "Course",
    "InputRow",
    "InputTarget",
    "LabelledPair",
    "NodeView",
    "ObjectiveView",
    "OutputRow",
    "Overview",
    "PathNode",
    "Preset",
    "RowChange",
    "State",
    "Step",
    "TableRows",
    "TableView",
    "TreeNode",
    "WindowPair",
    "WindowView",
    "WordRow",
    "lesson_config",
    "overview",
    "steps",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = "course" if name in ("Course", "overview", "steps") else "views"
    return getattr(importlib.import_module(f"wordkin.lesson.{module}"), name)

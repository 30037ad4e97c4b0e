"""Training by hand: every step on a short text as plain numbers for people to look at.

:class:`Course` has all steps of a text, forwards and backwards, and the tables after each;
:func:`overview` shows what training starts from, and :func:`steps` yields each gradient step with its
window, labelled rows, hidden vector, scores, probabilities, loss, gradients, and the rows it changes.
Nothing is printed here; whoever shows a lesson reads the fields of ``wordkin.lesson.views`` or the
JSON-ready ``to_dict()`` of each, and ``wordkin.lesson.equations`` for the formulas.

A name is loaded when it is first used: the options of a lesson are known without the engine of windows.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from wordkin.lesson.options import LESSON_OPTIONS, lesson_config
from wordkin.lesson.presets import PRESETS, Preset
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
    WindowView,
    WordRow,
)

if TYPE_CHECKING:
    from wordkin.lesson.course import Course, overview, steps

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
    "WindowView",
    "WordRow",
    "lesson_config",
    "overview",
    "steps",
]


def __getattr__(name: str) -> Any:
    if name not in ("Course", "overview", "steps"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module("wordkin.lesson.course"), name)

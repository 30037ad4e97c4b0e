"""``wordkin lesson``: print the gradient steps of training on a short text."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Annotated, Any

import typer

from wordkin.cli.options import COMMON, Option, training_options, with_options
from wordkin.cli.output import JsonFlag, print_json
from wordkin.config import Choice, Number
from wordkin.errors import ConfigError
from wordkin.lesson.options import LESSON_OPTIONS, lesson_config

if TYPE_CHECKING:
    from wordkin.lesson import Course

_LESSON = {
    "steps": Option(Number(1, integer=True), "Number of gradient steps to show.", 3, COMMON),
    "first": Option(
        Number(1, integer=True),
        "The first step to show. Default: the first step after a quarter of the epochs, because at step 1 every score "
        "is 0.",
        None, COMMON, spelling="from",
    ),
    "order": Option(
        Choice(("count", "appearance")), "Number the words by decreasing count or by first appearance.", "count", COMMON
    ),
    "tree": Option(
        Choice(("huffman", "complete", "full", "fibonacci")), "The binary tree of hierarchical softmax.", "huffman",
        COMMON,
    ),
    "notation": Option(
        Choice(("rong", "mikolov", "theta")),
        "Notation of the formulas: that of Rong 2014, of Mikolov et al. 2013, or with θ and x.",
        "rong", COMMON,
    ),
}  # fmt: skip


_TRAINING = training_options(lesson_config(), LESSON_OPTIONS)
_TRAINING["learning_rate"] = dataclasses.replace(_TRAINING["learning_rate"], help="Learning rate at the start.")


@with_options({**_LESSON, **_TRAINING})
def lesson(
    text: Annotated[str, typer.Argument(metavar="TEXT", help="One or more sentences in quotes, one per line.")],
    *,
    steps: int = 3,
    first: int | None = None,
    order: str = "count",
    tree: str = "huffman",
    notation: str = "rong",
    noise: Annotated[
        str | None,
        typer.Option(
            "--noise",
            metavar="WORD,...",
            help="Noise words to use, all from the text. Default: drawn at random.",
            rich_help_panel=COMMON,
        ),
    ] = None,
    json: JsonFlag = False,
    **options: Any,
) -> None:
    """Show training on a short text step by step, with every number.

    The defaults suit a text of a few words and differ from those of wordkin train.
    """
    from wordkin.cli.lesson_tables import print_overview, print_step
    from wordkin.lesson import Course

    words = None if noise is None else [word.strip() for word in noise.split(",") if word.strip()]
    course = Course(text, lesson_config(**options), noise=words, order=order, tree=tree)
    numbers = _numbers(course, first, steps)
    if json:
        document = {
            "overview": course.overview().to_dict(),
            "start": course.state(numbers.start - 1).to_dict(),
            "steps": [course.step(number).to_dict() for number in numbers],
            "end": course.state(numbers.stop - 1).to_dict(),
        }
        print_json(document, indent=None)
        return
    start = course.overview()
    print_overview(start, course.state(numbers.start - 1))
    for number in numbers:
        print_step(start, course.step(number), notation)
    if course.has(numbers.stop):
        print(f"\nTo see the next steps: --from {numbers.stop} --steps {steps}")


def _numbers(course: Course, first: int | None, steps: int) -> range:
    """Return the numbers of the steps to show: ``steps`` steps, beginning with ``first``."""
    begin = course.warm_start() if first is None else first
    if not course.has(begin):
        raise ConfigError(
            "first",
            f"must be a whole number from 1 to {course.count()}",
            begin,
            "begin at an earlier step, or increase epochs",
        )
    end = begin + steps
    return range(begin, end if course.has(end - 1) else course.count() + 1)

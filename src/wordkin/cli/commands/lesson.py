"""``wordkin lesson``: the gradient steps on a short text, as tables."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from wordkin.cli.options import COMMON, Option, training_options, with_options
from wordkin.cli.output import JsonFlag, print_json
from wordkin.config import Number

_STEPS = Option(Number(1, integer=True), "How many gradient steps to show.", 3, COMMON)


@with_options({"steps": _STEPS, **training_options(show_defaults=False)})
def lesson(
    text: Annotated[str, typer.Argument(metavar="TEXT", help="A sentence or a few, in quotes.")],
    *,
    steps: int = 3,
    json: JsonFlag = False,
    **options: Any,
) -> None:
    """Walk through training on a short text with every number shown.

    The defaults suit a few words: vectors of length 5, a window of 2, 3 noise words, every word kept,
    one epoch, and a learning rate of 0.1.
    """
    from wordkin import lesson as lessons
    from wordkin.cli.lesson_tables import print_overview, print_step

    config = lessons.lesson_config(**options)
    start = lessons.overview(text, config)
    shown = list(lessons.steps(text, config, limit=steps))
    if json:
        print_json({"overview": start.to_dict(), "steps": [step.to_dict() for step in shown]})
        return
    print_overview(start)
    for step in shown:
        print_step(step)
    if len(shown) == steps:
        print(f"\nMore steps: --steps {10 * steps}")

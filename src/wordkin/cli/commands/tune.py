"""``wordkin tune``: search for the training options with the best scores on a text."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Annotated, Any

import typer

from wordkin.cli.failures import UsageError
from wordkin.cli.options import COMMON, OTHER, parse, training_options, with_options
from wordkin.cli.output import JsonFlag, print_json, print_table, print_text, shell_quoted
from wordkin.cli.vectors import check_picture_first
from wordkin.config import Flag, Rule, TrainingConfig
from wordkin.errors import ConfigError
from wordkin.training.cpu.compiling import load_numba_alone

_NEVER = ("recipe", "validation_fraction", "patience")
_OPTIONS = {
    name: dataclasses.replace(option, panel="Training options, the same in every trial")
    for name, option in training_options().items()
    if name not in _NEVER
}


def _own(*spellings: str, metavar: str, text: str) -> Any:
    return typer.Option(*spellings, metavar=metavar, help=text, rich_help_panel=COMMON, show_default=False)


@with_options(_OPTIONS)
def tune(
    corpus: Annotated[
        list[str] | None,
        typer.Argument(metavar="CORPUS", help="Text, as for wordkin train.", show_default=False),
    ] = None,
    *,
    evaluate: Annotated[
        list[str] | None,
        _own(
            "--evaluate", metavar="FILE",
            text="A benchmark file, as for wordkin evaluate. May be repeated; the score is the mean over the files.",
        ),
    ] = None,
    weights: Annotated[
        str | None, _own("--weights", metavar="X[,...]", text="Weight of each benchmark file. Default: 1 each.")
    ] = None,
    time: Annotated[
        str | None, _own("--time", metavar="TIME", text="Time for all trials, such as 90s or 2h.  [default: 20m]")
    ] = None,
    trials: Annotated[str | None, _own("--trials", metavar="N", text="Maximum number of trials.")] = None,
    at_most: Annotated[
        str | None,
        _own(
            "--at-most", metavar="TIME|X",
            text="Longest training time of the options to choose: a time such as 30s, or a multiple of the time of the "
            "classic settings such as 1.2x.",
        ),
    ] = None,
    vary: Annotated[
        list[str] | None,
        _own(
            "--vary", metavar="NAME[=VALUE,...]",
            text="Vary this option, over its default range or these values. May be repeated. Replaces the default set "
            "of options to vary.",
        ),
    ] = None,
    directory: Annotated[
        str | None,
        _own(
            "--directory", metavar="DIR",
            text="Save the state of the search in this directory. If it is interrupted, the same command continues it.",
        ),
    ] = None,
    plot: Annotated[
        str | None, _own("--plot", metavar="FILE", text="Plot score against time to a .png, .svg or .pdf file.")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.", rich_help_panel=OTHER)] = False,
    json: JsonFlag = False,
    **options: Any,
) -> None:  # fmt: skip
    """Search for the training options with the best scores on a text.

    Trials run one after the other, each with all threads. They include the classic settings and the quality recipe.
    The result is the wordkin train command to use, or the report that no better options were found.
    """
    if not corpus:
        raise UsageError("missing argument 'CORPUS'; see: wordkin tune --help")
    if not evaluate:
        raise UsageError("missing option '--evaluate'; see: wordkin tune --help")
    if plot is not None:
        check_picture_first(plot)
    arguments: dict[str, Any] = {
        "weights": None if weights is None else _numbers(weights),
        "trials": None if trials is None else _whole_number(trials),
        "vary": None if vary is None else _varied(vary),
        "at_most": _plain_time(at_most),
        "directory": directory,
        **({} if time is None else {"time": _plain_time(time)}),
    }
    load_numba_alone()
    from wordkin.cli.tuning_display import TuningDisplay
    from wordkin.tuning import tune as search

    source = corpus[0] if len(corpus) == 1 else corpus
    with _advice_when_stopped(directory), TuningDisplay(sys.stderr, quiet) as display:
        result = search(source, evaluate, **arguments, **display.hooks(), **options)
    if plot is not None:
        result.plot(plot)
    command = " ".join(["wordkin train", *map(shell_quoted, corpus), result.arguments, "--output vectors.safetensors"])
    if json:
        print_json({**result.to_dict(), "command": command})
        return
    columns, rows = result.table()
    print_table(columns, rows, right=columns[1:-1])
    print()
    print_text(result.summary)
    print_text(command)


def _numbers(text: str) -> list[float]:
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        raise ConfigError("weights", "must be numbers separated by commas", text) from None


def _whole_number(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise ConfigError("trials", "must be a whole number from 1 up", text) from None


def _plain_time(text: str | None) -> str | None:
    return None if text is None else text.strip()


def _varied(given: Sequence[str]) -> Mapping[str, Sequence[Any] | None]:
    """Parse values of ``--vary NAME[=VALUE,...]``; return a dict from each option to the values to try.

    None stands for the default values.
    """
    rules: dict[str, Rule] = {each.name: each.metadata["rule"] for each in dataclasses.fields(TrainingConfig)}
    varied: dict[str, Sequence[Any] | None] = {}
    for text in given:
        spelled, equals, values = text.partition("=")
        name = spelled.removeprefix("--").replace("-", "_")
        if name not in rules:
            raise ConfigError("vary", "must name a training option", spelled)
        varied[name] = [_value(name, rules[name], value) for value in values.split(",")] if equals else None
    return varied


def _value(name: str, rule: Rule, text: str) -> Any:
    flags = {"on": True, "true": True, "off": False, "false": False}
    return parse(name, rule, flags.get(text.lower(), text) if isinstance(rule, Flag) else text)


@contextmanager
def _advice_when_stopped(directory: str | None) -> Iterator[None]:
    """If a signal stops the search inside the block, print how to continue the search."""
    try:
        yield
    except (KeyboardInterrupt, SystemExit):
        if directory is not None:
            print(f"wordkin: the same command continues the search in {shell_quoted(directory)}", file=sys.stderr)
        raise

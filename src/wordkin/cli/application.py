"""The Typer application: all subcommands, their help, and errors of usage."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Annotated, Any

import typer

from wordkin._version import __version__
from wordkin.cli.commands.analogy import analogy
from wordkin.cli.commands.convert import convert
from wordkin.cli.commands.demo import demo
from wordkin.cli.commands.encode import encode
from wordkin.cli.commands.evaluate import evaluate
from wordkin.cli.commands.index import index
from wordkin.cli.commands.info import info
from wordkin.cli.commands.lesson import lesson
from wordkin.cli.commands.phrases import phrases
from wordkin.cli.commands.plot import plot
from wordkin.cli.commands.similar import similar
from wordkin.cli.commands.studio import studio
from wordkin.cli.commands.train import train
from wordkin.cli.commands.tune import tune
from wordkin.cli.failures import DONE, UsageError, respell
from wordkin.cli.options import COMMON, OTHER
from wordkin.config import FORMER_NAMES, NAMES_IN_GENSIM, NAMES_IN_WORD2VEC_C

COMMANDS = (train, encode, tune, similar, analogy, evaluate, convert, index, info, plot, phrases, demo, lesson, studio)
# Click's UsageError. Typer exports only its subclass BadParameter.
_TYPER_USAGE_ERROR: type[Exception] = typer.BadParameter.__mro__[1]


def _unconverted(parameter: Any, context: Any, value: Any) -> Any:
    """Return the value of a parameter as typed: text, or a bool for a flag.

    Typer's own conversion runs only to report a missing value, because it imports Pydantic, which takes 0.1 s.
    """
    if not value and parameter.required:
        return type(parameter).process_value(parameter, context, value)
    several = parameter.multiple or parameter.nargs == -1
    given = tuple(value or ()) if several else value
    return given if parameter.callback is None else parameter.callback(context, parameter, given)


class _TextOnly:
    """A command or group whose parameters are not converted."""

    def get_params(self, ctx: Any) -> list[Any]:
        parameters: list[Any] = super().get_params(ctx)  # type: ignore[misc]
        for parameter in parameters:
            parameter.process_value = partial(_unconverted, parameter)
        return parameters


class _Group(_TextOnly, typer.core.TyperGroup):
    """The group of all subcommands."""


class _Command(_TextOnly, typer.core.TyperCommand):
    """A subcommand whose help lists its options in sections."""

    def format_usage(self, ctx: Any, formatter: Any) -> None:
        arguments = [_shown_argument(each) for each in self.get_params(ctx) if each.param_type_name == "argument"]
        formatter.write_usage(ctx.command_path, " ".join(["[OPTIONS]", *arguments]))

    def format_options(self, ctx: Any, formatter: Any) -> None:
        sections: dict[str, list[tuple[str, str]]] = {"Arguments": [], COMMON: []}
        parameters: list[Any] = self.get_params(ctx)
        for parameter in parameters:
            if parameter.param_type_name == "argument":
                sections["Arguments"].append((_shown_argument(parameter), parameter.help or ""))
            else:
                heading = getattr(parameter, "rich_help_panel", None) or OTHER
                sections.setdefault(heading, []).append(parameter.get_help_record(ctx))
        sections[OTHER] = sections.pop(OTHER)  # moves it to the end
        for heading, records in sections.items():
            if records:
                with formatter.section(heading):
                    formatter.write_dl(records)


def _argument_name(argument: Any) -> str:
    return str(argument.name.upper() if argument.metavar is None else argument.metavar)


def _shown_argument(argument: Any) -> str:
    name = _argument_name(argument)
    name = name if argument.nargs == 1 else f"{name}..."
    return name if argument.required else f"[{name}]"


def _show_version(asked: bool) -> None:
    if asked:
        print(f"wordkin {__version__}")
        raise typer.Exit


def _root(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version and exit.", callback=_show_version, is_eager=True)
    ] = False,
) -> None:
    """Train word vectors, query them, evaluate them and plot them."""


def _application() -> Any:
    app = typer.Typer(
        name="wordkin",
        cls=_Group,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
        epilog="For help on one command: wordkin train --help. To see the traceback of an error: WORDKIN_DEBUG=1.",
    )
    app.callback()(_root)
    for command in COMMANDS:
        app.command(command.__name__, cls=_Command)(command)
    return typer.main.get_command(app)


def run(arguments: Sequence[str]) -> int:
    """Run a command and return its exit code.

    Raises
    ------
    UsageError
        The arguments are not valid for the command.
    WordkinError
        The arguments are valid but the command failed.
    """
    command = _application()
    if "_WORDKIN_COMPLETE" in os.environ:  # set by the shell when it completes a word
        command.main(list(arguments), prog_name="wordkin")
    try:
        with command.make_context("wordkin", list(arguments) or ["--help"]) as context:
            command.invoke(context)
    except typer.Exit as finished:
        return finished.exit_code
    except _TYPER_USAGE_ERROR as error:
        raise UsageError(_usage_message(error, arguments)) from None
    return DONE


def _usage_message(error: Any, arguments: Sequence[str]) -> str:
    message: str = error.format_message()
    if message.startswith("No such option"):
        message = _foreign_option(arguments) or message
    former = str(getattr(error, "option_name", "")).removeprefix("--").replace("-", "_")
    if former in FORMER_NAMES:
        message = f"option --{former} was renamed: use --{FORMER_NAMES[former]}"
    names = {command.__name__ for command in COMMANDS}
    where = " ".join(["wordkin", *(each for each in arguments[:1] if each in names)])
    return f"{message[:1].lower()}{message[1:].rstrip('.')}; see: {where} --help"


def _foreign_option(arguments: Sequence[str]) -> str:
    """Explain the first option that this command does not have, but that wordkin train, gensim or word2vec.c has.

    Returns "" if there is no such option.
    """
    own = set(_option_names(arguments[0] if arguments else ""))
    for argument in arguments[1:]:
        given = argument.partition("=")[0]
        name = given.lstrip("-")
        if not given.startswith("-") or given in own:
            continue
        if given in spellings("train").values():
            return f"No such option: {given}: it is an option of wordkin train"
        if given.startswith("--"):
            hint = NAMES_IN_GENSIM.get(name.replace("-", "_"))
            if hint is None and name in NAMES_IN_WORD2VEC_C:
                hint = NAMES_IN_WORD2VEC_C[name]
        else:
            hint = NAMES_IN_WORD2VEC_C.get(name)
        if hint is not None:
            known = spellings("train")
            bare = hint.removeprefix("use ")  # respell does not change a name without underscore
            return f"No such option: {given}: {f'use {known[bare]}' if bare in known else respell(hint, known)}"
    return ""


def _option_names(command: str) -> Sequence[str]:
    found = _application().commands.get(command)
    return [] if found is None else [name for each in found.params for name in (*each.opts, *each.secondary_opts)]


def spellings(name: str) -> Mapping[str, str]:
    """Return a dict from each parameter of a command to its spelling on the command line.

    ``name`` is the name of the command. A spelling is, for example, ``--min-count`` or ``OUTPUT``.
    """
    command = _application().commands.get(name)
    if command is None:
        return {}
    return {
        each.name: _argument_name(each) if each.param_type_name == "argument" else each.opts[0]
        for each in command.params
    }

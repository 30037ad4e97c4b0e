"""Descriptions of options, and a decorator that turns them into Typer parameters.

A command is a function whose keyword-only parameters are its options. An :class:`Option` describes each of them. The
descriptions of training options are made from the metadata of :class:`wordkin.config.TrainingConfig`. Values arrive as
text. The rule of the option checks them, so that errors are the same as in Python.
"""

from __future__ import annotations

import dataclasses
import functools
import importlib
import inspect
import sys
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from wordkin.config import (
    Choice,
    FieldName,
    Flag,
    FlagOrLanguage,
    Number,
    NumberOrWord,
    PassesOrFile,
    Rule,
    Text,
    TokenizerName,
    TrainingConfig,
    WordList,
)
from wordkin.errors import ConfigError

COMMON = "Common options"
OTHER = "Other options"
COMMON_TRAINING_OPTIONS = (
    "architecture", "objective", "vector_size", "window", "negative", "min_count", "lowercase", "epochs", "threads",
)  # fmt: skip


@dataclass(frozen=True)
class Option:
    """Description of one command-line option.

    Attributes
    ----------
    rule : Rule
        Checks the value.
    help : str
        One or two sentences for ``--help``.
    default : object, default None
        The default to show in the help. The command's function has the same default.
    panel : str, default "Common options"
        The section of the help that lists the option.
    metavar : str, default ""
        The placeholder for the value in the help; "" derives one from the rule.
    switch : bool, default False
        For a flag, whether to add its opposite ``--no-...``. Flags that are on by default need it.
    spelling : str, default ""
        The name on the command line without leading dashes; "" derives it from the parameter.
    """

    rule: Rule
    help: str
    default: object = None
    panel: str = COMMON
    metavar: str = ""
    switch: bool = False
    spelling: str = ""


def training_options(config: TrainingConfig | None = None, names: Collection[str] | None = None) -> dict[str, Option]:
    """Return the training options by name, common options first.

    Parameters
    ----------
    config : TrainingConfig or None, default None
        The defaults to show in the help; None for those of :class:`TrainingConfig`.
    names : collection of str or None, default None
        The options to return; None for all.
    """
    config = config or TrainingConfig()
    fields = {each.name: each for each in dataclasses.fields(TrainingConfig)}
    order = [*COMMON_TRAINING_OPTIONS, *(name for name in fields if name not in COMMON_TRAINING_OPTIONS)]
    return {
        name: Option(
            rule=fields[name].metadata["rule"],
            help=fields[name].metadata["help"],
            default=getattr(config, name),
            switch=fields[name].default is True,
            panel=COMMON if name in COMMON_TRAINING_OPTIONS else f"{fields[name].metadata['group']} options",
        )
        for name in order
        if names is None or name in names
    }


def with_options(options: Mapping[str, Option]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Return a decorator that adds ``options`` to the signature of a command.

    The decorated function receives only the options that were given on the command line, as parsed values, by name or
    as ``**options``. For other options, the defaults of the function apply.
    """

    def decorate(function: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(function)
        def command(**arguments: Any) -> None:
            for name, option in options.items():
                value = arguments.pop(name)
                if isinstance(option.rule, FlagOrLanguage):
                    value = arguments.pop(_language(name)) or value
                if value is not None:
                    arguments[name] = parse(name, option.rule, value)
            function(**arguments)

        own = inspect.signature(function, eval_str=True).parameters.values()
        kept = [each for each in own if each.name not in options and each.kind is not inspect.Parameter.VAR_KEYWORD]
        made = [parameter for name, option in options.items() for parameter in _parameters(name, option)]
        command.__signature__ = inspect.Signature([*kept, *made])  # type: ignore[attr-defined]
        command.__annotations__ = {}
        return command

    return decorate


def _language(name: str) -> str:
    return f"{name}_language"


def _parameters(name: str, option: Option) -> Iterator[inspect.Parameter]:
    """Yield the parameters for an option: a flag and a language if the rule is FlagOrLanguage, otherwise just one."""
    if isinstance(option.rule, FlagOrLanguage):
        languages = Choice(option.rule.languages)
        yield _parameter(name, dataclasses.replace(option, rule=Flag()))
        text = f"Lower-case by the rules of a language: {', '.join(languages.words)}."
        yield _parameter(_language(name), dataclasses.replace(option, rule=languages, help=text))
    else:
        yield _parameter(name, option)


def _parameter(name: str, option: Option) -> inspect.Parameter:
    spelling = "--" + (option.spelling or name.replace("_", "-"))
    kind: Any = bool if isinstance(option.rule, Flag) else str
    if isinstance(option.rule, Flag) and option.switch:
        spelling = f"{spelling}/--no-{spelling[2:]}"
    info = typer.Option(
        spelling,
        metavar=option.metavar or _metavar(option.rule),
        help=option.help + _default(option.default),
        show_default=False,  # Typer's default is None for "not given"; the help text has the real default
        rich_help_panel=option.panel,
    )
    return inspect.Parameter(
        name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[kind | None, info]
    )


def _default(value: object) -> str:
    if value is None or value is False or value == ():
        return ""
    return f"  [default: {'on' if value is True else value}]"


def _metavar(rule: Rule) -> str | None:
    match rule:
        case Flag():
            return None
        case Number(integer=integer):
            return "N" if integer else "X"
        case NumberOrWord(words=words):
            return "|".join(["N", *words])
        case Choice(words=words, several=several):
            return "|".join(words) + ("[,...]" if several else "")
        case TokenizerName(words=words):
            return "|".join([*words, "MODULE:FUNCTION"])
        case Text():
            return "TEXT"
        case _:
            return "|".join(rule.words)


def parse(name: str, rule: Rule, text: object) -> object:
    """Convert the text of an option to its value, and check the value.

    Raises
    ------
    ConfigError
        The text cannot be converted, or the rule refuses the value.
    """
    value = _value(rule, text) if isinstance(text, str) else text
    if not rule.accepts(value):
        raise ConfigError(name, str(rule), text if isinstance(value, tuple) else value)
    return value


def _value(rule: Rule, text: str) -> object:
    if isinstance(rule, NumberOrWord):
        return _value(rule.number, text)
    if isinstance(rule, Number):
        for number in (int,) if rule.integer else (int, float):
            try:
                return number(text)
            except ValueError:
                continue
    if isinstance(rule, FieldName) and text.isdecimal():
        return int(text)
    if isinstance(rule, PassesOrFile) and text.lstrip("+-").isdigit():
        return int(text)
    if isinstance(rule, TokenizerName) and ":" in text:
        return _function_named(text)
    if isinstance(rule, WordList):
        return tuple(word for word in text.replace(",", " ").split())
    if isinstance(rule, Choice) and rule.several and "," in text:
        return tuple(word.strip() for word in text.split(","))
    return text


def _function_named(text: str) -> object:
    """Import a function named ``package.module:function`` from an installed package or from the working directory.

    Only functions whose names were typed on the command line are imported, never those named in files of runs or
    vectors.
    """
    module_name, _, name = text.partition(":")
    if str(Path.cwd()) not in sys.path:
        sys.path.append(str(Path.cwd()))  # last, so that a local file cannot shadow a library
    try:
        found: object = importlib.import_module(module_name)
        for part in name.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError, SyntaxError, ValueError, TypeError) as error:
        rule = "must name an importable function as package.module:function"
        raise ConfigError("tokenizer", rule, text, str(error)) from error
    if not callable(found):
        raise ConfigError(
            "tokenizer", "must name an object that can be called, as package.module:function", text, "name a function"
        )
    return found

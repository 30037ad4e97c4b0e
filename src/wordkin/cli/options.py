"""Options described once, by rule, help and default, and turned into parameters of a command.

A command is a function. Its keyword-only parameters are options; each is described by an
:class:`Option`, and options of training by the metadata of :class:`wordkin.config.TrainingConfig`, so
that no second list of them exists. Values arrive as text and are checked by the rule, which gives the
same message as from Python.
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
    """What the command line needs to know of one option.

    Attributes
    ----------
    rule : what a legal value is.
    help : one or two sentences.
    default : shown in the help; the function has it as its own default.
    panel : heading of the help under which it stands.
    switch : for a flag, whether it can be turned off as well (``--no-...``): where it is on by default.
    metavar : what stands for the value in the help; made from the rule unless given.
    spelling : the name on the command line, without dashes in front, where it is not that of the parameter.
    """

    rule: Rule
    help: str
    default: object = None
    panel: str = COMMON
    metavar: str = ""
    switch: bool = False
    spelling: str = ""


def training_options(config: TrainingConfig | None = None, names: Collection[str] | None = None) -> dict[str, Option]:
    """The options of training by name, the common ones first.

    Parameters
    ----------
    config : TrainingConfig, default None
        Where the defaults are that the help shows; those of training unless given.
    names : collection of str, default None
        Only these options; None for all.
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
    """Decorate the function of a command so that typer sees ``options`` and the function their values.

    Only options given on the command line are passed on; for the rest the function's own defaults
    hold. The function takes them by name or as ``**options``.
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
    """What the command takes for an option: a flag and a value where it may be either."""
    if isinstance(option.rule, FlagOrLanguage):
        languages = Choice(option.rule.languages)
        yield _parameter(name, dataclasses.replace(option, rule=Flag()))
        text = f"The same by the rules of a language: {', '.join(languages.words)}."
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
        show_default=False,  # the default here is None, "not given"; the true one is in the text
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
    """The value that ``text`` from the command line stands for.

    Raises
    ------
    ConfigError : it stands for none, or for one that the rule forbids.
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
    """The function that ``package.module:function`` names, from the installed packages or the working directory.

    Only the command line imports by name: what a file of a run or of vectors says is never imported.
    """
    module_name, _, name = text.partition(":")
    if str(Path.cwd()) not in sys.path:
        sys.path.append(str(Path.cwd()))  # last, so that no file there takes the place of a library
    try:
        found: object = importlib.import_module(module_name)
        for part in name.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError, SyntaxError, ValueError, TypeError) as error:
        rule = "must name a function that can be imported, as package.module:function"
        raise ConfigError("tokenizer", rule, text, str(error)) from error
    if not callable(found):
        raise ConfigError("tokenizer", "must name a function, as package.module:function", text, "it is no function")
    return found

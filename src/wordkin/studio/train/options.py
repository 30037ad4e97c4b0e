"""Input fields for the training options, made from the descriptions in :class:`TrainingConfig`."""

from __future__ import annotations

import dataclasses
from typing import Any

from nicegui import ui

from wordkin.config import (
    GROUPS,
    Choice,
    FieldName,
    Flag,
    FlagOrLanguage,
    Number,
    NumberOrWord,
    PassesOrFile,
    Rule,
    TokenizerName,
    TrainingConfig,
    WordList,
)
from wordkin.errors import ConfigError
from wordkin.studio.view import View
from wordkin.studio.widgets import marked, paragraph

COMMON = (
    "architecture",
    "objective",
    "vector_size",
    "window",
    "negative",
    "min_count",
    "lowercase",
    "epochs",
    "threads",
)
FIELDS = {each.name: each for each in dataclasses.fields(TrainingConfig)}
_HELD_OUT = "validation_fraction"


def value_of(name: str, text: object) -> object:
    """Convert the content of an input field to the value of an option; an empty field gives the default.

    Raises :class:`ConfigError` if the content is not a legal value.

    >>> value_of("window", "7"), value_of("learning_rate", ""), value_of("objective", "softmax,negative-sampling")
    (7, None, ('softmax', 'negative-sampling'))
    """
    described = FIELDS[name]
    rule: Rule = described.metadata["rule"]
    if isinstance(text, str):
        text = text.strip()
    if text is None or text in ("", []):
        return described.default
    value = _converted(rule, text)
    if isinstance(rule, PassesOrFile) and isinstance(value, str):
        remedy = "a file of phrases can be used only on the command line"
        raise ConfigError(name, "must be a whole number of passes from 1 to 16", text, remedy)
    if not rule.accepts(value):
        raise ConfigError(name, str(rule), text)
    return value


def _converted(rule: Rule, text: object) -> object:
    if isinstance(rule, Flag | FlagOrLanguage) and text in ("True", "False"):
        return text == "True"
    if isinstance(rule, Choice) and rule.several:
        words = text.split(",") if isinstance(text, str) else list(text) if isinstance(text, list) else [text]
        return words[0] if len(words) == 1 else tuple(words)
    if isinstance(rule, WordList) and isinstance(text, str):
        return tuple(text.replace(",", " ").split())
    if isinstance(rule, Number | NumberOrWord | PassesOrFile) and isinstance(text, str):
        for number in (int, float):
            try:
                return number(text)
            except ValueError:
                continue
    if isinstance(rule, FieldName) and isinstance(text, str) and text.isdecimal():
        return int(text)
    return text


class OptionFields:
    """Input fields for all training options. Common options are visible; the others are in groups that can be opened.

    Values that differ from the defaults are stored in the URL.
    """

    def __init__(self, view: View) -> None:
        self._view = view
        self._fields: dict[str, Any] = {}
        common = [name for name in (*COMMON, _HELD_OUT) if name in FIELDS]
        with marked("div", "options"):
            for name in common:
                self._make(name)
        for group in GROUPS:
            names = [name for name, each in FIELDS.items() if each.metadata["group"] == group and name not in common]
            if names:
                with (
                    ui.expansion(view.text(f"train.group.{group.lower()}")).classes("w-full"),
                    marked("div", "options"),
                ):
                    for name in names:
                        self._make(name)

    def values(self) -> dict[str, Any]:
        """Return the options that differ from their defaults.

        Raises :class:`ConfigError` for the first illegal value or combination.
        """
        given = {name: value_of(name, field.value) for name, field in self._fields.items()}
        chosen = {name: value for name, value in given.items() if value != FIELDS[name].default}
        TrainingConfig.from_options(**chosen)
        return chosen

    def _make(self, name: str) -> None:
        described = FIELDS[name]
        rule: Rule = described.metadata["rule"]
        state = self._view.state.get(name)
        try:
            value = described.default if state is None else value_of(name, state)
        except ConfigError:
            value = described.default
        help_text = self._view.text(f"option.{name}")
        with marked("div", "stack option"):
            field = self._field(name, rule, value)
            set_by_default = described.default not in (None, False, ())
            shown = self._view.text("train.on") if described.default is True else str(described.default)
            default = self._view.text("train.default", value=shown) if set_by_default else ""
            paragraph(f"{help_text} {default}".strip(), "small muted")
        field.props["aria-description"] = help_text
        field.on_value_change(lambda event: self._keep(name, event.value))
        self._fields[name] = field

    def _field(self, name: str, rule: Rule, value: Any) -> Any:
        if isinstance(rule, Flag):
            return ui.switch(name, value=bool(value))
        automatic = self._view.text("train.automatic") if FIELDS[name].default is None else ""
        if isinstance(rule, Choice) and rule.several:
            words = list(value) if isinstance(value, tuple) else [value]
            return ui.select(list(rule.words), value=words, label=name, multiple=True).props("outlined dense")
        if isinstance(rule, FlagOrLanguage):
            return ui.select(list(rule.words), value=str(value), label=name).props("outlined dense")
        if isinstance(rule, Choice | TokenizerName):
            choices = {**({"": automatic} if automatic else {}), **{word: word for word in rule.words}}
            return ui.select(choices, value=value if value in choices else "", label=name).props("outlined dense")
        shown = ", ".join(value) if isinstance(value, tuple) else "" if value is None else str(value)
        field = ui.input(name, value=shown).props("outlined dense maxlength=500")
        field.props["placeholder"] = automatic
        field.props["stack-label"] = True
        return field

    def _keep(self, name: str, content: object) -> None:
        try:
            value = value_of(name, content)
        except ConfigError:
            return
        plain = ",".join(value) if isinstance(value, tuple) else str(value)
        self._view.remember_all({name: None if value == FIELDS[name].default else plain})

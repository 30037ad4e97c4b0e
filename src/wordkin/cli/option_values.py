"""``wordkin train --show-options``: every training option with its value and the source of the value."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from wordkin.cli.output import print_json, print_table
from wordkin.config import TrainingConfig, config_for_words
from wordkin.recipes import SMALL_TEXT_WORDS, values_of


def show_values(options: Mapping[str, Any], json: bool) -> None:
    """Print the value of every training option and where it comes from: command line, recipe or default.

    Parameters
    ----------
    options : mapping of str to object
        The options given on the command line.
    json : bool
        Whether to print JSON instead of a table.
    """
    config = TrainingConfig.from_options(**options)
    from_recipe = {} if config.recipe is None else values_of(config.recipe, config.architecture, options)
    values = config.to_dict()
    sources = {
        each.name: "given" if each.name in options else f"recipe {config.recipe}" if each.name in from_recipe else ""
        for each in dataclasses.fields(config)
    }
    for_small_text = config_for_words(config, options, 0).to_dict()
    other = {name: value for name, value in for_small_text.items() if value != values[name]}
    if json:
        entries = {name: {"value": values[name], "source": sources[name] or "default"} for name in values}
        for name, value in other.items():
            entries[name]["small_text"] = value
        print_json(entries)
        return
    rows = [(name, "unset" if value is None else str(value), sources[name]) for name, value in values.items()]
    print_table(["option", "value", "from"], rows)
    if other:
        named = ", ".join(f"{name} {value}" for name, value in other.items())
        print(f"for a text of fewer than {SMALL_TEXT_WORDS:,} words: {named}")

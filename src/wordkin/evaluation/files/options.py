"""Options for reading benchmark files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypedDict

from wordkin.config import FROM_1, Number, check
from wordkin.errors import ConfigError

KINDS = ("analogies", "similarity", "categories", "odd-one-out", "relations")
DELIMITERS = {"tab": "\t", "comma": ",", "semicolon": ";", "colon": ":", "bar": "|", "space": " "}
DELIMITER_NAMES = {mark: name for name, mark in DELIMITERS.items()}
DECIMALS = (".", ",")


class ReadOptions(TypedDict, total=False):
    """Types of the options of :func:`wordkin.evaluation.read_dataset`, for functions that pass these options on."""

    gold: str | Path | None
    score_column: str | int | None
    word_columns: Sequence[str | int] | None
    header: bool | None
    delimiter: str | None
    decimal: str | None
    comments: bool | None
    encoding: str | None
    bad_items: str
    pos_suffixes: str
    pairs_per_relation: int | None


@dataclass(frozen=True)
class Options:
    """The options of :func:`wordkin.evaluation.read_dataset` after checking."""

    kind: str | None = None
    gold: str | Path | None = None
    score_column: str | int | None = None
    word_columns: Sequence[str | int] | None = None
    header: bool | None = None
    delimiter: str | None = None
    decimal: str | None = None
    comments: bool | None = None
    encoding: str | None = None
    bad_items: str = "refuse"
    pos_suffixes: str = "strip"
    pairs_per_relation: int | None = None

    @property
    def separator(self) -> str | None:
        """The option ``delimiter`` as a character; None if it is to be detected."""
        return None if self.delimiter is None else DELIMITERS.get(self.delimiter, self.delimiter)


def checked_options(kind: str | None, given: Mapping[str, Any]) -> Options:
    """Check the options for reading a file, and return them; raise ConfigError for the first that is not valid."""
    names = sorted(ReadOptions.__annotations__)
    for name, value in given.items():
        if name not in names:
            raise ConfigError(
                name, "is not an option of reading a benchmark file", value, "the options are " + ", ".join(names)
            )
    options = Options(kind=kind, **given)
    _one_of("kind", options.kind, KINDS, optional=True)
    _one_of("bad_items", options.bad_items, ("refuse", "skip"))
    _one_of("pos_suffixes", options.pos_suffixes, ("strip", "keep"))
    _one_of("decimal", options.decimal, DECIMALS, optional=True)
    _one_of("delimiter", options.separator, tuple(DELIMITERS.values()), optional=True, shown=tuple(DELIMITERS))
    for name in ("header", "comments"):
        if getattr(options, name) not in (None, True, False):
            raise ConfigError(name, "must be True, False or None", getattr(options, name))
    if options.score_column is not None:
        _check_column("score_column", options.score_column)
    if options.word_columns is not None:
        columns = options.word_columns
        if isinstance(columns, str) or len(columns) != 2 or columns[0] == columns[1]:
            raise ConfigError("word_columns", "must be two different columns, by name or by number from 1", columns)
        for column in columns:
            _check_column("word_columns", column)
    check("pairs_per_relation", Number(2, integer=True, optional=True), options.pairs_per_relation)
    return options


def _one_of(
    name: str, value: object, legal: Sequence[str], *, optional: bool = False, shown: Sequence[str] = ()
) -> None:
    if value not in legal and not (optional and value is None):
        raise ConfigError(name, "must be one of " + ", ".join(f'"{each}"' for each in shown or legal), value)


def _check_column(name: str, value: object) -> None:
    if not FROM_1.accepts(value) and not (isinstance(value, str) and value):
        raise ConfigError(name, "must be the name of a column or its number from 1", value)

"""The formats of text files: for each, the function that reads it, its suffixes, and how its files are split.

A new format is a file with a function in this directory, a row in ``FORMATS``, and its name in
:data:`wordkin.options.Reader`.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple

from wordkin.corpus.readers.files import OpenFile
from wordkin.corpus.readers.pieces import Piece, Reading, Tally

ReadFile = Callable[[OpenFile, Reading, Tally, int], Iterator[Piece]]
"""Reads one file. The last argument is the size of a piece in bytes."""


class Format(NamedTuple):
    """One row of ``FORMATS``: how files of a format are read.

    Attributes
    ----------
    function : str
        Module and name of the function in this directory, which is imported when a file of the format is read.
    suffixes : tuple of str, default ()
        The suffixes of its files.
    has_fields : bool, default True
        Whether its records have fields, of which the option ``field`` selects one.
    parts : {"lines", "row groups"} or None, default None
        What several machines can read independently: the lines of a range of bytes, or row groups of Parquet. None if
        a file can only be read whole.
    """

    function: str
    suffixes: tuple[str, ...] = ()
    has_fields: bool = True
    parts: Literal["lines", "row groups"] | None = None

    def read_function(self) -> ReadFile:
        """Import the function that reads files of this format, and return it."""
        module, name = self.function.split(".")
        found: ReadFile = getattr(importlib.import_module(f"wordkin.corpus.readers.{module}"), name)
        return found


FORMATS = {
    "text": Format("text.read", has_fields=False, parts="lines"),
    "jsonl": Format("jsonl.read", (".jsonl", ".ndjson"), parts="lines"),
    "csv": Format("csv.read_csv", (".csv",)),
    "tsv": Format("csv.read_tsv", (".tsv", ".tab")),
    "parquet": Format("arrow.read_parquet", (".parquet", ".pq"), parts="row groups"),
    "arrow": Format("arrow.read_arrow", (".arrow", ".feather", ".ipc")),
    "wikiextractor": Format("wikiextractor.read", has_fields=False),
}

FORMAT_OF_SUFFIX = {suffix: name for name, each in FORMATS.items() for suffix in each.suffixes}
"""The names of the formats by suffix. Files with any other suffix are text."""

"""The argument and options that commands share to read vectors, and functions to open and check files."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from wordkin.cli.failures import UsageError
from wordkin.cli.options import Option
from wordkin.config import Choice, Encoding, Number, Text
from wordkin.errors import ConfigError, OutputError

if TYPE_CHECKING:
    from wordkin.embeddings import Embeddings

READING_PANEL = "Reading vectors"

VectorsArgument = Annotated[
    str,
    typer.Argument(
        metavar="VECTORS",
        help="A file of vectors (.safetensors, .bin, .txt or .vec, each also with .gz; .parquet or a directory of "
        ".parquet parts), or the directory of a training run.",
    ),
]
TOPN = Option(Number(1, integer=True), "Number of answers for each query.", 10)
SEARCH: Mapping[str, Option] = {
    "topn": TOPN,
    "restrict_vocab": Option(Number(1, integer=True, optional=True), "Search only the first N words of the file."),
    "threads": Option(
        Number(1, 1024, integer=True, optional=True), "Maximum number of threads. Default: all available cores."
    ),
}
READING: Mapping[str, Option] = {
    "limit": Option(
        Number(1, integer=True, optional=True), "Read only the first N words of the file.", panel=READING_PANEL
    ),
    "format": Option(
        Choice(("safetensors", "bin", "text", "parquet")),
        "File format. Default: the one that the suffix of the file name names.",
        panel=READING_PANEL,
    ),
    "only_words": Option(
        Text("a path"),
        "Load only the words listed in this file, one per line. Words that have no vector are ignored.",
        panel=READING_PANEL,
        metavar="FILE",
        spelling="words",
    ),
    "bad_rows": Option(
        Choice(("error", "skip")),
        "What to do with malformed rows: stop with an error (default), or skip them and report their number.",
        panel=READING_PANEL,
    ),
    "encoding": Option(
        Encoding(),
        "Encoding of the words in .bin, .txt and .vec files. Default: utf-8.",
        panel=READING_PANEL,
        metavar="NAME",
    ),
    "encoding_errors": Option(
        Choice(("strict", "replace", "ignore", "backslashreplace")),
        "How to handle words that are not valid in the encoding. Default: strict, which stops with an error.",
        panel=READING_PANEL,
    ),
    "duplicates": Option(
        Choice(("error", "first")),
        "What to do with a word that occurs twice: stop with an error (default), or keep the first.",
        panel=READING_PANEL,
    ),
}


def names_run(path: str) -> bool:
    """Return whether a path names a training run: a directory that is not a table of vectors in several files."""
    from wordkin.embeddings.table_folders import is_table_folder

    return Path(path).is_dir() and not is_table_folder(Path(path))


def open_vectors(path: str, reading: Mapping[str, Any], *, argument: str = "vectors") -> Embeddings:
    """Load vectors from a file, or from the last checkpoint of a training run.

    Parameters
    ----------
    path : str
        The file, or the directory of a run.
    reading : mapping of str to object
        The options for reading that were given on the command line (see :data:`READING`).
    argument : str, default "vectors"
        The name of the argument that holds the path, for error messages.
    """
    from wordkin.embeddings import load_embeddings

    if names_run(path):
        return _vectors_of_run(path, reading)
    options = dict(reading)
    listed = options.pop("only_words", None)
    if listed is not None:
        options["words"] = words_of(listed)
        # A .safetensors file is memory-mapped, so that opening it twice costs little.
        if Path(path).suffix == ".safetensors" and not set(options) - {"words", "limit"}:
            options["words"] = items_of(load_embeddings(path), options["words"], argument="words")
    with named(path=argument):
        return load_embeddings(path, **options)


def items_of(embeddings: Embeddings, words: Sequence[str], argument: str = "word") -> list[Any]:
    """Convert words from the command line to items of the vocabulary: to int if these are whole numbers."""
    if not embeddings.vocabulary.integers:
        return list(words)
    for word in words:
        if not re.fullmatch(r"-?[0-9]{1,19}", word):
            raise ConfigError(argument, "must be a whole number, like all items of these vectors", word)
    return [int(word) for word in words]


def words_of(path: str) -> list[str]:
    """Read words from a UTF-8 file, one per line; skip blank lines."""
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or f"it is not UTF-8 ({error})"
        raise UsageError(f"--words: cannot read {path!r}: {reason}") from error
    words = [line for line in text.split("\n") if line.strip()]
    return [word.removesuffix("\r") for word in words]


def _vectors_of_run(path: str, reading: Mapping[str, Any]) -> Embeddings:
    from wordkin.api import Word2Vec

    others = [name for name in reading if name != "limit"]
    if others:
        spelled = "--" + (READING[others[0]].spelling or others[0].replace("_", "-"))
        raise UsageError(
            f"{spelled} works only for files of vectors, and {path!r} is a training run: leave {spelled} out"
        )
    embeddings = Word2Vec.load(path).embeddings
    return embeddings.first(reading["limit"]) if "limit" in reading else embeddings


def check_output_first(path: str | Path) -> None:
    """Raise UsageError if a file cannot be written. Called before the work whose result it will hold."""
    from wordkin.embeddings import check_output

    with named(path="output"), unusable_output():
        check_output(path)


def check_picture_first(path: str | Path) -> None:
    """Raise UsageError if a picture cannot be written. Called before the work begins."""
    from wordkin.plots.canvas import check_picture

    with unusable_output():
        check_picture(path)


@contextmanager
def unusable_output() -> Iterator[None]:
    """Turn OutputError inside the block into UsageError.

    Before the work begins, an output that cannot be written is a mistake in the arguments.
    """
    try:
        yield
    except OutputError as error:
        raise UsageError(str(error)) from error


@contextmanager
def named(**names: str) -> Iterator[None]:
    """Rename parameters in a ConfigError that is raised inside the block.

    For example, ``named(path="output")`` turns errors about ``path`` into errors about ``output``.
    """
    try:
        yield
    except ConfigError as error:
        if error.parameter not in names:
            raise
        raise ConfigError(names[error.parameter], error.rule, error.value, error.remedy) from error

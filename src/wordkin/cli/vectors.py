"""What commands that read vectors share: their argument, their options, and the opening."""

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
        help="A file of vectors (.safetensors, .bin, .txt or .vec, also with .gz; .parquet, also a folder of parts) "
        "or the directory of a run.",
    ),
]
TOPN = Option(Number(1, integer=True), "How many answers to show for each question.", 10)
SEARCH: Mapping[str, Option] = {
    "topn": TOPN,
    "restrict_vocab": Option(Number(1, integer=True, optional=True), "Search only this many of the first words."),
    "threads": Option(
        Number(1, 1024, integer=True, optional=True), "Most threads to use; all the system offers unless set."
    ),
}
READING: Mapping[str, Option] = {
    "limit": Option(
        Number(1, integer=True, optional=True), "Read only this many of the first words.", panel=READING_PANEL
    ),
    "format": Option(
        Choice(("safetensors", "bin", "text", "parquet")),
        "Format of the file, where its suffix does not say.",
        panel=READING_PANEL,
    ),
    "only_words": Option(
        Text("a path"),
        "Load only the words of this file, one a line, and of them those that the file of vectors has.",
        panel=READING_PANEL,
        metavar="FILE",
        spelling="words",
    ),
    "bad_rows": Option(
        Choice(("error", "skip")),
        "What to do with rows that cannot be right: error, unless set, or skip them and say how many.",
        panel=READING_PANEL,
    ),
    "encoding": Option(
        Encoding(),
        "Encoding of the words in .bin, .txt and .vec; utf-8 unless set.",
        panel=READING_PANEL,
        metavar="NAME",
    ),
    "encoding_errors": Option(
        Choice(("strict", "replace", "ignore", "backslashreplace")),
        "What to do with words that are not valid UTF-8; strict, which refuses them, unless set.",
        panel=READING_PANEL,
    ),
    "duplicates": Option(
        Choice(("error", "first")),
        "What to do with a word that comes twice: error, unless set, or keep the first.",
        panel=READING_PANEL,
    ),
}


def names_run(path: str) -> bool:
    """Whether a path can only be that of a run: a directory that is not one table in several files."""
    from wordkin.embeddings.table_folders import is_table_folder

    return Path(path).is_dir() and not is_table_folder(Path(path))


def open_vectors(path: str, reading: Mapping[str, Any], *, argument: str = "vectors") -> Embeddings:
    """Load the file that a command line names, or the vectors of a run; ``argument`` is what errors call the path.

    Of a run the vectors are those of its last checkpoint; a finished run holds its result.
    """
    from wordkin.embeddings import load_embeddings

    if names_run(path):
        return _vectors_of_run(path, reading)
    options = dict(reading)
    listed = options.pop("only_words", None)
    if listed is not None:
        options["words"] = words_of(listed)
        if Path(path).suffix == ".safetensors" and not set(options) - {"words", "limit"}:  # which opens without reading
            options["words"] = items_of(load_embeddings(path), options["words"], argument="words")
    with named(path=argument):
        return load_embeddings(path, **options)


def items_of(embeddings: Embeddings, words: Sequence[str], argument: str = "word") -> list[Any]:
    """The words of a command line as the vectors have them: whole numbers where those do."""
    if not embeddings.vocabulary.integers:
        return list(words)
    for word in words:
        if not re.fullmatch(r"-?[0-9]{1,19}", word):
            raise ConfigError(argument, "must be a whole number, as all items of these vectors are", word)
    return [int(word) for word in words]


def words_of(path: str) -> list[str]:
    """The words of a file, one a line."""
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
        raise UsageError(f"{spelled} is for files of vectors: leave it out for the run in {path!r}")
    embeddings = Word2Vec.load(path).embeddings
    return embeddings.first(reading["limit"]) if "limit" in reading else embeddings


def check_output_first(path: str | Path) -> None:
    """Find out before the work whether its result can be saved: bad usage where it cannot."""
    from wordkin.embeddings import check_output

    with named(path="output"), unusable_output():
        check_output(path)


def check_picture_first(path: str | Path) -> None:
    """The same for a picture."""
    from wordkin.plots.canvas import check_picture

    with unusable_output():
        check_picture(path)


@contextmanager
def unusable_output() -> Iterator[None]:
    """What cannot be written before the work begins is bad usage, not a failure while running."""
    try:
        yield
    except OutputError as error:
        raise UsageError(str(error)) from error


@contextmanager
def named(**names: str) -> Iterator[None]:
    """Let errors about a parameter of the library speak of the argument it came from."""
    try:
        yield
    except ConfigError as error:
        if error.parameter not in names:
            raise
        raise ConfigError(names[error.parameter], error.rule, error.value, error.remedy) from error

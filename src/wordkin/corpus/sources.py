"""A corpus argument, resolved once: what it means is asked here and nowhere else.

Paths, patterns, directories, addresses, ``"-"`` and lists of them become the files they name. Everything else must
be an iterable: of lists of words, of dicts with a field, of strings, or a data frame with a column of text.
"""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from wordkin.corpus.encoded import TEXT_HEADER_NAME
from wordkin.corpus.readers.files import PATHS_OR_LISTS, STANDARD_INPUT, TextFile, fsspec_module, is_address, reading
from wordkin.corpus.readers.pieces import Reading
from wordkin.corpus.readers.records import listed, path_of
from wordkin.errors import ConfigError, CorpusError, CorpusNotFoundError, shown

Corpus = str | Path | Iterable[Any]
"""What users may pass as a corpus."""

Kind = Literal["files", "sentences", "texts", "records", "values", "encoded"]

_PLAIN = Reading()


@dataclass(frozen=True)
class Source:
    """What a corpus argument means.

    Attributes
    ----------
    files : tuple of TextFile
        The files to read, in order; empty for an iterable.
    directories : tuple of Path
        The local directories, resolved, that were searched for files.
    kind : {"files", "sentences", "texts", "records", "values", "encoded"}
        What is read: files, lists of words, strings, dicts with a field, values of a column, or an encoded text, which
        is the only one of ``directories``.
    items : iterable
        The iterable; empty where there are files. Its elements are checked when they are read.
    reading : Reading
        Field, reader and encoding.
    """

    files: tuple[TextFile, ...] = ()
    directories: tuple[Path, ...] = ()
    kind: Kind = "files"
    items: Iterable[Any] = ()
    reading: Reading = _PLAIN

    def reads(self, path: Path) -> bool:
        """Whether a local file is one of those to read."""
        path = path.resolve()
        if self.kind == "encoded":
            return any(path.is_relative_to(directory) for directory in self.directories)
        return any(Path(file.name).resolve() == path for file in self.files)

    def would_read(self, path: Path) -> bool:
        """Whether a file at a path, once it is there, would be found by resolving the same argument again."""
        path = path.resolve()
        return any(
            path.is_relative_to(directory) and not _is_hidden(path.relative_to(directory))
            for directory in self.directories
        )


def resolve(corpus: object = None, reading: Reading = _PLAIN, *, texts: object = None) -> Source:
    """Find out what a corpus argument means; patterns, directories and sets of paths are sorted.

    Parameters
    ----------
    corpus : path, sequence of paths, or iterable
        A path may also be an address, a pattern, a directory, or ``"-"`` for standard input. An iterable holds lists
        of words or, where ``reading`` names a field, dicts; a data frame is one of columns. A :class:`Source` is
        returned as it is.
    reading : Reading, default Reading()
        How it is read.
    texts : iterable of str, optional
        In place of a corpus, strings that are split as the lines of a file are.

    Raises
    ------
    CorpusNotFoundError
        A path, pattern or directory names no files.
    CorpusError
        The argument is neither paths nor an iterable of a kind that can be read.
    """
    if isinstance(corpus, Source):
        return corpus
    if texts is not None:
        return _resolve_texts(corpus, reading, texts)
    names = _paths(corpus)
    if names is not None:
        encoded = [name for name in names if os.path.isfile(os.path.join(name, TEXT_HEADER_NAME))]  # noqa: PTH113, PTH118
        if encoded:
            return _resolve_encoded(names, reading)
        files = tuple(file for name in names for file in _find_files(name))
        directories = tuple(Path(os.path.realpath(name)) for name in names if _is_directory(name))
        return Source(files, directories, reading=reading)
    if not isinstance(corpus, Iterable):
        raise CorpusError(
            f"a corpus is a path, a list of paths or an iterable of lists of words; got {shown(corpus)} "
            f"({type(corpus).__name__})"
        )
    _refuse_for_iterables(reading)
    if _is_frame(corpus):
        return Source(kind="values", items=_column_of(corpus, reading.field), reading=reading)
    _refuse_mappings_and_sets(corpus, reading.field)
    if reading.field is None:
        return Source(kind="sentences", items=corpus, reading=reading)
    if not isinstance(reading.field, str):
        raise ConfigError("field", "must be a name for dicts: numbers count the columns of files", reading.field)
    return Source(kind="records", items=_only_field(corpus, path_of(reading.field)[0]), reading=reading)


def _resolve_encoded(names: list[str], reading: Reading) -> Source:
    """The source of an encoded text, which must stand alone."""
    if len(names) > 1:
        raise CorpusError(f"an encoded text must stand alone; got {shown(names)}: encode all texts together")
    return Source(directories=(Path(os.path.realpath(names[0])),), kind="encoded", reading=reading)


def _resolve_texts(corpus: object, reading: Reading, texts: object) -> Source:
    """The source of strings."""
    if corpus is not None:
        raise CorpusError("pass either a corpus or texts, not both")
    if isinstance(texts, str | bytes | os.PathLike) or not isinstance(texts, Iterable):
        raise CorpusError(
            f"texts must be an iterable of strings; got {shown(texts)} ({type(texts).__name__}): put a single text in "
            "a list, and pass a path as the corpus"
        )
    if _is_frame(texts):
        raise CorpusError(f"texts is a data frame: pass one of its columns; {listed(list(texts.columns))}")  # type: ignore[attr-defined]
    _refuse_mappings_and_sets(texts, None)
    if reading.field is not None:
        raise ConfigError("field", "must be left unset with texts, which are strings already", reading.field)
    _refuse_for_iterables(reading)
    return Source(kind="texts", items=texts, reading=reading)


def _refuse_for_iterables(reading: Reading) -> None:
    """Raise :class:`ConfigError` for options that only files have a use for."""
    of_files = (
        ("reader", reading.reader, None),
        ("delimiter", reading.delimiter, None),
        ("encoding", reading.encoding, "utf-8"),
    )
    for name, value, default in of_files:
        if value != default:
            raise ConfigError(name, "is for files: leave it out where the corpus is an iterable", value)


def _refuse_mappings_and_sets(corpus: object, field: object) -> None:
    """Raise :class:`CorpusError` for iterables that yield their keys, or that have no order."""
    if isinstance(corpus, Mapping):
        keys = ", ".join(map(repr, list(corpus)[:6]))
        raise CorpusError(
            f"a dict is no corpus: reading it would give its keys ({keys}); choose one of its values, such as a split "
            "of a dataset"
        )
    if isinstance(corpus, set | frozenset) and corpus:
        raise CorpusError(
            f"a set has no order that stays, and training depends on order: pass a list, as in sorted(corpus); got "
            f"{shown(corpus)}"
        )


def _is_frame(corpus: object) -> bool:
    """Whether it is a table of named columns, as of pandas or polars, whose iteration yields names or columns."""
    return hasattr(corpus, "columns") and hasattr(corpus, "dtypes")


def _column_of(frame: Any, field: str | int | None) -> Iterable[Any]:
    """A column of a data frame."""
    names = list(frame.columns)
    if field is None:
        example = names[0] if names else "text"
        raise CorpusError(
            f"the corpus is a data frame: name the column with the text, as in field={example!r}; {listed(names)}"
        )
    if names.count(field) > 1:
        raise CorpusError(f"the data frame has {names.count(field)} columns {field!r}: rename all but one")
    if field not in names:
        raise CorpusError(f"the data frame has no column {field!r}; {listed(names)}")
    column: Iterable[Any] = frame[field]
    return column


def _only_field(corpus: Iterable[Any], name: str) -> Iterable[Any]:
    """A dataset of Hugging Face without its other columns, which cost time to decode; others as they are."""
    if name in (getattr(corpus, "column_names", None) or ()) and hasattr(corpus, "select_columns"):
        narrowed: Iterable[Any] = corpus.select_columns([name])
        return narrowed
    return corpus


def _paths(corpus: object) -> list[str] | None:
    """The paths of a string or path, or of a non-empty list, tuple or set of nothing else; None for all else."""
    if isinstance(corpus, str | os.PathLike):
        return [os.fspath(corpus)]
    if not isinstance(corpus, list | tuple | set | frozenset) or not corpus:
        return None
    if not all(isinstance(each, str | os.PathLike) for each in corpus):
        return None
    names = [os.fspath(each) for each in corpus]
    return sorted(names) if isinstance(corpus, set | frozenset) else names


def _is_hidden(relative: Path) -> bool:
    return any(part.startswith(".") for part in relative.parts)


def _is_directory(name: str) -> bool:
    return os.path.isdir(name)  # noqa: PTH112  (Path.is_dir raises for a name too long)


def _find_files(name: str) -> list[TextFile]:
    """The files that one path, pattern, directory or address names."""
    if not name:  # for pathlib it is the directory one is in, which nobody means
        raise CorpusNotFoundError(f"an empty path names no text: {PATHS_OR_LISTS}")
    if name == STANDARD_INPUT:
        return [TextFile(name)]
    if is_address(name):
        return _find_at_address(name)
    with reading(name):
        is_directory = Path(name).is_dir()
    if is_directory:
        return _find_in_directory(Path(name))
    if os.path.lexists(name):
        return [TextFile(name)]
    if not glob.has_magic(name):
        raise CorpusNotFoundError(f"no such file or directory: {shown(name)}: {PATHS_OR_LISTS}")
    paths = sorted(glob.glob(name, recursive=True))  # noqa: PTH207  (Path.glob refuses absolute patterns)
    matches = [TextFile(path) for path in paths if not Path(path).is_dir()]
    if not matches:
        raise CorpusNotFoundError(f"no file matches the pattern {name!r}: {PATHS_OR_LISTS}")
    return matches


def _find_in_directory(directory: Path) -> list[TextFile]:
    """All files below a directory, sorted, without hidden ones."""
    found = [path for path in directory.rglob("*") if not _is_hidden(path.relative_to(directory)) and path.is_file()]
    if not found:
        raise CorpusNotFoundError(f"the directory {str(directory)!r} holds no files: put text files there")
    return [TextFile(str(path), found=True) for path in sorted(found)]


def _find_at_address(address: str) -> list[TextFile]:
    """The files that an address, or a pattern or directory at one, names."""
    with reading(address):
        system, path = fsspec_module().core.url_to_fs(address)
        if not glob.has_magic(path) and not system.isdir(path):
            return [TextFile(address)]
        paths = sorted(system.glob(path) if glob.has_magic(path) else system.find(path))
        files = [TextFile(system.unstrip_protocol(each), found=True) for each in paths if not system.isdir(each)]
    if not files:
        raise CorpusNotFoundError(f"no file at {address!r}: {PATHS_OR_LISTS}")
    return files

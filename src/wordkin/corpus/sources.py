"""Resolution of corpus arguments to a :class:`Source`.

Paths, patterns, directories, URLs, ``"-"`` and lists of them are resolved to files. Any other corpus must be an
iterable of lists of words, of dicts with a field or of strings, or a data frame with a text column.
"""

from __future__ import annotations

import glob
import itertools
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from wordkin.corpus.encoded import TEXT_HEADER_NAME
from wordkin.corpus.readers.files import PATHS_OR_LISTS, STANDARD_INPUT, TextFile, fsspec_module, is_address, reading
from wordkin.corpus.readers.pieces import Reading
from wordkin.corpus.readers.records import listed, path_of
from wordkin.errors import ConfigError, CorpusError, CorpusNotFoundError, CorpusWarning, shown, warn

Corpus = str | Path | Iterable[Any]
"""Types of a corpus argument."""

Kind = Literal["files", "sentences", "texts", "records", "values", "encoded"]

_PLAIN = Reading()
_ARROW_ROWS = 4096  # rows of an array of pyarrow that are converted at a time


class TokenizedLists(list[list[str]]):
    """Lists of words returned by a tokenizer.

    Words with white space in them cause a warning in other lists, but not in these.
    """


@dataclass(frozen=True)
class Source:
    """A resolved corpus argument.

    Attributes
    ----------
    files : tuple of TextFile
        The files to read, in order; empty for an iterable and for an encoded text.
    directories : tuple of Path
        The local directories, resolved, that were searched for files.
    kind : {"files", "sentences", "texts", "records", "values", "encoded"}
        The kind of input: files, lists of words, strings, dicts with a field, values of a column, or an encoded text.
        An encoded text is a directory, and then the only element of ``directories``.
    items : iterable
        The iterable; empty for files. Its elements are checked when they are read.
    reading : Reading
        Field, reader and encoding.
    tokenized : bool
        Whether ``items`` are lists of words that a tokenizer returned.
    """

    files: tuple[TextFile, ...] = ()
    directories: tuple[Path, ...] = ()
    kind: Kind = "files"
    items: Iterable[Any] = ()
    reading: Reading = _PLAIN
    tokenized: bool = False

    def reads(self, path: Path) -> bool:
        """Whether a local file belongs to the source, so that it must not be overwritten."""
        path = path.resolve()
        if self.kind == "encoded":
            return any(path.is_relative_to(directory) for directory in self.directories)
        return any(Path(file.name).resolve() == path for file in self.files)

    def would_read(self, path: Path) -> bool:
        """Whether the same corpus argument, resolved again, would include a new file at ``path``."""
        path = path.resolve()
        return any(
            path.is_relative_to(directory) and not _is_hidden(path.relative_to(directory))
            for directory in self.directories
        )


def resolve(corpus: object = None, reading: Reading = _PLAIN, *, texts: object = None) -> Source:
    """Resolve a corpus argument to a :class:`Source`: find its files, or determine what kind of iterable it is.

    Files that are found by a pattern or in a directory are sorted, and so are the paths of a set.

    Parameters
    ----------
    corpus : path, sequence of paths, or iterable
        A path, URL, pattern or directory, ``"-"`` for standard input, or a list of these. An iterable holds lists of
        words, or dicts if ``reading`` names a field; it may also be a data frame. A :class:`Source` is returned
        unchanged.
    reading : Reading, default Reading()
        Options of reading.
    texts : iterable of str, default None
        Strings instead of a corpus, tokenized like the lines of a file.

    Returns
    -------
    Source
        The resolved source.

    Raises
    ------
    CorpusNotFoundError
        A path, pattern or directory matches no files.
    CorpusError
        The argument is neither paths nor a supported iterable.
    """
    if isinstance(corpus, Source):
        return corpus
    if isinstance(corpus, bytes | bytearray):
        raise CorpusError(f"the corpus must not be bytes; got {shown(corpus)}: pass a path as str, or decode text")
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
    _refuse_lazy(corpus)
    if _is_frame(corpus):
        _refuse_for_iterables(reading)
        return Source(kind="values", items=_column_of(corpus, reading.field), reading=reading)
    if not isinstance(corpus, Iterable) or _is_scalar(corpus):
        raise CorpusError(
            f"the corpus must be a path, a list of paths or an iterable of lists of words; got {shown(corpus)} "
            f"({type(corpus).__name__})" + (": call it, and pass the result" if callable(corpus) else "")
        )
    _refuse_for_iterables(reading)
    _refuse_mappings_and_sets(corpus, reading.field)
    if reading.field is None:
        tokenized = isinstance(corpus, TokenizedLists)
        return Source(kind="sentences", items=_python_values(corpus), reading=reading, tokenized=tokenized)
    if not isinstance(reading.field, str):
        raise ConfigError("field", "must be a name for dicts, not a column number", reading.field)
    return Source(kind="records", items=_only_field(corpus, path_of(reading.field)[0]), reading=reading)


def _resolve_encoded(names: list[str], reading: Reading) -> Source:
    """Return a :class:`Source` that reads an encoded text.

    Raises :class:`CorpusError` if ``names`` also lists other corpora.
    """
    if len(names) > 1:
        raise CorpusError(
            f"an encoded text cannot be combined with other texts; got {shown(names)}: encode all texts together"
        )
    return Source(directories=(Path(os.path.realpath(names[0])),), kind="encoded", reading=reading)


def _resolve_texts(corpus: object, reading: Reading, texts: object) -> Source:
    """Return a :class:`Source` that reads the strings in ``texts``.

    Raises :class:`CorpusError` if ``texts`` is not an iterable of str.
    """
    if corpus is not None:
        raise CorpusError("pass either a corpus or texts, not both")
    _refuse_lazy(texts)
    if _is_frame(texts):
        names = texts.column_names if _is_of_pyarrow(texts) else texts.columns  # type: ignore[attr-defined]
        raise CorpusError(f"texts is a data frame: pass one of its columns; {listed(list(names))}")
    if isinstance(texts, str | bytes | os.PathLike) or not isinstance(texts, Iterable) or _is_scalar(texts):
        raise CorpusError(
            f"texts must be an iterable of strings; got {shown(texts)} ({type(texts).__name__}): if this is one text, "
            "put it in a list; if it is a path, pass it as corpus instead of texts"
        )
    _refuse_mappings_and_sets(texts, None)
    if reading.field is not None:
        raise ConfigError("field", "cannot be combined with texts, which are strings", reading.field, "leave field out")
    _refuse_for_iterables(reading)
    return Source(kind="texts", items=_python_values(texts), reading=reading)


def _refuse_for_iterables(reading: Reading) -> None:
    """Raise :class:`ConfigError` if an option of reading is set that applies only to files."""
    of_files = (
        ("reader", reading.reader, None),
        ("delimiter", reading.delimiter, None),
        ("quoting", reading.quoting, True),
        ("encoding", reading.encoding, "utf-8"),
    )
    for name, value, default in of_files:
        if value != default:
            raise ConfigError(
                name, "works only with a corpus of files, but the corpus is an iterable", value, f"leave {name} out"
            )


def _refuse_mappings_and_sets(corpus: object, field: object) -> None:
    """Raise :class:`CorpusError` for a mapping, whose iteration yields keys, and for a set, which has no order."""
    if isinstance(corpus, Mapping):
        keys = ", ".join(map(repr, list(corpus)[:6]))
        raise CorpusError(
            f"the corpus must not be a dict, because iterating over it gives its keys ({keys}): pass one of its "
            "values, such as a split of a dataset"
        )
    if isinstance(corpus, set | frozenset) and corpus:
        raise CorpusError(
            f"the corpus must not be a set, because training depends on the order; got {shown(corpus)}: pass a list, "
            "such as sorted(corpus)"
        )


def _is_frame(corpus: object) -> bool:
    """Whether a corpus is a data frame (of pandas, polars and others) or a table or record batch of pyarrow.

    Iterating over these yields column names or columns instead of rows.
    """
    return hasattr(corpus, "columns") and (hasattr(corpus, "dtypes") or _is_of_pyarrow(corpus))


def _is_scalar(value: object) -> bool:
    """Whether a value is a NumPy array without dimensions, over which one cannot iterate."""
    return getattr(value, "ndim", None) == 0


def _is_of_pyarrow(value: object) -> bool:
    return type(value).__module__.split(".")[0] == "pyarrow" and hasattr(value, "to_pylist")


def _python_values(items: Any) -> Iterable[Any]:
    """If an iterable is a pyarrow array, return its items as Python objects; others are unchanged."""
    if not _is_of_pyarrow(items):
        return items  # type: ignore[no-any-return]
    parts = (items.slice(start, _ARROW_ROWS) for start in range(0, len(items), _ARROW_ROWS))
    return itertools.chain.from_iterable(part.to_pylist() for part in parts)


def _refuse_lazy(corpus: object) -> None:
    """Raise :class:`CorpusError` for a lazy data frame of polars, whose rows have not been computed yet."""
    if hasattr(corpus, "collect") and hasattr(corpus, "collect_schema") and not hasattr(corpus, "to_dict"):
        raise CorpusError("the corpus is a lazy data frame: pass the result of its collect()")


def _column_of(frame: Any, field: str | int | None) -> Iterable[Any]:
    """Return the column of a data frame that ``field`` names; raise :class:`CorpusError` if there is none."""
    names = list(frame.column_names if _is_of_pyarrow(frame) else frame.columns)
    if field is None:
        example = names[0] if names else "text"
        raise CorpusError(
            f"the corpus is a data frame: name the text column, such as field={example!r}; {listed(names)}"
        )
    if names.count(field) > 1:
        raise CorpusError(
            f"the data frame has {names.count(field)} columns with the name {field!r}: rename all but one"
        )
    if field not in names:
        raise CorpusError(f"the data frame has no column {field!r}; {listed(names)}")
    return _python_values(frame[field])


def _only_field(corpus: Iterable[Any], name: str) -> Iterable[Any]:
    """Restrict a Hugging Face dataset to one field, because decoding its other columns is slow.

    Other iterables are returned unchanged.
    """
    if name in (getattr(corpus, "column_names", None) or ()) and hasattr(corpus, "select_columns"):
        narrowed: Iterable[Any] = corpus.select_columns([name])
        return narrowed
    return corpus


def _paths(corpus: object) -> list[str] | None:
    """The paths of a str, a path object, or a nonempty list, tuple or set of these; None for any other corpus."""
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
    """The files that one path, pattern, directory or URL stands for."""
    if not name:  # pathlib would take it for the current directory
        raise CorpusNotFoundError(f"the path is empty: {PATHS_OR_LISTS}")
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
    if name.startswith("~"):
        raise CorpusNotFoundError(
            f"there is no file or directory {shown(name)}, because ~ is not expanded: pass the whole path"
        )
    if not glob.has_magic(name):
        raise CorpusNotFoundError(f"there is no file or directory {shown(name)}: {PATHS_OR_LISTS}")
    paths = sorted(glob.glob(name, recursive=True))  # noqa: PTH207  (Path.glob refuses absolute patterns)
    matches = _without_repeats(name, [path for path in paths if not Path(path).is_dir()])
    if not matches:
        raise CorpusNotFoundError(f"no file matches the pattern {name!r}: {PATHS_OR_LISTS}")
    return [TextFile(path) for path in matches]


def _without_repeats(name: str, paths: list[str]) -> list[str]:
    """Drop paths that lead, through symbolic links, to a file that another of the paths names; warn if there are any.

    ``name`` is the pattern or directory, for the warning.
    """
    first: dict[str, str] = {}
    for path in sorted(paths, key=lambda path: path.count(os.sep)):
        first.setdefault(os.path.realpath(path), path)
    if len(first) == len(paths):
        return paths
    kept = set(first.values())
    dropped = next(path for path in paths if path not in kept)
    warn(
        f"{name!r} finds {len(paths) - len(kept):,} files more than once, through symbolic links, such as {dropped!r}: "
        "each is read once; to read a file twice, list both of its paths",
        CorpusWarning,
    )
    return [path for path in paths if path in kept]


def _find_in_directory(directory: Path) -> list[TextFile]:
    """All files in a directory and its subdirectories, sorted, except hidden ones."""
    found = [path for path in directory.rglob("*") if not _is_hidden(path.relative_to(directory)) and path.is_file()]
    if not found:
        raise CorpusNotFoundError(f"the directory {str(directory)!r} holds no files: put text files there")
    paths = _without_repeats(str(directory), [str(path) for path in sorted(found)])
    return [TextFile(path, found=True) for path in paths]


def _find_at_address(address: str) -> list[TextFile]:
    """The files that a URL stands for; the URL may be a pattern or a directory."""
    with reading(address):
        system, path = fsspec_module().core.url_to_fs(address)
        if not glob.has_magic(path) and not system.isdir(path):
            return [TextFile(address)]
        paths = sorted(system.glob(path) if glob.has_magic(path) else system.find(path))
        files = [TextFile(system.unstrip_protocol(each), found=True) for each in paths if not system.isdir(each)]
    if not files:
        raise CorpusNotFoundError(f"no file at {address!r}: {PATHS_OR_LISTS}")
    return files

"""A corpus argument, resolved once: what it means is asked here and nowhere else.

Paths, patterns, directories, addresses, ``"-"`` and lists of them become the files they name. Everything else must
be an iterable of lists of words.
"""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wordkin.corpus.readers.files import PATHS_OR_LISTS, STANDARD_INPUT, TextFile, fsspec_module, is_address, reading
from wordkin.errors import CorpusError, CorpusNotFoundError, shown

Corpus = str | Path | Sequence[str | Path] | Iterable[Sequence[str]]
"""What users may pass as a corpus."""


@dataclass(frozen=True)
class Source:
    """What a corpus argument means.

    Attributes
    ----------
    files : tuple of TextFile
        The files to read, in order; empty for an iterable.
    directories : tuple of Path
        The local directories, resolved, that were searched for files.
    sentences : iterable or None
        The iterable of lists of words; None where there are files. Its elements are checked when they are read.
    """

    files: tuple[TextFile, ...] = ()
    directories: tuple[Path, ...] = ()
    sentences: Iterable[Any] | None = None

    def reads(self, path: Path) -> bool:
        """Whether a local file is one of those to read."""
        path = path.resolve()
        return any(Path(file.name).resolve() == path for file in self.files)

    def would_read(self, path: Path) -> bool:
        """Whether a file at a path, once it is there, would be found by resolving the same argument again."""
        path = path.resolve()
        return any(
            path.is_relative_to(directory) and not _is_hidden(path.relative_to(directory))
            for directory in self.directories
        )


def resolve(corpus: object) -> Source:
    """Find out what a corpus argument means; patterns, directories and sets of paths are sorted.

    Parameters
    ----------
    corpus : path, sequence of paths or iterable of lists of words
        A path may also be an address, a pattern, a directory, or ``"-"`` for standard input. A
        :class:`Source` is returned as it is.

    Raises
    ------
    CorpusNotFoundError
        A path, pattern or directory names no files.
    CorpusError
        The argument is neither paths nor an iterable.
    """
    if isinstance(corpus, Source):
        return corpus
    names = _paths(corpus)
    if names is not None:
        files = tuple(file for name in names for file in _find_files(name))
        directories = tuple(Path(os.path.realpath(name)) for name in names if _is_directory(name))
        return Source(files, directories)
    if not isinstance(corpus, Iterable):
        raise CorpusError(
            f"a corpus is a path, a list of paths or an iterable of lists of words; got {shown(corpus)} "
            f"({type(corpus).__name__})"
        )
    return Source(sentences=corpus)


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

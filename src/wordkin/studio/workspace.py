"""The files that the studio may open: those in its folder and subfolders, and those named when it was started."""

from __future__ import annotations

import gzip
import os
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

from wordkin.errors import ConfigError, CorpusNotFoundError

VECTOR_SUFFIXES = (".safetensors", ".bin", ".vec", ".txt", ".safetensors.gz", ".bin.gz", ".vec.gz", ".txt.gz")
TEXT_SUFFIXES = (".txt", ".txt.gz", ".txt.bz2", ".txt.xz", ".txt.zst")
_MOST_FILES = 500
_MOST_VISITED = 20_000
_DEEPEST = 4
_LONGEST_FIRST_LINE = 1 << 16


class Workspace:
    """The files that pages may open.

    Parameters
    ----------
    folder : Path
        The folder whose files, at any depth, may be opened.
    vectors : iterable of str or Path, default ()
        Other files that may be opened. Pages refer to them by these paths.

    Raises
    ------
    CorpusNotFoundError
        The folder or a file does not exist.
    ConfigError
        The suffix of a file does not name a format of vectors.
    """

    def __init__(self, folder: Path, vectors: Iterable[str | Path] = ()) -> None:
        if not folder.is_dir():
            raise CorpusNotFoundError(f"no such folder: {str(folder)!r}")
        self.folder = folder.resolve()
        self._named: dict[str, Path] = {}
        for each in vectors:
            path = Path(each)
            _check_suffix(path)
            if not path.is_file():
                raise CorpusNotFoundError(f"no such file of vectors: {str(path)!r}")
            self._named[str(each)] = path.resolve()

    @property
    def named(self) -> list[str]:
        """The names of the files that were named when the studio was started."""
        return list(self._named)

    def vectors(self) -> list[str]:
        """Return the names of files that may hold vectors: first those in :attr:`named`, then those in the folder."""
        below = (name for name in self._below(VECTOR_SUFFIXES) if self.folder / name not in self._named.values())
        return [*self._named, *(name for name in below if not _is_plain_text(self.folder / name))]

    def texts(self) -> list[str]:
        """Return the names of text files in the folder and its subfolders."""
        return list(self._below(TEXT_SUFFIXES))

    def path_of(self, name: str) -> Path:
        """Return the path of the file with this name.

        Raises
        ------
        ConfigError
            The name is an absolute path, it leads out of the folder (by ``..`` or a symbolic link), or it does not name
            a regular file.
        CorpusNotFoundError
            The file does not exist.
        """
        if name in self._named:
            return self._named[name]
        rule = "must be a file in the folder that the studio was started in"
        pure = PurePosixPath(name.replace(os.sep, "/"))
        if not name or "\0" in name or pure.is_absolute() or Path(name).is_absolute() or ".." in pure.parts:
            raise ConfigError("file", rule, name)
        path = (self.folder / pure).resolve()
        if not path.is_relative_to(self.folder):
            raise ConfigError("file", rule, name)
        if not path.exists():
            raise CorpusNotFoundError(f"no such file: {name!r}")
        if not path.is_file():
            raise ConfigError("file", "must be a regular file", name)
        return path

    def _below(self, suffixes: tuple[str, ...]) -> Iterator[str]:
        """Yield the names of files with one of the suffixes, down to a maximum depth and up to a maximum number.

        Hidden files are left out.
        """
        found = visited = 0
        for top, folders, files in os.walk(self.folder):
            depth = len(Path(top).relative_to(self.folder).parts)
            folders[:] = (
                sorted(each for each in folders if not each.startswith((".", "__"))) if depth < _DEEPEST else []
            )
            for file in sorted(files):
                visited += 1
                path = Path(top) / file
                if file.startswith(".") or not file.endswith(suffixes):
                    continue
                if path.is_symlink() and not path.resolve().is_relative_to(self.folder):
                    continue
                yield path.relative_to(self.folder).as_posix()
                found += 1
            if found >= _MOST_FILES or visited >= _MOST_VISITED:
                return


def _check_suffix(path: Path) -> None:
    """Raise ConfigError if the suffix of a file does not name a format of vectors."""
    if path.name.startswith(".") or not path.name.endswith(VECTOR_SUFFIXES):
        from wordkin.embeddings.formats import format_of  # imports NumPy, which the first page does not need

        format_of(path)


def _is_plain_text(path: Path) -> bool:
    """Return whether a .txt file is a text. It is taken for vectors if its first line ends with two numbers."""
    if not path.name.endswith((".txt", ".txt.gz")):
        return False
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as stream:
            fields = stream.readline(_LONGEST_FIRST_LINE).split()
    except (OSError, EOFError, zlib.error):
        return False  # the error will be reported when the file is opened
    return len(fields) < 2 or not all(map(_is_number, fields[-2:]))


def _is_number(field: bytes) -> bool:
    try:
        float(field)
    except ValueError:
        return False
    return True

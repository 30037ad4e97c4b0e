"""Which files the studio opens: those below the folder it was started in, and those named at its start."""

from __future__ import annotations

import gzip
import os
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

from wordkin.embeddings.formats import format_of
from wordkin.errors import ConfigError, CorpusNotFoundError

VECTOR_SUFFIXES = (".safetensors", ".bin", ".vec", ".txt", ".safetensors.gz", ".bin.gz", ".vec.gz", ".txt.gz")
TEXT_SUFFIXES = (".txt", ".txt.gz", ".txt.bz2", ".txt.xz", ".txt.zst")
_MOST_FILES = 500
_MOST_VISITED = 20_000
_DEEPEST = 4
_LONGEST_FIRST_LINE = 1 << 16


class Workspace:
    """The files a page may name.

    Parameters
    ----------
    folder : its files, at any depth, may be opened.
    vectors : files that may be opened wherever they lie; their name is the path as given.

    Raises
    ------
    CorpusNotFoundError : the folder, or a file, does not exist.
    ConfigError : the suffix of a file stands for no format of vectors.
    """

    def __init__(self, folder: Path, vectors: Iterable[str | Path] = ()) -> None:
        if not folder.is_dir():
            raise CorpusNotFoundError(f"no such folder: {str(folder)!r}")
        self.folder = folder.resolve()
        self._named: dict[str, Path] = {}
        for each in vectors:
            path = Path(each)
            format_of(path)
            if not path.is_file():
                raise CorpusNotFoundError(f"no such file of vectors: {str(path)!r}")
            self._named[str(each)] = path.resolve()

    @property
    def named(self) -> list[str]:
        """The files given at the start, as they were given."""
        return list(self._named)

    def vectors(self) -> list[str]:
        """Names of files that may hold vectors: those given at the start, then those below the folder."""
        below = (name for name in self._below(VECTOR_SUFFIXES) if self.folder / name not in self._named.values())
        return [*self._named, *(name for name in below if not _is_plain_text(self.folder / name))]

    def texts(self) -> list[str]:
        """Names of text files below the folder."""
        return list(self._below(TEXT_SUFFIXES))

    def path_of(self, name: str) -> Path:
        """The file of a name.

        Raises
        ------
        ConfigError : the name is absolute, leads out of the folder (by ``..`` or a symbolic link), or is
            not an ordinary file.
        CorpusNotFoundError : there is no such file.
        """
        if name in self._named:
            return self._named[name]
        rule = "must be a file below the folder the studio was started in"
        pure = PurePosixPath(name.replace(os.sep, "/"))
        if not name or "\0" in name or pure.is_absolute() or Path(name).is_absolute() or ".." in pure.parts:
            raise ConfigError("file", rule, name)
        path = (self.folder / pure).resolve()
        if not path.is_relative_to(self.folder):
            raise ConfigError("file", rule, name)
        if not path.exists():
            raise CorpusNotFoundError(f"no such file: {name!r}")
        if not path.is_file():
            raise ConfigError("file", "must be an ordinary file", name)
        return path

    def _below(self, suffixes: tuple[str, ...]) -> Iterator[str]:
        """Files with one of the suffixes, hidden ones left out, up to a bound in number and depth."""
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


def _is_plain_text(path: Path) -> bool:
    """Whether a file named as text begins with a line that ends in no two numbers, as lines of vectors do."""
    if not path.name.endswith((".txt", ".txt.gz")):
        return False
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as stream:
            fields = stream.readline(_LONGEST_FIRST_LINE).split()
    except (OSError, EOFError, zlib.error):
        return False  # opening it says what is wrong
    return len(fields) < 2 or not all(map(_is_number, fields[-2:]))


def _is_number(field: bytes) -> bool:
    try:
        float(field)
    except ValueError:
        return False
    return True

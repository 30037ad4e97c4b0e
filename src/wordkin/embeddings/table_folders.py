"""Find the files of a table that is stored as a directory, as Spark, Dask and Hugging Face datasets store it."""

from __future__ import annotations

import os
import re
from pathlib import Path

from wordkin.errors import FormatError
from wordkin.storage.files import reason

TABLE_SUFFIXES = (".parquet", ".arrow", ".feather")
_NUMBERS = re.compile(r"(\d+)")


def is_folder(path: Path) -> bool:
    """Return whether a path is a directory.

    If the system cannot tell, returns False; the error is raised when the path is opened.
    """
    return os.path.isdir(path)  # noqa: PTH112 (that of pathlib raises for a path that is too long)


def is_table_folder(folder: Path) -> bool:
    """Return whether a directory contains files of a table, itself or in its subdirectory ``data``.

    A model of Spark has such a subdirectory.
    """
    return is_folder(folder) and any(_is_part(path) for each in (folder, folder / "data") for path in _files(each))


def parts_of(folder: Path) -> list[Path]:
    """Return the files of a directory that form one table, sorted by the numbers in their names.

    Files that begin with a dot or an underscore, such as ``_SUCCESS`` and checksums, are ignored.

    Raises
    ------
    FormatError
        The directory contains no parts of a table, the program that writes the parts has not finished, or the directory
        contains other files as well.
    """
    directory = folder
    if not any(map(_is_part, _files(folder))) and _files(folder / "data"):
        directory = folder / "data"
    parts = [path for path in _files(directory) if not path.name.startswith((".", "_"))]
    if not any(map(_is_part, parts)):
        raise FormatError(
            f"{str(folder)!r} is a directory without parts of a table (.parquet, .arrow); to open a saved model or a "
            "training run, use Word2Vec.load"
        )
    if (directory / "_temporary").exists():
        raise FormatError(
            f"{str(directory)!r} contains _temporary: the job that writes the table is still running, or failed"
        )
    for path in parts:
        if not _is_part(path):
            raise FormatError(
                f"{str(directory)!r} contains {path.name!r} among the parts of a table: move it away, or load one part"
            )
    return sorted(parts, key=_numeric_key)


def _files(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir()) if is_folder(folder) else []
    except OSError as error:
        raise FormatError(f"cannot read {str(folder)!r}: {reason(error)}") from error


def _is_part(path: Path) -> bool:
    return path.suffix in TABLE_SUFFIXES and not path.name.startswith((".", "_")) and path.is_file()


def _numeric_key(path: Path) -> list[tuple[int, str]]:
    """Return a sort key in which the numbers of a name are compared as numbers, so that part.9 is before part.10."""
    return [(int(each), "") if each.isdigit() else (-1, each) for each in _NUMBERS.split(path.name)]

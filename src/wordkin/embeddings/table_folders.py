"""Folders that are one table in parts, as Spark, Dask and Hugging Face's datasets write them."""

from __future__ import annotations

import os
import re
from pathlib import Path

from wordkin.errors import FormatError
from wordkin.storage.files import reason

TABLE_SUFFIXES = (".parquet", ".arrow", ".feather")
_NUMBERS = re.compile(r"(\d+)")


def is_folder(path: Path) -> bool:
    """Whether it is a directory; False for a path that the system cannot look at, which opening will tell of."""
    return os.path.isdir(path)  # noqa: PTH112 (that of pathlib raises for a path that is too long)


def is_table_folder(folder: Path) -> bool:
    """Whether a directory holds vectors in the parts of a table, or is a model of Spark, which has them in ``data``."""
    return is_folder(folder) and any(_is_part(path) for each in (folder, folder / "data") for path in _files(each))


def parts_of(folder: Path) -> list[Path]:
    """The files of a folder that make up one table, in the order of the numbers in their names.

    What begins with a dot or an underscore, such as ``_SUCCESS`` and check sums, is no part. Raises
    :class:`FormatError` where the folder is no such table, where a job has not ended that writes it, and where other
    files stand among the parts.
    """
    place = folder
    if not any(map(_is_part, _files(folder))) and _files(folder / "data"):
        place = folder / "data"
    parts = [path for path in _files(place) if not path.name.startswith((".", "_"))]
    if not any(map(_is_part, parts)):
        raise FormatError(
            f"{str(folder)!r} is a directory, not a file of vectors, and holds no part of a table (.parquet, .arrow); "
            "Word2Vec.load opens saved models and runs"
        )
    if (place / "_temporary").exists():
        raise FormatError(f"{str(place)!r} holds _temporary: the job that writes the table has not ended, or failed")
    for path in parts:
        if not _is_part(path):
            raise FormatError(
                f"{str(place)!r} holds {path.name!r} beside parts of a table: move it away, or load one part"
            )
    return sorted(parts, key=_in_order)


def _files(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir()) if is_folder(folder) else []
    except OSError as error:
        raise FormatError(f"cannot read {str(folder)!r}: {reason(error)}") from error


def _is_part(path: Path) -> bool:
    return path.suffix in TABLE_SUFFIXES and not path.name.startswith((".", "_")) and path.is_file()


def _in_order(path: Path) -> list[tuple[int, str]]:
    """A key that puts part.9 before part.10."""
    return [(int(each), "") if each.isdigit() else (-1, each) for each in _NUMBERS.split(path.name)]

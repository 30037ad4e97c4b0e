"""Splitting of a source into parts that can be read independently. Read in order, the parts give the whole text.

Files with one record per line are split by byte ranges, Parquet files by row groups. Files that can only be read
sequentially are not split: compressed files, files in an encoding other than UTF-8, and formats in which a record can
span several lines.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator

from wordkin.corpus.readers.encodings import means_utf8
from wordkin.corpus.readers.files import TextFile, compression_of, fsspec_module, reading
from wordkin.corpus.readers.formats import FORMATS
from wordkin.corpus.reading import reader_of
from wordkin.corpus.sources import Source

PART_BYTES = 1 << 24  # a constant, because what max_types drops in a part must not depend on the machines


def parts_of(source: Source, part_bytes: int = PART_BYTES) -> list[Source]:
    """Split a source into sources that each hold one file, or about ``part_bytes`` bytes of one file.

    Raises :class:`CorpusError` if a file cannot be read, or if the reading options do not fit its format.
    """
    return [
        dataclasses.replace(source, files=(part,), directories=())
        for file in source.files
        for part in _parts_of_file(file, source, part_bytes)
    ]


def _parts_of_file(file: TextFile, source: Source, part_bytes: int) -> Iterator[TextFile]:
    reader = reader_of(file, source.reading)
    parts = None if compression_of(file.name) else FORMATS[reader].parts
    if parts == "lines" and means_utf8(source.reading.encoding):
        size = _size_of(file)
        for start in range(0, size, part_bytes) if size is not None else ():
            yield dataclasses.replace(file, part=(start, min(start + part_bytes, size or 0)))
        if not size:
            yield file  # unknown or zero size: reading it will raise the error, if there is one
    elif parts == "row groups":
        from wordkin.corpus.readers.arrow import row_group_bytes

        groups = row_group_bytes(file)
        yield from (dataclasses.replace(file, part=part) for part in _grouped(groups, part_bytes))
    else:
        yield file


def _size_of(file: TextFile) -> int | None:
    """Size of a local or remote file in bytes; None if unknown."""
    if not file.is_remote:
        return file.size
    with reading(file.name):
        system, path = fsspec_module().core.url_to_fs(file.name)
        size: int | None = system.size(path)
        return size


def _grouped(sizes: list[int], least_bytes: int) -> Iterator[tuple[int, int]]:
    """Group consecutive row groups of Parquet into ranges of at least ``least_bytes``; yield each as (first, stop).

    ``sizes`` holds the size of each row group in bytes. The last range may be smaller.

    >>> list(_grouped([3, 4, 9, 1], 5))
    [(0, 2), (2, 3), (3, 4)]
    """
    ends = list(itertools.accumulate(sizes))
    first, before = 0, 0
    for number, end in enumerate(ends, 1):
        if end - before >= least_bytes or number == len(ends):
            yield first, number
            first, before = number, end

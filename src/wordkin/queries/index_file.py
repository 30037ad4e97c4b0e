"""Seal and verify index files before usearch opens them. ``docs/formats.md`` specifies the format.

usearch memory-maps a file and follows the links in it without checking them, even beyond the end of the file. Two
checks prevent this. A checksum at the end of the file, the seal, proves that the file was written completely. Since
anyone can compute the seal of a malicious file, all links are checked as well.
"""

from __future__ import annotations

import hashlib
import mmap
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wordkin.errors import FormatError

SEAL_MAGIC = b"wordkin index 1\n"
_SEAL_BYTES = len(SEAL_MAGIC) + hashlib.sha256().digest_size
_MATRIX = np.dtype([("rows", "<u4"), ("row_bytes", "<u4")])
_HEAD = np.dtype([
    ("magic", "S7"), ("version", "<u2", 3), ("metric", "u1"), ("scalar", "u1"), ("key", "u1"), ("slot", "u1"),
    ("present", "<u8"), ("deleted", "<u8"), ("dimensions", "<u8"), ("rest", "V23"),
])  # fmt: skip
_GRAPH = np.dtype([
    ("nodes", "<u8"), ("links", "<u8"), ("base_links", "<u8"), ("highest_level", "<u8"), ("entry", "<u8")
])  # fmt: skip
USEARCH_MAJOR = 2  # the major version whose file layout this module knows
_KINDS = (ord("c"), 14, 15)  # usearch's numbers for cosine, keys of 64 bits and links of 32
_NUMBERS = {11: ("f32", 4), 12: ("f16", 2), 4: ("bf16", 2), 23: ("i8", 1)}  # usearch's kinds: name and bytes
_MOST_LINKS = 1 << 16
_PIECE_NODES = 1 << 12
_NODE_BYTES = 10  # size of the head of a node, which repeats the id of its word and its level


@dataclass(frozen=True, slots=True)
class IndexFacts:
    """Properties of an index: vector size, number type, and the largest word id (-1 if the index is empty)."""

    vector_size: int
    dtype: str
    largest_id: int


def seal(path: Path) -> None:
    """Append the digest of a file to its end. usearch ignores it."""
    with path.open("r+b") as file:
        digest = hashlib.file_digest(file, hashlib.sha256).digest()
        file.write(SEAL_MAGIC + digest)


def check_index_file(path: Path) -> IndexFacts:
    """Verify an index file by reading it once, and return its properties.

    Raises
    ------
    FormatError
        The file is damaged, or was not written by wordkin.
    """
    try:
        with path.open("rb") as file:
            data = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    except ValueError as error:  # an empty file cannot be mapped
        raise FormatError("it is empty") from error
    except OSError as error:
        raise FormatError(error.strerror or str(error)) from error
    content, end = data[:-_SEAL_BYTES], bytes(data[-_SEAL_BYTES:])
    if not end.startswith(SEAL_MAGIC):
        raise FormatError("its checksum is missing: it is truncated, or was written by another program")
    if hashlib.sha256(content).digest() != end[len(SEAL_MAGIC) :]:
        raise FormatError("its content does not match its checksum")
    return _checked_content(content)


def _checked_content(content: memoryview) -> IndexFacts:
    matrix = _record(content, 0, _MATRIX)
    at = _MATRIX.itemsize + int(matrix["rows"]) * int(matrix["row_bytes"])
    head = _record(content, at, _HEAD)
    if head["magic"] == b"usearch" and head["version"][0] != USEARCH_MAJOR:
        version = ".".join(map(str, head["version"]))
        raise FormatError(f"it was written by usearch {version}, but wordkin reads files of usearch {USEARCH_MAJOR}")
    _require(head["magic"] == b"usearch" and (head["metric"], head["key"], head["slot"]) == _KINDS, "its header")
    dtype, number_bytes = _NUMBERS.get(int(head["scalar"]), ("", 0))
    _require(int(matrix["row_bytes"]) == number_bytes * int(head["dimensions"]) > 0, "the size of its vectors")
    graph = _record(content, at + _HEAD.itemsize, _GRAPH)
    nodes = int(graph["nodes"])
    _require(nodes == matrix["rows"] == head["present"] and head["deleted"] == 0, "the number of its words")
    _require(0 < graph["links"] <= _MOST_LINKS and 0 < graph["base_links"] <= _MOST_LINKS, "its number of links")
    ids = np.sort(
        _checked_graph(content, at + _HEAD.itemsize + _GRAPH.itemsize, graph) if nodes else np.empty(0, "<u8")
    )
    _require((ids[1:] > ids[:-1]).all(), "an id")
    return IndexFacts(int(head["dimensions"]), dtype, int(ids[-1]) if nodes else -1)


def _checked_graph(content: memoryview, at: int, graph: np.void) -> NDArray[np.uint64]:
    """Check that links on each level lead only to nodes that are on this level; return the word id of each node."""
    nodes, highest, entry = (int(graph[name]) for name in ("nodes", "highest_level", "entry"))
    _require(at + 2 * nodes <= len(content), "the list of levels")
    levels = np.frombuffer(content, "<i2", nodes, at).astype(np.int64)
    _require(entry < nodes and levels.min() >= 0 and levels[entry] == highest == levels.max(), "the list of levels")
    link_bytes = [4 + 4 * int(graph[name]) for name in ("base_links", "links")]  # each list begins with its length
    sizes = _NODE_BYTES + link_bytes[0] + levels * link_bytes[1]
    starts = at + 2 * nodes + np.cumsum(sizes) - sizes
    _require(starts[-1] + sizes[-1] == len(content), "its length")
    _require((_gathered(content, starts + 8, 2, "<i2")[:, 0] == levels).all(), "the level of a word")
    for level in range(highest + 1):
        offsets = starts[levels >= level] + _NODE_BYTES + (level and link_bytes[0] + (level - 1) * link_bytes[1])
        for first in range(0, len(offsets), _PIECE_NODES):
            lists = _gathered(content, offsets[first : first + _PIECE_NODES], link_bytes[level > 0], "<u4")
            _check_links(lists[:, 0], lists[:, 1:], levels, level)
    return _gathered(content, starts, 8, "<u8")[:, 0]


def _check_links(counts: NDArray[Any], links: NDArray[Any], levels: NDArray[np.int64], level: int) -> None:
    """Raise FormatError if links of nodes on a level lead to nodes that do not exist or are not on that level.

    Row i of ``links`` holds the links of one node. Only the first ``counts[i]`` of them are used.
    """
    _require((counts <= links.shape[1]).all(), "the number of links of a word")
    if level == 0 and links.max() < len(levels):  # all nodes are on level 0, and unused slots hold 0
        return
    used = links[np.arange(links.shape[1]) < counts[:, None]]
    _require((used < len(levels)).all() and (levels[used] >= level).all(), "a link")


def _record(content: memoryview, at: int, dtype: np.dtype[Any]) -> np.void:
    _require(at + dtype.itemsize <= len(content), "its length")
    record: np.void = np.frombuffer(content, dtype, 1, at)[0]
    return record


def _gathered(content: memoryview, starts: NDArray[np.int64], size: int, code: str) -> NDArray[Any]:
    """Copy ``size`` bytes from each offset in ``starts``; return one row of numbers for each offset.

    The offsets need not be aligned. ``code`` is the number type.
    """
    piece = np.dtype((np.void, size))
    everywhere: NDArray[Any] = np.ndarray((len(content) - size + 1,), piece, content, 0, (1,))
    return everywhere[starts].view(code).reshape(len(starts), -1)


def _require(holds: bool | np.bool_, what: str) -> None:
    if not holds:
        raise FormatError(f"{what} is invalid")

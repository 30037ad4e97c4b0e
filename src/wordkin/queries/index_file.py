"""The file of an index of neighbours: sealed when it is written, checked whole before usearch follows its links.

usearch maps a file as it is and goes where its links point, even out of memory. So it is handed nothing but
what was written whole, as a seal at the end of the file shows, and what leads nowhere else, as a walk over
all links shows: anyone can put a seal on a file of his own making. ``docs/formats.md`` specifies the file.
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
USEARCH_MAJOR = 2  # the major version whose layout is described here
_KINDS = (ord("c"), 14, 15)  # usearch's numbers for cosine, keys of 64 bits and links of 32
_NUMBERS = {11: ("f32", 4), 12: ("f16", 2), 4: ("bf16", 2), 23: ("i8", 1)}  # usearch's kinds: name and bytes
_MOST_LINKS = 1 << 16
_PIECE_NODES = 1 << 12
_NODE_BYTES = 10  # before the links of a node: the id of its word, and its level again


@dataclass(frozen=True, slots=True)
class IndexFacts:
    """What an index was built for and how: length and type of a vector, and the largest id of a word, or -1."""

    vector_size: int
    dtype: str
    largest_id: int


def seal(path: Path) -> None:
    """Add the digest of a file to its end, where usearch does not look."""
    with path.open("r+b") as file:
        digest = hashlib.file_digest(file, hashlib.sha256).digest()
        file.write(SEAL_MAGIC + digest)


def check_index_file(path: Path) -> IndexFacts:
    """What an index was built for, once no search in it can go astray; reads the file once.

    Raises :class:`FormatError` with the reason where it is damaged, or none that wordkin wrote.
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
        raise FormatError("it has no seal of wordkin at its end: it was cut short, or made by another program")
    if hashlib.sha256(content).digest() != end[len(SEAL_MAGIC) :]:
        raise FormatError("its content is not what its seal says it was")
    return _checked_content(content)


def _checked_content(content: memoryview) -> IndexFacts:
    matrix = _record(content, 0, _MATRIX)
    at = _MATRIX.itemsize + int(matrix["rows"]) * int(matrix["row_bytes"])
    head = _record(content, at, _HEAD)
    if head["magic"] == b"usearch" and head["version"][0] != USEARCH_MAJOR:
        version = ".".join(map(str, head["version"]))
        raise FormatError(f"usearch {version} wrote it, and wordkin reads what usearch {USEARCH_MAJOR} writes")
    _require(head["magic"] == b"usearch" and (head["metric"], head["key"], head["slot"]) == _KINDS, "its head")
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
    """The id of the word at each node, uint64 [nodes], once all links lead to nodes of their own level or above."""
    nodes, highest, entry = (int(graph[name]) for name in ("nodes", "highest_level", "entry"))
    _require(at + 2 * nodes <= len(content), "its levels")
    levels = np.frombuffer(content, "<i2", nodes, at).astype(np.int64)
    _require(entry < nodes and levels.min() >= 0 and levels[entry] == highest == levels.max(), "its levels")
    link_bytes = [4 + 4 * int(graph[name]) for name in ("base_links", "links")]  # each list begins with its length
    sizes = _NODE_BYTES + link_bytes[0] + levels * link_bytes[1]
    starts = at + 2 * nodes + np.cumsum(sizes) - sizes
    _require(starts[-1] + sizes[-1] == len(content), "its length")
    _require((_gathered(content, starts + 8, 2, "<i2")[:, 0] == levels).all(), "the level of a word")
    for level in range(highest + 1):
        there = starts[levels >= level] + _NODE_BYTES + (level and link_bytes[0] + (level - 1) * link_bytes[1])
        for first in range(0, len(there), _PIECE_NODES):
            lists = _gathered(content, there[first : first + _PIECE_NODES], link_bytes[level > 0], "<u4")
            _check_links(lists[:, 0], lists[:, 1:], levels, level)
    return _gathered(content, starts, 8, "<u8")[:, 0]


def _check_links(counts: NDArray[Any], links: NDArray[Any], levels: NDArray[np.int64], level: int) -> None:
    """Refuse links to nodes that are not there, or not on that level."""
    _require((counts <= links.shape[1]).all(), "the number of links of a word")
    if level == 0 and links.max() < len(levels):  # all nodes are on it; where room for links is free it holds zeros
        return
    used = links[np.arange(links.shape[1]) < counts[:, None]]
    _require((used < len(levels)).all() and (levels[used] >= level).all(), "a link")


def _record(content: memoryview, at: int, dtype: np.dtype[Any]) -> np.void:
    _require(at + dtype.itemsize <= len(content), "its length")
    record: np.void = np.frombuffer(content, dtype, 1, at)[0]
    return record


def _gathered(content: memoryview, starts: NDArray[np.int64], size: int, code: str) -> NDArray[Any]:
    """Copies of the ``size`` bytes that begin at each place, wherever it lies, as rows of numbers."""
    piece = np.dtype((np.void, size))
    everywhere: NDArray[Any] = np.ndarray((len(content) - size + 1,), piece, content, 0, (1,))
    return everywhere[starts].view(code).reshape(len(starts), -1)


def _require(holds: bool | np.bool_, what: str) -> None:
    if not holds:
        raise FormatError(f"{what} cannot be right")

"""The native file: one safetensors file that is memory-mapped and searched where it lies.

``docs/formats.md`` specifies it. Reading follows the published layout of safetensors (eight bytes of
header length, a JSON header, the tensors) because every array must be a view into one mapping; the
tests read and write the same files with the safetensors library.
"""

from __future__ import annotations

import json
import math
import mmap
from collections.abc import Mapping
from typing import Any, BinaryIO, TypeGuard

import numpy as np
from numpy.typing import NDArray

from wordkin import __version__
from wordkin.embeddings.embeddings import Embeddings
from wordkin.embeddings.files import Source, known_stranger
from wordkin.errors import FormatError
from wordkin.vocabulary import Vocabulary

FORMAT_VERSION = "1"
_RESERVED = ("wordkin.format_version", "wordkin.version")
_TYPES = {"F32": "<f4", "F16": "<f2", "U8": "|u1", "I32": "<i4", "I64": "<i8"}
_NAMES = {np.dtype(code): name for name, code in _TYPES.items()}
_LONGEST_HEADER = 100_000_000  # bytes, as in the safetensors library
_ALIGNMENT = 8  # bytes; tensors of larger items come first, so that each starts at a multiple of its item size
_WRITE_BYTES = 1 << 26


def write_native(vectors: Embeddings, stream: BinaryIO) -> None:
    """Write the native format; the matrix is written without a copy."""
    vocabulary = vectors.vocabulary
    tensors: dict[str, NDArray[Any]] = {
        "word_offsets": vocabulary.words.offsets,
        "vectors": vectors.matrix,
        "word_order": vocabulary.order,
        "word_bytes": vocabulary.words.utf8,
    }
    if vocabulary.counts is not None:
        tensors["counts"] = vocabulary.counts
    tensors = dict(sorted(tensors.items(), key=lambda item: -item[1].itemsize))
    metadata = dict(vectors.metadata) | dict(zip(_RESERVED, (FORMAT_VERSION, __version__), strict=True))
    header: dict[str, Any] = {"__metadata__": metadata}
    start = 0
    for name, array in tensors.items():
        code = _NAMES[array.dtype.newbyteorder("<")]
        header[name] = {"dtype": code, "shape": list(array.shape), "data_offsets": [start, start + array.nbytes]}
        start += array.nbytes
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % _ALIGNMENT)
    stream.write(len(text).to_bytes(8, "little") + text)
    for array in tensors.values():
        data = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<")).reshape(-1).view(np.uint8)
        for first in range(0, len(data), _WRITE_BYTES):
            stream.write(data[first : first + _WRITE_BYTES].data)


def read_native(source: Source, limit: int | None) -> Embeddings:
    """Map a native file; only its header and the table of words are read now.

    Raises :class:`FormatError` where the file is not one that :func:`write_native` could have made. The
    vectors themselves are checked when they are used.
    """
    data = _mapped(source)
    try:
        header, start = _header(data)
        metadata = _metadata(header.pop("__metadata__", {}))
        arrays = {name: _array(name, entry, data, start) for name, entry in header.items() if name in _LAYOUT}
        missing = _LAYOUT.keys() - arrays.keys() - {"counts"}
        if missing:
            raise FormatError(f"there is no tensor {min(missing)!r}: it holds tensors, but not word vectors of wordkin")
        vocabulary = Vocabulary.from_packed(
            arrays["word_bytes"], arrays["word_offsets"], arrays["word_order"], arrays.get("counts")
        )
        if len(arrays["vectors"]) != len(vocabulary) or arrays["vectors"].shape[1] == 0:
            rows = f"{len(arrays['vectors']):,} rows of {arrays['vectors'].shape[1]:,} numbers"
            raise FormatError(f"the vectors are {rows}, for {len(vocabulary):,} words")
    except FormatError as error:
        raise source.broken(known_stranger(bytes(data[:8])) or str(error)) from None
    vectors = Embeddings(vocabulary, arrays["vectors"], metadata, path=source.path)
    return vectors if limit is None else vectors.first(limit)


_LAYOUT = {  # name: (types, number of dimensions)
    "vectors": (("F32", "F16"), 2),
    "word_bytes": (("U8",), 1),
    "word_offsets": (("I64",), 1),
    "word_order": (("I32",), 1),
    "counts": (("I64",), 1),
}


def _mapped(source: Source) -> memoryview:
    """The whole file: mapped, or in memory where it is compressed."""
    if not source.compressed:
        try:
            return memoryview(mmap.mmap(source.file.fileno(), 0, access=mmap.ACCESS_READ))
        except ValueError:  # an empty file cannot be mapped
            return memoryview(b"")
    parts = []
    while part := source.read(_WRITE_BYTES):
        parts.append(part)
    return memoryview(b"".join(parts))


def _header(data: memoryview) -> tuple[dict[str, Any], int]:
    """The parsed JSON header, and where in the file the tensors start."""
    if len(data) < 8:
        raise FormatError(f"the file ends after {len(data)} bytes, inside the length of its header")
    length = int.from_bytes(data[:8], "little")
    if length > min(len(data) - 8, _LONGEST_HEADER):
        raise FormatError(f"bytes 0 to 7 give the header {length:,} bytes, but the file has {len(data):,} in all")
    try:
        header = json.loads(bytes(data[8 : 8 + length]))
    except (ValueError, RecursionError) as error:
        raise FormatError(f"the header, bytes 8 to {7 + length:,}, is not JSON ({error})") from error
    if not isinstance(header, dict):
        raise FormatError(f"the header, bytes 8 to {7 + length:,}, is not a JSON object")
    return header, 8 + length


def _metadata(entry: object) -> Mapping[str, str]:
    if not isinstance(entry, dict) or not all(isinstance(value, str) for value in entry.values()):
        raise FormatError("the header's __metadata__ must map names to text")
    version = entry.get(_RESERVED[0], FORMAT_VERSION)
    if version != FORMAT_VERSION:
        raise FormatError(f"it is of format version {version!r}, and this wordkin reads {FORMAT_VERSION!r}: update it")
    return {key: value for key, value in entry.items() if key not in _RESERVED}


def _array(name: str, entry: object, data: memoryview, start: int) -> NDArray[Any]:
    """A view of one tensor, after checking that it lies in the file and is what it should be."""
    types, dimensions = _LAYOUT[name]
    fields = entry if isinstance(entry, dict) else {}
    code, shape, span = fields.get("dtype"), fields.get("shape"), fields.get("data_offsets")
    if code not in types or not _whole_numbers(shape, dimensions):
        wanted = f"{' or '.join(types)} in {dimensions} dimension{'s' * (dimensions > 1)}"
        raise FormatError(f"the tensor {name!r} must be {wanted}; the header says {code!r}, {shape!r}")
    dtype = np.dtype(_TYPES[code])
    size = math.prod(shape)
    available = len(data) - start
    if not _whole_numbers(span, 2) or not span[0] <= span[1] <= available or span[1] - span[0] != size * dtype.itemsize:
        raise FormatError(
            f"the tensor {name!r} needs {size * dtype.itemsize:,} bytes; the header places it at {span!r} "
            f"of the {available:,} bytes after the header"
        )
    return np.frombuffer(data, dtype, size, start + span[0]).reshape(shape)


def _whole_numbers(value: object, length: int) -> TypeGuard[list[int]]:
    """Whether a value from JSON is a list of so many numbers from 0 up (``True`` is none)."""
    return isinstance(value, list) and len(value) == length and all(type(each) is int and each >= 0 for each in value)

"""The safetensors file format: named arrays, written in pieces and read as views of one memory map.

A file is the header length in eight bytes, a JSON header and the tensors. wordkin implements the format itself, because
arrays must be views of one memory map and tables must be saved without a copy. The tests check the files against the
safetensors library.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any, Protocol, TypeGuard

import numpy as np
from numpy.typing import NDArray

from wordkin.errors import FormatError, shown

Layout = Mapping[str, tuple[tuple[str, ...], int]]  # tensor name -> (allowed types, number of dimensions)

_TYPES = {"F32": "<f4", "F16": "<f2", "U8": "|u1", "I8": "|i1", "I32": "<i4", "I64": "<i8"}
_NAMES = {np.dtype(code): name for name, code in _TYPES.items()}
_LONGEST_HEADER = 100_000_000  # bytes, as in the safetensors library
_ALIGNMENT = 8  # bytes; tensors are sorted by item size, largest first, so that each is aligned to its item size
_WRITE_BYTES = 1 << 26
# Item size in bytes of the safetensors types whose name ends in a number of bits.
_ITEM_BYTES = {
    name: int(name.lstrip("UIFB")) // 8
    for name in ("U8", "I8", "I16", "U16", "F16", "BF16", "I32", "U32", "F32", "F64", "I64", "U64")
}


class Writer(Protocol):
    """An object whose ``write`` accepts all bytes, such as a buffered file."""

    def write(self, data: bytes | memoryview, /) -> int: ...


def write_tensors(stream: Writer, tensors: Mapping[str, NDArray[Any]], metadata: Mapping[str, str]) -> None:
    """Write arrays of one or two dimensions, and metadata. Arrays that are not contiguous are copied in pieces."""
    header: dict[str, Any] = {"__metadata__": dict(metadata)}
    ordered = dict(sorted(tensors.items(), key=lambda item: -item[1].itemsize))
    start = 0
    for name, array in ordered.items():
        code = _NAMES[array.dtype.newbyteorder("<")]
        header[name] = {"dtype": code, "shape": list(array.shape), "data_offsets": [start, start + array.nbytes]}
        start += array.nbytes
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % _ALIGNMENT)
    stream.write(len(text).to_bytes(8, "little") + text)
    for array in ordered.values():
        rows = max(1, _WRITE_BYTES // max(1, array[:1].nbytes))
        for first in range(0, len(array), rows):
            piece = np.ascontiguousarray(array[first : first + rows], dtype=array.dtype.newbyteorder("<"))
            stream.write(piece.reshape(-1).view(np.uint8).data)


def read_tensors(data: memoryview, layout: Layout) -> tuple[dict[str, NDArray[Any]], dict[str, str]]:
    """Return the tensors named in ``layout`` as views of ``data``, and the metadata of the file.

    Raises :class:`FormatError` if ``data`` is not a valid file, or if a tensor does not match the layout.
    """
    header, start = _header(data)
    metadata = header.pop("__metadata__", {})
    if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
        raise FormatError("__metadata__ in the header must map names to strings")
    arrays = {name: _array(name, entry, data, start, *layout[name]) for name, entry in header.items() if name in layout}
    _check_spans(header, len(data) - start)
    return arrays, metadata


def _check_spans(header: Mapping[str, object], available: int) -> None:
    """Raise :class:`FormatError` unless the tensors fill the ``available`` bytes without gap or overlap."""
    spans = sorted((_span(name, entry, available), name) for name, entry in header.items())
    end, last = 0, "the header"
    for (start, stop), name in spans:
        if start < end:
            raise FormatError(f"the tensors {shown(last)} and {shown(name)} overlap at byte {start:,} after the header")
        if start > end:
            raise FormatError(f"bytes {end:,} to {start - 1:,} after the header belong to no tensor")
        end, last = stop, name
    if end < available:
        raise FormatError(f"the file has {available - end:,} extra bytes after its last tensor")


def _span(name: str, entry: object, available: int) -> tuple[int, int]:
    """Return the byte range of a tensor, given its entry in the header.

    Raises :class:`FormatError` if the range does not fit the type and shape of the tensor, or the ``available`` bytes.
    """
    fields = entry if isinstance(entry, dict) else {}
    code, shape, span = fields.get("dtype"), fields.get("shape"), fields.get("data_offsets")
    if not isinstance(code, str) or not isinstance(shape, list) or not _whole_numbers(shape, len(shape)):
        raise FormatError(
            f"the tensor {shown(name)} must have a dtype and a shape; the header has {shown(code)}, {shown(shape)}"
        )
    if not _whole_numbers(span, 2) or not span[0] <= span[1] <= available:
        rule = f"must lie in the {available:,} bytes after the header; its data_offsets are {shown(span)}"
        raise FormatError(f"the tensor {shown(name)} {rule}")
    if code in _ITEM_BYTES and span[1] - span[0] != math.prod(shape) * _ITEM_BYTES[code]:
        raise FormatError(f"the tensor {shown(name)} of {code} {shown(shape)} does not fill its data_offsets {span}")
    return span[0], span[1]


def _header(data: memoryview) -> tuple[dict[str, Any], int]:
    """Parse the JSON header; return it, and the number of bytes before the tensors."""
    if len(data) < 8:
        raise FormatError(f"the file ends after {len(data)} bytes, inside the length of its header")
    length = int.from_bytes(data[:8], "little")
    if length > min(len(data) - 8, _LONGEST_HEADER):
        raise FormatError(
            f"the header has {length:,} bytes, according to bytes 0 to 7, but the file has only {len(data):,} bytes: "
            "it is damaged, or not a safetensors file"
        )
    try:
        header = json.loads(
            bytes(data[8 : 8 + length]).decode(), object_pairs_hook=_distinct, parse_constant=_no_constant
        )
    except (ValueError, RecursionError) as error:
        raise FormatError(f"the header, bytes 8 to {7 + length:,}, is not JSON ({error})") from error
    if not isinstance(header, dict):
        raise FormatError(f"the header, bytes 8 to {7 + length:,}, is not a JSON object")
    return header, 8 + length


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Build a dict from the entries of a JSON object; raise :class:`FormatError` if a name occurs twice.

    Other readers of the format would differ in which of the two entries they use.
    """
    members = dict(pairs)
    if len(members) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for position, name in enumerate(names) if name in names[:position])
        raise FormatError(f"the header names {shown(twice)} twice")
    return members


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is not valid JSON")


def _array(
    name: str, entry: object, data: memoryview, start: int, types: tuple[str, ...], dimensions: int
) -> NDArray[Any]:
    """Return a tensor as a view of ``data``, whose tensors begin at byte ``start``.

    Raises :class:`FormatError` unless its type is one of ``types`` and it has the given number of dimensions.
    """
    fields = entry if isinstance(entry, dict) else {}
    code, shape, span = fields.get("dtype"), fields.get("shape"), fields.get("data_offsets")
    if code not in types or not _whole_numbers(shape, dimensions):
        wanted = f"{' or '.join(types)} in {dimensions} dimension{'s' * (dimensions > 1)}"
        raise FormatError(f"the tensor {shown(name)} must be {wanted}; the header has {shown(code)}, {shown(shape)}")
    dtype = np.dtype(_TYPES[code])
    size = math.prod(shape)
    available = len(data) - start
    if not _whole_numbers(span, 2) or not span[0] <= span[1] <= available or span[1] - span[0] != size * dtype.itemsize:
        raise FormatError(
            f"the tensor {shown(name)} needs {size * dtype.itemsize:,} bytes; its data_offsets are {shown(span)} in "
            f"the {available:,} bytes after the header"
        )
    return np.frombuffer(data, dtype, size, start + span[0]).reshape(shape)


def _whole_numbers(value: object, length: int) -> TypeGuard[list[int]]:
    """Whether a JSON value is a list of ``length`` nonnegative whole numbers; true and false are not numbers."""
    return isinstance(value, list) and len(value) == length and all(type(each) is int and each >= 0 for each in value)

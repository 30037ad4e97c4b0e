"""What a file of tensors may be: each byte in one tensor, each name once; the safetensors library agrees."""

from __future__ import annotations

import json

import numpy as np
import pytest
import safetensors
from hypothesis import given
from hypothesis import strategies as st

from wordkin.errors import FormatError
from wordkin.storage.tensors import read_tensors

LAYOUT = {"a": (("F32",), 1), "b": (("U8",), 1)}
A = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}
B = {"dtype": "U8", "shape": [3], "data_offsets": [8, 11]}
DATA = np.array([1.5, 2.5], "<f4").tobytes() + b"xyz"


def file_of(header: dict | str, data: bytes = DATA) -> memoryview:
    text = (header if isinstance(header, str) else json.dumps(header)).encode()
    return memoryview(len(text).to_bytes(8, "little") + text + data)


def test_the_right_file():
    arrays, metadata = read_tensors(file_of({"__metadata__": {"k": "v"}, "b": B, "a": A}), LAYOUT)
    assert arrays["a"].tolist() == [1.5, 2.5] and arrays["b"].tobytes() == b"xyz" and metadata == {"k": "v"}


def text_of(*members: tuple[str, dict]) -> str:
    """A JSON object with these members, which may share a name."""
    return "{" + ", ".join(f"{json.dumps(name)}: {json.dumps(value)}" for name, value in members) + "}"


def other(dtype: str, shape: list[int], start: int, stop: int) -> dict:
    return {"dtype": dtype, "shape": shape, "data_offsets": [start, stop]}


REFUSED = {
    "trailing bytes": ({"a": A, "b": B}, DATA + b"!!", "the file has 2 extra bytes after its last tensor"),
    "only trailing bytes": ({}, b"!", "the file has 1 extra bytes after its last tensor"),
    "a hole before the first": (
        {"a": A | {"data_offsets": [3, 11]}}, DATA, "bytes 0 to 2 after the header belong to no tensor"
    ),
    "a hole between": ({"a": A, "b": B | {"data_offsets": [9, 12]}}, DATA + b"!", "bytes 8 to 8 after the header"),
    "the same bytes": ({"a": A, "c": A, "b": B}, DATA, "the tensors 'a' and 'c' overlap at byte 0 after the header"),
    "a part of the bytes": ({"a": A, "b": B | {"data_offsets": [7, 10]}}, DATA[:-1], "the tensors 'a' and 'b' overlap"),
    "an unknown tensor over a known one": ({"a": A, "b": B, "c": other("I8", [4], 2, 6)}, DATA, "'a' and 'c' overlap"),
    "an unknown tensor beyond the end": (
        {"a": A, "b": B, "c": other("I8", [9], 11, 20)}, DATA, "the tensor 'c' must lie in the 11 bytes after"
    ),
    "an unknown tensor of another size": (
        {"a": A, "c": other("F64", [1], 8, 11)}, DATA, "of F64 [1] does not fill its data_offsets [8, 11]"
    ),
    "an unknown tensor without a shape": ({"a": A, "b": B, "c": {"dtype": "F32"}}, DATA, "have a dtype and a shape"),
    "an unknown tensor that is none": ({"a": A, "b": B, "c": 3}, DATA, "the tensor 'c' must have a dtype and a shape"),
    "an unknown tensor before the start": (
        {"a": A, "b": B, "c": other("I8", [1], -1, 0)}, DATA, "the tensor 'c' must lie in the 11 bytes after the header"
    ),
    "an unknown tensor backwards": ({"a": A, "b": B, "c": other("I8", [0], 11, 10)}, DATA, "data_offsets are [11, 10]"),
    "a tensor twice": (text_of(("a", A), ("a", A), ("b", B)), DATA, "names 'a' twice"),
    "a field twice": (text_of(("a", A)).replace("{", '{"b": {"dtype": "U8", "dtype": ""}, ', 1), DATA, "'dtype' twice"),
    "metadata twice": (
        text_of(("__metadata__", {}), ("__metadata__", {}), ("a", A), ("b", B)), DATA,
        "the header names '__metadata__' twice",
    ),
    "a key of the metadata twice": (
        text_of(("a", A), ("b", B)).replace("{", '{"__metadata__": {"k": "1", "k": "2"}, ', 1), DATA, "'k' twice"
    ),
    "numbers in the metadata": ({"__metadata__": {"k": 1}, "a": A, "b": B}, DATA, "must map names to strings"),
    "nothing as metadata": ({"__metadata__": None, "a": A, "b": B}, DATA, "must map names to strings"),
    "metadata in metadata": ({"__metadata__": {"k": {}}, "a": A, "b": B}, DATA, "must map names to strings"),
    "a list as metadata": ({"__metadata__": [], "a": A, "b": B}, DATA, "must map names to strings"),
    "a constant that is no JSON": ('{"a": NaN}', DATA, "is not JSON (NaN is not valid JSON)"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_no_reader_should_take_is_refused(case):
    header, data, message = REFUSED[case]
    with pytest.raises(FormatError) as caught:
        read_tensors(file_of(header, data), LAYOUT)
    assert message in str(caught.value)


def test_a_header_that_is_not_utf8():
    with pytest.raises(FormatError, match="is not JSON"):
        read_tensors(memoryview((4).to_bytes(8, "little") + b'{"\xff"'), LAYOUT)


def test_tensors_without_bytes_may_lie_anywhere_between_others():
    header = {
        "a": A,
        "b": B,
        "c": other("F64", [0, 5], 8, 8),
        "d": other("F8_E4M3", [0], 0, 0),
        "e": other("Q", [], 11, 11),
    }
    assert read_tensors(file_of(header), LAYOUT)[0].keys() == {"a", "b"}


spans = st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), min_size=1, max_size=4)


@given(spans, st.integers(0, 14))
def test_the_safetensors_library_agrees_about_where_tensors_lie(places, size):
    header = {f"t{i}": other("U8", [max(stop - start, 0)], start, stop) for i, (start, stop) in enumerate(places)}
    content = file_of(header, bytes(size))
    try:
        theirs = bool(safetensors.deserialize(bytes(content)))
    except safetensors.SafetensorError:
        theirs = False
    try:
        ours = bool(read_tensors(content, dict.fromkeys(header, (("U8",), 1)))[0])
    except FormatError:
        ours = False
    assert ours == theirs

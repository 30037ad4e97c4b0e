"""Vocabularies as arrays in a safetensors file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

from wordkin.errors import FormatError
from wordkin.storage.tensors import Layout
from wordkin.vocabulary.vocabulary import Vocabulary

VOCABULARY_LAYOUT: Layout = {
    "word_bytes": (("U8",), 1),
    "word_offsets": (("I64",), 1),
    "word_order": (("I32",), 1),
    "counts": (("I64",), 1),
}


_ITEMS, _INTEGERS = "wordkin.items", "integer"
VOCABULARY_KEYS = (_ITEMS,)
"""The keys of :func:`vocabulary_metadata`."""


def vocabulary_metadata(vocabulary: Vocabulary) -> dict[str, str]:
    """Return the metadata that a file needs besides the arrays of a vocabulary: whether its items are whole numbers."""
    return {_ITEMS: _INTEGERS} if vocabulary.integers else {}


def vocabulary_of_tensors(arrays: Mapping[str, NDArray[Any]], metadata: Mapping[str, str]) -> Vocabulary:
    """Build a vocabulary from arrays and metadata of a file.

    Raises :class:`FormatError` if they are damaged, or if the words are of a kind that this version does not know.
    """
    items = metadata.get(_ITEMS)
    if items not in (None, _INTEGERS):
        raise FormatError(f"its items have the unknown kind {items!r}: update wordkin")
    return Vocabulary.from_packed(
        arrays["word_bytes"], arrays["word_offsets"], arrays["word_order"], arrays.get("counts"),
        integers=items == _INTEGERS,
    )  # fmt: skip


def vocabulary_tensors(vocabulary: Vocabulary) -> dict[str, NDArray[Any]]:
    """The arrays that store a vocabulary in a file."""
    tensors: dict[str, NDArray[Any]] = {
        "word_offsets": vocabulary.words.offsets,
        "word_order": vocabulary.order,
        "word_bytes": vocabulary.words.utf8,
    }
    return tensors if vocabulary.counts is None else tensors | {"counts": vocabulary.counts}

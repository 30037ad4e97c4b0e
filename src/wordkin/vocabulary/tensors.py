"""A vocabulary as the arrays that hold it in a file of tensors."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from wordkin.storage.tensors import Layout
from wordkin.vocabulary.vocabulary import Vocabulary

VOCABULARY_LAYOUT: Layout = {
    "word_bytes": (("U8",), 1),
    "word_offsets": (("I64",), 1),
    "word_order": (("I32",), 1),
    "counts": (("I64",), 1),
}


def vocabulary_tensors(vocabulary: Vocabulary) -> dict[str, NDArray[Any]]:
    """A vocabulary as the arrays that hold it in a file."""
    tensors: dict[str, NDArray[Any]] = {
        "word_offsets": vocabulary.words.offsets,
        "word_order": vocabulary.order,
        "word_bytes": vocabulary.words.utf8,
    }
    return tensors if vocabulary.counts is None else tensors | {"counts": vocabulary.counts}

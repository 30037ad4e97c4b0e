"""The trained arrays by name, and how they start.

Backends keep tables in whatever layout is fast and hand them out under these names:

========================  ===================  =====================================================
name                      shape                what it is
========================  ===================  =====================================================
``input``                 [V, N]               the projection, one row per word: the word vectors
``output/OBJECTIVE``      [V or nodes, N]      one row per word, or per inner node of the Huffman tree
``projection_bias``       [N]                  added to the hidden layer (option)
``output_bias/OBJECTIVE`` [V or nodes]         added to the scores (option)
========================  ===================  =====================================================
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wordkin.config import TrainingConfig

NamedTables = Mapping[str, NDArray[Any]]

_INITIALISATION_STREAM = 0
_ROWS_AT_A_TIME = 65_536


def output_rows(objective: str, vocabulary_size: int) -> int:
    """Rows of an objective's output table: one per word, or one per inner node of the tree."""
    return vocabulary_size - 1 if objective == "hierarchical-softmax" else vocabulary_size


def initial_input_rows(config: TrainingConfig, vocabulary_size: int) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """(first row, rows float32 [some, N]) of the input table: uniform in ±0.5 / N (word2vec.c). Other tables start at 0."""
    size = config.vector_size
    generator = np.random.Generator(np.random.Philox(key=[config.seed, _INITIALISATION_STREAM]))
    for first in range(0, vocabulary_size, _ROWS_AT_A_TIME):
        count = min(_ROWS_AT_A_TIME, vocabulary_size - first)
        rows = generator.random((count, size), dtype=np.float32)
        rows -= np.float32(0.5)
        rows /= np.float32(size)
        yield first, rows


def result_vectors(config: TrainingConfig, tables: NamedTables) -> NDArray[np.float32]:
    """The word vectors [V, N] that ``config.vectors`` asks for, as a new array."""
    inputs = tables["input"]
    if config.vectors == "input":
        return np.array(inputs, np.float32)
    objective = next(each for each in config.objectives if each != "hierarchical-softmax")
    outputs = tables[f"output/{objective}"]
    if config.vectors == "output":
        return np.array(outputs, np.float32)
    summed = np.add(inputs, outputs, dtype=np.float32)
    return summed if config.vectors == "sum" else summed * np.float32(0.5)

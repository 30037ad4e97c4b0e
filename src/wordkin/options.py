"""Types of the training options, for type checkers: :class:`TrainingOptions` has a key for each config field."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypedDict

Architecture = Literal["skip-gram", "cbow"]
Objective = Literal["negative-sampling", "hierarchical-softmax", "softmax"]
Combine = Literal["mean", "sum"]
Gradient = Literal["word2vec", "exact"]
ResultTable = Literal["input", "output", "sum", "average"]
Reader = Literal["text", "jsonl", "csv", "tsv", "parquet", "arrow", "wikiextractor"]
EncodingErrors = Literal["replace", "strict", "ignore"]
Recipe = Literal["word2vec", "quality"]
PhraseScoring = Literal["word2phrase", "npmi"]
Lowercase = bool | Literal["tr", "az", "lt"]
Normalization = Literal["NFC", "NFKC", "NFD"]
SubsampleFormula = Literal["word2vec", "paper"]
MergeDtype = Literal["float32", "bfloat16"]


class TrainingOptions(TypedDict, total=False):
    """Keyword arguments of training; :class:`wordkin.TrainingConfig` defines their rules, defaults and meaning."""

    recipe: Recipe | None
    architecture: Architecture
    objective: Objective | tuple[Objective, ...] | list[Objective]
    vector_size: int
    window: int | Literal["sentence"]
    dynamic_window: bool
    max_context: int
    negative: int
    noise_exponent: float
    cbow_combine: Combine
    cbow_gradient: Gradient
    projection_bias: bool
    output_bias: bool
    vectors: ResultTable
    tokenizer: str | Callable[[str], list[str]]
    lowercase: Lowercase
    normalize: Normalization | None
    keep: str | Callable[[str], object] | None
    field: str | int | None
    reader: Reader | None
    delimiter: str | None
    quoting: bool
    encoding: str
    encoding_errors: EncodingErrors
    phrases: int | str | None
    phrase_min_count: int
    phrase_threshold: float | None
    phrase_scoring: PhraseScoring
    phrase_connectors: tuple[str, ...] | list[str]
    phrase_delimiter: str
    min_count: int
    max_vocabulary: int | None
    keep_words: tuple[str, ...] | list[str] | tuple[int, ...] | list[int]
    rare_counts: bool
    max_types: int | None
    subsample: float
    subsample_formula: SubsampleFormula
    epochs: int
    learning_rate: float | None
    min_learning_rate: float | None
    validation_fraction: float | None
    patience: int | None
    threads: int | None
    seed: int
    deterministic: bool
    parts: int
    replicas: int
    round_words: int | None
    merge_all_every: int
    frequent_rows: int
    merge_dtype: MergeDtype
    merge_late: bool

"""Evaluate word vectors on benchmarks: scores with coverage and confidence intervals, and significance tests."""

from wordkin.evaluation.analogies import AnalogyResult, AnalogyScore, evaluate_analogies
from wordkin.evaluation.categories import CategoryResult, CategoryScore, evaluate_categories
from wordkin.evaluation.comparison import Comparison, compare
from wordkin.evaluation.evaluate import Result, evaluate_benchmark, evaluate_file
from wordkin.evaluation.files.options import KINDS, ReadOptions
from wordkin.evaluation.files.read import read_dataset
from wordkin.evaluation.files.report import FileReading
from wordkin.evaluation.odd_one_out import OddOneOutResult, OddOneOutScore, evaluate_odd_one_out
from wordkin.evaluation.similarity import Correlation, SimilarityResult, evaluate_similarity

__all__ = [
    "KINDS",
    "AnalogyResult",
    "AnalogyScore",
    "CategoryResult",
    "CategoryScore",
    "Comparison",
    "Correlation",
    "FileReading",
    "OddOneOutResult",
    "OddOneOutScore",
    "ReadOptions",
    "Result",
    "SimilarityResult",
    "compare",
    "evaluate_analogies",
    "evaluate_benchmark",
    "evaluate_categories",
    "evaluate_file",
    "evaluate_odd_one_out",
    "evaluate_similarity",
    "read_dataset",
]

"""The settings that benchmarks compare, as options of wordkin and of gensim."""

from __future__ import annotations

from typing import Any

from wordkin.config import TrainingConfig

# All other options have wordkin's defaults on both sides: window 5, 5 noise words, min_count 5, subsampling 1e-3.
SETTINGS: dict[str, dict[str, Any]] = {
    "skip-gram NS 100": {"architecture": "skip-gram", "objective": "negative-sampling", "vector_size": 100},
    "skip-gram NS 300": {"architecture": "skip-gram", "objective": "negative-sampling", "vector_size": 300},
    "CBOW NS 100": {"architecture": "cbow", "objective": "negative-sampling", "vector_size": 100},
    "skip-gram HS 100": {"architecture": "skip-gram", "objective": "hierarchical-softmax", "vector_size": 100},
    "CBOW HS 100": {"architecture": "cbow", "objective": "hierarchical-softmax", "vector_size": 100},
}
LABELS = {"skip-gram": "skip-gram", "cbow": "CBOW"}
SHORT = {"negative-sampling": "NS", "hierarchical-softmax": "HS", "softmax": "softmax"}


def gensim_options(config: TrainingConfig) -> dict[str, Any]:
    """Return the keyword arguments of ``gensim.models.Word2Vec`` for the same training; raise if there are none."""
    if set(config.objectives) - {"negative-sampling", "hierarchical-softmax"}:
        raise ValueError(f"gensim cannot train {config.objectives}")
    return {
        "sg": int(config.architecture == "skip-gram"),
        "hs": int("hierarchical-softmax" in config.objectives),
        "negative": config.negative if "negative-sampling" in config.objectives else 0,
        "ns_exponent": config.noise_exponent,
        "cbow_mean": int(config.cbow_combine == "mean"),
        "vector_size": config.vector_size,
        "window": config.window,
        "shrink_windows": config.dynamic_window,
        "min_count": config.min_count,
        "max_final_vocab": config.max_vocabulary,
        "sample": config.subsample,
        "alpha": config.starting_learning_rate,
        "min_alpha": config.final_learning_rate,
        "epochs": config.epochs,
        "workers": config.worker_threads,
        "seed": config.seed,
    }


def spelled(name: str) -> str:
    """A row's name for readers who do not know the abbreviations: skip-gram, negative sampling, size 100."""
    architecture, objective, size = name.split()
    objectives = {"NS": "negative sampling", "HS": "hierarchical softmax"}
    return f"{architecture}, {objectives[objective]}, size {size}"

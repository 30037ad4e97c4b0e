"""The work of a shard is bounded, whatever the options, and no ordinary configuration is touched by the bound."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from wordkin.config import ARCHITECTURES, OBJECTIVES, TrainingConfig
from wordkin.corpus.encoded import EncodedCorpus
from wordkin.objectives.cpu.layout import choose_layout
from wordkin.training.cpu.sampler import Sampler, Text
from wordkin.training.cpu.shard_length import MOST_OPERATIONS, MOST_SHARD_WORDS, shard_words
from wordkin.training.cpu.steps import AnyStep, Sharing, make_steps
from wordkin.vocabulary.huffman import HuffmanTree
from wordkin.vocabulary.subsampling import keep_probabilities
from wordkin.windows.rng import NOISE, WINDOWS
from wordkin.windows.windows import Windows, keep_thresholds

SETS_OF_OBJECTIVES = [
    chosen for number in range(1, len(OBJECTIVES) + 1) for chosen in itertools.combinations(OBJECTIVES, number)
]
EXTREMES: list[dict[str, Any]] = [
    {"window": 10_000},
    {"window": "sentence", "max_context": 10_000},
    {"window": 10_000, "dynamic_window": False, "negative": 4096},
    {"window": 10_000, "vector_size": 300, "learning_rate": 10.0},
    {"vector_size": 65_536},
    {"vector_size": 65_536, "negative": 4096},
    {"vector_size": 65_536, "window": 10_000, "negative": 4096},
    {"negative": 4096, "window": 100, "dynamic_window": False},
]


def zipf_counts(vocabulary_size: int) -> np.ndarray:
    return np.maximum(1, 10_000_000 // np.arange(1, vocabulary_size + 1))


def steps_of(config: TrainingConfig, counts: np.ndarray) -> list[AnyStep]:
    layout = choose_layout(config.vector_size + config.output_bias)
    keep = keep_probabilities(counts, config.subsample, config.subsample_formula)
    return make_steps(config, layout, counts, keep, Sharing(writers=1, noise_uses=1))


def words_of(config: TrainingConfig, counts: np.ndarray) -> int:
    return shard_words(steps_of(config, counts), config.parts if config.deterministic else 1)


def multiplications(config: TrainingConfig, step: Any, objective: str, windows: Windows, counts: np.ndarray) -> int:
    """Numbers that are multiplied for the windows of a shard, counted example by example."""
    centres = slice(windows.first, windows.stop)
    contexts = (windows.stops[centres] - windows.starts[centres] - 1).astype(np.int64)
    size = config.vector_size
    cbow = config.architecture == "cbow"
    hidden_rows = np.minimum(contexts, 1) if cbow else contexts
    if objective == "hierarchical-softmax":
        path = HuffmanTree.from_counts(counts).lengths[windows.word_ids[centres]]
        outputs = hidden_rows * path
    elif objective == "softmax":
        outputs = np.minimum(contexts, 1) * len(counts)
    elif step.block.pair_by_pair:
        outputs = hidden_rows * (1 + config.negative)
    else:
        outputs = hidden_rows + step.block.noise
    return int(3 * size * outputs.sum() + (2 * size * contexts.sum() if cbow else 0))


@pytest.mark.parametrize("objectives", SETS_OF_OBJECTIVES, ids="+".join)
@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("options", EXTREMES, ids=str)
def test_the_work_of_a_shard_is_bounded(
    architecture: str, objectives: tuple[str, ...], options: dict[str, Any]
) -> None:
    """In one long sentence, where windows are as wide as they can be. A shard of one centre cannot be shorter."""
    counts = zipf_counts(3000)
    ids = np.random.default_rng(1).integers(0, 3000, 60_000).astype(np.int32)
    corpus = EncodedCorpus(ids, np.array([0, len(ids)]), "none")
    config = TrainingConfig(**{"architecture": architecture, "objective": objectives, "subsample": 0.0, **options})
    for parts in (1, 2, 64):
        steps = steps_of(config, counts)
        words = shard_words(steps, parts)
        assert 1 <= words <= MOST_SHARD_WORDS
        if words * max(each.operations for each in steps) > 2**37:
            continue  # one centre is more than could be drawn here; its noise words alone fill memory
        sampler = Sampler(config, keep_thresholds(np.ones(3000)), [])
        text = Text(corpus, 1, (WINDOWS, 0), (NOISE, 0), lambda position: 0.025)
        windows = sampler.draw(text, range(30_000, 30_000 + words)).windows
        done = sum(
            2 * multiplications(config, step, objective, windows, counts)
            for step, objective in zip(steps, config.objectives, strict=True)
        )
        assert done * parts <= MOST_OPERATIONS or words == 1


@pytest.mark.parametrize("deterministic", [False, True])
@pytest.mark.parametrize("vector_size", [20, 100, 300])
@pytest.mark.parametrize("window", [5, 10])
@pytest.mark.parametrize("objective", OBJECTIVES[:2])
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_ordinary_shards_are_as_long_as_without_the_bound(
    architecture: str, objective: str, window: int, vector_size: int, deterministic: bool
) -> None:
    """Their bits are those of versions that had no bound."""
    if deterministic and (window, vector_size) == (10, 300):
        return  # a hierarchical softmax of this size is at the bound
    config = TrainingConfig(
        architecture=architecture, objective=objective, window=window, vector_size=vector_size,
        deterministic=deterministic,
    )  # fmt: skip
    assert words_of(config, zipf_counts(100_000)) == MOST_SHARD_WORDS


@pytest.mark.parametrize(("vocabulary", "words"), [(2_000, 6391), (10_000, 1278), (100_000, 127), (300_000, 64)])
def test_a_full_softmax_has_the_shards_it_had(vocabulary: int, words: int) -> None:
    for deterministic in (False, True):
        config = TrainingConfig(objective="softmax", deterministic=deterministic)
        assert words_of(config, zipf_counts(vocabulary)) == words


def test_a_shard_draws_a_bounded_number_of_noise_words() -> None:
    """A centre with ten thousand contexts and thousands of noise words for each is a shard of its own."""
    for negative in (5, 500, 4096):
        config = TrainingConfig(window=10_000, negative=negative, dynamic_window=False)
        (step,) = steps_of(config, zipf_counts(1000))
        assert step.shard_words == 1 or step.shard_words * 20_000 * negative <= 2**23

"""The same seed, the same bits; another seed, other draws of every kind."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

import wordkin
from wordkin import Word2Vec
from wordkin.training import tables
from wordkin.windows.rng import random_bits, stream_key

SMALL = {"vector_size": 8, "min_count": 1, "epochs": 2}
MODELS = [
    {"architecture": architecture, "objective": objective}
    for architecture in ("skip-gram", "cbow")
    for objective in ("negative-sampling", "hierarchical-softmax", "softmax")
]


def bits(sentences, **options) -> dict[str, bytes]:
    model = Word2Vec(**SMALL | options).fit(sentences)
    return {name: table.tobytes() for name, table in model._tables.items()}


def outputs_of_processes(script: str) -> set[str]:
    """What a script prints, in processes that hash text in different ways."""
    return {
        subprocess.run(
            [sys.executable, "-c", script],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "2")
    }


def test_processes_agree_whatever_their_hash_seed(tmp_path):
    """Also on the order of files that are given as a set, which has none."""
    for name in "abcdefgh":
        (tmp_path / f"{name}.txt").write_text(f"the cat sat on the mat with {name}\nthe dog sat on the rug\n" * 100)
    script = f"""
import hashlib, pathlib, wordkin
text = set(pathlib.Path({str(tmp_path)!r}).iterdir())
vectors = wordkin.train(text, vector_size=8, min_count=1, threads=1, validation_fraction=0.1)
print(hashlib.sha256(vectors.matrix.tobytes()).hexdigest(), list(vectors.words))
"""
    assert len(outputs_of_processes(script)) == 1


@pytest.mark.parametrize("options", MODELS, ids=lambda options: "-".join(options.values()))
def test_any_number_of_threads_gives_the_same_bits(sentences, options):
    results = [bits(sentences, deterministic=True, threads=threads, **options) for threads in (1, 2, 3, 8)]
    assert all(result == results[0] for result in results)


@pytest.mark.parametrize("options", MODELS, ids=lambda options: "-".join(options.values()))
def test_one_thread_gives_the_same_bits_twice(sentences, options):
    assert bits(sentences, threads=1, **options) == bits(sentences, threads=1, **options)


@pytest.mark.parametrize(
    "options",
    [
        {"subsample": 0, "dynamic_window": False, "objective": "softmax", "epochs": 1, "learning_rate": 1e-12},
        {"subsample": 0, "objective": "softmax"},
        {"dynamic_window": False, "objective": "softmax"},
        {"subsample": 0, "dynamic_window": False, "objective": "negative-sampling"},
    ],
    ids=["initialisation", "windows", "subsampling", "noise"],
)
def test_the_seed_reaches_everything(sentences, options, monkeypatch):
    """Random in each of these are initialisation and one thing more, which still differs when the first is held."""
    draws = {seed: bits(sentences, threads=1, seed=seed, **options) for seed in (1, 2)}
    assert draws[1]["input"] != draws[2]["input"]
    if "learning_rate" in options:
        return
    still = dict(tables.initial_input_rows(Word2Vec(**SMALL).config, 300))
    monkeypatch.setattr(tables, "initial_input_rows", lambda config, rows: iter(still.items()))
    draws = {seed: bits(sentences, threads=1, seed=seed, **options) for seed in (1, 2)}
    assert draws[1]["input"] != draws[2]["input"]


def test_no_two_streams_share_numbers():
    """The first numbers of streams of other seeds, purposes, epochs and shards all differ: none lags behind another."""
    keys = [
        stream_key(seed, purpose, epoch, shard)
        for seed in (0, 1, 2**63 - 1)
        for purpose in range(4)
        for epoch in range(5)
        for shard in range(0, 5 * 16_384, 16_384)
    ] + [stream_key(seed, purpose, epoch) for seed in (0, 1) for purpose in range(4) for epoch in range(5)]
    numbers = {int(random_bits(np.uint64(key), counter)) for key in keys for counter in range(200)}
    assert len(numbers) == len(keys) * 200


def test_the_number_of_threads_is_not_in_the_file(sentences, tmp_path):
    for threads in (1, 2):
        options = {"vector_size": 8, "min_count": 1, "epochs": 1, "deterministic": True, "threads": threads}
        wordkin.train(sentences, output=tmp_path / f"{threads}.safetensors", **options)
    assert (tmp_path / "1.safetensors").read_bytes() == (tmp_path / "2.safetensors").read_bytes()

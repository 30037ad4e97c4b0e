"""Whole runs with replicas, as people start them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from wordkin import TrainingReport, Word2Vec
from wordkin.errors import ConfigError

RNG = np.random.default_rng(3)
SENTENCES = [[f"w{number}" for number in RNG.zipf(1.4, 12) if number < 200] for _ in range(600)]
OPTIONS = {
    "vector_size": 7, "epochs": 2, "min_count": 2, "deterministic": True, "replicas": 3, "round_words": 400,
    "merge_all_every": 2, "validation_fraction": 0.1, "patience": 2,
}  # fmt: skip


def test_a_resumed_run_ends_as_one_that_was_not_stopped(tmp_path: Path) -> None:
    seen: list[int] = []

    def stop(report: TrainingReport) -> bool:
        seen.append(report.words)
        return True

    whole = Word2Vec(**OPTIONS).fit(SENTENCES)  # type: ignore[arg-type]
    Word2Vec(**OPTIONS).fit(SENTENCES, checkpoint=tmp_path, callbacks=[stop], checkpoint_every=0)  # type: ignore[arg-type]
    assert seen == [2 * 3 * 100 * 2]  # two short periods; a long one does not fit into the first span
    resumed = Word2Vec.resume(tmp_path, threads=1)
    assert resumed.embeddings.matrix.tobytes() == whole.embeddings.matrix.tobytes()
    assert resumed.validation_losses == whole.validation_losses


def test_other_clocks_are_another_run(tmp_path: Path) -> None:
    Word2Vec(**OPTIONS).fit(SENTENCES, checkpoint=tmp_path)  # type: ignore[arg-type]
    with pytest.raises(Exception, match="round_words"):
        Word2Vec.resume(tmp_path, round_words=500)


@pytest.mark.parametrize("option", ["replicas", "round_words", "merge_all_every"])
def test_none_is_refused_where_there_must_be_one(option: str) -> None:
    with pytest.raises(ConfigError, match=f"{option} must be a whole number from 1"):
        Word2Vec(**{option: 0})  # type: ignore[arg-type]

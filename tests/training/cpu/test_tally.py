"""Updates of rows: counted per thread over many shards, as numbering counts them in each shard."""

from __future__ import annotations

import numpy as np
import pytest

from wordkin.config import ARCHITECTURES, OBJECTIVES, TrainingConfig
from wordkin.corpus.encoded import EncodedCorpus
from wordkin.training.cpu import shard_length
from wordkin.training.cpu.backend import CpuBackend
from wordkin.training.cpu.numbering import RowSet, make_local_ids
from wordkin.training.cpu.sampler import Text
from wordkin.training.cpu.shard_length import shards_between
from wordkin.training.cpu.tally import Tally
from wordkin.training.schedule import Schedule
from wordkin.training.tables import first_pieces
from wordkin.windows.rng import NOISE, WINDOWS

VOCABULARY = 60
IDS = np.random.default_rng(6).choice(VOCABULARY, 3000, p=np.arange(VOCABULARY, 0, -1) / 1830).astype(np.int32)
CORPUS = EncodedCorpus.of_arrays(IDS, np.append(np.arange(0, 3000, 20), 3000))
COUNTS = np.maximum(np.bincount(IDS, minlength=VOCABULARY), 1)


def numbered(backend: CpuBackend, config: TrainingConfig, shards: list[range]) -> Tally:
    """The tally of the rows that each shard reads, one shard after the other."""
    held = backend._held
    tally = Tally([len(rows) for rows in backend.row_tables])
    text = Text(CORPUS, config.seed, (WINDOWS, 0), (NOISE, 0), lambda position: 0.0)
    local_ids = make_local_ids(VOCABULARY)
    for shard in shards:
        windows, targets = held.crew.workers[0].sampler.draw(text, shard)
        words, bias, *outputs = (
            RowSet(np.zeros(200, np.int32), np.zeros(200, np.float32), np.zeros(1, np.int64)) for _ in tally.updates
        )
        if config.projection_bias:
            bias.restart_with(np.zeros(1, np.int32), len(windows.word_ids))
        words.number(windows.word_ids.copy(), 1.0, local_ids.words)
        for step, own, rows in zip(held.steps, targets, outputs, strict=True):
            step.number(own, words, rows, local_ids)
        tally.add([words, bias, *outputs])
    return tally


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_updates_are_those_of_the_rows_that_shards_read(architecture: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shard_length, "shard_words", lambda steps, parts: 500)
    config = TrainingConfig.from_options(
        architecture=architecture, objective=OBJECTIVES, projection_bias=True, vector_size=7, threads=2, subsample=0.01
    )
    backend = CpuBackend(config, COUNTS, first_pieces(config, VOCABULARY))
    try:
        tally = backend.tally_updates()
        assert not any(updates.any() for updates in tally.updates)
        expected = numbered(backend, config, shards_between(0, 2600, 500))
        for _ in range(2):  # what was counted before leaves no trace
            tally.clear()
            assert backend.train_span(CORPUS, 0, 0, 2600, Schedule(0.01, 0.0, 2600), lambda: False).stop == 2600
            for found, updates in zip(tally.updates, expected.updates, strict=True):
                assert updates.any()
                np.testing.assert_allclose(found, updates, rtol=1e-5)
    finally:
        backend.close()

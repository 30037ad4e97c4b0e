"""The choice of a backend: the one place that knows them all."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from wordkin.config import TrainingConfig
from wordkin.errors import ConfigError, MissingExtraError
from wordkin.training.backend import Backend
from wordkin.training.cluster.backend import ReplicatedBackend
from wordkin.training.cluster.clocks import Clocks
from wordkin.training.cpu.backend import CpuBackend
from wordkin.training.tables import NamedTables, TablePiece
from wordkin.vocabulary import Vocabulary

if TYPE_CHECKING:
    from wordkin.training.cluster.ray_cluster import RayCluster


def open_backend(
    config: TrainingConfig,
    vocabulary: Vocabulary,
    start: Iterable[TablePiece],
    *,
    text_counts: NDArray[np.int64] | None = None,
    frozen: NDArray[np.int64] | None = None,
) -> Backend:
    """The backend for a configuration: one set of tables on the CPU, or several replicas.

    start : the tables to start from, in pieces; rows that no piece gives are 0.
    text_counts : how often each word occurs in the text to train on, where that is not its count: subsampling follows
        the text, noise and tree the counts.
    frozen : ids of words whose input rows stay as they start.
    """
    counts = _counts_of(vocabulary)
    if config.replicas == 1:
        return CpuBackend(config, counts, start, text_counts=text_counts, frozen=frozen)
    assert frozen is None, "refused before text was read"
    return ReplicatedBackend.in_process(config, counts, start, text_counts=text_counts)


def connect(address: object) -> RayCluster:
    """The Ray cluster at an address, "auto" for that of this machine.

    Raises :class:`ClusterError` where there is none, or a machine of it cannot take part.
    """
    if not isinstance(address, str) or not address:
        raise ConfigError("cluster", 'must be "auto" or the address of a Ray cluster, as HOST:PORT', address)
    try:
        from wordkin.training.cluster.ray_cluster import RayCluster
    except ModuleNotFoundError as error:
        if error.name != "ray":
            raise
        raise MissingExtraError("training on several machines", "cluster") from error
    return RayCluster(address)


def refuse_for_machines(config: TrainingConfig) -> None:
    """Raise :class:`ConfigError` where several machines cannot train what a configuration says."""
    if "softmax" in config.objectives:
        raise ConfigError(
            "cluster", 'needs objective="negative-sampling" or "hierarchical-softmax"', config.objective,
            "a full softmax changes every row with every word, and all of them would have to be sent")  # fmt: skip
    if config.deterministic and config.replicas == 1:
        raise ConfigError(
            "replicas", "must be given on a cluster with deterministic=True: the result depends on it",
            config.replicas, "as many as machines, say; any cluster then gives the same bits")  # fmt: skip


def config_for_machines(config: TrainingConfig, machines: int) -> TrainingConfig:
    """The configuration with a replica for each machine, where it does not say how many."""
    return dataclasses.replace(config, replicas=machines) if config.replicas == 1 else config


def open_on_machines(
    cluster: RayCluster,
    config: TrainingConfig,
    vocabulary: Vocabulary,
    start: NamedTables | None,
    *,
    text_counts: NDArray[np.int64] | None = None,
) -> Backend:
    """The backend on the machines of a cluster; arguments as of :func:`open_backend`, but no ``start`` is drawn."""
    from wordkin.training.cluster.ray_transport import RayTransport

    counts = _counts_of(vocabulary)
    clocks = Clocks.of(config, int((counts if text_counts is None else text_counts).sum()))
    return ReplicatedBackend(clocks, RayTransport(cluster, config, counts, start, text_counts=text_counts))


def _counts_of(vocabulary: Vocabulary) -> NDArray[np.int64]:
    if vocabulary.counts is None:
        raise ConfigError("vocabulary", "must carry counts: subsampling, noise and tree come from them", None)
    return vocabulary.counts

"""Chooses the training backend that fits a configuration, and opens it."""

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
    """Open the backend for a configuration: one set of tables on the CPU, or several replicas of it.

    Parameters
    ----------
    config : TrainingConfig
        The configuration.
    vocabulary : Vocabulary
        The words, with counts.
    start : iterable of (str, int, ndarray)
        The initial tables, in pieces of (name of the table, first row, rows). Rows in no piece are 0.
    text_counts : ndarray of shape (V,), default None
        Count of each word in the training text, if it differs from the count in the vocabulary. Subsampling uses these
        counts; the noise distribution and the tree use those of the vocabulary.
    frozen : ndarray of int64, default None
        Ids of words whose input rows must not change.
    """
    counts = _counts_of(vocabulary)
    if config.replicas == 1:
        return CpuBackend(config, counts, start, text_counts=text_counts, frozen=frozen)
    assert frozen is None, "rejected before the text was read"
    return ReplicatedBackend.in_process(config, counts, start, text_counts=text_counts)


def connect(address: object) -> RayCluster:
    """Connect to the Ray cluster at an address; "auto" is the cluster that this machine belongs to.

    Raises :class:`ClusterError` if there is no cluster, or if one of its machines cannot take part.
    """
    if not isinstance(address, str) or not address:
        raise ConfigError("cluster", 'must be "auto" or the address of a Ray cluster, such as HOST:PORT', address)
    try:
        from wordkin.training.cluster.ray_cluster import RayCluster
    except ModuleNotFoundError as error:
        if error.name != "ray":
            raise
        raise MissingExtraError("training on several machines", "cluster") from error
    return RayCluster(address)


def refuse_for_machines(config: TrainingConfig) -> None:
    """Raise :class:`ConfigError` if several machines cannot train with this configuration."""
    if config.changes_all_rows:
        raise ConfigError(
            "cluster",
            'needs objective="negative-sampling" or "hierarchical-softmax", because a full softmax '
            "changes all rows in each step",
            config.objective,
            "use another objective, or one machine",
        )
    if config.deterministic and config.replicas == 1:
        raise ConfigError(
            "replicas", "must be set on a cluster with deterministic=True, because the result depends on replicas",
            config.replicas, "set replicas to the number of machines, for example")  # fmt: skip


def config_for_machines(config: TrainingConfig, machines: int) -> TrainingConfig:
    """The configuration with ``replicas`` set to the number of machines, if the option is not set."""
    return dataclasses.replace(config, replicas=machines) if config.replicas == 1 else config


def open_on_machines(
    cluster: RayCluster,
    config: TrainingConfig,
    vocabulary: Vocabulary,
    start: NamedTables | None,
    *,
    text_counts: NDArray[np.int64] | None = None,
) -> Backend:
    """Open the backend on a cluster. If ``start`` is None, each machine draws the random initial tables itself.

    The other arguments are those of :func:`open_backend`.
    """
    from wordkin.training.cluster.ray_transport import RayTransport

    counts = _counts_of(vocabulary)
    clocks = Clocks.of(config, int((counts if text_counts is None else text_counts).sum()))
    return ReplicatedBackend(clocks, RayTransport(cluster, config, counts, start, text_counts=text_counts))


def _counts_of(vocabulary: Vocabulary) -> NDArray[np.int64]:
    if vocabulary.counts is None:
        raise ConfigError(
            "vocabulary",
            "must have counts, because subsampling, noise words and the Huffman tree depend on counts",
            None,
        )
    return vocabulary.counts

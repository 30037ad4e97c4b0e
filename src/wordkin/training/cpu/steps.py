"""Objectives prepared for a configuration. A step prepares the arrays that the kernel of its objective needs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Generic, NamedTuple, Protocol, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from wordkin.config import TrainingConfig
from wordkin.objectives.blocks import negative_sampling_block, rows_together, softmax_block
from wordkin.objectives.cpu.copies import add_paths, renumber
from wordkin.objectives.cpu.examples import Examples, Mode, Tables, Workspace, make_workspace
from wordkin.objectives.cpu.hierarchical_softmax import (
    HOT_NODES,
    Tree,
    add_change,
    copy_rows,
    train_hierarchical_softmax,
)
from wordkin.objectives.cpu.layout import Layout, aligned_zeros, padded
from wordkin.objectives.cpu.negative_sampling import Noise, draw_noise, train_negative_sampling
from wordkin.objectives.cpu.softmax import Classes, train_softmax
from wordkin.training.cpu.numbering import LocalIds, RowSet, renumbered
from wordkin.training.cpu.shard_length import (
    MOST_SHARD_WORDS,
    hierarchical_softmax_operations,
    negative_sampling_operations,
    negative_sampling_shard_words,
    softmax_operations,
    softmax_shard_words,
)
from wordkin.vocabulary.huffman import HuffmanTree
from wordkin.vocabulary.noise import alias_table, noise_probabilities
from wordkin.windows.windows import Windows, count_pairs, split_into_pairs

SPARE_ROWS = 64  # output tables are padded to a multiple of this, so that kernels may read whole registers
TOP_NODES = 1024  # first tree nodes, which most shards read: their local number is their node id
SOFTMAX_BLOCK_ROWS = 64  # output rows per block of a full softmax; sums stay in registers for this many rows


class Sharing(NamedTuple):
    """How threads share the tables.

    Attributes
    ----------
    writers : int
        Number of threads that write to the same rows concurrently.
    noise_uses : int
        Number of consecutive blocks of examples that use the same noise words.
    """

    writers: int
    noise_uses: int


TargetsT = TypeVar("TargetsT")  # additional training targets of an objective, such as noise words
WorkspaceT = TypeVar("WorkspaceT")  # the buffers of one thread


class Outputs(NamedTuple, Generic[TargetsT]):
    """The output rows that one objective uses for a shard of text.

    Attributes
    ----------
    ids : ndarray of shape (kept,), int32
        Output row, or tree path, of the word at each position.
    targets : object
        Additional targets such as noise words, of a type that depends on the objective.
    """

    ids: NDArray[np.int32]
    targets: TargetsT


class Step(Protocol[TargetsT, WorkspaceT]):
    """One objective, ready to train on the windows of a shard.

    The tables are passed as arguments, so kernels can train the rows of a table or copies of them. The types of targets
    and workspaces depend on the objective.

    Attributes
    ----------
    shard_words : int
        Maximum number of corpus words of a shard.
    operations : int
        Upper bound on the operations per corpus word; see shard_length.py.
    input_updates : float
        Expected updates of an input row per occurrence of its word in the text.
    reads_all_rows : bool
        Whether a shard reads the whole output table in order.
    draws_words : bool
        Whether targets have ``ids``, the words that were drawn.
    own_rows : int
        Number of private rows that each thread needs after the output table.
    """

    shard_words: int
    operations: int
    input_updates: float
    reads_all_rows: bool
    draws_words: bool
    own_rows: int

    def workspace(self, thread: int) -> WorkspaceT:
        """Allocate the buffers of one thread. Threads are counted from 0."""

    def targets(self, windows: Windows, key: np.uint64) -> TargetsT:
        """Draw the additional targets of the examples, such as noise words. ``key`` selects the random stream."""

    def number(self, targets: TargetsT, words: RowSet, rows: RowSet, local_ids: LocalIds) -> TargetsT:
        """Register the output rows that a shard reads in ``rows``; return the targets with local numbers for row ids.

        ``words`` holds the words of the windows. If words have output rows, these rows come first, with the same local
        numbers.
        """

    def outputs(self, word_ids: NDArray[np.int32], targets: TargetsT, numbers: NDArray[np.int32]) -> Outputs[TargetsT]:
        """Replace local numbers by the row ids ``numbers``, in the words and in the targets; return both as outputs."""

    def most_rows(self, words: int) -> int:
        """Maximum number of output rows that ``words`` words of text need besides the rows of these words."""

    def add_updates(self, words: NDArray[np.float32], drawn: NDArray[np.int32], updates: NDArray[np.float32]) -> None:
        """Add to ``updates``, shape (rows,), how often training on a text updates each output row.

        ``words`` is how often the text contains each word, ``drawn`` how often each word was drawn as an additional
        target. The sum over all shards equals the numbers of updates that :meth:`number` counts.
        """

    def train(
        self,
        tables: Tables,
        windows: Windows,
        outputs: Outputs[TargetsT],
        learning_rate: float,
        workspace: WorkspaceT,
    ) -> tuple[float, int]:
        """Train the tables on the windows of a shard; return (summed loss, number of examples)."""


# A list of steps mixes objectives, so the types of targets and workspaces are left open only here.
AnyStep: TypeAlias = Step[Any, Any]
AnyOutputs: TypeAlias = Outputs[Any]


def make_steps(
    config: TrainingConfig, layout: Layout, counts: NDArray[np.int64], keep: NDArray[np.float64], sharing: Sharing
) -> list[AnyStep]:
    """Make the step of each objective.

    ``counts`` and ``keep`` have shape (V,): the count of each word, and the probability of keeping it in
    subsampling.
    """
    return [make_step(objective, config, layout, counts, keep, sharing) for objective in config.objectives]


def make_step(
    objective: str,
    config: TrainingConfig,
    layout: Layout,
    counts: NDArray[np.int64],
    keep: NDArray[np.float64],
    sharing: Sharing,
) -> AnyStep:
    """Make the step of one objective; the other arguments are those of :func:`make_steps`."""
    kept = counts * keep
    likeliest = 1.0 if config.projection_bias else float(kept.max() / kept.sum())
    return _STEPS[objective](config, layout, counts, likeliest, sharing)


def rooms(config: TrainingConfig, steps: Sequence[AnyStep], vocabulary_size: int, shard_words: int) -> list[int]:
    """Maximum number of rows that a shard reads of each table: input table, projection bias and output tables."""
    all_rows = any(step.reads_all_rows for step in steps)
    words = vocabulary_size if all_rows else min(shard_words + 2 * config.reach, vocabulary_size)
    outputs = [padded(min(words + step.most_rows(words), vocabulary_size), SPARE_ROWS) for step in steps]
    return [words, int(config.projection_bias), *outputs]


class NegativeSamplingStep:
    """Prepares negative sampling: chooses the block size and draws noise words."""

    reads_all_rows = False
    draws_words = True
    own_rows = 0

    def __init__(
        self,
        config: TrainingConfig,
        layout: Layout,
        counts: NDArray[np.int64],
        likeliest: float,
        sharing: Sharing,
    ) -> None:
        noise = noise_probabilities(counts, config.noise_exponent)
        outputs = outputs_per_example(config)
        self.block = negative_sampling_block(
            outputs, config.negative, config.starting_learning_rate, max(float(noise.max()), likeliest)
        )
        self._noise_uses = 1 if self.block.pair_by_pair else sharing.noise_uses
        self._alias_table = alias_table(noise)
        self._negative = config.negative
        self._layout = layout if self.block.noise > layout.lanes else layout.with_score_vectors(1)
        self._mode = make_mode(config)
        most_examples = 2 * self._mode.reach if self.block.pair_by_pair and not self._mode.cbow else 1
        self.shard_words = negative_sampling_shard_words(self.block.noise * most_examples / self.block.examples)
        self.operations = negative_sampling_operations(
            config, layout.row_size, self.block.noise, pair_by_pair=self.block.pair_by_pair
        )
        self.input_updates = input_updates(config) * (1 + config.negative)
        self._output_updates = outputs
        block_pairs = 1 if self.block.pair_by_pair else self.block.examples * outputs
        self._noise_updates = block_pairs * config.negative / self.block.noise

    def workspace(self, thread: int) -> Workspace:
        return make_workspace(self._layout, self.block.examples, self.block.noise, 2 * self._mode.reach + 1)

    def targets(self, windows: Windows, key: np.uint64) -> Noise:
        examples = windows.stop - windows.first
        if self.block.pair_by_pair and not self._mode.cbow:
            examples = count_pairs(windows.starts, windows.stops, windows.first, windows.stop)
        blocks = -(-examples // self.block.examples)
        drawn = np.empty(self._drawn(blocks), np.int32)
        draw_noise(self._alias_table.thresholds, self._alias_table.aliases, key, drawn)
        return Noise(drawn, self.block.noise, self._negative)

    def _drawn(self, blocks: int) -> int:
        """Number of noise words to draw for ``blocks`` blocks; several blocks may use the same words."""
        return -(-blocks // self._noise_uses) * self.block.noise

    def most_rows(self, words: int) -> int:
        examples = words * 2 * self._mode.reach if self.block.pair_by_pair and not self._mode.cbow else words
        return self._drawn(-(-examples // self.block.examples))

    def add_updates(self, words: NDArray[np.float32], drawn: NDArray[np.int32], updates: NDArray[np.float32]) -> None:
        updates += words * np.float32(self._output_updates) + drawn * np.float32(self._noise_updates)

    def number(self, targets: Noise, words: RowSet, rows: RowSet, local_ids: LocalIds) -> Noise:
        rows.restart_with(words.ids, words.updates * np.float32(self._output_updates))
        rows.number(targets.ids, self._noise_updates, local_ids.words)
        return targets

    def outputs(self, word_ids: NDArray[np.int32], targets: Noise, numbers: NDArray[np.int32]) -> Outputs[Noise]:
        renumber(numbers, targets.ids, targets.ids)
        return Outputs(renumbered(numbers, word_ids), targets)

    def train(
        self, tables: Tables, windows: Windows, outputs: Outputs[Noise], learning_rate: float, workspace: Workspace
    ) -> tuple[float, int]:
        examples = make_examples(windows, outputs.ids, self._mode, pair_by_pair=self.block.pair_by_pair)
        return train_negative_sampling(  # type: ignore[no-any-return]
            self._layout.shapes,
            tables,
            examples,
            self._mode,
            outputs.targets,
            self.block.examples,
            learning_rate,
            workspace,
        )


class HierarchicalSoftmaxStep:
    """Prepares hierarchical softmax over the Huffman tree.

    All paths pass through the top nodes of the tree, so threads would often write to the same rows. Each thread
    therefore trains private copies of these rows, which are stored after the table. After a shard, it adds its change
    to the shared rows, divided by the number of threads. The paths of a thread refer to its private rows, so the kernel
    treats them like any row.
    """

    shard_words = MOST_SHARD_WORDS
    reads_all_rows = False
    draws_words = False

    def __init__(
        self,
        config: TrainingConfig,
        layout: Layout,
        counts: NDArray[np.int64],
        likeliest: float,
        sharing: Sharing,
    ) -> None:
        tree = HuffmanTree.from_counts(counts)
        mean_path = float(tree.lengths @ counts / counts.sum())
        self._tree = Tree(tree.offsets, tree.node_ids, tree.bits)
        self._longest = int(tree.lengths.max())
        self._nodes = len(counts) - 1
        self._writers = sharing.writers
        self._hot = 0 if sharing.writers == 1 else min(HOT_NODES, self._nodes)
        self.own_rows = 2 * self._hot
        self._mode = make_mode(config)
        rows = 1 if self._mode.buffered else rows_together(mean_path, config.starting_learning_rate, likeliest)
        self._layout = layout.with_update_rows(rows)
        self.together = self._layout.shapes.update.rows
        self.operations = hierarchical_softmax_operations(config, layout.row_size, self._longest)
        self.input_updates = input_updates(config) * mean_path
        self._output_updates = outputs_per_example(config)

    def workspace(self, thread: int) -> TreeWorkspace:
        own = padded(self._nodes, SPARE_ROWS) + thread * self.own_rows
        tree = self._tree
        if self._hot:
            node_ids = np.where(tree.node_ids < self._hot, tree.node_ids + own, tree.node_ids).astype(np.int32)
            tree = tree._replace(node_ids=node_ids)
        work = make_workspace(self._layout, self.together, outputs=1, band=self._longest + self.together)
        return TreeWorkspace(work, tree, own)

    def targets(self, windows: Windows, key: np.uint64) -> None:
        """Return None, because the targets are paths, which each thread has in its workspace."""

    def number(self, targets: Tree | None, words: RowSet, rows: RowSet, local_ids: LocalIds) -> Tree:
        rows.restart_with(np.arange(min(TOP_NODES, self._nodes), dtype=np.int32), 0)
        return rows.number_paths(self._tree, words, self._output_updates, local_ids.nodes)

    def outputs(
        self, word_ids: NDArray[np.int32], targets: Tree | None, numbers: NDArray[np.int32]
    ) -> Outputs[Tree | None]:
        if targets is not None:
            renumber(numbers, targets.node_ids, targets.node_ids)
        return Outputs(word_ids, targets)

    def most_rows(self, words: int) -> int:
        levels = 2.0 ** np.minimum(np.arange(self._longest), 62)
        return int(np.minimum(levels, words).sum()) + TOP_NODES

    def add_updates(self, words: NDArray[np.float32], drawn: NDArray[np.int32], updates: NDArray[np.float32]) -> None:
        add_paths(self._tree, words * np.float32(self._output_updates), updates)

    def train(
        self,
        tables: Tables,
        windows: Windows,
        outputs: Outputs[Tree | None],
        learning_rate: float,
        workspace: TreeWorkspace,
    ) -> tuple[float, int]:
        examples = make_examples(windows, outputs.ids, self._mode, pair_by_pair=False)
        tree = workspace.tree if outputs.targets is None else outputs.targets
        shapes, table, hot, own = self._layout.shapes, tables.output_vectors, self._hot, workspace.own
        copy_rows(shapes, table, 0, hot, own)
        copy_rows(shapes, table, 0, hot, own + hot)
        trained: tuple[float, int] = train_hierarchical_softmax(
            shapes, tables, examples, self._mode, tree, learning_rate, workspace.work
        )
        add_change(shapes, table, 0, hot, own + hot, own, 1 / self._writers)
        return trained


class TreeWorkspace(NamedTuple):
    """Buffers of a thread, its paths, and the index of its first private row.

    The private rows are copies of the top nodes, followed by the values of these before training.
    """

    work: Workspace
    tree: Tree
    own: int


class SoftmaxStep:
    """Prepares full softmax: chooses the batch size."""

    reads_all_rows = True
    draws_words = False
    own_rows = 0

    def __init__(
        self,
        config: TrainingConfig,
        layout: Layout,
        counts: NDArray[np.int64],
        likeliest: float,
        sharing: Sharing,  # unused: every shard reads all rows
    ) -> None:
        vocabulary_size = len(counts)
        self.block = softmax_block(outputs_per_example(config), config.starting_learning_rate, likeliest)
        self._vocabulary_size = vocabulary_size
        self._layout = layout
        self._mode = make_mode(config)
        self.operations = softmax_operations(config, layout.row_size, vocabulary_size)
        self.shard_words = softmax_shard_words(layout.row_size, vocabulary_size)
        self.input_updates = 2 * input_updates(config)
        self._output_updates = 2 * outputs_per_example(config)

    def workspace(self, thread: int) -> tuple[Workspace, Classes]:
        work = make_workspace(self._layout, self.block.examples, SOFTMAX_BLOCK_ROWS, band=1)
        scores = aligned_zeros((padded(self.block.examples), padded(self._vocabulary_size, SPARE_ROWS)))
        return work, Classes(self._vocabulary_size, scores, np.zeros(0, np.int32))

    def targets(self, windows: Windows, key: np.uint64) -> None:
        """Return None, because every word is a target."""

    def number(self, targets: None, words: RowSet, rows: RowSet, local_ids: LocalIds) -> None:
        rows.restart_with(words.ids, words.updates * np.float32(self._output_updates))

    def outputs(self, word_ids: NDArray[np.int32], targets: None, numbers: NDArray[np.int32]) -> Outputs[None]:
        return Outputs(word_ids, targets)

    def most_rows(self, words: int) -> int:
        return self._vocabulary_size

    def add_updates(self, words: NDArray[np.float32], drawn: NDArray[np.int32], updates: NDArray[np.float32]) -> None:
        updates += words * np.float32(self._output_updates)

    def train(
        self,
        tables: Tables,
        windows: Windows,
        outputs: Outputs[None],
        learning_rate: float,
        workspace: tuple[Workspace, Classes],
    ) -> tuple[float, int]:
        work, classes = workspace
        examples = make_examples(windows, outputs.ids, self._mode, pair_by_pair=self.block.pair_by_pair)
        return train_softmax(  # type: ignore[no-any-return]
            self._layout.shapes, tables, examples, self._mode, classes, self.block.examples, learning_rate, work
        )


_STEPS: dict[str, Callable[[TrainingConfig, Layout, NDArray[np.int64], float, Sharing], AnyStep]] = {
    "negative-sampling": NegativeSamplingStep,
    "hierarchical-softmax": HierarchicalSoftmaxStep,
    "softmax": SoftmaxStep,
}


def contexts_of_word(config: TrainingConfig) -> float:
    """Expected number of context words of a centre in a long sentence. It is also how many windows contain a word."""
    if config.whole_sentences:
        return config.max_context
    return config.reach + 1 if config.dynamic_window else 2 * config.reach


def alikeness(vocabulary_size: int) -> float:
    """Estimated similarity of the directions of rows, from 0 to 1, which determines how copies of rows are merged.

    Rows of small vocabularies, or of words in random order, point in similar directions; rows of a natural language
    spread. The formula was chosen so that small vocabularies do not oscillate and large ones are not slowed down. It
    gives 1 for up to 144 words.
    """
    return float(min(1.0, 12 / np.sqrt(vocabulary_size)))


def input_updates(config: TrainingConfig) -> float:
    """Effective number of updates that an input row receives per occurrence of its word in the text and per output row.

    If the context rows of CBOW are summed, every row of a window receives the whole gradient, so the sum of n rows
    moves n times as far as one row. A mean moves only as far as one row.
    """
    contexts = contexts_of_word(config)
    summed = config.architecture == "cbow" and config.cbow_combine == "sum"
    return contexts**2 if summed else contexts


def hidden_square(config: TrainingConfig, vocabulary_size: int) -> float:
    """Mean squared norm of hidden vectors, divided by that of input rows."""
    if config.architecture == "skip-gram":
        return 1.0
    alike, rows = alikeness(vocabulary_size), contexts_of_word(config)
    of_mean = alike + (1 - alike) / rows
    return of_mean if config.cbow_combine == "mean" else of_mean * rows**2


def outputs_per_example(config: TrainingConfig) -> float:
    """Expected number of output words of an example: 1 for CBOW, the size of the context for skip-gram."""
    return 1 if config.architecture == "cbow" else contexts_of_word(config)


def make_mode(config: TrainingConfig) -> Mode:
    """Choose how the kernels compute hidden vectors and pass their gradient to the inputs."""
    cbow = config.architecture == "cbow"
    return Mode(
        cbow=cbow,
        window=config.reach,
        reach=0 if cbow else config.reach,
        buffered=cbow or config.projection_bias,
        mean=cbow and config.cbow_combine == "mean",
        exact=cbow and config.cbow_gradient == "exact",
    )


def make_examples(windows: Windows, output_ids: NDArray[np.int32], mode: Mode, *, pair_by_pair: bool) -> Examples:
    """Make the examples of a shard: one per centre or, if ``pair_by_pair``, one per (centre, context) pair."""
    word_ids, first, stop, starts, stops = windows
    if pair_by_pair and not mode.cbow:
        pairs = count_pairs(starts, stops, first, stop)
        centres, pair_starts, pair_stops = (np.empty(pairs, np.int32) for _ in range(3))
        split_into_pairs(starts, stops, first, stop, centres, pair_starts, pair_stops)
        return Examples(word_ids, output_ids, centres, pair_starts, pair_stops)
    return Examples(word_ids, output_ids, np.arange(first, stop, dtype=np.int32), starts[first:stop], stops[first:stop])

"""Reference implementation of the objectives in NumPy float64 and plain loops: the specification of the kernels.

The first half treats one training example. Every objective scores some rows of the output table against a hidden
vector. Each scored row is then updated in proportion to its *residual*, label minus probability:

======================  =======================================  =====================================
objective               rows                                     residual of a row
======================  =======================================  =====================================
full softmax            all V words                              [true word] - softmax probability
sampled softmax         the true word, K samples                 [true word] - small softmax
hierarchical softmax    the inner nodes on the word's path       1 - bit - σ(score)
negative sampling       the true word, K noise words             [true word] - σ(score)
======================  =======================================  =====================================

The remaining steps are the same for all objectives (:func:`direction`). Skip-gram has one input word, CBOW several.

The second half, :func:`block_step`, defines the order of reads and writes for a block of many centres; the kernels must
give the same result. ``docs/mathematics.md`` derives the equations.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wordkin.errors import ConfigError
from wordkin.vocabulary.huffman import HuffmanTree

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Tables:
    """The learned parameters for V words and N dimensions.

    Attributes
    ----------
    input_vectors : ndarray of shape (V, N)
        Row w is the vector of word w (W).
    output_vectors : ndarray of shape (V, N) or (V - 1, N)
        One row per word, or per inner tree node (W′).
    projection_bias : ndarray of shape (N,) or None, default None
        Added to every hidden vector (b).
    output_bias : ndarray or None, default None
        One number per row of ``output_vectors``, added to its score (b′).
    """

    input_vectors: FloatArray
    output_vectors: FloatArray
    projection_bias: FloatArray | None = None
    output_bias: FloatArray | None = None

    def arrays(self) -> dict[str, FloatArray]:
        """The tables that exist, by name: without biases that are None."""
        named = {
            "input_vectors": self.input_vectors,
            "output_vectors": self.output_vectors,
            "projection_bias": self.projection_bias,
            "output_bias": self.output_bias,
        }
        return {name: array for name, array in named.items() if array is not None}

    def copy(self) -> Tables:
        """Return a copy of the tables in float64."""
        return Tables(**{name: np.array(array, dtype=np.float64) for name, array in self.arrays().items()})

    def zeros(self) -> Tables:
        """Return tables of the same shapes that are all zero."""
        return Tables(**{name: np.zeros(array.shape) for name, array in self.arrays().items()})

    def moved(self, towards: Tables, learning_rate: float) -> Tables:
        """Return a copy of these tables to which ``learning_rate * towards`` has been added."""
        steps = towards.arrays()
        return Tables(**{name: array + learning_rate * steps[name] for name, array in self.arrays().items()})


# -- elementary functions -------------- ---------------------------------------------------------------


def sigmoid(x: ArrayLike) -> FloatArray:
    """Compute σ(x) = 1 / (1 + e^-x), without overflow for any x."""
    scores = np.asarray(x, dtype=np.float64)
    small = np.exp(-np.abs(scores))
    return np.asarray(np.where(scores >= 0, 1.0, small) / (1.0 + small))


def negative_log_sigmoid(x: ArrayLike) -> FloatArray:
    """Compute -log σ(x) = log(1 + e^-x), without overflow for any x."""
    return np.asarray(np.logaddexp(0.0, -np.asarray(x, dtype=np.float64)))


def log_sum_exp(scores: FloatArray) -> float:
    """Compute log Σ e^score. The largest score is subtracted first, to avoid overflow."""
    largest = float(scores.max())
    return largest + float(np.log(np.exp(scores - largest).sum()))


def softmax(scores: FloatArray) -> FloatArray:
    """Compute e^score / Σ e^score. The largest score is subtracted first, to avoid overflow."""
    powers: FloatArray = np.exp(scores - scores.max())
    powers /= powers.sum()
    return powers


# -- one training example ------------------------------------------------------------------------------


def hidden_vector(tables: Tables, input_ids: Sequence[int], cbow_combine: str = "mean") -> FloatArray:
    """Compute the hidden vector h, shape (N,): the mean or sum of the input rows, plus the projection bias.

    For a single input word, as in skip-gram, both mean and sum are the row of the word.
    """
    hidden = np.zeros(tables.input_vectors.shape[1])
    for word_id in input_ids:
        hidden += tables.input_vectors[word_id]
    if cbow_combine == "mean":
        hidden /= len(input_ids)
    if tables.projection_bias is not None:
        hidden += tables.projection_bias
    return hidden


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """The scores of R output rows for one hidden vector, with the loss of an objective and its derivatives.

    Attributes
    ----------
    row_ids : ndarray of shape (R,), int64
        Rows of the output table; a row may be repeated.
    scores : ndarray of shape (R,)
        v′ · h + b′.
    probabilities : ndarray of shape (R,)
        For full and sampled softmax, probabilities that sum to 1; otherwise σ(score).
    residuals : ndarray of shape (R,)
        Residual g of each row: the negative derivative of the loss with respect to its score.
    loss : float
        The loss E of the example.
    """

    row_ids: IntArray
    scores: FloatArray
    probabilities: FloatArray
    residuals: FloatArray
    loss: float


def row_scores(tables: Tables, hidden: FloatArray, row_ids: Sequence[int] | IntArray) -> FloatArray:
    """Compute the scores s = v′ · h + b′ of some rows of the output table."""
    scores = np.zeros(len(row_ids))
    for index, row_id in enumerate(row_ids):
        scores[index] = tables.output_vectors[row_id] @ hidden
        if tables.output_bias is not None:
            scores[index] += tables.output_bias[row_id]
    return scores


def full_softmax(tables: Tables, hidden: FloatArray, output_ids: Sequence[int]) -> Scored:
    """Full softmax: the cross-entropy of the output words under a softmax over all words.

    E = -Σ_c log y_{o_c} for the outputs o_1 … o_C of one hidden vector, which share one softmax. For CBOW and for a
    single skip-gram pair, C = 1.
    """
    row_ids = np.arange(len(tables.output_vectors))
    scores = row_scores(tables, hidden, row_ids)
    probabilities = softmax(scores)
    residuals = -len(output_ids) * probabilities
    loss = len(output_ids) * log_sum_exp(scores)
    for output_id in output_ids:
        residuals[output_id] += 1.0
        loss -= float(scores[output_id])
    return Scored(row_ids, scores, probabilities, residuals, loss)


def sampled_softmax(
    tables: Tables, hidden: FloatArray, output_id: int, sample_ids: Sequence[int], word_probabilities: FloatArray
) -> Scored:
    """Sampled softmax: cross-entropy under a softmax over the true word and K sampled words.

    This is the method of Bengio and Senécal (2008). log(K · P) is subtracted from the score of each sample, where P is
    its sampling probability. The expected value of the denominator then equals that of the full softmax. Samples equal
    to the true word are ignored, because the denominator already contains it. ``scores`` holds the corrected scores.
    """
    others = [sample_id for sample_id in sample_ids if sample_id != output_id]
    row_ids = np.array([output_id, *others], dtype=np.int64)
    scores = row_scores(tables, hidden, row_ids)
    scores[1:] -= np.log(len(sample_ids) * word_probabilities[row_ids[1:]])
    probabilities = softmax(scores)
    residuals = -probabilities
    residuals[0] += 1.0
    return Scored(row_ids, scores, probabilities, residuals, log_sum_exp(scores) - float(scores[0]))


def hierarchical_softmax(tables: Tables, hidden: FloatArray, node_ids: ArrayLike, bits: ArrayLike) -> Scored:
    """Hierarchical softmax: -log p(word | h) for the word at the end of a path through the tree.

    p is the product of the branch probabilities along the path. At a node with score s, bit 0 (left) has the
    probability σ(s) and bit 1 has σ(-s). ``probabilities`` holds σ(s).
    """
    row_ids = np.asarray(node_ids, dtype=np.int64)
    taken = np.asarray(bits, dtype=np.float64)
    scores = row_scores(tables, hidden, row_ids)
    left = sigmoid(scores)
    loss = float(negative_log_sigmoid((1.0 - 2.0 * taken) * scores).sum())
    return Scored(row_ids, scores, left, 1.0 - taken - left, loss)


def negative_sampling(tables: Tables, hidden: FloatArray, output_id: int, noise_ids: Sequence[int]) -> Scored:
    """Negative sampling: -log σ(score of the true word) - Σ log σ(-score of each noise word).

    This is equation 4 of Mikolov et al. 2013b. Noise words equal to the true word are ignored.
    """
    row_ids = np.array([output_id, *(noise_id for noise_id in noise_ids if noise_id != output_id)], dtype=np.int64)
    labels = np.zeros(len(row_ids))
    labels[0] = 1.0
    scores = row_scores(tables, hidden, row_ids)
    probabilities = sigmoid(scores)
    loss = float(negative_log_sigmoid((2.0 * labels - 1.0) * scores).sum())
    return Scored(row_ids, scores, probabilities, labels - probabilities, loss)


def shared_negative_sampling(
    tables: Tables, hidden: FloatArray, output_ids: Sequence[int], noise_ids: Sequence[int] | IntArray, negative: int
) -> Scored:
    """Negative sampling of C output words with M noise words that are shared with other examples.

    Each shared noise word has the weight ``negative / M`` for every output word different from it. The expected
    gradient is then the same as with ``negative`` draws per output word. The result has the output words first, then
    the noise words.
    """
    row_ids = np.array([*output_ids, *noise_ids], dtype=np.int64)
    scores = row_scores(tables, hidden, row_ids)
    probabilities = sigmoid(scores)
    true = len(output_ids)
    weights = np.zeros(len(noise_ids))
    for index, noise_id in enumerate(noise_ids):
        other_outputs = true - list(output_ids).count(int(noise_id))
        weights[index] = other_outputs * negative / len(noise_ids)
    residuals = np.concatenate([1.0 - probabilities[:true], -weights * probabilities[true:]])
    loss = negative_log_sigmoid(scores[:true]).sum() + weights @ negative_log_sigmoid(-scores[true:])
    return Scored(row_ids, scores, probabilities, residuals, float(loss))


def hidden_direction(tables: Tables, scored: Scored) -> FloatArray:
    """Compute -EH = Σ g v′, the negative derivative of the loss with respect to the hidden vector, shape (N,).

    EH = ∂E/∂h, as in Rong 2014. The loss decreases in the direction of the result.
    """
    towards = np.zeros(tables.output_vectors.shape[1])
    for row_id, residual in zip(scored.row_ids, scored.residuals, strict=True):
        towards += residual * tables.output_vectors[row_id]
    return towards


def direction(
    tables: Tables,
    input_ids: Sequence[int],
    scored: Scored,
    cbow_combine: str = "mean",
    cbow_gradient: str = "exact",
) -> Tables:
    """Compute the negative gradient of the loss of one example, with respect to all tables.

    With ``cbow_gradient="word2vec"`` and the mean, each of the C input rows gets the whole of -EH instead of -EH / C,
    where EH is the derivative with respect to the hidden vector. word2vec.c does the same; it is not the exact
    gradient.
    """
    hidden = hidden_vector(tables, input_ids, cbow_combine)
    towards = tables.zeros()
    for row_id, residual in zip(scored.row_ids, scored.residuals, strict=True):
        towards.output_vectors[row_id] += residual * hidden
        if towards.output_bias is not None:
            towards.output_bias[row_id] += residual
    _add_to_inputs(towards, input_ids, hidden_direction(tables, scored), cbow_combine, cbow_gradient)
    return towards


def tree_probabilities(tables: Tables, hidden: FloatArray, tree: HuffmanTree) -> FloatArray:
    """Compute p(word | h) of every word under hierarchical softmax, shape (V,). The sum is 1 for any h."""
    losses = [hierarchical_softmax(tables, hidden, *tree.path(word_id)).loss for word_id in range(len(tree))]
    return np.asarray(np.exp(-np.array(losses)))


def _add_to_inputs(
    tables: Tables, input_ids: Sequence[int], update: FloatArray, cbow_combine: str, cbow_gradient: str
) -> None:
    """Add the update of a hidden vector to its input rows and to the projection bias, in place.

    A word that occurs several times in ``input_ids`` is updated several times.
    """
    divided = cbow_combine == "mean" and cbow_gradient == "exact"
    for word_id in input_ids:
        tables.input_vectors[word_id] += update / len(input_ids) if divided else update
    if tables.projection_bias is not None:
        tables.projection_bias[:] += update


# -- a block of examples -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Some centres of a piece of text, and their windows."""

    word_ids: Sequence[int] | NDArray[np.integer]
    centres: Sequence[int] | NDArray[np.integer]
    starts: Sequence[int] | NDArray[np.integer]
    stops: Sequence[int] | NDArray[np.integer]

    def windows(self) -> list[Window]:
        """The windows of all centres in order; centres without context are skipped."""
        found = []
        for centre, start, stop in zip(self.centres, self.starts, self.stops, strict=True):
            context = [int(self.word_ids[position]) for position in range(start, stop) if position != centre]
            if context:
                found.append(Window(int(self.word_ids[centre]), context))
        return found


class Window(NamedTuple):
    """The word ids of a centre and of its context, from left to right."""

    centre_id: int
    context_ids: list[int]

    def example(self, architecture: str) -> tuple[list[int], list[int]]:
        """Return the input and output words: CBOW predicts the centre from the context, skip-gram the reverse."""
        return (self.context_ids, [self.centre_id]) if architecture == "cbow" else ([self.centre_id], self.context_ids)

    def pairs(self, transposed: bool = False) -> list[tuple[int, int]]:
        """Return skip-gram's (input, output) pairs: (centre, context), or if ``transposed``, (context, centre)."""
        pairs = [(self.centre_id, context_id) for context_id in self.context_ids]
        return [(context_id, centre_id) for centre_id, context_id in pairs] if transposed else pairs


class BlockStep(NamedTuple):
    """The result of training on a block: the new tables, the summed loss and the number of examples.

    For skip-gram, each (input, output) pair counts as an example; for CBOW, each centre.
    """

    tables: Tables
    loss: float
    examples: int


def block_step(
    tables: Tables,
    block: Block,
    *,
    architecture: str,
    objective: str,
    learning_rate: float,
    noise_ids: Sequence[int] | NDArray[np.integer] = (),
    negative: int = 0,
    tree: HuffmanTree | None = None,
    together: int = 1,
    cbow_combine: str = "mean",
    cbow_gradient: str = "exact",
) -> BlockStep:
    """One step of a kernel, with its exact order of reads and writes.

    Negative sampling and full softmax read all rows of the block before they write any. Hierarchical softmax processes
    one hidden vector after the other: each sees the node updates of the previous ones, while updates of input rows are
    visible only to the next group of ``together`` vectors.

    Parameters
    ----------
    tables : Tables
        The tables before the step; not modified.
    block : Block
        The centres and windows.
    architecture, objective, learning_rate, negative, cbow_combine, cbow_gradient
        See :class:`wordkin.config.TrainingConfig`; ``objective`` is a single one.
    noise_ids : sequence of int, default ()
        The M shared noise words; negative sampling only.
    tree : HuffmanTree, default None
        The tree; hierarchical softmax only.
    together : int, default 1
        Number of hidden vectors of a window that are read before inputs are written; hierarchical softmax only.
    """
    windows = block.windows()
    examples = len(windows) if architecture == "cbow" else sum(len(window.context_ids) for window in windows)
    after = tables.copy()
    shared = np.asarray(noise_ids, dtype=np.int64)
    options = _Options(architecture, learning_rate, shared, negative, tree, together, (cbow_combine, cbow_gradient))
    return BlockStep(after, _STEPS[objective](after, windows, options), examples)


_Projection = tuple[str, str]  # cbow_combine, cbow_gradient


class _Options(NamedTuple):
    """The arguments of :func:`block_step` other than the tables and the block."""

    architecture: str
    learning_rate: float
    noise_ids: NDArray[np.int64]
    negative: int
    tree: HuffmanTree | None
    together: int
    projection: _Projection


def _step_softmax(tables: Tables, windows: list[Window], options: _Options) -> float:
    """Train the tables on a block with full softmax, in place; return the summed loss."""
    return _step_together(tables, windows, options, full_softmax)


def _step_negative_sampling(tables: Tables, windows: list[Window], options: _Options) -> float:
    """Train the tables on a block with negative sampling, in place; return the summed loss."""

    def scored(tables: Tables, hidden: FloatArray, output_ids: Sequence[int]) -> Scored:
        return shared_negative_sampling(tables, hidden, output_ids, options.noise_ids, options.negative)

    return _step_together(tables, windows, options, scored)


def _step_hierarchical_softmax(tables: Tables, windows: list[Window], options: _Options) -> float:
    """Train the tables on a block with hierarchical softmax, in place; return the summed loss."""
    tree = options.tree
    if tree is None:
        raise ConfigError("tree", 'must be given with objective="hierarchical-softmax"', None)
    return sum(_tree_window(tables, window, tree, options) for window in windows)


_STEPS: dict[str, Callable[[Tables, list[Window], _Options], float]] = {
    "softmax": _step_softmax,
    "negative-sampling": _step_negative_sampling,
    "hierarchical-softmax": _step_hierarchical_softmax,
}


def _tree_window(tables: Tables, window: Window, tree: HuffmanTree, options: _Options) -> float:
    """Train the tables on one window with hierarchical softmax, in place; return the summed loss.

    The output is the path of the centre. In CBOW, the whole context is one input. In skip-gram, each context word is an
    input (the transposed orientation), from left to right.
    """
    rate, together, projection = options.learning_rate, options.together, options.projection
    inputs = [window.context_ids] if options.architecture == "cbow" else [[word_id] for word_id in window.context_ids]
    node_ids, bits = tree.path(window.centre_id)
    loss = 0.0
    for first in range(0, len(inputs), together):
        group = inputs[first : first + together]
        updates = []
        for h in [hidden_vector(tables, input_ids, projection[0]) for input_ids in group]:
            scored = hierarchical_softmax(tables, h, node_ids, bits)
            updates.append(rate * hidden_direction(tables, scored))
            _add_to_outputs(tables, h, scored, rate)
            loss += scored.loss
        for input_ids, update in zip(group, updates, strict=True):
            _add_to_inputs(tables, input_ids, update, *projection)
    return loss


def _step_together(
    tables: Tables,
    windows: list[Window],
    options: _Options,
    score: Callable[[Tables, FloatArray, Sequence[int]], Scored],
) -> float:
    """Train the tables on all examples of a block together, in place; return the summed loss.

    ``score`` computes the loss and residuals of one example. All examples are scored with the initial tables; then the
    output rows and finally the input rows are updated. A row that is used several times gets the sum of its updates.
    """
    rate = options.learning_rate
    examples = [window.example(options.architecture) for window in windows]
    hidden = [hidden_vector(tables, input_ids, options.projection[0]) for input_ids, _ in examples]
    scored = [score(tables, h, output_ids) for h, (_, output_ids) in zip(hidden, examples, strict=True)]
    updates = [rate * hidden_direction(tables, each) for each in scored]
    for h, each in zip(hidden, scored, strict=True):
        _add_to_outputs(tables, h, each, rate)
    for (input_ids, _), update in zip(examples, updates, strict=True):
        _add_to_inputs(tables, input_ids, update, *options.projection)
    return sum(each.loss for each in scored)


def _add_to_outputs(tables: Tables, hidden: FloatArray, scored: Scored, learning_rate: float) -> None:
    """Add the update of one example to its output rows, in place."""
    for row_id, residual in zip(scored.row_ids, scored.residuals, strict=True):
        tables.output_vectors[row_id] += learning_rate * residual * hidden
        if tables.output_bias is not None:
            tables.output_bias[row_id] += learning_rate * residual

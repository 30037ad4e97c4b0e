"""What every objective computes, in NumPy float64 and plain loops: the specification of the kernels.

The first half is one training example. Every objective scores some rows of the output table against
a hidden vector, and each score pulls its row by a *residual*, label minus probability:

======================  =======================================  =====================================
objective               rows                                     residual of a row
======================  =======================================  =====================================
full softmax            all V words                              [true word] - softmax probability
sampled softmax         the true word, K samples                 [true word] - small softmax
hierarchical softmax    the inner nodes on the word's path       1 - bit - σ(score)
negative sampling       the true word, K noise words             [true word] - σ(score)
======================  =======================================  =====================================

From there on all are alike (:func:`direction`). Skip-gram has one input word, CBOW several.

The second half, :func:`block_step`, says for a block of many centres which rows are read when and
written when; the kernels must equal it. The equations are derived in ``docs/mathematics.md``.
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
    """Everything that is learned, V words and vectors of length N; never changed in place.

    Attributes
    ----------
    input_vectors : shape (V, N), row w is the vector of word w (W).
    output_vectors : shape (V, N), or (V - 1, N) with one row per inner tree node (W′).
    projection_bias : shape (N,), added to every hidden vector (b), or None.
    output_bias : one number per row of ``output_vectors``, added to its score (b′), or None.
    """

    input_vectors: FloatArray
    output_vectors: FloatArray
    projection_bias: FloatArray | None = None
    output_bias: FloatArray | None = None

    def arrays(self) -> dict[str, FloatArray]:
        """The tables that are there, by name."""
        named = {
            "input_vectors": self.input_vectors,
            "output_vectors": self.output_vectors,
            "projection_bias": self.projection_bias,
            "output_bias": self.output_bias,
        }
        return {name: array for name, array in named.items() if array is not None}

    def copy(self) -> Tables:
        """A float64 copy."""
        return Tables(**{name: np.array(array, dtype=np.float64) for name, array in self.arrays().items()})

    def zeros(self) -> Tables:
        """Tables of the same shapes, all zero."""
        return Tables(**{name: np.zeros(array.shape) for name, array in self.arrays().items()})

    def moved(self, towards: Tables, learning_rate: float) -> Tables:
        """One step of length ``learning_rate`` in a direction."""
        steps = towards.arrays()
        return Tables(**{name: array + learning_rate * steps[name] for name, array in self.arrays().items()})


# -- the functions everything is made of ---------------------------------------------------------------


def sigmoid(x: ArrayLike) -> FloatArray:
    """σ(x) = 1 / (1 + e^-x), without overflow for any x."""
    scores = np.asarray(x, dtype=np.float64)
    small = np.exp(-np.abs(scores))
    return np.asarray(np.where(scores >= 0, 1.0, small) / (1.0 + small))


def negative_log_sigmoid(x: ArrayLike) -> FloatArray:
    """-log σ(x) = log(1 + e^-x), without overflow for any x."""
    return np.asarray(np.logaddexp(0.0, -np.asarray(x, dtype=np.float64)))


def log_sum_exp(scores: FloatArray) -> float:
    """log Σ e^score, with the largest score taken out first."""
    largest = float(scores.max())
    return largest + float(np.log(np.exp(scores - largest).sum()))


def softmax(scores: FloatArray) -> FloatArray:
    """Probabilities e^score / Σ e^score, with the largest score taken out first."""
    powers: FloatArray = np.exp(scores - scores.max())
    powers /= powers.sum()
    return powers


# -- one training example ------------------------------------------------------------------------------


def hidden_vector(tables: Tables, input_ids: Sequence[int], cbow_combine: str = "mean") -> FloatArray:
    """The projection layer h, shape (N,): mean or sum of the input rows, plus the projection bias.

    With one input word, as in skip-gram, both are the word's row.
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
    """What an objective makes of one hidden vector; R output rows take part, in this order.

    Attributes
    ----------
    row_ids : int64, shape (R,), rows of the output table; a row may take part more than once.
    scores : shape (R,), v′ · h + b′.
    probabilities : shape (R,): for the two softmaxes they sum to 1, otherwise each is its own σ(score).
    residuals : shape (R,), minus the derivative of the loss by each score (g).
    loss : E.
    """

    row_ids: IntArray
    scores: FloatArray
    probabilities: FloatArray
    residuals: FloatArray
    loss: float


def row_scores(tables: Tables, hidden: FloatArray, row_ids: Sequence[int] | IntArray) -> FloatArray:
    """Scores s = v′ · h + b′ of some rows of the output table."""
    scores = np.zeros(len(row_ids))
    for place, row_id in enumerate(row_ids):
        scores[place] = tables.output_vectors[row_id] @ hidden
        if tables.output_bias is not None:
            scores[place] += tables.output_bias[row_id]
    return scores


def full_softmax(tables: Tables, hidden: FloatArray, output_ids: Sequence[int]) -> Scored:
    """Cross-entropy of the output words under a softmax over all words.

    E = -Σ_c log y_{o_c} for outputs o_1 … o_C of one hidden vector; the softmax is computed once for
    all of them. CBOW, and a single skip-gram pair, are the case C = 1.
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
    """Cross-entropy under a softmax over the true word and K sampled words only (Bengio and Senécal 2008).

    A sample stands for 1 / (K · P) words like it, so log(K · P) is taken from its score, where P is the
    probability it was drawn with; the sum under the fraction then has the full softmax's as its mean.
    Samples equal to the true word are ignored: that word is in the sum already. ``scores`` are the
    corrected ones.
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
    """-log p(word | h), p being the product of the branch probabilities along the word's path.

    At a node with score s, bit 0 (left) has the probability σ(s) and bit 1 has σ(-s).
    ``probabilities`` are σ(s), the chance of going left.
    """
    row_ids = np.asarray(node_ids, dtype=np.int64)
    taken = np.asarray(bits, dtype=np.float64)
    scores = row_scores(tables, hidden, row_ids)
    left = sigmoid(scores)
    loss = float(negative_log_sigmoid((1.0 - 2.0 * taken) * scores).sum())
    return Scored(row_ids, scores, left, 1.0 - taken - left, loss)


def negative_sampling(tables: Tables, hidden: FloatArray, output_id: int, noise_ids: Sequence[int]) -> Scored:
    """-log σ(score of the true word) - Σ log σ(-score of each noise word) (Mikolov et al. 2013b, equation 4).

    Noise words equal to the true word are ignored.
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
    """Negative sampling of C output words against M noise words that they share with other examples.

    Each shared noise word counts ``negative / M`` times for every output word other than itself, so that
    the mean over the draws is that of ``negative`` draws per output word. Rows: outputs, then noise.
    """
    row_ids = np.array([*output_ids, *noise_ids], dtype=np.int64)
    scores = row_scores(tables, hidden, row_ids)
    probabilities = sigmoid(scores)
    true = len(output_ids)
    weights = np.zeros(len(noise_ids))
    for place, noise_id in enumerate(noise_ids):
        other_outputs = true - list(output_ids).count(int(noise_id))
        weights[place] = other_outputs * negative / len(noise_ids)
    residuals = np.concatenate([1.0 - probabilities[:true], -weights * probabilities[true:]])
    loss = negative_log_sigmoid(scores[:true]).sum() + weights @ negative_log_sigmoid(-scores[true:])
    return Scored(row_ids, scores, probabilities, residuals, float(loss))


def hidden_direction(tables: Tables, scored: Scored) -> FloatArray:
    """-EH = Σ g v′, minus the derivative of the loss by the hidden vector, shape (N,).

    EH = ∂E/∂h has the sign of Rong 2014; this is the direction of descent.
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
    """Where one example pushes the tables: minus the gradient of its loss.

    With ``cbow_gradient="word2vec"`` and the mean, each of C input rows is pushed by the whole of -EH
    instead of -EH / C, as word2vec.c does; that is not the gradient.
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
    """p(word | h) of every word under hierarchical softmax, shape (V,); they sum to 1 for any h."""
    losses = [hierarchical_softmax(tables, hidden, *tree.path(word_id)).loss for word_id in range(len(tree))]
    return np.asarray(np.exp(-np.array(losses)))


def _add_to_inputs(
    tables: Tables, input_ids: Sequence[int], update: FloatArray, cbow_combine: str, cbow_gradient: str
) -> None:
    """Add the update of one hidden vector to its input rows (a repeated word again) and the projection bias."""
    divided = cbow_combine == "mean" and cbow_gradient == "exact"
    for word_id in input_ids:
        tables.input_vectors[word_id] += update / len(input_ids) if divided else update
    if tables.projection_bias is not None:
        tables.projection_bias[:] += update


# -- a block of examples -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Centres and their windows in a piece of text.

    Attributes
    ----------
    word_ids : the words of the piece.
    centres : positions in ``word_ids``, shape (T,).
    starts, stops : shape (T,): the context of centre i is every position from ``starts[i]`` to
        ``stops[i] - 1`` except ``centres[i]``.
    """

    word_ids: Sequence[int] | NDArray[np.integer]
    centres: Sequence[int] | NDArray[np.integer]
    starts: Sequence[int] | NDArray[np.integer]
    stops: Sequence[int] | NDArray[np.integer]

    def windows(self) -> list[Window]:
        """Each centre with its context, in order; centres without context are left out."""
        found = []
        for centre, start, stop in zip(self.centres, self.starts, self.stops, strict=True):
            context = [int(self.word_ids[place]) for place in range(start, stop) if place != centre]
            if context:
                found.append(Window(int(self.word_ids[centre]), context))
        return found


class Window(NamedTuple):
    """The word ids of a centre and of its context, from left to right."""

    centre_id: int
    context_ids: list[int]

    def example(self, architecture: str) -> tuple[list[int], list[int]]:
        """Input and output words: CBOW predicts the centre from the context, skip-gram the reverse."""
        return (self.context_ids, [self.centre_id]) if architecture == "cbow" else ([self.centre_id], self.context_ids)

    def pairs(self, transposed: bool = False) -> list[tuple[int, int]]:
        """Skip-gram's (input, output) pairs: centre to context, or transposed as word2vec.c has them."""
        pairs = [(self.centre_id, context_id) for context_id in self.context_ids]
        return [(context_id, centre_id) for centre_id, context_id in pairs] if transposed else pairs


class BlockStep(NamedTuple):
    """Tables after a block, the sum of its losses, and over how many examples that sum goes.

    An example is an (input, output) pair in skip-gram and a centre in CBOW.
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
    """One step of a kernel: which rows are read when, and written when.

    Negative sampling and full softmax read everything the block needs before they write anything.
    Hierarchical softmax takes one hidden vector after the other, and each sees what the last has written to
    the nodes; what it has written to the inputs is seen by the next group of ``together``.

    Parameters
    ----------
    architecture, objective, learning_rate, negative, cbow_combine, cbow_gradient : as in
        :class:`wordkin.config.TrainingConfig`, with one objective.
    noise_ids : the M noise words shared by the block; negative sampling only.
    tree : hierarchical softmax only.
    together : hierarchical softmax only: so many hidden vectors of a window are read before inputs are written.
    """
    windows = block.windows()
    examples = len(windows) if architecture == "cbow" else sum(len(window.context_ids) for window in windows)
    after = tables.copy()
    shared = np.asarray(noise_ids, dtype=np.int64)
    options = _Options(architecture, learning_rate, shared, negative, tree, together, (cbow_combine, cbow_gradient))
    return BlockStep(after, _STEPS[objective](after, windows, options), examples)


_Projection = tuple[str, str]  # cbow_combine, cbow_gradient


class _Options(NamedTuple):
    """The arguments of :func:`block_step` that one objective or another needs."""

    architecture: str
    learning_rate: float
    noise_ids: NDArray[np.int64]
    negative: int
    tree: HuffmanTree | None
    together: int
    projection: _Projection


def _step_softmax(tables: Tables, windows: list[Window], options: _Options) -> float:
    """Full softmax of a block, in place; the sum of the losses."""
    return _step_together(tables, windows, options, full_softmax)


def _step_negative_sampling(tables: Tables, windows: list[Window], options: _Options) -> float:
    """Negative sampling of a block, in place; the sum of the losses."""

    def scored(tables: Tables, hidden: FloatArray, output_ids: Sequence[int]) -> Scored:
        return shared_negative_sampling(tables, hidden, output_ids, options.noise_ids, options.negative)

    return _step_together(tables, windows, options, scored)


def _step_hierarchical_softmax(tables: Tables, windows: list[Window], options: _Options) -> float:
    """Hierarchical softmax of a block, in place; the sum of the losses."""
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
    """Hierarchical softmax of one window, in place: the centre's path is the output.

    In CBOW the whole context is one input. In skip-gram each context word is one (the transposed
    orientation), from left to right.
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
    """One step, in place, of examples that are all scored on the tables as they were; the sum of their losses.

    Everything is read before anything is written, then output rows are written, last input rows. A row
    that takes part more than once gets the sum of its steps.
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
    """Step of the output rows of one example."""
    for row_id, residual in zip(scored.row_ids, scored.residuals, strict=True):
        tables.output_vectors[row_id] += learning_rate * residual * hidden
        if tables.output_bias is not None:
            tables.output_bias[row_id] += learning_rate * residual

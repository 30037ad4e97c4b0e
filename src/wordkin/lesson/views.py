"""The plain data of a lesson: words, whole numbers, floats and lists of them, ready for JSON.

Vectors are lists of N floats and tables lists of rows. Words stand beside their ids, so a view can be
shown without a vocabulary at hand.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

Vector = list[float]
Matrix = list[list[float]]


class _Data:
    """What all views have in common."""

    __slots__ = ()

    def to_dict(self) -> dict[str, Any]:
        """All of it as dicts, lists, strings and numbers."""
        return dataclasses.asdict(self)  # type: ignore[call-overload,no-any-return]


@dataclass(frozen=True, slots=True)
class WordRow:
    """One word of the vocabulary.

    Attributes
    ----------
    share : float
        Its part of all words of the text.
    appearance : int
        Its rank by first appearance in the text, from 0; ``word_id`` is the same number in a lesson with
        ``order="appearance"``.
    keep_probability : float
        Chance that one occurrence survives subsampling.
    noise_probability : float
        Chance that one draw of noise is this word.
    code : str | None
        Bits of its path through the tree, "" for the only word, None where no tree is trained.
    """

    word: str
    word_id: int
    count: int
    share: float
    appearance: int
    keep_probability: float
    noise_probability: float
    code: str | None


@dataclass(frozen=True, slots=True)
class TreeNode:
    """One inner node of the tree; a child is a word or another "node …"."""

    node_id: int
    name: str
    weight: int
    left: str
    right: str


@dataclass(frozen=True, slots=True)
class Overview(_Data):
    """What training starts from.

    Attributes
    ----------
    config : dict[str, Any]
        The options of training.
    sentences : list[list[str]]
        The text, split into words; words below ``min_count`` are gone.
    words : list[WordRow]
        The vocabulary by id.
    one_hot : list[list[int]]
        V x V, row w is the one-hot vector of word w.
    cosines : Matrix
        V x V, cosine similarity of each two one-hot vectors: 1 with itself, 0 with any other.
    products : Matrix
        V x N, the one-hot vectors times the input table W: row w is W's row w.
    input_vectors : Matrix
        V x N, the input table before training.
    tree : list[TreeNode]
        Inner nodes from the root down; empty unless hierarchical softmax is trained.
    """

    config: dict[str, Any]
    sentences: list[list[str]]
    words: list[WordRow]
    one_hot: list[list[int]]
    cosines: Matrix
    products: Matrix
    input_vectors: Matrix
    tree: list[TreeNode]


@dataclass(frozen=True, slots=True)
class TableRows:
    """One whole table of parameters; biases are shown as a table too.

    Attributes
    ----------
    name : str
        "input_vectors", "output_vectors", "projection_bias" or "output_bias".
    symbol : str
        W, W′, b or b′.
    objective : str | None
        Whose output table it is, or None for what all objectives share.
    row_names : list[str]
        The word, tree node, or "b" each row belongs to.
    rows : Matrix
        The numbers.
    cosines : list[list[float | None]]
        Cosine similarity of each two rows, None where a row is all zeros; empty for biases.
    """

    name: str
    symbol: str
    objective: str | None
    row_names: list[str]
    rows: Matrix
    cosines: list[list[float | None]]


@dataclass(frozen=True, slots=True)
class State(_Data):
    """All tables after so many steps; 0 steps are the tables before training."""

    steps: int
    tables: list[TableRows]


@dataclass(frozen=True, slots=True)
class RowChange:
    """One row of a table around a step: ``after = before + step``.

    Attributes
    ----------
    gradient : Vector
        The exact derivative of the loss by each entry.
    step : Vector
        What is added, the learning rate times the direction taken. It is ``-learning_rate * gradient``, but for
        the input rows of CBOW with the mean and ``cbow_gradient="word2vec"``, where it is as many times that as
        there are context words.
    """

    row: str
    row_id: int
    before: Vector
    gradient: Vector
    step: Vector
    after: Vector


@dataclass(frozen=True, slots=True)
class TableView:
    """The rows of one table that a step changes or has a gradient for; other rows stay as they are.

    name, symbol, objective : as in :class:`TableRows`.

    Attributes
    ----------
    rows : int
        How many rows the table has.
    changes : list[RowChange]
        By row id.
    """

    name: str
    symbol: str
    objective: str | None
    rows: int
    changes: list[RowChange]


@dataclass(frozen=True, slots=True)
class WindowView:
    """The sentence a step comes from; positions count from 0.

    Attributes
    ----------
    sentence : list[str]
        Its words; ``dropped`` are the positions lost to subsampling.
    reach : int
        How many surviving words the window extends to either side of the centre.
    """

    sentence: list[str]
    centre: int
    context: list[int]
    dropped: list[int]
    reach: int


@dataclass(frozen=True, slots=True)
class InputTarget:
    """One (input, output) pair of a window; ``current`` if this step learns it."""

    inputs: list[str]
    output: str
    current: bool


@dataclass(frozen=True, slots=True)
class InputRow:
    """An input word and the row of W that its one-hot vector selects."""

    word: str
    word_id: int
    row: Vector


@dataclass(frozen=True, slots=True)
class OutputRow:
    """One row of an output table that takes part: the (input, output, label) row of a step.

    Attributes
    ----------
    output : str
        The word or tree node; ``row_id`` its row in the output table.
    label : int
        1 for a true word, 0 for noise and other words, 1 - bit for a tree node.
    times : int
        The label, except with the full softmax of several context words: how many of them are this word (n).
    score : float | None
        V′ · h + b′.
    probability : float | None
        Y of the softmax, or σ(score).
    expected : float | None
        The probability, or C · y where one softmax serves C context words.
    error : float | None
        Expected - times (EI), the derivative of the loss by the score; the residual g is -error.
    loss : float | None
        The part of the loss that this row has; 0 for rows of a softmax that are not a true word.
    ignored : bool
        A noise word equal to the true one, which is left out; its numbers are None.
    """

    output: str
    row_id: int
    label: int
    times: int
    score: float | None
    probability: float | None
    expected: float | None
    error: float | None
    loss: float | None
    ignored: bool


@dataclass(frozen=True, slots=True)
class PathNode:
    """One node on a word's path through the tree.

    bit : the branch taken, 0 = left; ``turn`` says it in words.
    left, right : the chances of the two branches: σ(score) and 1 - σ(score) = σ(-score).
    branch_probability : that of the branch taken.
    product : of the branch probabilities so far; the last one is p(word | hidden).
    """

    node: str
    node_id: int
    bit: int
    turn: str
    score: float
    left: float
    right: float
    branch_probability: float
    product: float


@dataclass(frozen=True, slots=True)
class NodeView:
    """One inner node of the whole tree for the hidden vector of a step.

    left, right : the chances of its two branches.

    Attributes
    ----------
    reached : float
        The chance to come to this node from the root.
    """

    node_id: int
    score: float
    left: float
    right: float
    reached: float


@dataclass(frozen=True, slots=True)
class ObjectiveView:
    """What one objective makes of the hidden vector.

    Attributes
    ----------
    outputs : list[str]
        The true words.
    rows : list[OutputRow]
        The rows of its output table that take part.
    path : list[PathNode]
        Hierarchical softmax only: the way from the root to the word.
    nodes : list[NodeView]
        Hierarchical softmax only: every inner node, by id.
    probabilities : Vector
        Of every word by id, with sum 1: y of the softmax, or the leaves of the tree; empty for negative
        sampling, whose scores are not normalised to probabilities of words.
    output_losses : Vector
        One loss for each true word; they add up to ``loss``.
    loss : float
        Its part of the step's loss.
    probability : float | None
        Of the true words together, as the model has it; None for negative sampling.
    hidden_gradient : Vector
        Its part of EH, the derivative of the loss by h.
    """

    objective: str
    outputs: list[str]
    rows: list[OutputRow]
    path: list[PathNode]
    nodes: list[NodeView]
    probabilities: Vector
    output_losses: Vector
    loss: float
    probability: float | None
    hidden_gradient: Vector


@dataclass(frozen=True, slots=True)
class ComparedWord:
    """One word under three ways to judge the same scores.

    Attributes
    ----------
    score : float
        V′ · h + b′, the same for all three.
    full_softmax : float
        Its share of e^score over all words.
    sampled_score : float
        The score less log(K · q) for a sample; ``sampled_softmax`` its share among those shown.
    negative_sampling : float
        Σ(score), on its own.
    """

    word: str
    is_output: bool
    score: float
    full_softmax: float
    sampled_score: float
    sampled_softmax: float
    negative_sampling: float


@dataclass(frozen=True, slots=True)
class ComparedMethod:
    """What an objective costs and says: output rows touched, and loss, for one true word."""

    method: str
    rows: int
    loss: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """From the full softmax over sampled softmax to negative sampling, on the same numbers.

    Attributes
    ----------
    output : str
        The true word. ``samples`` are the noise words; those equal to it are ignored by the two objectives that
        use them and missing from ``words``.
    chosen : bool
        Whether the noise words were chosen by hand and not drawn.
    """

    output: str
    samples: list[str]
    chosen: bool
    words: list[ComparedWord]
    methods: list[ComparedMethod]


@dataclass(frozen=True, slots=True)
class Step(_Data):
    """One gradient step, with everything that goes into it and comes out.

    number, epoch : both count from 1.

    Attributes
    ----------
    window : WindowView
        Where in the text.
    pairs : list[InputTarget]
        All (input, output) pairs of that window.
    inputs : list[InputRow]
        The input words of this step and the rows they select.
    hidden : Vector
        H, the mean, sum or copy of those rows, plus the projection bias.
    objectives : list[ObjectiveView]
        Scores, probabilities and loss under each objective trained.
    hidden_gradient : Vector
        EH, the derivative of the loss by h; the step of h would be ``-learning_rate * EH``.
    loss : float
        Over all objectives.
    comparisons : list[Comparison]
        One per true word; empty unless negative sampling is trained.
    tables : list[TableView]
        The rows that change, with their gradient and the step taken.
    """

    number: int
    epoch: int
    learning_rate: float
    window: WindowView
    pairs: list[InputTarget]
    inputs: list[InputRow]
    hidden: Vector
    objectives: list[ObjectiveView]
    hidden_gradient: Vector
    loss: float
    comparisons: list[Comparison]
    tables: list[TableView]


@dataclass(frozen=True, slots=True)
class LabelledPair:
    """One row (input, output, label) of a table of training pairs; label 0 is noise."""

    input: str
    output: str
    label: int

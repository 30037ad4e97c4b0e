"""The views of a lesson: data classes that hold only strings, numbers and lists, and can be stored as JSON.

A vector is a list of N floats, and a table is a list of vectors. Views hold words as well as word ids, so they can be
shown without a vocabulary.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

Vector = list[float]
Matrix = list[list[float]]


class _Data:
    """Base class of views that can be converted to JSON."""

    __slots__ = ()

    def to_dict(self) -> dict[str, Any]:
        """Convert the view to dicts, lists, strings and numbers."""
        return dataclasses.asdict(self)  # type: ignore[call-overload,no-any-return]


@dataclass(frozen=True, slots=True)
class WordRow:
    """One word of the vocabulary.

    Attributes
    ----------
    word : str
        The word.
    word_id : int
        Its id.
    count : int
        Its number of occurrences in the text.
    share : float
        Its fraction of all words of the text.
    appearance : int
        Its rank in the order of first appearance in the text, from 0. It equals ``word_id`` if the course has
        ``order="appearance"``.
    keep_probability : float
        Probability that subsampling keeps one occurrence.
    noise_probability : float
        Probability that a drawn noise word is this word.
    code : str or None
        Bits of the path from the root of the tree to the word, such as "010". "" if it is the only word; None if no
        tree is trained.
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
    """One inner node of the tree.

    Attributes
    ----------
    node_id : int
        Its id.
    name : str
        Its name, such as "node 3".
    weight : int
        Sum of the counts of the words below it.
    left, right : str
        Its children: words or names of inner nodes.
    """

    node_id: int
    name: str
    weight: int
    left: str
    right: str


@dataclass(frozen=True, slots=True)
class Overview(_Data):
    """The state before training.

    Attributes
    ----------
    config : dict of str to object
        The training options.
    sentences : list of list of str
        The sentences of the text, without words whose count is below ``min_count``.
    words : list of WordRow
        The words of the vocabulary, in order of their ids.
    one_hot : list of list of int
        One-hot vectors, V x V: row w is the vector of word w.
    cosines : list of list of float
        Cosine of each pair of one-hot vectors, V x V: 1 for equal words, 0 for different words.
    products : list of list of float
        Products of the one-hot vectors and the input table W, V x N: row w equals row w of W.
    input_vectors : list of list of float
        The input table W, V x N.
    tree : list of TreeNode
        The inner nodes of the tree, root first; empty unless hierarchical softmax is trained.
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
    """All rows of one table of parameters. A bias is also represented as a table.

    Attributes
    ----------
    name : {"input_vectors", "output_vectors", "projection_bias", "output_bias"}
        Name of the table.
    symbol : {"W", "W′", "b", "b′"}
        Its symbol in formulas.
    objective : str or None
        The objective that the table belongs to; None if all objectives share it.
    row_names : list of str
        The name of each row: its word or tree node. The only row of a bias is named "b".
    rows : list of list of float
        The rows.
    cosines : list of list of float or None
        Cosine of each pair of rows, None if one of them is all zeros; an empty list for biases.
    """

    name: str
    symbol: str
    objective: str | None
    row_names: list[str]
    rows: Matrix
    cosines: list[list[float | None]]


@dataclass(frozen=True, slots=True)
class State(_Data):
    """All tables after some steps.

    Attributes
    ----------
    steps : int
        Number of gradient steps taken; 0 for the tables before training.
    tables : list of TableRows
        The tables.
    """

    steps: int
    tables: list[TableRows]


@dataclass(frozen=True, slots=True)
class RowChange:
    """The change of one row of a table in one gradient step: ``after = before + step``.

    Attributes
    ----------
    row : str
        The word or tree node of the row; "b" for a bias.
    row_id : int
        Index of the row.
    before, after : list of float
        The row before and after the step.
    gradient : list of float
        The exact derivative of the loss with respect to each component of the row.
    step : list of float
        The vector that is added to the row: ``-learning_rate * gradient``. For input rows of CBOW with
        ``cbow_combine="mean"`` and ``cbow_gradient="word2vec"``, it is this vector times the number of context words.
    """

    row: str
    row_id: int
    before: Vector
    gradient: Vector
    step: Vector
    after: Vector


@dataclass(frozen=True, slots=True)
class TableView:
    """The rows of one table that change in a step or have a nonzero gradient.

    Attributes
    ----------
    name, symbol, objective : str
        See :class:`TableRows`.
    rows : int
        Number of rows of the table.
    changes : list of RowChange
        The rows, in order of their ids.
    """

    name: str
    symbol: str
    objective: str | None
    rows: int
    changes: list[RowChange]


@dataclass(frozen=True, slots=True)
class WindowView:
    """The window of a step, and the sentence that it is in. Positions in the sentence count from 0.

    Attributes
    ----------
    sentence : list of str
        All words of the sentence.
    centre : int
        Position of the centre word.
    context : list of int
        Positions of the context words.
    dropped : list of int
        Positions of the words that subsampling dropped.
    reach : int
        Width of the window: the maximum number of context words on each side of the centre word.
    """

    sentence: list[str]
    centre: int
    context: list[int]
    dropped: list[int]
    reach: int


@dataclass(frozen=True, slots=True)
class InputTarget:
    """One (input, output) pair of a window.

    Attributes
    ----------
    inputs : list of str
        The input word, or all context words for CBOW.
    output : str
        The output word.
    current : bool
        Whether this step trains on the pair.
    """

    inputs: list[str]
    output: str
    current: bool


@dataclass(frozen=True, slots=True)
class InputRow:
    """An input word, with the row of W that its one-hot vector selects.

    Attributes
    ----------
    word : str
        The word.
    word_id : int
        Its id.
    row : list of float
        The row of W for the word before the step.
    """

    word: str
    word_id: int
    row: Vector


@dataclass(frozen=True, slots=True)
class OutputRow:
    """One row of an output table that is used in a step.

    Attributes
    ----------
    output : str
        The word or tree node.
    row_id : int
        Index of its row in the output table.
    label : int
        1 for a true word, 0 for noise words and all other words, 1 - bit for a tree node.
    times : int
        If one full softmax is computed for several context words, how many of them are this word. Otherwise the label.
    score : float or None
        The score v′ · h + b′.
    probability : float or None
        The probability y for full softmax, otherwise σ(score).
    expected : float or None
        The probability or, if one full softmax is computed for C context words, C times the probability.
    error : float or None
        The error EI = ``expected - times``, which is the derivative of the loss with respect to the score.
    loss : float or None
        The contribution of this row to the loss. For full softmax, it is 0 for rows of words that are not true words.
    ignored : bool
        Whether this is a noise word that equals the true word. Such a word is not used, and all numbers but the label
        are None.
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
    """One inner node on the path of a word in the tree.

    Attributes
    ----------
    node : str
        Name of the node.
    node_id : int
        Its id.
    bit : int
        The branch that the path takes: 0 for left, 1 for right.
    turn : {"left", "right"}
        The branch that the path takes, in words.
    score : float
        Score of the node.
    left, right : float
        Probabilities of the two branches: σ(score), and 1 - σ(score) = σ(-score).
    branch_probability : float
        Probability of the branch that the path takes.
    product : float
        Product of the branch probabilities on the path up to and including the branch at this node. For the last node,
        it is p(word | h).
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
    """One inner node of the tree, scored with the hidden vector of a step.

    Attributes
    ----------
    node_id : int
        Its id.
    score : float
        Its score.
    left, right : float
        Probabilities of its two branches.
    reached : float
        Probability that a path leads to the node: the product of the branch probabilities from the root to it.
    """

    node_id: int
    score: float
    left: float
    right: float
    reached: float


@dataclass(frozen=True, slots=True)
class ObjectiveView:
    """The scores, probabilities and loss that one objective computes from the hidden vector.

    Attributes
    ----------
    objective : str
        The objective.
    outputs : list of str
        The true words.
    rows : list of OutputRow
        The rows of its output table that the step uses.
    path : list of PathNode
        Hierarchical softmax only: the inner nodes from the root to the true word.
    nodes : list of NodeView
        Hierarchical softmax only: all inner nodes, in order of their ids.
    probabilities : list of float
        Probability of each word, in order of the ids; their sum is 1. Empty for negative sampling, which does not
        define such probabilities.
    output_losses : list of float
        The loss of each true word; their sum is ``loss``.
    loss : float
        The contribution of this objective to the loss of the step.
    probability : float or None
        Joint probability of the true words; None for negative sampling.
    hidden_gradient : list of float
        The contribution of this objective to EH, the derivative of the loss with respect to h.
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
    """One word under full softmax, sampled softmax and negative sampling, all computed from one score of the word.

    Attributes
    ----------
    word : str
        The word.
    is_output : bool
        Whether it is the true word.
    times : int
        How many of the noise words are this word; 1 for the true word.
    score : float
        The score v′ · h + b′, from which all three are computed.
    full_softmax : float
        Its probability under full softmax: e^score, divided by the sum over all words.
    sampled_score : float
        The score that sampled softmax uses: for a noise word, ``score`` minus log(K · q), where q is the probability
        that a drawn noise word is this word; for the true word, ``score``.
    sampled_softmax : float
        Its probability under sampled softmax: ``times`` · e^sampled_score, divided by the sum of these products over
        all compared words.
    negative_sampling : float
        The value σ(score), which does not depend on other words.
    """

    word: str
    is_output: bool
    times: int
    score: float
    full_softmax: float
    sampled_score: float
    sampled_softmax: float
    negative_sampling: float


@dataclass(frozen=True, slots=True)
class ComparedMethod:
    """The cost and the loss of one method for one true word.

    Attributes
    ----------
    method : str
        "softmax", "sampled softmax" or "negative sampling".
    rows : int
        Number of different output rows that it uses.
    loss : float
        Its loss.
    """

    method: str
    rows: int
    loss: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """Comparison of full softmax, sampled softmax and negative sampling for one true word.

    All three are computed from the same scores of the words, v′ · h + b′.

    Attributes
    ----------
    output : str
        The true word.
    samples : list of str
        The noise words that were drawn or chosen. Those that equal the true word are not used.
    chosen : bool
        Whether the user chose the noise words. Otherwise they were drawn at random.
    words : list of ComparedWord
        The true word and the noise words that are used, each word once.
    methods : list of ComparedMethod
        The cost and the loss of each method.
    """

    output: str
    samples: list[str]
    chosen: bool
    words: list[ComparedWord]
    methods: list[ComparedMethod]


@dataclass(frozen=True, slots=True)
class Step(_Data):
    """One gradient step, with all its inputs and results.

    Attributes
    ----------
    number : int
        Number of the step, from 1.
    epoch : int
        Number of the epoch, from 1.
    learning_rate : float
        The learning rate of the step.
    window : WindowView
        The window in its sentence.
    pairs : list of InputTarget
        All (input, output) pairs of the window.
    inputs : list of InputRow
        The input words of the step, with their rows of W.
    hidden : list of float
        The hidden vector h: the input row, or the mean or sum of the input rows, plus the projection bias.
    objectives : list of ObjectiveView
        Scores, probabilities and loss of each objective.
    hidden_gradient : list of float
        The derivative EH of the loss with respect to h.
    loss : float
        Sum of the losses of all objectives.
    comparisons : list of Comparison
        For each true word, a comparison of full softmax, sampled softmax and negative sampling; empty unless negative
        sampling is trained.
    tables : list of TableView
        The rows of each table that change or have a nonzero gradient.
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
    """One row of a table of training pairs.

    Attributes
    ----------
    input, output : str
        The words of the pair.
    label : int
        1 for a pair of the text, 0 for a noise pair.
    """

    input: str
    output: str
    label: int


@dataclass(frozen=True, slots=True)
class WindowPair:
    """One training pair of a window, with its own noise words.

    Attributes
    ----------
    number : int
        Number of the step that trains on the pair.
    inputs : list of str
        The input word, or all context words for CBOW.
    output : str
        The true word, which has label 1.
    noise : list of str
        The noise words of the pair, which have label 0. Draws that equal the true word are ignored and left out.
    """

    number: int
    inputs: list[str]
    output: str
    noise: list[str]

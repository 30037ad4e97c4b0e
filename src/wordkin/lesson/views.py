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


@dataclass(frozen=True, slots=True)
class WordRow:
    """One word of the vocabulary.

    share : its part of all words of the text.
    keep_probability : chance that one occurrence survives subsampling.
    noise_probability : chance that one draw of noise is this word.
    code : bits of its path through the Huffman tree, "" for the only word, None where no tree is trained.
    """

    word: str
    word_id: int
    count: int
    share: float
    keep_probability: float
    noise_probability: float
    code: str | None


@dataclass(frozen=True, slots=True)
class TreeNode:
    """One inner node of the Huffman tree; a child is a word or another "node …"."""

    node_id: int
    name: str
    weight: int
    left: str
    right: str


@dataclass(frozen=True, slots=True)
class TableView:
    """One table of parameters around a step; biases are shown as a table too.

    name : "input_vectors", "output_vectors", "projection_bias" or "output_bias".
    symbol : W, W′, b or b′.
    objective : whose output table it is, or None for what all objectives share.
    row_names : the word, tree node, or "b" each row belongs to.
    before, after : the table before and after the step.
    gradient : derivative of the loss by each entry, the exact one.
    changed_rows : rows that differ afterwards.
    """

    name: str
    symbol: str
    objective: str | None
    row_names: list[str]
    before: Matrix
    gradient: Matrix
    after: Matrix
    changed_rows: list[int]


@dataclass(frozen=True, slots=True)
class Overview:
    """What training starts from.

    config : the options of training.
    sentences : the text, split into words; words below ``min_count`` are gone.
    words : the vocabulary by id.
    one_hot : V x V, row w is the one-hot vector of word w.
    cosines : V x V, cosine similarity of each two one-hot vectors: 1 with itself, 0 with any other.
    products : V x N, the one-hot vectors times the input table W: row w is W's row w.
    input_vectors : V x N, the input table before training.
    tree : inner nodes from the root down; empty unless hierarchical softmax is trained.
    """

    config: dict[str, Any]
    sentences: list[list[str]]
    words: list[WordRow]
    one_hot: list[list[int]]
    cosines: Matrix
    products: Matrix
    input_vectors: Matrix
    tree: list[TreeNode]

    def to_dict(self) -> dict[str, Any]:
        """All of it as dicts, lists, strings and numbers."""
        return dataclasses.asdict(self)


@dataclass(frozen=True, slots=True)
class WindowView:
    """The sentence a step comes from; positions count from 0.

    sentence : its words; ``dropped`` are the positions lost to subsampling.
    reach : how many surviving words the window extends to either side of the centre.
    """

    sentence: list[str]
    centre: int
    context: list[int]
    dropped: list[int]
    reach: int


@dataclass(frozen=True, slots=True)
class InputTarget:
    """One (input, label) row of a window; ``current`` if this step learns it."""

    inputs: list[str]
    label: str
    current: bool


@dataclass(frozen=True, slots=True)
class InputRow:
    """An input word: its one-hot vector of length V and the row of W it selects."""

    word: str
    word_id: int
    one_hot: list[int]
    row: Vector


@dataclass(frozen=True, slots=True)
class OutputRow:
    """One row of an output table that takes part: the (input, output, label) row of a step.

    output : the word or tree node; ``row_id`` its row in the output table.
    label : 1 for a true word, 0 for noise and other words, 1 - bit for a tree node; with the full softmax
        of several context words, how many of them are this word.
    score, probability, residual : as in :class:`wordkin.objectives.reference.Scored`; None where ignored.
    ignored : a noise word equal to the true one, which is left out.
    """

    output: str
    row_id: int
    label: int
    score: float | None
    probability: float | None
    residual: float | None
    ignored: bool


@dataclass(frozen=True, slots=True)
class PathNode:
    """One node on a word's path through the tree.

    bit : the branch taken, 0 = left; ``turn`` says it in words.
    sigmoid : σ(score), the chance of going left.
    branch_probability : the chance of the branch taken: σ(score) or 1 - σ(score).
    product : of the branch probabilities so far; the last one is p(word | hidden).
    """

    node: str
    node_id: int
    bit: int
    turn: str
    score: float
    sigmoid: float
    branch_probability: float
    product: float


@dataclass(frozen=True, slots=True)
class ObjectiveView:
    """What one objective makes of the hidden vector.

    outputs : the true words.
    rows : the rows of its output table that take part.
    path : hierarchical softmax only: the way from the root to the word.
    loss : its part of the step's loss.
    probability : of the true words together, as the model has it; None for negative sampling, whose
        scores are not normalised to probabilities of words.
    """

    objective: str
    outputs: list[str]
    rows: list[OutputRow]
    path: list[PathNode]
    loss: float
    probability: float | None


@dataclass(frozen=True, slots=True)
class ComparedWord:
    """One word under three ways to judge the same scores.

    score : v′ · h + b′, the same for all three.
    full_softmax : its share of e^score over all words.
    sampled_score : the score less log(K · P) for a sample; ``sampled_softmax`` its share among those shown.
    negative_sampling : σ(score), on its own.
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

    output : the true word. ``samples`` are the words drawn; those equal to it are ignored by the two
    objectives that use them and missing from ``words``.
    """

    output: str
    samples: list[str]
    words: list[ComparedWord]
    methods: list[ComparedMethod]


@dataclass(frozen=True, slots=True)
class Step:
    """One gradient step, with everything that goes into it and comes out.

    number, epoch : both count from 1.
    window : where in the text.
    pairs : all (input, label) rows of that window.
    inputs : the input words of this step and the rows they select.
    hidden : h, the mean, sum or copy of those rows, plus the projection bias.
    objectives : scores, probabilities and loss under each objective trained.
    hidden_gradient : derivative of the loss by h.
    loss : over all objectives.
    comparisons : one per true word; empty when only the tree is trained, which has no row per word.
    tables : every table before and after, with its gradient.
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

    def to_dict(self) -> dict[str, Any]:
        """All of it as dicts, lists, strings and numbers."""
        return dataclasses.asdict(self)

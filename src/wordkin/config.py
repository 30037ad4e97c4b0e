"""The options of a training run: one frozen dataclass that validates itself.

The metadata of each field holds its validation rule, help text, group and literature source. The command line, the
options table in the docs and the validation all use this metadata, so each option is described only here. ``None``
means "not set": the default then depends on other options.
"""

from __future__ import annotations

import codecs
import dataclasses
import functools
import math
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, TypeVar, get_args

from wordkin.cores import usable_cores
from wordkin.errors import ConfigError
from wordkin.options import (
    Architecture,
    Combine,
    EncodingErrors,
    Gradient,
    Lowercase,
    MergeDtype,
    Normalization,
    Objective,
    PhraseScoring,
    Reader,
    Recipe,
    ResultTable,
    SubsampleFormula,
)
from wordkin.recipes import RECIPES, values_of

ARCHITECTURES: tuple[str, ...] = get_args(Architecture)
OBJECTIVES: tuple[str, ...] = get_args(Objective)


class Traits(NamedTuple):
    """Properties of a training objective.

    Code that depends on the objective checks these properties, not its name.

    Attributes
    ----------
    has_noise : bool, default False
        Whether the objective draws noise words: ``negative`` of them for each word to predict.
    rows_are_nodes : bool, default False
        Whether each row of the output table belongs to an inner node of the Huffman tree, not to a word.
    changes_all_rows : bool, default False
        Whether each training example changes all rows of the output table.
    """

    has_noise: bool = False
    rows_are_nodes: bool = False
    changes_all_rows: bool = False


TRAITS = {
    "negative-sampling": Traits(has_noise=True),
    "hierarchical-softmax": Traits(rows_are_nodes=True),
    "softmax": Traits(changes_all_rows=True),
}
READERS: tuple[str, ...] = get_args(Reader)
TOKENIZERS = ("whitespace", "words", "jieba", "kiwi", "sudachi")
GROUPS = ("Model", "Text", "Training")
# gensim's parameter names, and the remedy that an error message suggests.
NAMES_IN_GENSIM = {
    "sentences": "pass the text to train or fit",
    "corpus_file": "pass the path to train or fit",
    "size": "use vector_size",
    "iter": "use epochs",
    "workers": "use threads",
    "alpha": "use learning_rate",
    "min_alpha": "use min_learning_rate",
    "sample": "use subsample",
    "ns_exponent": "use noise_exponent",
    "max_final_vocab": "use max_vocabulary",
    "shrink_windows": "use dynamic_window",
    "sg": 'use architecture="skip-gram" or "cbow"',
    "hs": 'use objective="hierarchical-softmax"',
    "cbow_mean": 'use cbow_combine="mean" or "sum"',
    "compute_loss": "leave compute_loss out, because losses are always measured",
}
# Options of word2vec.c, and the command-line options to use instead.
NAMES_IN_WORD2VEC_C = {
    "train": "give the text as CORPUS",
    "output": "use --output FILE",
    "size": "use --vector-size",
    "window": "use --window",
    "sample": "use --subsample",
    "hs": "use --objective hierarchical-softmax",
    "negative": "use --negative",
    "threads": "use --threads",
    "iter": "use --epochs",
    "min-count": "use --min-count",
    "alpha": "use --learning-rate",
    "cbow": "use --architecture cbow or skip-gram",
    "binary": "choose the format by the suffix of --output: .bin or .txt",
    "save-vocab": "leave this option out, because vectors in .safetensors contain the counts",
    "read-vocab": "leave this option out, because the vocabulary is counted from the text",
    "debug": "leave this option out, or use --quiet to show no progress",
    "classes": "cluster the vectors afterwards, for example with scikit-learn's KMeans",
}


# Names of options in earlier versions.
FORMER_NAMES = {"drafts": "parts"}


@dataclass(frozen=True)
class Number:
    """Rule: a number from ``low`` to ``high``, inclusive; if ``above`` is true, the number must exceed ``low``."""

    low: float = -math.inf
    high: float = math.inf
    integer: bool = False
    above: bool = False  # exclude low
    optional: bool = False

    def __str__(self) -> str:
        bounded = self.low > -math.inf or self.high < math.inf
        noun = "a whole number" if self.integer else "a number" if bounded else "a finite number"
        low, high = (str(end) if isinstance(end, int) else f"{end:g}" for end in (self.low, self.high))
        if self.high < math.inf:
            span = f" above {low} and at most {high}" if self.above else f" from {low} to {high}"
        elif self.low > -math.inf:
            span = f" above {low}" if self.above else f" from {low} up"
        else:
            span = ""
        return f"must be {noun}{span}"

    def accepts(self, value: object) -> bool:
        if value is None:
            return self.optional
        if isinstance(value, bool) or not isinstance(value, int if self.integer else int | float):
            return False
        try:
            finite = math.isfinite(value)
        except OverflowError:  # an int too large for float
            return False
        return finite and self.low <= value <= self.high and not (self.above and value == self.low)


@dataclass(frozen=True)
class NumberOrWord:
    """Rule: a number, or a word with a special meaning, such as "sentence" for the option ``window``."""

    number: Number
    words: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.number}, or " + " or ".join(f'"{word}"' for word in self.words)

    def accepts(self, value: object) -> bool:
        return (isinstance(value, str) and value in self.words) or self.number.accepts(value)


@dataclass(frozen=True)
class Choice:
    """Rule: one of the strings in ``words``; with ``several``, also a tuple of different strings from ``words``."""

    words: tuple[str, ...]
    several: bool = False

    def __str__(self) -> str:
        listed = ", ".join(f'"{word}"' for word in self.words)
        return f"must be one or more of {listed}" if self.several else f"must be one of {listed}"

    def accepts(self, value: object) -> bool:
        if self.several and isinstance(value, tuple):
            return 0 < len(value) == len(set(value)) and all(self.accepts(each) for each in value)
        return isinstance(value, str) and value in self.words


@dataclass(frozen=True)
class Flag:
    """Rule: True or False."""

    def __str__(self) -> str:
        return "must be True or False"

    def accepts(self, value: object) -> bool:
        return isinstance(value, bool)


@dataclass(frozen=True)
class FlagOrLanguage:
    """Rule: True, False, or the code of a language with its own rules for lower case, such as "tr"."""

    languages: tuple[str, ...] = ("tr", "az", "lt")

    @property
    def words(self) -> tuple[str, ...]:
        """The legal values as text."""
        return ("False", "True", *self.languages)

    def __str__(self) -> str:
        listed = ", ".join(f'"{language}"' for language in self.languages)
        return f"must be True, False or a language with special casing rules ({listed})"

    def accepts(self, value: object) -> bool:
        return isinstance(value, bool) or (isinstance(value, str) and value in self.languages)


@dataclass(frozen=True)
class TokenizerName:
    """Rule: the name of a tokenizer, or a function that splits one line of text into words."""

    words: tuple[str, ...] = TOKENIZERS

    def __str__(self) -> str:
        listed = ", ".join(f'"{word}"' for word in self.words)
        return f"must be one of {listed}, or a function that splits a line of text into a list of words"

    def accepts(self, value: object) -> bool:
        return callable(value) or (isinstance(value, str) and value in self.words)


@dataclass(frozen=True)
class PatternOrFunction:
    """Rule: a regular expression, or a function that takes a word and returns whether to keep it."""

    words: tuple[str, ...] = ("PATTERN",)

    def __str__(self) -> str:
        return "must be a regular expression that matches whole words, or a function from a word to True or False"

    def accepts(self, value: object) -> bool:
        if not isinstance(value, str):
            return value is None or callable(value)
        try:
            re.compile(value)
        except (re.error, OverflowError, RecursionError):
            return False
        return value != ""


@dataclass(frozen=True)
class FieldName:
    """Rule: the name of a field or column, or the number of a column, counted from 0."""

    words: tuple[str, ...] = ("NAME", "N")

    def __str__(self) -> str:
        return "must be the name of a field, or the number of a column from 0 up"

    def accepts(self, value: object) -> bool:
        named = isinstance(value, str) and value != ""
        return value is None or named or Number(0, 10**6, integer=True).accepts(value)


@dataclass(frozen=True)
class Encoding:
    """Rule: the name of a text encoding that Python knows."""

    words: tuple[str, ...] = ("NAME",)

    def __str__(self) -> str:
        return 'must be a text encoding that Python knows, such as "utf-8", "utf-16", "cp949" or "latin-1"'

    def accepts(self, value: object) -> bool:
        if not isinstance(value, str):
            return False
        try:
            "".encode(value)  # raises LookupError for codecs that do not encode text, such as base64
            codecs.getincrementaldecoder(value)
        except (LookupError, ValueError):
            return False
        return True


@dataclass(frozen=True)
class OptionalChoice(Choice):
    """Rule: one of the strings in ``words``, or None."""

    def accepts(self, value: object) -> bool:
        return value is None or super().accepts(value)


@dataclass(frozen=True)
class PassesOrFile:
    """Rule for ``phrases``: the number of passes that learn phrases, or the path of a file of learned phrases."""

    words: tuple[str, ...] = ("PASSES", "FILE")

    def __str__(self) -> str:
        return "must be a whole number of passes from 1 to 16, or the path of a .json file of phrases"

    def accepts(self, value: object) -> bool:
        if value is None:
            return True
        if isinstance(value, str):
            return value.endswith(".json")
        return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 16


@dataclass(frozen=True)
class WordList:
    """Rule: a tuple of words."""

    words: tuple[str, ...] = ("WORD[,...]",)
    numbers: bool = False  # also allow a tuple of whole numbers

    def __str__(self) -> str:
        return "must be a list of words, or of whole numbers" if self.numbers else "must be a list of words"

    def accepts(self, value: object) -> bool:
        if not isinstance(value, tuple):
            return False
        if self.numbers and value and all(isinstance(each, int) and not isinstance(each, bool) for each in value):
            return True
        return all(isinstance(each, str) and each for each in value)


@dataclass(frozen=True)
class Delimiter:
    """Rule: a character that separates columns."""

    words: tuple[str, ...] = ("CHARACTER",)

    def __str__(self) -> str:
        return "must be a single character that is not a letter, digit, quotation mark or line break"

    def accepts(self, value: object) -> bool:
        if value is None:
            return True
        return isinstance(value, str) and len(value) == 1 and not value.isalnum() and value not in "\"'\r\n"


@dataclass(frozen=True)
class Text:
    """Rule: any nonempty string. The attribute ``what`` names such a string in messages, for example "a path"."""

    what: str
    words: tuple[str, ...] = ("TEXT",)

    def __str__(self) -> str:
        return f"must be {self.what}"

    def accepts(self, value: object) -> bool:
        return isinstance(value, str) and value != ""


Rule = (
    Number
    | NumberOrWord
    | Choice
    | Flag
    | TokenizerName
    | FieldName
    | Encoding
    | PassesOrFile
    | WordList
    | Delimiter
    | Text
    | FlagOrLanguage
    | PatternOrFunction
)
T = TypeVar("T")
_DEFAULT_MAX_CONTEXT = 20
FROM_1 = Number(1, integer=True)
OLD_WEIGHT = Number(0, 1)  # weight of the old rows in the average at the end of an update
REPLAY_SHARE = Number(0, 1, above=True)  # fraction of the old text's sentences that an update replays
FROM_1_OR_NONE = Number(1, integer=True, optional=True)


def check(name: str, rule: Rule, value: T) -> T:
    """Check a value against a rule and return it as a plain Python value.

    Raises
    ------
    ConfigError
        The rule does not accept the value.
    """
    plain: T = _plain(value)
    if not rule.accepts(plain):
        raise ConfigError(name, str(rule), plain)
    return plain


def _option(default: object, rule: Rule, group: str, text: str, source: str = "") -> Any:
    return field(default=default, metadata={"rule": rule, "group": group, "help": text, "source": source})


@dataclass(frozen=True)
class TrainingConfig:
    """All options that determine the result of a training run.

    ``docs/options.md`` describes each option. The constructor raises :class:`ConfigError` for the first illegal value
    or combination.

    The constructor does not apply a ``recipe``, because it cannot tell which options were set explicitly.
    :meth:`from_options` does, and so do ``train`` and ``Word2Vec``. The values of a recipe depend on the length of the
    text. Before ``train`` or ``Word2Vec`` has read the text, the values for a large text are used.
    """

    # fmt: off
    recipe: Recipe | None = _option(
        None, OptionalChoice(get_args(Recipe)), "Model",
        "Named set of values for the options that you do not set: word2vec has the defaults; quality gives better "
        "vectors in about the time that three epochs of the defaults take.")
    architecture: Architecture = _option(
        "skip-gram", Choice(ARCHITECTURES), "Model",
        "Predict the context from the centre word, or the centre word from its context.",
        "Mikolov et al. 2013a")
    objective: Objective | tuple[Objective, ...] | list[Objective] = _option(
        "negative-sampling", Choice(OBJECTIVES, several=True), "Model",
        "Loss to minimise. Several objectives share one input table; each has its own output table.",
        "Mikolov et al. 2013b")
    vector_size: int = _option(
        100, Number(1, 65536, integer=True), "Model", "Length of a word vector.")
    window: int | Literal["sentence"] = _option(
        5, NumberOrWord(Number(1, 10_000, integer=True), ("sentence",)), "Model",
        'Largest distance between a centre and a context word; with "sentence", all other words of the sentence are '
        "context in any order, as for shopping baskets.")
    dynamic_window: bool = _option(
        True, Flag(), "Model",
        "Draw each centre's window width uniformly from 1 to window, so that nearer words have more weight.",
        "word2vec.c")
    max_context: int = _option(
        _DEFAULT_MAX_CONTEXT, Number(1, 10_000, integer=True), "Model",
        'Maximum number of context words per centre with window="sentence"; in longer sentences, these words are drawn '
        "at random.")
    negative: int = _option(
        5, Number(1, 4096, integer=True), "Model",
        "Number of noise words (negative samples) for each pair of words of the text.", "Mikolov et al. 2013b")
    noise_exponent: float = _option(
        0.75, Number(-8, 8), "Model", "Noise words are drawn in proportion to their count raised to this power.",
        "Mikolov et al. 2013b")
    cbow_combine: Combine = _option(
        "mean", Choice(get_args(Combine)), "Model", "How CBOW combines the context vectors.", "word2vec.c")
    cbow_gradient: Gradient = _option(
        "word2vec", Choice(get_args(Gradient)), "Model",
        'With cbow_combine="mean": update each context word with the whole gradient, as word2vec.c does, or with the '
        "exact gradient, which is divided by the number of context words.",
        "word2vec.c")
    projection_bias: bool = _option(
        False, Flag(), "Model", "Add a learned bias vector to the hidden layer.")
    output_bias: bool = _option(
        False, Flag(), "Model", "Add a learned bias to each output score.")
    vectors: ResultTable = _option(
        "input", Choice(get_args(ResultTable)), "Model",
        "Table that the resulting vectors are taken from: the input or the output table, or their sum or average.",
        "Press and Wolf 2017")

    tokenizer: str | Callable[[str], list[str]] = _option(
        "whitespace", TokenizerName(), "Text",
        "How lines are split into words: at white space; at Unicode word boundaries, with punctuation as words "
        "(words); or with a dictionary of Chinese (jieba), Korean (kiwi) or Japanese (sudachi).")
    lowercase: Lowercase = _option(
        False, FlagOrLanguage(), "Text",
        "Lower-case all words, optionally by the rules of Turkish (tr), Azerbaijani (az) or Lithuanian (lt).")
    normalize: Normalization | None = _option(
        None, OptionalChoice(get_args(Normalization)), "Text",
        "Convert text to this Unicode normal form; NFKC also unifies full-width letters and other compatibility "
        "variants.")
    keep: str | Callable[[str], object] | None = _option(
        None, PatternOrFunction(), "Text",
        "Keep only words that fully match this regular expression, or for which this function returns True.")
    field: str | int | None = _option(
        None, FieldName(), "Text",
        "Name of the field or column that holds the text, such as text or a.b. For CSV without a header: "
        "number of the column, from 0.")
    reader: Reader | None = _option(
        None, OptionalChoice(READERS), "Text",
        "Format of the files. Default: for each file, the format that its suffix names.")
    delimiter: str | None = _option(
        None, Delimiter(), "Text", "Character that separates CSV columns. Default: a comma.")
    quoting: bool = _option(
        True, Flag(), "Text",
        "In CSV and TSV, double quotation marks around a field are removed, and the field may contain "
        "delimiters. If false, quotation marks are ordinary characters.")
    encoding: str = _option("utf-8", Encoding(), "Text", "Encoding of text, CSV and JSON Lines files.")
    encoding_errors: EncodingErrors = _option(
        "replace", Choice(get_args(EncodingErrors)), "Text",
        "What happens to bytes that are invalid in the encoding: replace writes U+FFFD for them, ignore removes them, "
        "strict raises an error.")
    phrases: int | str | None = _option(
        None, PassesOrFile(), "Text",
        "Join frequent phrases such as new_york. A number: learn them in this many passes over the text. A file: join "
        "the phrases in this file.",
        "Mikolov et al. 2013b")
    phrase_min_count: int = _option(
        5, Number(1, integer=True), "Text", "Do not join words that occur together fewer times than this.")
    phrase_threshold: float | None = _option(
        None, Number(-1, optional=True), "Text",
        "Join words whose score exceeds this. Default: 10 for word2phrase, 0.5 for npmi.")
    phrase_scoring: PhraseScoring = _option(
        "word2phrase", Choice(get_args(PhraseScoring)), "Text",
        "Score of a phrase: that of word2phrase, or normalised pointwise mutual information.", "Bouma 2009")
    phrase_connectors: tuple[str, ...] | list[str] = _option(
        (), WordList(), "Text",
        'Words allowed inside a phrase, such as "of"; "english" selects a list of English words.')
    phrase_delimiter: str = _option(
        "_", Choice(("_", "-", "+", "~", "\u2423")), "Text", "Character that joins the words of a phrase.")
    min_count: int = _option(
        5, Number(1, integer=True), "Text", "Ignore words with a lower count.", "word2vec.c")
    max_vocabulary: int | None = _option(
        None, Number(1, integer=True, optional=True), "Text", "Keep only this many of the most frequent words.")
    keep_words: tuple[str, ...] | list[str] | tuple[int, ...] | list[int] = _option(
        (), WordList(numbers=True), "Text", "Words to keep in the vocabulary whatever their count.")
    rare_counts: bool = _option(
        True, Flag(), "Text",
        "Store the counts of words that are too rare for the vocabulary, so that an update of the model can "
        "add these words.")
    max_types: int | None = _option(
        None, Number(1, integer=True, optional=True), "Text",
        "Count at most this many distinct words at a time, to limit memory; the rarest words are dropped. "
        "rare_counts stores at most this many counts. Default: no limit for counting, and 1,000,000 stored "
        "counts.")
    subsample: float = _option(
        1e-3, Number(0, 1), "Text",
        "Threshold for dropping occurrences of frequent words at random; 0 keeps all of them.",
        "Mikolov et al. 2013b")
    subsample_formula: SubsampleFormula = _option(
        "word2vec", Choice(get_args(SubsampleFormula)), "Text",
        "Probability of keeping a word of frequency f at threshold t: sqrt(t/f) + t/f as in word2vec.c, or sqrt(t/f) "
        "as in the paper.")

    epochs: int = _option(5, Number(1, integer=True), "Training", "Passes over the text.")
    learning_rate: float | None = _option(
        None, Number(0, 10, above=True, optional=True), "Training",
        "Initial learning rate. Default: 0.025 for skip-gram, 0.05 for CBOW.", "word2vec.c")
    min_learning_rate: float | None = _option(
        None, Number(0, 10, optional=True), "Training",
        "Final learning rate. Default: 1/10,000 of the initial one.", "word2vec.c")
    validation_fraction: float | None = _option(
        None, Number(0, 0.5, above=True, optional=True), "Training",
        "Hold out this fraction of the sentences and measure their loss after each epoch.")
    patience: int | None = _option(
        None, Number(1, integer=True, optional=True), "Training",
        "Stop when the held-out loss has not fallen for this many epochs, and return the vectors of the best epoch.")
    threads: int | None = _option(
        None, Number(1, 1024, integer=True, optional=True), "Training",
        "Number of worker threads. Default: all cores that this process may use.")
    seed: int = _option(
        1, Number(0, 2**63 - 1, integer=True), "Training",
        "Seed of initialisation, subsampling, windows and noise.")
    deterministic: bool = _option(
        False, Flag(), "Training",
        "Make the vectors bit-identical for any number of threads, at some cost in speed.")
    parts: int = _option(
        2, Number(2, 64, integer=True), "Training",
        "With deterministic: number of parts of the text that are trained in parallel and merged. Threads beyond this "
        "number are idle. More parts cost some quality.")
    replicas: int = _option(
        1, Number(1, 1024, integer=True), "Training",
        "Number of copies of the tables. Each copy is trained on its own part of the text, as on a machine of "
        "its own. The copies are merged regularly.")
    round_words: int | None = _option(
        None, FROM_1_OR_NONE, "Training",
        "With replicas: words that each replica trains on before the rows of frequent words are merged. Default: "
        "chosen so that a run has 256 rounds, but from 32,768 to 524,288, and at most the words of a replica.")
    merge_all_every: int = _option(
        4, Number(1, integer=True), "Training",
        "With replicas: merge all rows after this many rounds. Tables are saved and evaluated only then.")
    frequent_rows: int = _option(
        8192, Number(0, integer=True), "Training",
        "With replicas: number of rows per table, those of the most frequent words, that are merged after every round.")
    merge_dtype: MergeDtype = _option(
        "float32", Choice(get_args(MergeDtype)), "Training",
        "With replicas: number format of the changes of rows that replicas exchange. bfloat16 rounds them to 8 "
        "significant bits, and halves the data that machines send.")
    merge_late: bool = _option(
        False, Flag(), "Training",
        "With replicas: use the merged rows of frequent words one round later, so that machines train while they "
        "exchange them and wait for each other less.")
    # fmt: on

    def __post_init__(self) -> None:
        for each in dataclasses.fields(self):
            object.__setattr__(self, each.name, check(each.name, each.metadata["rule"], getattr(self, each.name)))
        self._check_combinations()

    def _check_combinations(self) -> None:
        lowest, highest = self.min_learning_rate, self.starting_learning_rate
        if lowest is not None and lowest > highest:
            raise ConfigError("min_learning_rate", f"must not exceed learning_rate ({highest:g})", lowest)
        self._check_window()
        if self.vectors != "input" and all(TRAITS[each].rows_are_nodes for each in self.objectives):
            raise ConfigError(
                "vectors",
                'must be "input" with objective="hierarchical-softmax", whose output rows belong to tree '
                "nodes, not to words",
                self.vectors,
                "leave vectors out",
            )
        if self.replicas > 1 and self.changes_all_rows:
            raise ConfigError(
                "replicas",
                'must be 1 with objective="softmax", which changes all output rows in each step',
                self.replicas,
                "set replicas=1, or use another objective",
            )
        if self.cbow_combine == "sum" and self.cbow_gradient == "exact":
            raise ConfigError(
                "cbow_gradient",
                'must be "word2vec" with cbow_combine="sum", because both gradients are the same for a sum',
                self.cbow_gradient,
                "leave cbow_gradient out",
            )

    def _check_window(self) -> None:
        if self.whole_sentences and not self.dynamic_window:
            raise ConfigError(
                "dynamic_window",
                'cannot be set to False with window="sentence", because the context is always the whole sentence',
                self.dynamic_window,
                "leave dynamic_window out",
            )
        if not self.whole_sentences and self.max_context != _DEFAULT_MAX_CONTEXT:
            raise ConfigError(
                "max_context",
                'needs window="sentence", because a window of N words has at most 2N context words anyway',
                self.max_context,
                "leave max_context out",
            )

    @property
    def whole_sentences(self) -> bool:
        """Whether all other words of a sentence are the context of each word (``window="sentence"``)."""
        return self.window == "sentence"

    @property
    def reach(self) -> int:
        """Largest distance of a context word from its centre: ``window``, or ``max_context`` with whole sentences."""
        return self.window if isinstance(self.window, int) else self.max_context

    @property
    def objectives(self) -> tuple[str, ...]:
        """The option ``objective`` as a tuple of one or more names."""
        return (self.objective,) if isinstance(self.objective, str) else tuple(self.objective)

    @property
    def changes_all_rows(self) -> bool:
        """Whether an objective changes all rows of its output table with each training example."""
        return any(TRAITS[each].changes_all_rows for each in self.objectives)

    @property
    def has_noise(self) -> bool:
        """Whether an objective draws noise words, as negative sampling does."""
        return any(TRAITS[each].has_noise for each in self.objectives)

    @property
    def starting_learning_rate(self) -> float:
        """The option ``learning_rate``; if it is not set, the default for the architecture."""
        if self.learning_rate is not None:
            return self.learning_rate
        return 0.025 if self.architecture == "skip-gram" else 0.05

    @property
    def final_learning_rate(self) -> float:
        """The option ``min_learning_rate``; if it is not set, 1e-4 times the initial learning rate."""
        return self.starting_learning_rate * 1e-4 if self.min_learning_rate is None else self.min_learning_rate

    @property
    def worker_threads(self) -> int:
        """The option ``threads``; if it is not set, the number of cores that this process may use."""
        return usable_cores() if self.threads is None else self.threads

    def to_dict(self) -> dict[str, Any]:
        """All options as values that JSON can store. A tokenizer function becomes its name.

        Returns
        -------
        dict
            Option values by name.
        """
        values = {each.name: getattr(self, each.name) for each in dataclasses.fields(self)}
        if callable(self.tokenizer):
            values["tokenizer"] = _name_of(self.tokenizer)
        if callable(self.keep):
            values["keep"] = {"function": _name_of(self.keep)}  # a plain string would be a pattern
        return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}

    @classmethod
    def from_options(cls, **options: Any) -> TrainingConfig:
        """Build a configuration from keyword options, and apply ``recipe`` if it is one of them.

        Parameters
        ----------
        **options
            Options by name. A recipe sets only options that are not among them.

        Returns
        -------
        TrainingConfig
            The validated configuration.

        Raises
        ------
        ConfigError
            A name is unknown (the message suggests similar ones), or a value is illegal.
        """
        return cls.from_dict(options)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> TrainingConfig:
        """Inverse of :meth:`to_dict`, except for options that are Python functions.

        Parameters
        ----------
        values : mapping
            The dict that :meth:`to_dict` returned.

        Returns
        -------
        TrainingConfig
            The validated configuration.
        """
        known = [each.name for each in dataclasses.fields(cls)]
        for name in values:
            if name not in known:
                remedy = _remedy(name, known)
                raise ConfigError(name, "is not an option of training", values[name], remedy)
        return cls(**{**_recipe_values(values), **values})


def _recipe_values(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """The option values of the recipe in ``values``; empty if the recipe or the architecture is not legal."""
    recipe, architecture = values.get("recipe"), values.get("architecture", "skip-gram")
    if not isinstance(recipe, str) or recipe not in RECIPES or architecture not in ARCHITECTURES:
        return {}
    return values_of(recipe, architecture, values)


def config_for_words(config: TrainingConfig, given: Mapping[str, Any], words: int) -> TrainingConfig:
    """Apply the values of the recipe for a text of ``words`` words to a configuration.

    Options in ``given``, which the caller set, keep their values.
    """
    if config.recipe is None:
        return config
    values = values_of(config.recipe, config.architecture, given, words)
    return dataclasses.replace(config, **{name: value for name, value in values.items() if name not in given})


def _plain(value: Any) -> Any:
    """Convert a NumPy scalar to a Python scalar, a list to a tuple and a path to a string."""
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, list):
        return tuple(value)
    return value.item() if getattr(value, "shape", None) == () and hasattr(value, "item") else value


def _name_of(tokenizer: Callable[..., object]) -> str:
    """The name under which a run records a tokenizer function.

    It is the same in every process, and differs from the names of the built-in tokenizers.
    """
    if isinstance(tokenizer, functools.partial):
        return f"partial({_name_of(tokenizer.func)})"
    name = getattr(tokenizer, "__qualname__", None)
    name = name if isinstance(name, str) else type(tokenizer).__qualname__
    if name not in TOKENIZERS:
        return name
    module = getattr(tokenizer, "__module__", None)
    return f"{module if isinstance(module, str) else type(tokenizer).__module__}:{name}"


def _remedy(name: str, known: list[str]) -> str:
    """The last part of the message for an unknown option: its new name, or the most similar option names."""
    if name in FORMER_NAMES:
        return f"use {FORMER_NAMES[name]}, the new name of this option"
    return NAMES_IN_GENSIM.get(name) or _nearest(name, known)


def _nearest(name: str, known: list[str]) -> str:
    """The part of a message that suggests the option names most similar to an unknown one."""
    import difflib

    near = difflib.get_close_matches(name, known, n=3, cutoff=0.6)
    return f"did you mean {' or '.join(near)}?" if near else "docs/options.md lists all options"

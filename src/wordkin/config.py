"""The options of a training run: one frozen dataclass, validated once.

Each field carries its own rule, help text, group and source as metadata; the command line, the
table of options in the docs and the validation are all generated from them, so an option is
described in exactly one place. ``None`` means "not set: use the default that depends on other
options", never "zero".
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
from typing import Any, Literal, TypeVar, get_args

from wordkin.cores import usable_cores
from wordkin.errors import ConfigError
from wordkin.options import (
    Architecture,
    Combine,
    EncodingErrors,
    Gradient,
    Lowercase,
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
READERS: tuple[str, ...] = get_args(Reader)
TOKENIZERS = ("whitespace", "words", "jieba", "kiwi", "sudachi")
GROUPS = ("Model", "Text", "Training")
# What gensim calls things, and what to write here instead.
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
    "compute_loss": "leave it out: losses are always measured",
}
# What the options of word2vec.c are called here, as the command line spells them.
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
    "binary": "let the suffix of --output say it: .bin or .txt",
    "save-vocab": "leave it out: vectors in .safetensors keep the counts",
    "read-vocab": "leave it out: the vocabulary is counted from the text",
    "debug": "leave it out; --quiet shows no progress",
    "classes": "cluster the vectors afterwards, with KMeans of scikit-learn say",
}


# What options were called in earlier versions.
FORMER_NAMES = {"drafts": "parts"}


@dataclass(frozen=True)
class Number:
    """A range of legal numbers; ``low`` and ``high`` are inclusive unless ``above`` is set."""

    low: float = -math.inf
    high: float = math.inf
    integer: bool = False
    above: bool = False  # low itself is not legal
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
        except OverflowError:  # a whole number beyond any float
            return False
        return finite and self.low <= value <= self.high and not (self.above and value == self.low)


@dataclass(frozen=True)
class NumberOrWord:
    """A number, or a word that stands for something else."""

    number: Number
    words: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.number}, or " + " or ".join(f'"{word}"' for word in self.words)

    def accepts(self, value: object) -> bool:
        return (isinstance(value, str) and value in self.words) or self.number.accepts(value)


@dataclass(frozen=True)
class Choice:
    """One of a few words; ``several`` also allows a tuple of different ones."""

    words: tuple[str, ...]
    several: bool = False

    def __str__(self) -> str:
        listed = ", ".join(f'"{word}"' for word in self.words)
        return f"must be one or several of {listed}" if self.several else f"must be one of {listed}"

    def accepts(self, value: object) -> bool:
        if self.several and isinstance(value, tuple):
            return 0 < len(value) == len(set(value)) and all(self.accepts(each) for each in value)
        return isinstance(value, str) and value in self.words


@dataclass(frozen=True)
class Flag:
    """True or False."""

    def __str__(self) -> str:
        return "must be True or False"

    def accepts(self, value: object) -> bool:
        return isinstance(value, bool)


@dataclass(frozen=True)
class FlagOrLanguage:
    """True, False, or a language with rules of its own."""

    languages: tuple[str, ...] = ("tr", "az", "lt")

    @property
    def words(self) -> tuple[str, ...]:
        """The values as text."""
        return ("False", "True", *self.languages)

    def __str__(self) -> str:
        listed = ", ".join(f'"{language}"' for language in self.languages)
        return f"must be True, False or a language with rules of its own ({listed})"

    def accepts(self, value: object) -> bool:
        return isinstance(value, bool) or (isinstance(value, str) and value in self.languages)


@dataclass(frozen=True)
class TokenizerName:
    """A named tokenizer or a callable that splits one line of text into words."""

    words: tuple[str, ...] = TOKENIZERS

    def __str__(self) -> str:
        listed = ", ".join(f'"{word}"' for word in self.words)
        return f"must be one of {listed}, or a callable from a line of text to a list of words"

    def accepts(self, value: object) -> bool:
        return callable(value) or (isinstance(value, str) and value in self.words)


@dataclass(frozen=True)
class PatternOrFunction:
    """A regular expression, or a function that answers for one word."""

    words: tuple[str, ...] = ("PATTERN",)

    def __str__(self) -> str:
        return "must be a regular expression that words match as a whole, or a function from a word to True or False"

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
    """The name of a field or column, or its number."""

    words: tuple[str, ...] = ("NAME", "N")

    def __str__(self) -> str:
        return "must be the name of a field, or the number of a column from 0 up"

    def accepts(self, value: object) -> bool:
        named = isinstance(value, str) and value != ""
        return value is None or named or Number(0, 10**6, integer=True).accepts(value)


@dataclass(frozen=True)
class Encoding:
    """The name of a text encoding."""

    words: tuple[str, ...] = ("NAME",)

    def __str__(self) -> str:
        return 'must be a text encoding that Python knows, such as "utf-8", "utf-16", "cp949" or "latin-1"'

    def accepts(self, value: object) -> bool:
        if not isinstance(value, str):
            return False
        try:
            "".encode(value)  # refuses encodings that are not of text, such as base64
            codecs.getincrementaldecoder(value)
        except (LookupError, ValueError):
            return False
        return True


@dataclass(frozen=True)
class OptionalChoice(Choice):
    """One of a few words, or None."""

    def accepts(self, value: object) -> bool:
        return value is None or super().accepts(value)


@dataclass(frozen=True)
class PassesOrFile:
    """How often to learn phrases, or the file that holds them."""

    words: tuple[str, ...] = ("PASSES", "FILE")

    def __str__(self) -> str:
        return "must be a whole number of passes from 1 to 16, or a file of phrases that ends in .json"

    def accepts(self, value: object) -> bool:
        if value is None:
            return True
        if isinstance(value, str):
            return value.endswith(".json")
        return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 16


@dataclass(frozen=True)
class WordList:
    """A tuple of words."""

    words: tuple[str, ...] = ("WORD[,...]",)
    numbers: bool = False  # whole numbers may stand for words

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
    """A character that parts columns."""

    words: tuple[str, ...] = ("CHARACTER",)

    def __str__(self) -> str:
        return "must be one character, and no letter, digit, quotation mark or line end"

    def accepts(self, value: object) -> bool:
        if value is None:
            return True
        return isinstance(value, str) and len(value) == 1 and not value.isalnum() and value not in "\"'\r\n"


@dataclass(frozen=True)
class Text:
    """Any text, ``what`` says of what: a path, say, or a name that is looked up later."""

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
REPLAY_SHARE = Number(0, 1, above=True)  # of the sentences of old text, in an update
FROM_1_OR_NONE = Number(1, integer=True, optional=True)


def check(name: str, rule: Rule, value: T) -> T:
    """The value of an argument, once a rule has accepted it; a scalar of NumPy as the Python value it stands for.

    Raises
    ------
    ConfigError : the rule does not accept it.
    """
    plain: T = _plain(value)
    if not rule.accepts(plain):
        raise ConfigError(name, str(rule), plain)
    return plain


def _option(default: object, rule: Rule, group: str, text: str, source: str = "") -> Any:
    return field(default=default, metadata={"rule": rule, "group": group, "help": text, "source": source})


@dataclass(frozen=True)
class TrainingConfig:
    """Everything that decides what a training run computes.

    A ``recipe`` is applied by :meth:`from_options`, and so by ``train`` and ``Word2Vec``: they know which options were
    given. Here it only says which one was. Values that depend on the length of the text are those for a large one until
    ``train`` or ``Word2Vec`` have read it.

    Raises :class:`ConfigError` on the first illegal value or combination.
    """

    # fmt: off
    recipe: Recipe | None = _option(
        None, OptionalChoice(get_args(Recipe)), "Model",
        "Values for other options that were not given: quality, for better vectors in about the time of three epochs.")
    architecture: Architecture = _option(
        "skip-gram", Choice(ARCHITECTURES), "Model",
        "Predict the context from the centre word, or the centre word from its context.",
        "Mikolov et al. 2013a")
    objective: Objective | tuple[Objective, ...] | list[Objective] = _option(
        "negative-sampling", Choice(OBJECTIVES, several=True), "Model",
        "What is minimised; several train one input table together, each with its own output table.",
        "Mikolov et al. 2013b")
    vector_size: int = _option(
        100, Number(1, 65536, integer=True), "Model", "Length of a word vector.")
    window: int | Literal["sentence"] = _option(
        5, NumberOrWord(Number(1, 10_000, integer=True), ("sentence",)), "Model",
        'Largest distance between a centre and a context word; "sentence" for baskets, where all other items are '
        "context, whatever their order.")
    dynamic_window: bool = _option(
        True, Flag(), "Model", "Draw each centre's window from 1 to the largest, so nearer words count more.",
        "word2vec.c")
    max_context: int = _option(
        _DEFAULT_MAX_CONTEXT, Number(1, 10_000, integer=True), "Model",
        'Context words of a centre at most with window="sentence"; drawn at random from longer sentences.')
    negative: int = _option(
        5, Number(1, 4096, integer=True), "Model", "Noise words per positive pair.", "Mikolov et al. 2013b")
    noise_exponent: float = _option(
        0.75, Number(-8, 8), "Model", "Noise words are drawn in proportion to count to this power.",
        "Mikolov et al. 2013b")
    cbow_combine: Combine = _option(
        "mean", Choice(get_args(Combine)), "Model", "How CBOW combines the context vectors.", "word2vec.c")
    cbow_gradient: Gradient = _option(
        "word2vec", Choice(get_args(Gradient)), "Model",
        "For the mean: add the undivided gradient to each context word as word2vec.c does, or the exact one.",
        "word2vec.c")
    projection_bias: bool = _option(
        False, Flag(), "Model", "Add a learned bias vector to the hidden layer.")
    output_bias: bool = _option(
        False, Flag(), "Model", "Add a learned bias to each output score.")
    vectors: ResultTable = _option(
        "input", Choice(get_args(ResultTable)), "Model",
        "Which table the result is taken from.", "Press and Wolf 2017")

    tokenizer: str | Callable[[str], list[str]] = _option(
        "whitespace", TokenizerName(), "Text",
        "Split lines at white space, at Unicode word boundaries with punctuation kept as words, or by a dictionary "
        "of Chinese (jieba), Korean (kiwi) or Japanese (sudachi).")
    lowercase: Lowercase = _option(
        False, FlagOrLanguage(), "Text",
        "Lower-case every word; by the rules of Turkish, Azerbaijani or Lithuanian where one is named.")
    normalize: Normalization | None = _option(
        None, OptionalChoice(get_args(Normalization)), "Text",
        "Normal form of Unicode; NFKC also makes full-width letters and other variants equal.")
    keep: str | Callable[[str], object] | None = _option(
        None, PatternOrFunction(), "Text",
        "Keep only words that a regular expression matches as a whole, or for which a function is true.")
    field: str | int | None = _option(
        None, FieldName(), "Text",
        "Field or column with the text, as text or a.b; a number from 0 for CSV without a header.")
    reader: Reader | None = _option(
        None, OptionalChoice(READERS), "Text", "What the files are; told by their suffix unless set.")
    delimiter: str | None = _option(
        None, Delimiter(), "Text", "What parts the columns of CSV, such as a semicolon; a comma unless set.")
    encoding: str = _option("utf-8", Encoding(), "Text", "Encoding of text, CSV and JSON lines.")
    encoding_errors: EncodingErrors = _option(
        "replace", Choice(get_args(EncodingErrors)), "Text",
        "What to do with bytes that are not valid in the encoding.")
    phrases: int | str | None = _option(
        None, PassesOrFile(), "Text",
        "Join words that often stand side by side, as new_york, in so many passes; or those of a file of phrases.",
        "Mikolov et al. 2013b")
    phrase_min_count: int = _option(
        5, Number(1, integer=True), "Text", "Ignore phrases seen fewer times.")
    phrase_threshold: float | None = _option(
        None, Number(-1, optional=True), "Text",
        "Join words whose score is above this; 10 for word2phrase and 0.5 for npmi unless set.")
    phrase_scoring: PhraseScoring = _option(
        "word2phrase", Choice(get_args(PhraseScoring)), "Text",
        "How phrases are scored: as in word2phrase, or by normalised pointwise mutual information.", "Bouma 2009")
    phrase_connectors: tuple[str, ...] | list[str] = _option(
        (), WordList(), "Text", 'Words that may stand inside a phrase; "english" for a list of English ones.')
    phrase_delimiter: str = _option(
        "_", Choice(("_", "-", "+", "~", "\u2423")), "Text", "What joins the words of a phrase.")
    min_count: int = _option(
        5, Number(1, integer=True), "Text", "Ignore words seen fewer times than this.", "word2vec.c")
    max_vocabulary: int | None = _option(
        None, Number(1, integer=True, optional=True), "Text", "Keep only this many of the most frequent words.")
    keep_words: tuple[str, ...] | list[str] | tuple[int, ...] | list[int] = _option(
        (), WordList(numbers=True), "Text", "Words that stay in the vocabulary however rare they are.")
    rare_counts: bool = _option(
        True, Flag(), "Text",
        "Keep the counts of rarer words with the model, so that they can join it when it is updated.")
    max_types: int | None = _option(
        None, Number(1, integer=True, optional=True), "Text",
        "Count at most this many different words at a time, dropping the rarest, to bound memory; also the number of "
        "rarer words whose counts are kept, 1,000,000 unless set.")
    subsample: float = _option(
        1e-3, Number(0, 1), "Text", "Threshold for dropping frequent words at random; 0 keeps all.",
        "Mikolov et al. 2013b")
    subsample_formula: SubsampleFormula = _option(
        "word2vec", Choice(get_args(SubsampleFormula)), "Text",
        "Keep probability sqrt(t/f) + t/f as in word2vec.c, or sqrt(t/f) as in the paper.")

    epochs: int = _option(5, Number(1, integer=True), "Training", "Passes over the text.")
    learning_rate: float | None = _option(
        None, Number(0, 10, above=True, optional=True), "Training",
        "Learning rate at the start; 0.025 for skip-gram and 0.05 for CBOW unless set.", "word2vec.c")
    min_learning_rate: float | None = _option(
        None, Number(0, 10, optional=True), "Training",
        "Learning rate at the end; 1/10,000 of the starting one unless set.", "word2vec.c")
    validation_fraction: float | None = _option(
        None, Number(0, 0.5, above=True, optional=True), "Training",
        "Hold out this share of the sentences and measure their loss after each epoch.")
    patience: int | None = _option(
        None, Number(1, integer=True, optional=True), "Training",
        "Stop when the held-out loss has not fallen for this many epochs, and keep the best epoch's tables.")
    threads: int | None = _option(
        None, Number(1, 1024, integer=True, optional=True), "Training",
        "Worker threads; all cores this process may use unless set.")
    seed: int = _option(
        1, Number(0, 2**63 - 1, integer=True), "Training",
        "Seeds initialisation, subsampling, windows and noise.")
    deterministic: bool = _option(
        False, Flag(), "Training",
        "Bit-identical vectors for any number of threads; costs some speed.")
    parts: int = _option(
        2, Number(2, 64, integer=True), "Training",
        "With deterministic, parts of the text trained side by side and merged: so many threads have work. More cost "
        "some quality.")
    replicas: int = _option(
        1, Number(1, 1024, integer=True), "Training",
        "Copies of the tables, each trained on text of its own and merged with the others, as on so many machines.")
    round_words: int | None = _option(
        None, FROM_1_OR_NONE, "Training",
        "With replicas, words that each trains before the rows of frequent words are merged; so many that there are "
        "256 rounds unless set, but from 32,768 to 524,288, and text for each replica.")
    merge_all_every: int = _option(
        4, Number(1, integer=True), "Training",
        "With replicas, merge all rows after so many rounds; tables are saved and measured only there.")
    frequent_rows: int = _option(
        8192, Number(0, integer=True), "Training",
        "With replicas, rows of each table merged after every round: those of the most frequent words.")
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
        if self.vectors != "input" and self.objectives == ("hierarchical-softmax",):
            raise ConfigError(
                "vectors", 'must be "input" with objective="hierarchical-softmax"', self.vectors,
                "its output rows are tree nodes, not words")  # fmt: skip
        if self.replicas > 1 and "softmax" in self.objectives:
            raise ConfigError(
                "replicas", 'must be 1 with objective="softmax"', self.replicas,
                "every replica would change every row: use negative sampling or hierarchical softmax")  # fmt: skip
        if self.cbow_combine == "sum" and self.cbow_gradient == "exact":
            raise ConfigError(
                "cbow_gradient", 'must be left at "word2vec" with cbow_combine="sum"', self.cbow_gradient,
                "the gradient of a sum needs no division, so both are the same")  # fmt: skip

    def _check_window(self) -> None:
        if self.whole_sentences and not self.dynamic_window:
            raise ConfigError(
                "dynamic_window", 'must be left at True with window="sentence"', self.dynamic_window,
                "the whole sentence is the context, whatever the distance")  # fmt: skip
        if not self.whole_sentences and self.max_context != _DEFAULT_MAX_CONTEXT:
            raise ConfigError(
                "max_context", 'must be left out without window="sentence"', self.max_context,
                "a window in words has at most twice as many context words")  # fmt: skip

    @property
    def whole_sentences(self) -> bool:
        """Whether the whole sentence is the context of each of its words, whatever their order."""
        return self.window == "sentence"

    @property
    def reach(self) -> int:
        """How far from a centre its context can stand: ``window``, or ``max_context`` where sentences are whole."""
        return self.window if isinstance(self.window, int) else self.max_context

    @property
    def objectives(self) -> tuple[str, ...]:
        """The objectives as a tuple, even when there is one."""
        return (self.objective,) if isinstance(self.objective, str) else tuple(self.objective)

    @property
    def starting_learning_rate(self) -> float:
        """``learning_rate``, or its default for the architecture."""
        if self.learning_rate is not None:
            return self.learning_rate
        return 0.025 if self.architecture == "skip-gram" else 0.05

    @property
    def final_learning_rate(self) -> float:
        """``min_learning_rate``, or its default: 1e-4 of the starting one."""
        return self.starting_learning_rate * 1e-4 if self.min_learning_rate is None else self.min_learning_rate

    @property
    def worker_threads(self) -> int:
        """``threads``, or the number of cores this process may use."""
        return usable_cores() if self.threads is None else self.threads

    def to_dict(self) -> dict[str, Any]:
        """All options as plain values, ready for JSON; a callable tokenizer becomes its name.

        Returns
        -------
        dict
            Values by the names of the options.
        """
        values = {each.name: getattr(self, each.name) for each in dataclasses.fields(self)}
        if callable(self.tokenizer):
            values["tokenizer"] = _name_of(self.tokenizer)
        if callable(self.keep):
            values["keep"] = {"function": _name_of(self.keep)}  # a text is a pattern
        return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}

    @classmethod
    def from_options(cls, **options: Any) -> TrainingConfig:
        """Build from keyword options.

        Parameters
        ----------
        **options
            Options by name; those of a recipe fill in what is not given.

        Returns
        -------
        TrainingConfig
            Checked.

        Raises
        ------
        ConfigError
            A name is not known (the nearest ones are named), or a value is not legal.
        """
        return cls.from_dict(options)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> TrainingConfig:
        """Inverse of :meth:`to_dict` for named tokenizers.

        Parameters
        ----------
        values : mapping
            What :meth:`to_dict` gave.

        Returns
        -------
        TrainingConfig
            Checked.
        """
        known = [each.name for each in dataclasses.fields(cls)]
        for name in values:
            if name not in known:
                remedy = _remedy(name, known)
                raise ConfigError(name, "is not an option of training", values[name], remedy)
        return cls(**{**_recipe_values(values), **values})


def _recipe_values(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """What the recipe among some options gives to the others; nothing where recipe or architecture is not legal."""
    recipe, architecture = values.get("recipe"), values.get("architecture", "skip-gram")
    if not isinstance(recipe, str) or recipe not in RECIPES or architecture not in ARCHITECTURES:
        return {}
    return values_of(recipe, architecture, values)


def config_for_words(config: TrainingConfig, given: Mapping[str, Any], words: int) -> TrainingConfig:
    """A configuration with what its recipe gives for a text of so many words, unless an option was given by hand."""
    if config.recipe is None:
        return config
    values = values_of(config.recipe, config.architecture, given, words)
    return dataclasses.replace(config, **{name: value for name, value in values.items() if name not in given})


def _plain(value: Any) -> Any:
    """A scalar of NumPy as the Python value that it stands for, a list, as JSON has it, as a tuple, a path as text."""
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, list):
        return tuple(value)
    return value.item() if getattr(value, "shape", None) == () and hasattr(value, "item") else value


def _name_of(tokenizer: Callable[..., object]) -> str:
    """What a run records of a function: the same in each process, and never the name of a tokenizer known by name."""
    if isinstance(tokenizer, functools.partial):
        return f"partial({_name_of(tokenizer.func)})"
    name = getattr(tokenizer, "__qualname__", None)
    name = name if isinstance(name, str) else type(tokenizer).__qualname__
    if name not in TOKENIZERS:
        return name
    module = getattr(tokenizer, "__module__", None)
    return f"{module if isinstance(module, str) else type(tokenizer).__module__}:{name}"


def _remedy(name: str, known: list[str]) -> str:
    """What to write instead of a name that is no option."""
    if name in FORMER_NAMES:
        return f"it is now {FORMER_NAMES[name]}"
    return NAMES_IN_GENSIM.get(name) or _nearest(name, known)


def _nearest(name: str, known: list[str]) -> str:
    """What a wrong name of an option may have meant."""
    import difflib

    near = difflib.get_close_matches(name, known, n=3, cutoff=0.6)
    return f"did you mean {' or '.join(near)}?" if near else "see the table of options in the docs"

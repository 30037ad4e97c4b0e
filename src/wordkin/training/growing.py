"""Tables and options for training that starts from a trained model or from vectors."""

from __future__ import annotations

import dataclasses
import hashlib
import math
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wordkin.config import OLD_WEIGHT, REPLAY_SHARE, TRAITS, TrainingConfig
from wordkin.errors import ConfigError
from wordkin.items import Item, named_items
from wordkin.storage.files import InputFile
from wordkin.training.tables import NamedTables, table_shapes
from wordkin.vocabulary import Vocabulary
from wordkin.vocabulary.vocabulary import word_list
from wordkin.windows.rng import INITIALISATION, random_bits_of, stream_key

UPDATE_LEARNING_RATES = {"skip-gram": 0.025, "cbow": 0.05}
"""Initial learning rate of an update, the usual one, whatever the first training used."""

MOST_OLD_WEIGHT = 0.65
"""Largest default of ``old_weight``, chosen by trials in which a fifth of all text was new; see docs/growing.md."""

_FIXED = (
    "recipe", "architecture", "objective", "vector_size", "projection_bias", "output_bias",
    "phrases", "phrase_min_count", "phrase_threshold", "phrase_scoring", "phrase_connectors", "phrase_delimiter",
)  # fmt: skip
_NEW_ROWS = 1  # random stream below INITIALISATION: rows that depend on the word
_ROWS_AT_A_TIME = 4096


def update_config(config: TrainingConfig, options: Mapping[str, Any], *, has_validation: bool) -> TrainingConfig:
    """Return the configuration of an update: that of the model, changed by ``options``.

    If ``options`` has no ``learning_rate``, it is that of ``UPDATE_LEARNING_RATES`` for the architecture. The option
    ``patience`` of the model is ignored if there is no held-out text. Raises :class:`ConfigError` for an option that
    defines the tables, such as ``vector_size``, and for hierarchical softmax.
    """
    for name in ("vocabulary", "init"):
        if name in options:
            used = "words" if name == "vocabulary" else "vectors"
            rule = f"must be left out when a model is updated, because an update uses the {used} of the model"
            raise ConfigError(name, rule, options[name])
    values = {each.name: getattr(config, each.name) for each in dataclasses.fields(config)}
    values |= {"learning_rate": UPDATE_LEARNING_RATES[config.architecture], "min_learning_rate": None}
    if not has_validation and config.validation_fraction is None:
        values["patience"] = None
    if has_validation:
        values["validation_fraction"] = None
    updated = TrainingConfig.from_dict(values | dict(options))
    for name in _FIXED:
        if getattr(updated, name) != getattr(config, name):
            raise ConfigError(
                name, f"must be {getattr(config, name)!r} for an update, as in the model", getattr(updated, name),
                f"leave {name} out, or train a new model")  # fmt: skip
    if any(TRAITS[each].rows_are_nodes for each in config.objectives):
        raise ConfigError(
            "objective",
            'must not include "hierarchical-softmax" for an update, because new counts would change the tree',
            config.objective,
            "train a new model on all text",
        )
    return updated


def grown_tables(
    config: TrainingConfig, tables: NamedTables, old: Vocabulary, vocabulary: Vocabulary
) -> dict[str, NDArray[np.float32]]:
    """Extend the tables of a model to a vocabulary that contains new words besides those of the model.

    Rows of old words move to their new ids. New words start as in a first training: input rows are uniform in ±0.5 / N,
    all other rows are 0. The random rows depend on the seed and the word, not on the id.
    """
    ids = vocabulary.find_ids(old)
    is_new = np.ones(len(vocabulary), np.bool_)
    is_new[ids] = False
    new_ids = np.flatnonzero(is_new)
    grown: dict[str, NDArray[np.float32]] = {}
    for name, shape in table_shapes(config, len(vocabulary)).items():
        if name == "projection_bias":
            grown[name] = np.array(tables[name], np.float32)
            continue
        grown[name] = np.zeros(shape, np.float32)
        grown[name][ids] = tables[name]
    _draw_rows(grown["input"], new_ids, vocabulary, config.seed, 0.5 / config.vector_size)
    return grown


def tables_from_vectors(
    config: TrainingConfig, words: Vocabulary, vectors: NDArray[Any], vocabulary: Vocabulary
) -> tuple[dict[str, NDArray[np.float32]], int]:
    """Return initial tables whose input rows are given vectors, and how many words have a vector.

    Row i of ``vectors`` belongs to word i of ``words``; ``vocabulary`` holds the words to train. Words without a vector
    get uniform random rows with the root mean square of the given vectors. Other tables are 0. Raises
    :class:`ConfigError` if no word has a vector, or if a vector is not finite.
    """
    if len(words) and words.integers != vocabulary.integers:
        kinds = [("whole numbers" if each.integers else "words") for each in (vocabulary, words)]
        raise ConfigError("init", f"must hold vectors of {kinds[0]}, because the text consists of {kinds[0]}", kinds[1])
    found = words.find_ids(vocabulary)
    given = np.flatnonzero(found >= 0)
    if not len(given):
        raise ConfigError(
            "init", "must hold a vector of at least one word of the text", words,
            "words of the vectors and of the text must have the same letter case and tokenization")  # fmt: skip
    shapes = table_shapes(config, len(vocabulary))
    tables = {name: np.zeros(shape, np.float32) for name, shape in shapes.items()}
    squares = 0.0
    for first in range(0, len(given), _ROWS_AT_A_TIME):
        ids = given[first : first + _ROWS_AT_A_TIME]
        rows = np.asarray(vectors[found[ids]], np.float32)
        if not np.isfinite(rows).all():
            broken = vocabulary.word(int(ids[np.flatnonzero(~np.isfinite(rows).all(axis=1))[0]]))
            raise ConfigError(
                "init", "must hold only finite numbers", f"infinite or NaN numbers in the vector of {broken!r}"
            )
        tables["input"][ids] = rows
        squares += float(np.square(rows, dtype=np.float64).sum())
    scale = math.sqrt(3 * squares / (len(given) * config.vector_size))
    _draw_rows(tables["input"], np.flatnonzero(found < 0), vocabulary, config.seed, scale)
    return tables, len(given)


def _draw_rows(
    table: NDArray[np.float32], ids: NDArray[np.int64], vocabulary: Vocabulary, seed: int, largest: float
) -> None:
    """Fill the rows ``ids`` of a table with random numbers in ± ``largest``; each word has its own random stream."""
    for first in range(0, len(ids), _ROWS_AT_A_TIME):
        some = ids[first : first + _ROWS_AT_A_TIME]
        uniform = uniform_by_word(seed, (vocabulary.word(each) for each in some.tolist()), table.shape[1])
        table[some] = (uniform - np.float32(0.5)) * np.float32(2 * largest)


def uniform_by_word(seed: int, words: Iterable[Item], size: int) -> NDArray[np.float32]:
    """Draw ``size`` uniform numbers in [0, 1) for each word; return a float32 array of shape (words, size).

    The numbers depend only on the seed and the word: each word has its own random stream (see
    :mod:`wordkin.windows.rng`), whose key is made of the seed and a BLAKE2 digest of the word.
    """
    key = stream_key(seed, INITIALISATION, _NEW_ROWS)
    digests = (hashlib.blake2b(str(word).encode(), digest_size=8).digest() for word in words)
    keys = np.array([key ^ int.from_bytes(digest, "little") for digest in digests], np.uint64)
    return (random_bits_of(keys, size) >> np.uint64(40)).astype(np.float32) * np.float32(2.0**-24)


def old_weights(weight: float | None, old: Vocabulary, vocabulary: Vocabulary) -> NDArray[np.float32] | None:
    """Return the weight of the old vectors of each word in the average at the end of an update; None if all are 0.

    Parameters
    ----------
    weight : float or None
        The weight for the words of ``old``. If None, it is the share of the old text in all text, at most
        ``MOST_OLD_WEIGHT``.
    old, vocabulary : Vocabulary
        The words before and after the update, with their counts in all text so far.

    Returns
    -------
    ndarray of shape (V,), float32, or None
        The weight for the words of ``old``, 0 for new words.
    """
    if weight is None:
        assert old.counts is not None, "a trained model has counts"
        assert vocabulary.counts is not None, "a trained model has counts"
        weight = min(MOST_OLD_WEIGHT, float(old.counts.sum() / vocabulary.counts.sum()))
    if weight == 0:
        return None
    weights = np.zeros(len(vocabulary), np.float32)
    weights[vocabulary.find_ids(old)] = weight
    return weights


def check_old_weight(weight: object) -> None:
    """Raise :class:`ConfigError` unless ``old_weight`` is None or a number from 0 to 1."""
    if weight is not None and not OLD_WEIGHT.accepts(weight):
        raise ConfigError("old_weight", str(OLD_WEIGHT), weight, "use 0 to keep the trained vectors as they are")


def frozen_ids(freeze: object, known: Vocabulary, vocabulary: Vocabulary) -> NDArray[np.int64]:
    """The ids of the words whose vectors must not change.

    Parameters
    ----------
    freeze : str, path or iterable of str
        A regular expression that matches whole words, a file with one word per line, or words. The expression and the
        file use decimal digits for items that are whole numbers.
    known : Vocabulary
        The words that already have vectors.
    vocabulary : Vocabulary
        The words to train.

    Returns
    -------
    ndarray of int64
        Ids in ``vocabulary``.

    Raises
    ------
    ConfigError
        A named word has no vector, or no word is selected.
    """
    ids = known.find_ids(vocabulary)
    if isinstance(freeze, str):
        try:
            matches = re.compile(freeze).fullmatch
        except (re.error, OverflowError, RecursionError) as error:
            raise ConfigError("freeze", f"must be a regular expression ({error})", freeze) from error
        chosen = [word_id for word_id in np.flatnonzero(ids >= 0).tolist() if matches(str(vocabulary.word(word_id)))]
    else:
        if isinstance(freeze, Path):
            words = named_items(_words_of_file(freeze), integers=vocabulary.integers)
        elif isinstance(freeze, Mapping):
            raise ConfigError("freeze", "must be a list of words", freeze, "pass list(freeze) to freeze its keys")
        else:
            words = word_list("freeze", freeze)
        named = vocabulary.find_ids(words)
        unknown = [word for word, word_id in zip(words, named.tolist(), strict=True) if word_id < 0 or ids[word_id] < 0]
        if unknown:
            raise ConfigError("freeze", "must hold only words that have a vector", unknown[0], "leave this word out")
        chosen = np.unique(named).tolist()
    if not chosen:
        raise ConfigError("freeze", "must select at least one word that has a vector", freeze)
    return np.array(chosen, np.int64)


def _words_of_file(path: Path) -> list[str]:
    """Read the words of a file that has one word per line."""
    with InputFile(path) as source:
        data = b"".join(iter(lambda: source.read(1 << 20), b""))
        try:
            lines = data.decode("utf-8-sig").split("\n")
        except UnicodeDecodeError as error:
            raise source.broken("it is not valid UTF-8") from error
    return [line.removesuffix("\r") for line in lines if line.removesuffix("\r")]


def check_replay(replay: object, replay_from: object) -> None:
    """Raise :class:`ConfigError` if only one of ``replay`` and ``replay_from`` is set, or ``replay`` is illegal."""
    if replay is None and replay_from is None:
        return
    if replay is None:
        raise ConfigError(
            "replay_from",
            "needs replay, the fraction of the old sentences to mix in",
            replay_from,
            "set replay, such as replay=0.2",
        )
    if not REPLAY_SHARE.accepts(replay):
        raise ConfigError("replay", str(REPLAY_SHARE), replay, "leave replay out to replay nothing")
    if replay_from is None:
        raise ConfigError(
            "replay",
            "needs replay_from, because a model does not store the text that it was trained on",
            replay,
            "pass this text as replay_from",
        )


def check_init_size(config: TrainingConfig, vector_size: int) -> None:
    """Raise :class:`ConfigError` if the option ``vector_size`` differs from the size of the vectors of ``init``."""
    if vector_size != config.vector_size:
        raise ConfigError(
            "init", f"must hold vectors with {config.vector_size} dimensions, the value of vector_size", vector_size,
            f"set vector_size={vector_size}")  # fmt: skip

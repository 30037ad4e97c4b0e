"""Training on an encoded text: the options it was made with, its words, and its ids in another vocabulary."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np

from wordkin.config import TokenizerName, TrainingConfig
from wordkin.corpus.encoded import EncodedCorpus
from wordkin.corpus.phrases import Phrases
from wordkin.errors import ConfigError
from wordkin.text.encoded_text import EncodedText, renumbered
from wordkin.text.steps import select_words
from wordkin.vocabulary import Vocabulary
from wordkin.vocabulary.selection import Known, Selection, refuse_other_items

_OF_TRAINING = ("subsample", "subsample_formula", "rare_counts")  # options of the group "Text" that apply in training


def text_options() -> list[str]:
    """Names of the training options that determine what an encoded text contains."""
    fields = dataclasses.fields(TrainingConfig)
    return [each.name for each in fields if each.metadata["group"] == "Text" and each.name not in _OF_TRAINING]


def config_for(opened: EncodedText, config: TrainingConfig) -> TrainingConfig:
    """Return the training options for a run on an encoded text.

    An option that has its default value gets the value that the text was made with. Any other value must equal that of
    the text; otherwise :class:`ConfigError` is raised. Exceptions are ``keep_words`` and ``max_types``, a higher
    ``min_count`` and a lower ``max_vocabulary``.
    """
    made = opened.description.options
    changed: dict[str, object] = {}
    for each in dataclasses.fields(TrainingConfig):
        if each.name not in text_options():
            continue
        was, asked = made.get(each.name, each.default), config.to_dict()[each.name]
        was_function = each.name == "tokenizer" and not TokenizerName().accepts(was)  # functions are not stored
        was_function = was_function or isinstance(was, dict)
        if asked == was or (was_function and asked == each.default):
            continue
        if each.name in ("keep_words", "max_types"):  # these can only narrow the stored words
            continue
        if each.name == "min_count" and asked > was:
            continue
        if each.name == "max_vocabulary" and asked is not None and (was is None or asked < was):
            continue
        if asked != each.default:
            raise ConfigError(
                each.name,
                f"must be left out, because the text was encoded with {was!r}",
                asked,
                f"leave {each.name} out, or encode the text again",
            )
        changed[each.name] = was
    return dataclasses.replace(config, **changed)  # type: ignore[arg-type]


def select_of_encoded(
    opened: EncodedText, config: TrainingConfig, vocabulary: Vocabulary | None, known: Known | None
) -> Selection:
    """Select which words of an encoded text to learn.

    ``vocabulary`` or ``known``, if given, determine the words; otherwise the options do. If all words of the text are
    kept, its vocabulary is not copied.
    """
    own = opened.vocabulary
    counts = own.counts
    assert counts is not None  # an encoded text always stores counts
    if vocabulary is None and known is None:
        number = int(np.count_nonzero(counts >= config.min_count))
        if number == len(own) and (config.max_vocabulary is None or config.max_vocabulary >= number):
            return Selection(own, np.arange(len(own), dtype=np.int32))
    return select_words(list(own.words), counts, config, vocabulary=vocabulary, known=known)


def refuse_other_reading(opened: EncodedText, config: TrainingConfig, phrases: Phrases | None) -> None:
    """Raise :class:`ConfigError` if an encoded text was made with other options than the text of a model."""
    asked, made = config.to_dict(), config_for(opened, config).to_dict()
    for name in ("tokenizer", "lowercase", "normalize", "keep"):
        if made[name] != asked[name]:
            raise ConfigError(
                name, f"of the encoded text must be {asked[name]!r}, as in the model", made[name],
                "encode the text again with the options of the model")  # fmt: skip
    contents = [None if each is None else each.to_json() for each in (opened.phrases, phrases)]
    if contents[0] != contents[1]:
        rule = "of the encoded text must be none" if phrases is None else "of the encoded text must be the same phrases"
        raise ConfigError(
            "phrases", f"{rule}, as in the model", "no phrases" if opened.phrases is None else "other phrases",
            "encode the text again with the phrases of the model (phrases.json)")  # fmt: skip


def take_encoded(
    opened: EncodedText, vocabulary: Vocabulary, path: Path | None, spool_directory: str | Path | None
) -> EncodedCorpus:
    """Return the corpus of an encoded text with its ids converted to those of ``vocabulary``.

    If ``vocabulary`` is that of the text, nothing is converted or copied. ``path`` is the directory to save the result
    in, if it is not None.
    """
    if vocabulary is not opened.vocabulary:
        refuse_other_items(opened.vocabulary.words, vocabulary)
        new_ids = vocabulary.find_ids(opened.vocabulary.words).astype(np.int32)
        return renumbered(opened.corpus, new_ids, path=path, spool_directory=spool_directory)
    if path is None:
        return opened.corpus
    opened.corpus.save(path)
    return EncodedCorpus.open(path)

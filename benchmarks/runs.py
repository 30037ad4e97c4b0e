"""Train with wordkin in this process: a text is encoded once for many runs."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from wordkin.config import TrainingConfig
from wordkin.corpus.encoded import EncodedCorpus
from wordkin.corpus.scanning.scan import Scan, scan
from wordkin.corpus.sources import resolve
from wordkin.embeddings import Embeddings
from wordkin.evaluation import AnalogyResult, SimilarityResult, evaluate_file
from wordkin.text.steps import count_and_encode
from wordkin.training.choose import open_backend
from wordkin.training.tables import NamedTables, first_pieces, result_vectors
from wordkin.training.trainer import Trainer
from wordkin.vocabulary import Vocabulary

_WARM_UP_WORDS = 20_000
TEST_FILES = ("questions-words.txt", "wordsim353.tsv", "simlex999.txt", "analogy_ko.txt", "ws353_ko.csv")


@dataclass(frozen=True)
class Text:
    """A vocabulary and the text as ids; ``words`` is the number of words in the file, including unknown ones."""

    vocabulary: Vocabulary
    corpus: EncodedCorpus
    words: int

    @property
    def counts(self) -> NDArray[np.int64]:
        """The count of each word of the vocabulary."""
        assert self.vocabulary.counts is not None
        return self.vocabulary.counts

    def first(self, words: int) -> Text:
        """Return the first words of the text, with the counts of the whole text."""
        share = min(1.0, words / self.words)
        corpus = first_words(self.corpus, round(self.corpus.words * share))
        return Text(self.vocabulary, corpus, round(self.words * share))


def first_words(corpus: EncodedCorpus, words: int) -> EncodedCorpus:
    """Return the first words of an encoded corpus, as views."""
    words = min(words, corpus.words)
    sentences = int(np.searchsorted(corpus.offsets, words))
    offsets = np.append(corpus.offsets[:sentences], words)
    return EncodedCorpus(corpus.ids[:words], offsets, corpus.fingerprint)


@contextlib.contextmanager
def scanned(path: Path, threads: int) -> Iterator[Scan]:
    """Scan a text once; see :func:`text_of`."""
    with scan(resolve(path), threads=threads) as found:
        yield found


def text_of(scan: Scan, *, min_count: int = 5, max_vocabulary: int | None = None) -> Text:
    """Encode a scanned text with the ids of a vocabulary."""
    vocabulary, corpus = count_and_encode(scan, TrainingConfig(min_count=min_count, max_vocabulary=max_vocabulary))
    return Text(vocabulary, corpus, scan.total_words)


@dataclass(frozen=True)
class Run:
    """A finished training run; ``seconds`` is the time of training alone."""

    config: TrainingConfig
    vocabulary: Vocabulary
    seconds: float
    losses: list[float]
    tables: NamedTables

    def embeddings(self) -> Embeddings:
        """The word vectors."""
        return Embeddings(self.vocabulary, result_vectors(self.config, self.tables))


def train(text: Text, config: TrainingConfig) -> Run:
    """Train on a text, after a warm-up on its first words that compiles the kernels."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # such as warnings about slow settings
        _train(text.vocabulary, first_words(text.corpus, _WARM_UP_WORDS), replace(config, epochs=1))
        return _train(text.vocabulary, text.corpus, config)


def _train(vocabulary: Vocabulary, corpus: EncodedCorpus, config: TrainingConfig) -> Run:
    backend = open_backend(config, vocabulary, first_pieces(config, len(vocabulary)))
    try:
        state = Trainer(config, backend, corpus).run()
        return Run(config, vocabulary, state.seconds, list(state.losses), backend.tables())
    finally:
        backend.close()


def scores(embeddings: Embeddings, folder: Path, threads: int) -> dict[str, float]:
    """Return scores on the test files in a directory: accuracy of analogies (3CosAdd, 30,000 words) in total and by
    semantic and syntactic sections, and Spearman's correlation of word pairs.
    """
    found: dict[str, float] = {}
    for name in TEST_FILES:
        if not (folder / name).exists():
            continue
        result = evaluate_file(embeddings, folder / name, threads=threads, resamples=1)
        if isinstance(result, AnalogyResult):
            for part in (result.semantic, result.syntactic, result.total):
                if part is not None:
                    found[part.name] = part.accuracy().value
        elif isinstance(result, SimilarityResult):
            found[Path(name).stem] = result.spearman.value
    return found

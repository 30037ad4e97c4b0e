"""Text in, word vectors out: joins corpus, vocabulary, training and embeddings.

This is the one module that knows all of them; it also chooses the backend.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from wordkin.config import TrainingConfig
from wordkin.embeddings import Embeddings, check_output, load_embeddings
from wordkin.errors import EmptyVocabularyError
from wordkin.vocabulary import Vocabulary

if TYPE_CHECKING:
    from wordkin.corpus.encoded import EncodedCorpus
    from wordkin.corpus.scanning import Scan, ScanProgress
    from wordkin.training.progress import Callback
    from wordkin.training.tables import NamedTables
    from wordkin.training.trainer import RunState

Corpus = str | Path | Sequence[str | Path] | Iterable[Sequence[str]]


def train(
    corpus: Corpus,
    *,
    output: str | Path | None = None,
    callbacks: Sequence[Callback] = (),
    on_scan: Callable[[ScanProgress], None] | None = None,
    **options: Any,
) -> Embeddings:
    """Train word vectors on a corpus.

    Parameters
    ----------
    corpus : a path, glob, directory or URL of text, several of them, ``"-"`` for standard input, or
        any iterable of lists of words (read exactly once).
    output : where to save the vectors; checked before training begins. The suffix gives the format.
    callbacks : each is called with a :class:`TrainingReport` several times a second; returning True stops.
    on_scan : called with a :class:`ScanProgress` while the corpus is read.
    options : any option of :class:`TrainingConfig`.

    Returns
    -------
    The vectors, float32 [V, vector_size], with their vocabulary.

    Raises
    ------
    ConfigError, CorpusError, OutputError, DivergenceError : see :mod:`wordkin.errors`.
    """
    model = Word2Vec(**options)
    if output is not None:
        check_output(output)
    model.fit(corpus, callbacks=callbacks, on_scan=on_scan)
    vectors = model.embeddings
    if output is not None:
        vectors.save(output)
    return vectors


def load(path: str | Path, **options: Any) -> Embeddings:
    """Open vectors of any known format; see :func:`wordkin.embeddings.load_embeddings`."""
    return load_embeddings(path, **options)


class Word2Vec:
    """A word2vec model: its configuration, vocabulary, trained tables and loss history.

    >>> model = Word2Vec(vector_size=10, min_count=1, epochs=2)
    >>> model.fit([["you", "say", "goodbye"], ["i", "say", "hello"]]).vocabulary.words[0]
    'say'
    """

    def __init__(self, config: TrainingConfig | None = None, /, **options: Any) -> None:
        self.config = TrainingConfig.from_options(**options) if config is None else config
        self._vocabulary: Vocabulary | None = None
        self._tables: NamedTables | None = None
        self._embeddings: Embeddings | None = None
        self._state: RunState | None = None

    def fit(
        self,
        corpus: Corpus,
        *,
        callbacks: Sequence[Callback] = (),
        on_scan: Callable[[ScanProgress], None] | None = None,
        spool_directory: str | Path | None = None,
    ) -> Word2Vec:
        """Count, encode and train; see :func:`train`. Returns the model itself."""
        from wordkin.corpus.scanning import scan

        config = self.config
        with scan(
            corpus,
            tokenizer=config.tokenizer,
            lowercase=config.lowercase,
            encoding_errors=config.encoding_errors,
            threads=config.worker_threads,
            spool_directory=spool_directory,
            on_progress=on_scan,
        ) as scanned:
            vocabulary = Vocabulary.from_counts(
                scanned.words, scanned.counts, min_count=config.min_count, max_vocabulary=config.max_vocabulary
            )
            with encode(scanned, vocabulary) as encoded:
                self._train(vocabulary, encoded, callbacks)
        return self

    def _train(self, vocabulary: Vocabulary, corpus: EncodedCorpus, callbacks: Sequence[Callback]) -> None:
        from wordkin.training.backend import open_backend
        from wordkin.training.trainer import Trainer

        backend = open_backend(self.config, vocabulary.counts)
        try:
            self._state = Trainer(self.config, backend, corpus, callbacks=callbacks).run()
            self._tables = backend.tables()
        finally:
            backend.close()
        self._vocabulary, self._embeddings = vocabulary, None

    @property
    def vocabulary(self) -> Vocabulary:
        """Words and their counts."""
        return self._trained(self._vocabulary)

    @property
    def embeddings(self) -> Embeddings:
        """The word vectors, taken from the tables at first use."""
        if self._embeddings is None:
            from wordkin.training.tables import result_vectors

            matrix = result_vectors(self.config, self._trained(self._tables))
            metadata = {name: str(value) for name, value in self.config.to_dict().items() if value is not None}
            self._embeddings = Embeddings(self.vocabulary, matrix, metadata)
        return self._embeddings

    @property
    def losses(self) -> list[float]:
        """Mean loss per training example of each epoch, in nats."""
        return list(self._trained(self._state).losses)

    def _trained(self, part: Any) -> Any:
        if part is None:
            raise EmptyVocabularyError("the model has not been trained: call fit(corpus) first")
        return part


def encode(scanned: Scan, vocabulary: Vocabulary) -> EncodedCorpus:
    """The scanned text as ids of a vocabulary; words outside it are left out."""
    ids = vocabulary.find_ids(scanned.words).astype(np.int32)
    return scanned.encode(ids)

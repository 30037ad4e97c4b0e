"""Random choices of sentences: held-out sentences and samples. The choice is the same on every machine."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from wordkin.corpus.encoded import CorpusWriter, EncodedCorpus
from wordkin.errors import CorpusError
from wordkin.windows.rng import VALIDATION, choose_at_random, stream_key

_SPLIT = 2  # random stream below VALIDATION; streams 0 and 1 are windows and noise
_PIECE_WORDS = 1 << 20


def split_corpus(
    corpus: EncodedCorpus,
    fraction: float,
    seed: int,
    *,
    paths: tuple[Path | None, Path | None] = (None, None),
    spool_directory: str | Path | None = None,
) -> tuple[EncodedCorpus, EncodedCorpus]:
    """Split a corpus into sentences to train on and held-out sentences; both keep the order of the text.

    Each sentence is held out with probability ``fraction``. A hash of the seed and the sentence number decides, so the
    split is the same on every machine.

    Parameters
    ----------
    corpus : EncodedCorpus
        The corpus to split.
    fraction : float
        Probability of holding out a sentence.
    seed : int
        Seed of the hash.
    paths : pair of Path or None, default (None, None)
        Directories to save the two corpora in. If None, a corpus is kept in memory or in an unnamed temporary file.
    spool_directory : path, default None
        Directory for temporary files.

    Raises
    ------
    CorpusError
        One of the two would be empty.
    """
    held_out = _chosen(corpus.sentences, fraction, stream_key(seed, VALIDATION, _SPLIT))
    number = np.count_nonzero(held_out)
    if number in (0, len(held_out)):
        few = "no sentence" if number == 0 else "every sentence"
        raise CorpusError(
            f"validation_fraction={fraction:g} holds out {few} of {len(held_out):,}: pass a separate held-out text "
            "(validation) instead"
        )
    train_path, held_out_path = paths
    size = corpus.ids.nbytes + corpus.offsets.nbytes
    with (
        CorpusWriter(train_path, spool_directory=spool_directory, expected_bytes=size) as training,
        CorpusWriter(held_out_path, spool_directory=spool_directory, expected_bytes=int(fraction * size)) as validation,
    ):
        for start in range(0, corpus.words, _PIECE_WORDS):
            stop = min(start + _PIECE_WORDS, corpus.words)
            _copy_chosen(corpus, start, stop, ~held_out, training)
            _copy_chosen(corpus, start, stop, held_out, validation)
        return training.finish(), validation.finish()


def sample_corpus(
    corpus: EncodedCorpus, fraction: float, seed: int, *, spool_directory: str | Path | None = None
) -> EncodedCorpus:
    """Return a fraction of the sentences of a corpus, chosen at random, in the order of the text.

    They are the sentences that :func:`split_corpus` would hold out.
    """
    return sample(corpus, fraction, stream_key(seed, VALIDATION, _SPLIT), spool_directory=spool_directory)


def sample(
    corpus: EncodedCorpus, fraction: float, key: int, *, spool_directory: str | Path | None = None
) -> EncodedCorpus:
    """Return a fraction of the sentences, chosen by the random stream ``key``, in the order of the text."""
    chosen = _chosen(corpus.sentences, fraction, key)
    size = int(fraction * (corpus.ids.nbytes + corpus.offsets.nbytes))
    with CorpusWriter(spool_directory=spool_directory, expected_bytes=size) as writer:
        for start in range(0, corpus.words, _PIECE_WORDS):
            _copy_chosen(corpus, start, min(start + _PIECE_WORDS, corpus.words), chosen, writer)
        return writer.finish()


def _chosen(sentences: int, fraction: float, key: int) -> NDArray[np.bool_]:
    """Return a boolean array: whether each sentence is chosen.

    The random stream ``key`` chooses each sentence with probability ``fraction``.
    """
    chosen = np.empty(sentences, np.bool_)
    choose_at_random(np.uint64(key), np.uint64(fraction * 2.0**32), chosen)
    return chosen


def refuse_unmeasurable(held_out: EncodedCorpus) -> None:
    """Raise :class:`CorpusError` if the loss of a held-out text cannot be measured: no sentence has two words."""
    if held_out.words == 0:
        raise CorpusError("the held-out text (validation) has no word of the vocabulary: choose text of the same kind")
    if np.diff(held_out.offsets).max() < 2:
        raise CorpusError(
            "no sentence of the held-out text (validation) has two words of the vocabulary: choose longer sentences"
        )


def _copy_chosen(corpus: EncodedCorpus, start: int, stop: int, chosen: NDArray[np.bool_], writer: CorpusWriter) -> None:
    """Write the words at positions ``start`` to ``stop - 1`` that belong to chosen sentences."""
    first = int(np.searchsorted(corpus.offsets, start, side="right")) - 1
    last = int(np.searchsorted(corpus.offsets, stop, side="left"))
    ends = corpus.offsets[first + 1 : last + 1]
    here = chosen[first:last]
    lengths = np.diff(np.minimum(ends, stop), prepend=start)
    new_ends = writer.words + np.cumsum(lengths * here)
    writer.add_ids(corpus.ids[start:stop][np.repeat(here, lengths)])
    writer.add_ends(new_ends[here & (ends <= stop)])

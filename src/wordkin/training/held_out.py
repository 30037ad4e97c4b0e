"""Part of the sentences held out of training, to measure on them how well it goes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numba import uint64
from numpy.typing import NDArray

from wordkin.corpus.encoded import CorpusWriter, EncodedCorpus
from wordkin.errors import CorpusError
from wordkin.jit import kernel
from wordkin.windows.rng import VALIDATION, random_bits, stream_key

_SPLIT = 2  # path below VALIDATION; 0 and 1 are the streams of windows and noise
_PIECE_WORDS = 1 << 20


def split_corpus(
    corpus: EncodedCorpus,
    fraction: float,
    seed: int,
    *,
    paths: tuple[Path, Path] | None = None,
    spool_directory: str | Path | None = None,
) -> tuple[EncodedCorpus, EncodedCorpus]:
    """The sentences to train on and those held out, both in the order of the text.

    A sentence is held out where a hash of seed and number of the sentence says so, with probability
    ``fraction``: the same ones each time, on any machine.

    Parameters
    ----------
    paths : directories to save the two in; in memory where small and in nameless files where not, unless set.

    Raises :class:`CorpusError` where one of the two would be empty.
    """
    held_out = np.empty(corpus.sentences, np.bool_)
    _choose(np.uint64(stream_key(seed, VALIDATION, _SPLIT)), np.uint64(fraction * 2.0**32), held_out)
    number = np.count_nonzero(held_out)
    if number in (0, len(held_out)):
        few = "no sentence" if number == 0 else "every sentence"
        raise CorpusError(
            f"validation_fraction={fraction:g} holds out {few} of {len(held_out):,}: name a file of held-out text "
            "instead (validation)"
        )
    train_path, held_out_path = (None, None) if paths is None else paths
    size = corpus.ids.nbytes + corpus.offsets.nbytes
    with (
        CorpusWriter(train_path, spool_directory=spool_directory, expected_bytes=size) as training,
        CorpusWriter(held_out_path, spool_directory=spool_directory, expected_bytes=int(fraction * size)) as validation,
    ):
        for start in range(0, corpus.words, _PIECE_WORDS):
            stop = min(start + _PIECE_WORDS, corpus.words)
            _deal(corpus, start, stop, ~held_out, training)
            _deal(corpus, start, stop, held_out, validation)
        return training.finish(), validation.finish()


def refuse_unmeasurable(held_out: EncodedCorpus) -> None:
    """Raise :class:`CorpusError` where a held-out text has nothing to predict: its loss would be 0."""
    if held_out.words == 0:
        raise CorpusError("the held-out text (validation) has no word of the vocabulary: choose text of the same kind")
    if np.diff(held_out.offsets).max() < 2:
        raise CorpusError(
            "no sentence of the held-out text (validation) has two words of the vocabulary: choose longer sentences"
        )


def _deal(corpus: EncodedCorpus, start: int, stop: int, chosen: NDArray[np.bool_], writer: CorpusWriter) -> None:
    """Hand a writer what belongs to the chosen sentences of corpus positions start … stop - 1."""
    first = int(np.searchsorted(corpus.offsets, start, side="right")) - 1
    last = int(np.searchsorted(corpus.offsets, stop, side="left"))
    ends = corpus.offsets[first + 1 : last + 1]
    here = chosen[first:last]
    lengths = np.diff(np.minimum(ends, stop), prepend=start)
    new_ends = writer.words + np.cumsum(lengths * here)
    writer.add_ids(corpus.ids[start:stop][np.repeat(here, lengths)])
    writer.add_ends(new_ends[here & (ends <= stop)])


@kernel
def _choose(key, threshold, chosen):  # type: ignore[no-untyped-def]
    """Set each of ``chosen``, bool [sentences], with probability threshold / 2**32."""
    for sentence in range(len(chosen)):
        chosen[sentence] = (random_bits(key, sentence) >> uint64(32)) < threshold

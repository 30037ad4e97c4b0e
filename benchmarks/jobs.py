"""Run one measured job in its own process: ``python jobs.py '{"job": "train_gensim", …}'`` prints one JSON line.

The parent measures the whole process. This module measures parts of it.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import texts
from harness import Child, run_child

_WARM_UP_BYTES = 300_000


def start_job(job: str, **arguments: Any) -> Child:
    """Run one of the jobs below in a child process."""
    request = json.dumps({"job": job, **arguments}, default=str)
    return run_child([sys.executable, Path(__file__), request])


def train_wordkin(corpus: str, options: Mapping[str, Any], save: str | None = None) -> dict[str, Any]:
    """Train after a warm-up that compiles; return the times of training and of everything from text to tables."""
    from wordkin import TrainingReport, Word2Vec

    Word2Vec(**{**options, "epochs": 1, "min_count": 1}).fit(texts.head(Path(corpus), _WARM_UP_BYTES))
    reports: list[TrainingReport] = []
    model = Word2Vec(**options)
    began = time.perf_counter()
    model.fit(corpus, callbacks=[reports.append])
    fit_seconds = time.perf_counter() - began
    if save is not None:
        model.embeddings.save(save)
    return {"train_seconds": reports[-1].seconds, "fit_seconds": fit_seconds, "losses": model.losses}


def train_gensim(corpus: str, options: Mapping[str, Any], mode: str, save: str | None = None) -> dict[str, Any]:
    """Train from a file (``mode="corpus_file"``) or from an iterable of its sentences (``"iterable"``).

    Vectors are saved in word2vec format if the suffix asks for it, else in gensim's own format, which is faster.
    """
    from gensim.models import Word2Vec
    from gensim.models.word2vec import LineSentence

    source: dict[str, Any] = {"corpus_file": corpus}
    if mode == "iterable":
        source = {"corpus_iterable": LineSentence(corpus)}
    model = Word2Vec(**options)
    began = time.perf_counter()
    model.build_vocab(**source)
    ready = time.perf_counter()
    totals = {"total_examples": model.corpus_count, "total_words": model.corpus_total_words}
    model.train(**source, **totals, epochs=options["epochs"])
    done = time.perf_counter()
    if save is not None and save.endswith(".bin"):
        model.wv.save_word2vec_format(save, binary=True)
    elif save is not None:
        model.wv.save(save)
    return {"train_seconds": done - ready, "fit_seconds": done - began}


def scan_wordkin(corpus: str, threads: int, min_count: int) -> dict[str, Any]:
    """Read a text into vocabulary and encoded corpus, after a warm-up."""
    _encode(str(texts.head(Path(corpus), _WARM_UP_BYTES)), threads, 1)
    began = time.perf_counter()
    vocabulary_size = _encode(corpus, threads, min_count)
    return {"scan_seconds": time.perf_counter() - began, "vocabulary_size": vocabulary_size}


def _encode(corpus: str, threads: int, min_count: int) -> int:
    from wordkin.config import TrainingConfig
    from wordkin.corpus import resolve
    from wordkin.text.steps import count_and_encode, scan_text

    config = TrainingConfig(threads=threads, min_count=min_count)
    with scan_text(resolve(corpus), config) as scanned:
        vocabulary, encoded = count_and_encode(scanned, config)
        with encoded:
            return len(vocabulary)


def scan_gensim(corpus: str, min_count: int) -> dict[str, Any]:
    """Read a text into word counts. gensim prepares nothing else: it splits and looks up words again in every epoch."""
    from gensim.models import Word2Vec

    model = Word2Vec(min_count=min_count)
    began = time.perf_counter()
    model.scan_vocab(corpus_file=corpus)
    scan_seconds = time.perf_counter() - began
    return {"scan_seconds": scan_seconds, "vocabulary_size": sum(n >= min_count for n in model.raw_vocab.values())}


JOBS = {job.__name__: job for job in (train_wordkin, train_gensim, scan_wordkin, scan_gensim)}

if __name__ == "__main__":
    request = json.loads(sys.argv[1])
    print(json.dumps(JOBS[request.pop("job")](**request)))

"""Test common claims about word2vec: noise exponent, architecture, subsampling, window, and the three objectives.

    python benchmarks/claims.py enwiki-17m.txt.xz --evaluation DIR --small enwiki-2m.txt.xz
    python benchmarks/claims.py enwiki-2m.txt.xz --evaluation DIR --small enwiki-2m.txt.xz --quick

The first table changes one option at a time and shows mean and spread of scores over seeds.

The second table compares all six combinations of architecture and objective by the loss of held-out text (every tenth
sentence), on the 2,000 most frequent words of a smaller text. Each model is evaluated with its own normalised
probabilities: the softmax, the product along the tree, or the softmax of the scores of negative sampling. Windows are
fixed and there is no subsampling, both in training and in evaluation, so that each model is evaluated on the
distribution it was trained on.

Negative sampling does not learn p(output | input): its scores tend to log (p / (K P)), where P is the noise
distribution (Levy and Goldberg 2014). Its softmax is therefore also shown with log P added to the scores.
"""

from __future__ import annotations

import argparse
import itertools
import statistics
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import texts
from harness import Results, common_options, mean_text, results_folder, show, significant, table, values
from numpy.typing import NDArray
from runs import Run, Text, scanned, scores, text_of, train
from settings import LABELS

from wordkin.config import ARCHITECTURES, OBJECTIVES, TrainingConfig
from wordkin.corpus.encoded import EncodedCorpus
from wordkin.vocabulary.huffman import HuffmanTree
from wordkin.vocabulary.noise import noise_probabilities

CLAIMS: dict[str, dict[str, Any]] = {
    "default: skip-gram, exponent 3/4, subsampling, dynamic window": {},
    "noise exponent 1 (unigram)": {"noise_exponent": 1.0},
    "noise exponent 0 (uniform)": {"noise_exponent": 0.0},
    "CBOW": {"architecture": "cbow"},
    "no subsampling": {"subsample": 0.0},
    "fixed window": {"dynamic_window": False},
}
COLUMNS = {
    "semantic": "semantic, %",
    "syntactic": "syntactic, %",
    "total": "analogies, %",
    "wordsim353": "WordSim-353",
    "simlex999": "SimLex-999",
}
SOFTMAX_WORDS = 2_000
_HELD_OUT_EVERY = 10
_CENTRES_AT_ONCE = 2_048

Floats = NDArray[np.float64]


def claim(text: Text, config: TrainingConfig, evaluation: Path) -> dict[str, Any]:
    """Train once; return scores and training time."""
    run = train(text, config)
    return {"scores": scores(run.embeddings(), evaluation, config.worker_threads), "seconds": run.seconds}


# -- probabilities of unseen words ---------------------------------------------------------------------


def split(corpus: EncodedCorpus) -> tuple[EncodedCorpus, EncodedCorpus]:
    """Split sentences into those to train on and every tenth to hold out."""
    lengths = np.diff(corpus.offsets)
    held_out = np.arange(corpus.sentences) % _HELD_OUT_EVERY == 0
    parts = []
    for chosen in (~held_out, held_out):
        ids = corpus.ids[np.repeat(chosen, lengths)]
        parts.append(EncodedCorpus(ids, np.append(0, np.cumsum(lengths[chosen])), corpus.fingerprint))
    return parts[0], parts[1]


class Pairs(NamedTuple):
    """Positions of centres and of their context words within the same sentence, int64 [pairs] each."""

    centres: NDArray[np.int64]
    contexts: NDArray[np.int64]


def window_pairs(corpus: EncodedCorpus, window: int) -> Pairs:
    """Return all pairs of centre and context word for a fixed window."""
    sentence = np.repeat(np.arange(corpus.sentences), np.diff(corpus.offsets))
    centres, contexts = [], []
    for distance in range(1, min(window, corpus.words - 1) + 1):
        left = np.flatnonzero(sentence[:-distance] == sentence[distance:])
        centres += [left, left + distance]
        contexts += [left + distance, left]
    return Pairs(np.concatenate(centres), np.concatenate(contexts))


def held_out_loss(run: Run, corpus: EncodedCorpus, *, noise_correction: bool = False) -> float:
    """Return mean -log p in nats, per pair for skip-gram and per centre for CBOW, with the model's normalised p."""
    log_p = _LogProbabilities(run, noise_correction)
    pairs = window_pairs(corpus, run.config.window)
    total = count = 0.0
    for hidden, outputs in _examples(run, corpus, pairs):
        found = log_p(hidden)
        total -= found[outputs.rows, outputs.words].sum()
        count += len(outputs.rows)
    return total / count


class _Outputs(NamedTuple):
    """Rows of a batch, and the output word of each row; a row may occur several times."""

    rows: NDArray[np.int64]
    words: NDArray[np.int32]


def _examples(run: Run, corpus: EncodedCorpus, pairs: Pairs) -> Iterator[tuple[Floats, _Outputs]]:
    """Yield batches of hidden vectors and their output words."""
    from scipy.sparse import csr_array

    inputs = np.asarray(run.tables["input"], np.float64)
    order = np.argsort(pairs.centres, kind="stable")
    centres, contexts = pairs.centres[order], pairs.contexts[order]
    with_context, first, sizes = np.unique(centres, return_index=True, return_counts=True)
    edges = np.append(first, len(centres))
    for start in range(0, len(with_context), _CENTRES_AT_ONCE):
        stop = min(start + _CENTRES_AT_ONCE, len(with_context))
        part = slice(edges[start], edges[stop])
        rows = np.repeat(np.arange(stop - start), sizes[start:stop])
        centre_words = corpus.ids[with_context[start:stop]]
        context_words = corpus.ids[contexts[part]]
        if run.config.architecture == "skip-gram":
            yield inputs[centre_words], _Outputs(rows, context_words)
        else:
            shares = 1.0 / sizes[start:stop][rows]
            projection = csr_array((shares, (rows, context_words)), shape=(stop - start, len(inputs)))
            yield projection @ inputs, _Outputs(np.arange(stop - start), centre_words)


class _LogProbabilities:
    """Computes log p(word | hidden) of every word for hidden vectors [B, N]: float64 [B, V]."""

    def __init__(self, run: Run, noise_correction: bool) -> None:
        (objective,) = run.config.objectives
        counts = run.vocabulary.counts
        assert counts is not None
        self._outputs = np.asarray(run.tables[f"output/{objective}"], np.float64)
        self._tree = objective == "hierarchical-softmax"
        self._shift: Floats = np.zeros(len(counts))
        if noise_correction:
            self._shift = np.log(noise_probabilities(counts, run.config.noise_exponent))
        if self._tree:
            self._left, self._right = _branches(HuffmanTree.from_counts(counts), len(self._outputs))

    def __call__(self, hidden: Floats) -> Floats:
        from scipy.special import log_expit, logsumexp

        scores = hidden @ self._outputs.T
        if self._tree:
            return np.asarray((self._left @ log_expit(scores).T + self._right @ log_expit(-scores).T).T)
        scores += self._shift
        return np.asarray(scores - logsumexp(scores, axis=1, keepdims=True))


def _branches(tree: HuffmanTree, nodes: int) -> tuple[Any, Any]:
    """Return sparse 0/1 matrices [V, nodes] of the nodes where a word's path turns left, and where it turns right."""
    from scipy.sparse import csr_array

    words = np.repeat(np.arange(len(tree)), tree.lengths)

    def chosen(bit: int) -> Any:
        taken = tree.bits == bit
        return csr_array((np.ones(taken.sum()), (words[taken], tree.node_ids[taken])), shape=(len(tree), nodes))

    return chosen(0), chosen(1)


def six(text: Text, held_out: EncodedCorpus, config: TrainingConfig) -> dict[str, Any]:
    """Train one of the six combinations; return the loss of held-out text and the time per word."""
    run = train(text, config)
    found = {"loss": held_out_loss(run, held_out), "seconds_per_word": run.seconds / text.words / config.epochs}
    if config.objective == "negative-sampling":
        found["corrected"] = held_out_loss(run, held_out, noise_correction=True)
    return found


def word_shares(text: Text, corpus: EncodedCorpus, architecture: str, window: int) -> dict[str, float]:
    """Return mean -log p of the same outputs if p is the share of each word in the training text, as a baseline."""
    counts = np.bincount(text.corpus.ids, minlength=len(text.vocabulary)) + 1.0
    pairs = window_pairs(corpus, window)
    outputs = pairs.contexts if architecture == "skip-gram" else np.unique(pairs.centres)
    return {"loss": -float(np.log(counts / counts.sum())[corpus.ids[outputs]].mean())}


# -- tables --------------------------------------------------------------------------------------------


def blocks(content: Mapping[str, Any]) -> dict[str, str]:
    """Return the tables of results."""
    tables = {}
    by_claim: dict[str, list[dict[str, Any]]] = {}
    for key, value in values(content, "claim: ").items():
        by_claim.setdefault(key.rpartition(", seed ")[0], []).append(value)
    if by_claim:
        lines = []
        for name, found in by_claim.items():
            cells = []
            for score in COLUMNS:
                digits, scale = (3, 1) if score in ("wordsim353", "simlex999") else (1, 100)
                numbers = [each["scores"][score] for each in found if score in each["scores"]]
                cells.append(mean_text(numbers, digits, scale) if numbers else "")
            lines.append((name, len(found), *cells, significant(statistics.median(each["seconds"] for each in found))))
        tables["claims"] = table(("changed option", "seeds", *COLUMNS.values(), "seconds"), lines)
    six_losses = values(content, "softmax: ")
    if six_losses:
        tables["six"] = _six_table(six_losses)
    return tables


def _six_table(found: Mapping[str, Any]) -> str:
    lines = []
    for architecture, objective in itertools.product(ARCHITECTURES, (*reversed(OBJECTIVES), None)):
        key = f"{architecture}, {objective or 'word shares alone'}"
        seeds = [value for name, value in found.items() if name.startswith(key)]
        if not seeds:
            continue
        corrected = [each["corrected"] for each in seeds if "corrected" in each]
        time = significant(1e6 * statistics.median(each["seconds_per_word"] for each in seeds)) if objective else ""
        lines.append(
            (
                f"{LABELS[architecture]}, {(objective or 'word frequencies alone').replace('-', ' ')}",
                mean_text([each["loss"] for each in seeds], 3),
                mean_text(corrected, 3) if corrected else "",
                time,
            )
        )
    return table(("model", "held-out loss, nats", "corrected loss, nats", "µs per word"), lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("corpus", help="text file, also .gz, .bz2 or .xz")
    parser.add_argument("--evaluation", type=Path, required=True, metavar="DIR", help="folder with the test files")
    parser.add_argument("--small", metavar="FILE", help="text for the table of six combinations (default: CORPUS)")
    parser.add_argument("--epochs", type=int, default=1, help="epochs of the first table (default: 1)")
    parser.add_argument("--small-epochs", type=int, default=5, help="epochs of the second table (default: 5)")
    parser.add_argument("--seeds", type=int, default=3, help="number of seeds, which are 1, 2, ... (default: 3)")
    parser.add_argument("--parts", nargs="+", choices=("claims", "six"), default=["claims", "six"])
    common_options(parser)
    options = parser.parse_args()
    if options.quick:
        options.seeds, options.small_epochs = 1, 1
    corpus = texts.plain_text(options.corpus, 0)
    small = texts.plain_text(options.small or options.corpus, 0)
    about = {"large": texts.description(corpus), "small": texts.description(small), "threads": options.threads}
    results = Results("claims", about, fresh=options.fresh, folder=results_folder(options.quick))
    if "claims" in options.parts:
        measure_claims(results, corpus, options)
    if "six" in options.parts:
        measure_six(results, small, options)
    show(blocks(results.content))


def measure_claims(results: Results, corpus: Path, options: argparse.Namespace) -> None:
    """Measure the first table, one seed after the other."""
    with scanned(corpus, options.threads) as scan:
        text = text_of(scan)
        for seed in range(1, options.seeds + 1):
            for name, changes in CLAIMS.items():
                base = {"epochs": options.epochs, "threads": options.threads, "seed": seed}
                config = TrainingConfig.from_options(**base, **changes)
                settings = {**changes, "epochs": options.epochs, "seed": seed}
                results.measured(
                    f"claim: {name}, seed {seed}", settings, partial(claim, text, config, options.evaluation)
                )


def measure_six(results: Results, corpus: Path, options: argparse.Namespace) -> None:
    """Measure the second table."""
    with scanned(corpus, options.threads) as scan:
        text = text_of(scan, min_count=1, max_vocabulary=SOFTMAX_WORDS)
    training, held_out = split(text.corpus)
    text = Text(text.vocabulary, training, training.words)
    base = TrainingConfig(
        epochs=options.small_epochs, threads=options.threads, dynamic_window=False, subsample=0.0, min_count=1
    )
    for architecture in ARCHITECTURES:
        shares = partial(word_shares, text, held_out, architecture, base.window)
        results.measured(f"softmax: {architecture}, word shares alone", {}, shares)
        for objective, seed in itertools.product(OBJECTIVES, range(1, options.seeds + 1)):
            config = replace(base, architecture=architecture, objective=objective, seed=seed)
            settings = {"epochs": config.epochs, "seed": seed}
            key = f"softmax: {architecture}, {objective}, seed {seed}"
            results.measured(key, settings, partial(six, text, held_out, config))


if __name__ == "__main__":
    main()

"""Compare computed operations, rows and held-out probabilities with brute-force counting."""

from __future__ import annotations

import claims
import numpy as np
import pytest
import texts
from runs import Run, first_words
from work import mean_contexts, work_of

from wordkin.config import TrainingConfig
from wordkin.corpus.encoded import EncodedCorpus
from wordkin.objectives import reference
from wordkin.vocabulary import Vocabulary
from wordkin.vocabulary.huffman import HuffmanTree

COUNTS = np.array([40, 30, 20, 10], np.int64)
WIDE_COUNTS = np.full(2000, 50, np.int64)


def test_operations_of_a_token() -> None:
    plain = {"subsample": 0.0, "vector_size": 10}
    skip_gram = work_of(TrainingConfig(**plain), WIDE_COUNTS, contexts=6.0)
    assert (skip_gram.block_examples, skip_gram.block_noise) == (32, 32)
    assert skip_gram.flops == 6 * 10 * (6 + 32)
    assert skip_gram.rows == (32 + 32 + 6 + 32) / 32
    assert skip_gram.bytes == skip_gram.rows * 10 * 4 * 2
    cbow = work_of(TrainingConfig(architecture="cbow", **plain), WIDE_COUNTS, contexts=6.0)
    assert cbow.flops == 6 * 10 * (1 + 32) + 2 * 10 * 6
    softmax = work_of(TrainingConfig(objective="softmax", **plain), WIDE_COUNTS, contexts=6.0)
    assert softmax.flops == 6 * 10 * 2000
    tree = work_of(TrainingConfig(objective="hierarchical-softmax", **plain), COUNTS, contexts=6.0)
    assert tree.path == pytest.approx((40 * 1 + 30 * 2 + 20 * 3 + 10 * 3) / 100)
    assert tree.flops == pytest.approx(6 * 10 * 6 * tree.path)


def test_context_words_are_counted_by_the_windows_of_training() -> None:
    corpus = EncodedCorpus(np.zeros(9, np.int32), np.array([0, 4, 9]), "")
    config = TrainingConfig(window=2, dynamic_window=False, subsample=0.0)
    # 2, 3, 3, 2 in the first sentence and 2, 3, 4, 3, 2 in the second
    assert mean_contexts(config, np.array([9]), corpus) == pytest.approx(24 / 9)


def test_a_text_is_cut_within_a_sentence() -> None:
    corpus = EncodedCorpus(np.arange(9, dtype=np.int32), np.array([0, 4, 9]), "")
    assert first_words(corpus, 6).offsets.tolist() == [0, 4, 6]
    assert first_words(corpus, 4).offsets.tolist() == [0, 4]
    assert first_words(corpus, 99).offsets.tolist() == [0, 4, 9]


def test_synthetic_words_differ_and_frequent_ones_are_short() -> None:
    words = [texts.spelled(rank) for rank in range(20_000)]
    assert len(set(words)) == len(words)
    assert len(words[0]) == 2 < len(words[100]) == 4 < len(words[-1]) == 6
    ids = texts.zipf_ids(50, 20_000)
    assert np.bincount(ids, minlength=50) / 20_000 == pytest.approx(texts.zipf_probabilities(50), abs=0.01)


def test_pairs_of_a_fixed_window_stay_inside_sentences() -> None:
    corpus = EncodedCorpus(np.zeros(5, np.int32), np.array([0, 2, 5]), "")
    pairs = claims.window_pairs(corpus, 2)
    found = sorted(zip(pairs.centres.tolist(), pairs.contexts.tolist(), strict=True))
    assert found == [(0, 1), (1, 0), (2, 3), (2, 4), (3, 2), (3, 4), (4, 2), (4, 3)]


@pytest.mark.parametrize("architecture", ["skip-gram", "cbow"])
@pytest.mark.parametrize("objective", ["softmax", "hierarchical-softmax", "negative-sampling"])
def test_held_out_loss_is_that_of_the_reference(architecture: str, objective: str) -> None:
    rng = np.random.default_rng(3)
    corpus = EncodedCorpus(np.array([0, 1, 2, 1, 3, 0, 2], np.int32), np.array([0, 4, 6, 7]), "")
    config = TrainingConfig(architecture=architecture, objective=objective, window=2, vector_size=3)
    outputs = 3 if objective == "hierarchical-softmax" else 4
    tables = {"input": rng.standard_normal((4, 3)), f"output/{objective}": rng.standard_normal((outputs, 3))}
    run = Run(config, Vocabulary(["a", "b", "c", "d"], COUNTS), 1.0, [], tables)

    plain = reference.Tables(tables["input"], tables[f"output/{objective}"])
    tree = HuffmanTree.from_counts(COUNTS)
    losses = []
    for sentence in corpus:
        for centre, word in enumerate(sentence.tolist()):
            context = [int(w) for place, w in enumerate(sentence) if 0 < abs(place - centre) <= 2]
            if not context:
                continue
            inputs, targets = ([word], context) if architecture == "skip-gram" else (context, [word])
            hidden = reference.hidden_vector(plain, inputs)
            if objective == "hierarchical-softmax":
                probabilities = reference.tree_probabilities(plain, hidden, tree)
            else:
                probabilities = reference.softmax(reference.row_scores(plain, hidden, np.arange(4)))
            losses += [-np.log(probabilities[target]) for target in targets]
    assert claims.held_out_loss(run, corpus) == pytest.approx(np.mean(losses))

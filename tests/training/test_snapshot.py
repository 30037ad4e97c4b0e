"""Callbacks can read vectors while training goes on."""

from __future__ import annotations

import numpy as np
import pytest

from wordkin import Word2Vec

OPTIONS = {"vector_size": 8, "min_count": 1, "epochs": 1, "threads": 1}


def last_snapshot(sentences, ids, **options):
    """The model, and what the last report's snapshot gave for some ids."""
    seen = []
    model = Word2Vec(**OPTIONS, **options).fit(
        sentences, callbacks=[lambda report: seen.append(report.snapshot.vectors(ids))]
    )
    return model, seen[-1]


@pytest.mark.parametrize("vectors", ["input", "output", "sum", "average"])
def test_the_last_snapshot_is_the_result(sentences, vectors):
    ids = [3, 0, 3, 7]
    model, rows = last_snapshot(sentences, ids, vectors=vectors)
    assert np.array_equal(rows, model.embeddings.matrix[ids])


def test_rows_of_words_are_found_beside_a_tree(sentences):
    objective = ("hierarchical-softmax", "negative-sampling")
    model, rows = last_snapshot(sentences, [1], vectors="output", objective=objective)
    assert np.array_equal(rows, model.embeddings.matrix[[1]])


def test_a_snapshot_is_a_copy_and_changes_as_training_goes_on(sentences, short_spans):
    seen = []

    def spoil(report):
        rows = report.snapshot.vectors([0])
        seen.append(rows.copy())
        rows[:] = np.nan

    model = Word2Vec(**OPTIONS).fit(sentences, callbacks=[spoil])
    assert np.isfinite(model.embeddings.matrix).all()
    assert not np.array_equal(seen[0], seen[-1])


def test_reading_changes_nothing_of_training(sentences):
    read, _ = last_snapshot(sentences, np.arange(300))
    assert np.array_equal(read.embeddings.matrix, Word2Vec(**OPTIONS).fit(sentences).embeddings.matrix)


def test_a_snapshot_ends_with_the_callback(sentences):
    reports = []
    Word2Vec(**OPTIONS).fit(sentences, callbacks=[reports.append])
    with pytest.raises(RuntimeError, match="only be read during the callback"):
        reports[0].snapshot.vectors([0])


def test_ids_must_be_those_of_words(sentences):
    with pytest.raises(IndexError, match="word ids must be 0 to 299"):
        last_snapshot(sentences, [-1])


def test_the_words_of_the_rows_are_known(sentences):
    words = []
    Word2Vec(**OPTIONS).fit(sentences, callbacks=[lambda report: words.append(report.snapshot.vocabulary.words[0])])
    assert words[0] == "w0"

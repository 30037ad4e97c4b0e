"""Windows: the one definition of centre and context, against the same in plain Python."""

from __future__ import annotations

import itertools
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wordkin.vocabulary.subsampling import keep_probabilities
from wordkin.windows import reference
from wordkin.windows.rng import stream_key
from wordkin.windows.windows import count_pairs, keep_thresholds, select_windows, split_into_pairs

KEY = np.uint64(stream_key(7, 1, 0))


class Selected(NamedTuple):
    """What :func:`select_windows` gives, its arrays cut to what is defined."""

    word_ids: np.ndarray
    first: int
    stop: int
    starts: np.ndarray
    stops: np.ndarray

    def windows(self) -> list[tuple[int, list[int]]]:
        """Each centre's word with the words around it."""
        return [
            (
                int(self.word_ids[centre]),
                [int(self.word_ids[place]) for place in range(start, stop) if place != centre],
            )
            for centre, start, stop in zip(range(self.first, self.stop), self.starts, self.stops, strict=True)
        ]


class Text(NamedTuple):
    """Encoded sentences, how they are thinned out, and the window."""

    ids: np.ndarray
    offsets: np.ndarray
    thresholds: np.ndarray
    window: int
    dynamic: bool
    whole: bool = False

    def select(self, start: int, stop: int, key: np.uint64 = KEY) -> Selected:
        room = stop - start + 2 * self.window + 1
        word_ids, starts, stops = (np.full(room + 1, -9, np.int32) for _ in range(3))
        first, end, kept = select_windows(
            self.ids, self.offsets, start, stop, self.thresholds, key, self.window, self.dynamic, self.whole,
            word_ids[:room], starts[:room], stops[:room],
        )  # fmt: skip
        assert word_ids[room] == starts[room] == stops[room] == -9  # nothing is written beyond what is asked for
        return Selected(word_ids[:kept], first, end, starts[first:end], stops[first:end])

    def plainly(self, key: np.uint64 = KEY) -> list[tuple[int, list[int]]]:
        """The windows of the whole text, sentence by sentence."""
        return [
            (each.centre, each.context)
            for each in reference.windows(
                self.ids.tolist(), self.offsets.tolist(), self.thresholds.tolist(), int(key), self.window,
                dynamic=self.dynamic, whole=self.whole,
            )
        ]  # fmt: skip


@st.composite
def texts(draw: st.DrawFn) -> Text:
    words = draw(st.integers(1, 6))
    sentences = draw(st.lists(st.lists(st.integers(0, words - 1), min_size=1, max_size=25), min_size=1, max_size=8))
    keep = draw(st.lists(st.sampled_from([0.0, 0.2, 0.7, 1.0]), min_size=words, max_size=words))
    return Text(
        np.array([word for sentence in sentences for word in sentence], np.int32),
        np.cumsum([0, *(len(sentence) for sentence in sentences)]).astype(np.int64),
        keep_thresholds(np.array(keep)),
        draw(st.integers(1, 8)),
        draw(st.booleans()),
        draw(st.booleans()),
    )


@given(text=texts())
def test_windows_are_those_of_the_plain_definition(text: Text) -> None:
    assert text.select(0, len(text.ids)).windows() == text.plainly()


@given(text=texts(), cuts=st.sets(st.integers(1, 150), max_size=6))
def test_spans_cut_anywhere_give_the_same_windows(text: Text, cuts: set[int]) -> None:
    borders = [0, *sorted(cut for cut in cuts if cut < len(text.ids)), len(text.ids)]
    pieces = [text.select(start, stop).windows() for start, stop in itertools.pairwise(borders)]
    assert [window for piece in pieces for window in piece] == text.plainly()


@given(text=texts(), data=st.data())
def test_a_span_carries_no_more_than_a_window_on_either_side(text: Text, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text.ids) - 1))
    stop = data.draw(st.integers(start + 1, len(text.ids)))
    selected = text.select(start, stop)
    assert 0 <= selected.first <= text.window
    assert 0 <= len(selected.word_ids) - selected.stop <= text.window
    assert (selected.starts >= 0).all()
    assert (selected.stops <= len(selected.word_ids)).all()


@given(text=texts())
def test_pairs_are_the_windows_one_by_one(text: Text) -> None:
    selected = text.select(0, len(text.ids))
    starts, stops = (np.zeros(len(selected.word_ids), np.int32) for _ in range(2))
    starts[selected.first : selected.stop], stops[selected.first : selected.stop] = selected.starts, selected.stops
    pairs = count_pairs(starts, stops, selected.first, selected.stop)
    centres, pair_starts, pair_stops = (np.zeros(pairs, np.int32) for _ in range(3))
    split_into_pairs(starts, stops, selected.first, selected.stop, centres, pair_starts, pair_stops)
    np.testing.assert_array_equal(pair_stops, pair_starts + 1)
    word_ids = selected.word_ids
    found = [(int(word_ids[c]), int(word_ids[p])) for c, p in zip(centres, pair_starts, strict=True)]
    assert found == [(centre, word) for centre, context in selected.windows() for word in context]
    assert not (centres == pair_starts).any()


def long_text(window: int, dynamic: bool, keep: float = 1.0) -> Text:
    size = 200_000
    return Text(
        np.zeros(size, np.int32), np.array([0, size]), keep_thresholds(np.array([keep])), window, dynamic
    )  # fmt: skip


@pytest.mark.parametrize("window", [1, 2, 5, 8])
def test_a_word_is_in_the_window_with_the_probability_of_its_distance(window: int) -> None:
    selected = long_text(window, dynamic=True).select(0, 200_000)
    inside = slice(window, 200_000 - window)  # where no window ends with the sentence
    centres = np.arange(selected.first, selected.stop)[inside]
    for sides in (centres - selected.starts[inside], selected.stops[inside] - centres - 1):
        for distance in range(1, window + 1):
            share = (sides >= distance).mean()
            expected = (window - distance + 1) / window
            assert share == pytest.approx(expected, abs=5 * np.sqrt(0.25 / len(centres)))


def test_a_fixed_window_reaches_as_far_as_it_can() -> None:
    text = Text(np.arange(4, dtype=np.int32), np.array([0, 4]), keep_thresholds(np.ones(4)), 2, False)
    assert text.select(0, 4).windows() == [(0, [1, 2]), (1, [0, 2, 3]), (2, [0, 1, 3]), (3, [1, 2])]


@pytest.mark.parametrize("formula", ["word2vec", "paper"])
def test_words_are_kept_as_often_as_subsampling_says(formula: str) -> None:
    random = np.random.default_rng(2)
    shares = np.array([0.6, 0.3, 0.09, 0.01])
    ids = random.choice(4, 200_000, p=shares).astype(np.int32)
    counts = np.bincount(ids)
    keep = keep_probabilities(counts, 0.02, formula)
    text = Text(ids, np.array([0, len(ids)]), keep_thresholds(keep), 5, True)
    kept = np.bincount(text.select(0, len(ids)).word_ids, minlength=4) / counts
    np.testing.assert_allclose(kept, keep, atol=5 * np.sqrt(0.25 / counts.min()))
    assert kept[3] == 1  # a rare word is never dropped


@pytest.mark.parametrize(("size", "most"), [(5, 2), (23, 20), (40, 7), (1000, 3)])
def test_the_context_in_a_long_basket_is_drawn_uniformly(size: int, most: int) -> None:
    """Every other item equally often, and each at most once."""
    epochs = 6000 if size < 1000 else 300
    text = Text(np.arange(size, dtype=np.int32), np.array([0, size]), keep_thresholds(np.ones(size)), most, True, True)
    together = np.zeros((size, size), np.int64)
    for epoch in range(epochs):
        selected = text.select(0, size, np.uint64(stream_key(3, 1, epoch)))
        assert (selected.stops - selected.starts == most + 1).all()
        assert sorted(selected.word_ids) == list(range(size))
        for centre, (start, stop) in enumerate(zip(selected.starts.tolist(), selected.stops.tolist(), strict=True)):
            together[selected.word_ids[centre], selected.word_ids[start:stop]] += 1
    assert (np.diag(together) == epochs).all()  # the centre lies in its window
    counts = together[~np.eye(size, dtype=bool)]
    share = most / (size - 1)
    squares = np.square(counts - epochs * share).mean() / (epochs * share * (1 - share))
    assert squares == pytest.approx(1, abs=0.25)  # as spread as draws of that probability are
    assert np.abs(counts - epochs * share).max() < 6 * np.sqrt(epochs * share) + 3


def test_all_others_are_context_where_they_fit() -> None:
    ids, offsets = np.arange(9, dtype=np.int32), np.array([0, 3, 4, 9])
    text = Text(ids, offsets, keep_thresholds(np.ones(9)), 4, True, True)
    assert text.select(0, 9).windows() == [
        (0, [1, 2]), (1, [0, 2]), (2, [0, 1]), (3, []),
        (4, [5, 6, 7, 8]), (5, [4, 6, 7, 8]), (6, [4, 5, 7, 8]), (7, [4, 5, 6, 8]), (8, [4, 5, 6, 7]),
    ]  # fmt: skip


def test_thresholds_keep_all_or_nothing_at_the_ends() -> None:
    np.testing.assert_array_equal(keep_thresholds(np.array([0.0, 0.5, 1.0])), [0, 2**31, 2**32 - 1])


def test_every_epoch_draws_anew() -> None:
    text = long_text(5, dynamic=True, keep=0.5)
    one, other = (text.select(0, 1000, np.uint64(stream_key(7, 1, epoch))) for epoch in (0, 1))
    assert len(one.word_ids) != len(other.word_ids) or (one.starts != other.starts).any()

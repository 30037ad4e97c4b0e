"""The first picture of the teaching notes: words as one-hot vectors that pick rows of a table."""

import numpy as np
import pytest

from wordkin import lesson

TEXT = "You say goodbye and I say hello."


@pytest.fixture(scope="module")
def start() -> lesson.Overview:
    return lesson.overview(TEXT, lesson.lesson_config())


def test_the_full_stop_is_the_seventh_word(start: lesson.Overview) -> None:
    assert start.sentences == [["You", "say", "goodbye", "and", "I", "say", "hello", "."]]
    assert {row.word for row in start.words} == {"You", "say", "goodbye", "and", "I", "hello", "."}
    assert [row.word_id for row in start.words] == list(range(7))
    assert (start.words[0].word, start.words[0].count, start.words[0].share) == ("say", 2, 0.25)


def test_one_hot_vectors_have_length_seven_and_a_single_one(start: lesson.Overview) -> None:
    one_hot = np.array(start.one_hot)
    assert one_hot.shape == (7, 7)
    for word_id, vector in enumerate(one_hot):
        assert vector.sum() == 1
        assert vector[word_id] == 1


def test_one_hot_vectors_are_orthogonal_so_no_two_words_are_alike(start: lesson.Overview) -> None:
    np.testing.assert_array_equal(start.cosines, np.eye(7))


def test_multiplying_with_the_table_picks_its_rows(start: lesson.Overview) -> None:
    table = np.array(start.input_vectors)
    assert table.shape == (7, 5)
    assert len({tuple(row) for row in table.tolist()}) == 7  # rows differ, so the picture shows something
    np.testing.assert_array_equal(np.array(start.one_hot) @ table, table)
    np.testing.assert_array_equal(start.products, table)

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable, Sequence

import numpy as np
import pytest

from wordkin.embeddings import Embeddings
from wordkin.errors import ConfigError, FormatError
from wordkin.evaluation import analogies, evaluate_analogies, evaluate_file, read_dataset

WORDS = [f"w{i:02d}" for i in range(60)]


def random_questions(words: Sequence[str], count: int, seed: int = 0) -> list[tuple[str, ...]]:
    rng = np.random.default_rng(seed)
    return [tuple(rng.choice(np.array(words), 4).tolist()) for _ in range(count)]


def random_text(words: Sequence[str], count: int) -> str:
    """Return a file of three sections with ``count`` questions each."""
    sections = enumerate(("one", "gram2", "gram3 with spaces"))
    return "".join(f": {name}\n{as_lines(random_questions(words, count, seed))}" for seed, name in sections)


def as_lines(questions: Iterable[tuple[str, ...]]) -> str:
    return "".join(" ".join(question) + "\n" for question in questions)


def planted(make_embeddings, noise: float = 0.02):
    """Return vectors of ten word pairs with the same offset, and the analogies between all pairs."""
    rng = np.random.default_rng(3)
    starts, offset = rng.standard_normal((10, 40)), rng.standard_normal(40)
    ends = starts + offset + noise * rng.standard_normal((10, 40))
    words = [f"start{i}" for i in range(10)] + [f"end{i}" for i in range(10)]
    lines = [f"start{i} end{i} start{j} end{j}" for i in range(10) for j in range(10) if i != j]
    return make_embeddings(words, np.concatenate((starts, ends))), ": planted\n" + "\n".join(lines) + "\n"


def by_definition(embeddings, question: tuple[str, ...], method: str) -> str:
    """Return the answer by the formulas of the module, computed one word at a time in float64."""
    unit = {}
    for word in embeddings.words:
        vector = np.asarray(embeddings[word], dtype=np.float64)
        unit[word] = vector / np.linalg.norm(vector)
    a, b, c, _ = question

    def score(word: str) -> float:
        to_a, to_b, to_c = (float(unit[word] @ unit[other]) for other in (a, b, c))
        if method == "3cosadd":
            return to_b - to_a + to_c
        return (1 + to_b) / 2 * (1 + to_c) / 2 / ((1 + to_a) / 2 + 1e-6)

    return max((word for word in embeddings.words if word not in (a, b, c)), key=score)


def solved(embeddings, questions: Iterable[tuple[str, ...]], method: str = "3cosadd") -> str:
    """Return a section of the questions with their correct answers."""
    return ": solved\n" + as_lines((*q[:3], by_definition(embeddings, q, method)) for q in questions)


def test_planted_offsets_are_found(make_embeddings, write_file):
    embeddings, text = planted(make_embeddings)
    result = evaluate_file(embeddings, write_file(text))
    assert result.total.correct == {"3cosadd": 90, "3cosmul": 90}
    assert result.total.accuracy().value == 1.0


@pytest.mark.parametrize("method", analogies.METHODS)
def test_answers_follow_the_definition(make_embeddings, write_file, method):
    embeddings = make_embeddings(WORDS, size=3)
    # with the answers by definition as expected answers, every question must be correct
    path = write_file(solved(embeddings, random_questions(WORDS, 120), method))
    result = evaluate_file(embeddings, path)
    assert result.total.correct[method] == result.total.questions == 120


@pytest.mark.parametrize("restrict_vocab", [20, 45, None])
@pytest.mark.parametrize("size", [3, 25])
def test_equal_to_gensim(make_embeddings, write_file, restrict_vocab, size):
    gensim_models = pytest.importorskip("gensim.models")
    embeddings = make_embeddings(WORDS, size=size)
    vectors = gensim_models.KeyedVectors(size)
    vectors.add_vectors(WORDS, np.array(embeddings.matrix))
    searched = embeddings.first(restrict_vocab or len(WORDS))
    some_right = solved(searched, random_questions(searched.words, 30))
    path = write_file(random_text([*WORDS, "unknown"], 300) + some_right)
    result = evaluate_file(embeddings, path, restrict_vocab=restrict_vocab)
    for wrong, unknown in ((True, "wrong"), (False, "skip")):
        score, sections = vectors.evaluate_word_analogies(
            str(path), restrict_vocab=restrict_vocab or len(WORDS), dummy4unknown=wrong
        )
        assert result.total.accuracy(unknown=unknown).value == score
        ours = [*result.sections, result.total]
        assert [section.name for section in ours[:-1]] == [section["section"] for section in sections[:-1]]
        for mine, theirs in zip(ours, sections, strict=True):
            accuracy = mine.accuracy(unknown=unknown)
            assert accuracy.successes == len(theirs["correct"])
            assert accuracy.total == len(theirs["correct"]) + len(theirs["incorrect"])
    assert result.sections[-1].accuracy().value == 1.0


def test_3cosmul_equals_gensims_most_similar_cosmul(make_embeddings, write_file):
    gensim_models = pytest.importorskip("gensim.models")
    embeddings = make_embeddings(WORDS, size=4)
    vectors = gensim_models.KeyedVectors(4)
    vectors.add_vectors(WORDS, np.array(embeddings.matrix))
    text = random_text(WORDS, 50) + solved(embeddings, random_questions(WORDS, 30), "3cosmul")
    dataset = read_dataset(write_file(text))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # gensim's own
        expected = [
            vectors.most_similar_cosmul(positive=[b, c], negative=[a], topn=1)[0][0] == d
            for a, b, c, d in dataset.questions
        ]
    result = evaluate_analogies(embeddings, dataset)
    assert (result.outcomes["3cosmul"] == 1).tolist() == expected
    assert sum(expected) >= 30


@pytest.mark.parametrize("threads", [1, 3])
def test_slices_blocks_and_threads_do_not_change_the_answers(make_embeddings, write_file, monkeypatch, threads):
    words = [f"w{i:03d}" for i in range(300)]
    embeddings = make_embeddings(words, size=3)
    dataset = read_dataset(write_file(random_text(words, 100) + solved(embeddings, random_questions(words, 20))))
    whole = evaluate_analogies(embeddings, dataset, threads=1)
    monkeypatch.setattr(analogies, "_SLICE_WORDS", 65)
    monkeypatch.setattr(analogies, "_BLOCK_QUESTIONS", 7)
    monkeypatch.setattr(analogies, "_RESCORED_AT_ONCE", 11)
    sliced = evaluate_analogies(embeddings, dataset, threads=threads)
    for method in analogies.METHODS:
        assert sliced.outcomes[method].tolist() == whole.outcomes[method].tolist()
    assert whole.sections[-1].accuracy().value == 1.0


def test_the_first_of_equal_candidates_answers(make_embeddings, write_file):
    a, b, c = np.eye(3)
    embeddings = make_embeddings(["a", "b", "c", "d1", "d2"], [a, b, c, b + c - a, b + c - a])
    result = evaluate_file(embeddings, write_file(": s\na b c d1\na b c d2\n"))
    assert result.outcomes["3cosadd"].tolist() == [1, 0]


def test_variants_of_the_question_are_no_answers_and_those_of_the_answer_are(make_embeddings, write_file):
    man, woman, king = np.eye(3)
    queen = king + woman - man
    words = ["man", "woman", "king", "King", "KING", "Queen", "queen"]
    embeddings = make_embeddings(words, [man, woman, king, queen, queen * 0.99, queen + 0.1 * man, queen + 0.2 * man])
    path = write_file(": s\nMan Woman King QUEEN\n")
    assert evaluate_file(embeddings, path).total.correct == {"3cosadd": 1, "3cosmul": 1}
    assert evaluate_file(embeddings, path, case="exact").total.known == 0


def test_unknown_words_are_skipped_or_wrong(make_embeddings, write_file):
    embeddings, text = planted(make_embeddings)
    result = evaluate_file(embeddings, write_file(text + "start0 end0 start1 nowhere\n" * 10))
    assert (result.total.questions, result.total.known, result.total.coverage) == (100, 90, 0.9)
    assert result.total.accuracy("3cosmul").value == 1.0
    assert result.total.accuracy("3cosmul", unknown="wrong").value == 0.9
    assert result.outcomes["3cosadd"].tolist() == [1] * 90 + [-1] * 10


def test_semantic_and_syntactic_totals(make_embeddings, write_file):
    embeddings, text = planted(make_embeddings)
    lines = text.splitlines()[1:]
    mixed = "\n".join([": capitals", *lines[:30], ": gram1", *lines[30:70], ": family", *lines[70:]])
    result = evaluate_file(embeddings, write_file(mixed))
    assert (result.semantic.questions, result.syntactic.questions) == (50, 40)
    plain = evaluate_file(embeddings, write_file(text))
    assert plain.semantic is None and plain.syntactic is None


def test_nothing_known_gives_undefined_scores_without_warnings(make_embeddings, write_file):
    result = evaluate_file(make_embeddings(["a", "b"]), write_file(": empty\n: s\nx y z q\n"))
    assert math.isnan(result.total.accuracy().value)
    values = result.to_dict()
    assert values["total"]["3cosadd"]["accuracy"] is None
    assert values["total"]["3cosadd"]["accuracy_unknown_wrong"] == 0.0
    assert values["sections"][0] == {
        "name": "empty", "questions": 0, "known": 0, "coverage": None,
        **{
            method: {
                "correct": 0, "accuracy": None, "accuracy_interval": [0.0, 1.0],
                "accuracy_unknown_wrong": None, "accuracy_unknown_wrong_interval": [0.0, 1.0],
            }
            for method in analogies.METHODS
        },
    }  # fmt: skip


def test_a_vocabulary_without_other_words_has_no_answer(make_embeddings, write_file):
    embeddings = make_embeddings(["a", "b", "c"])
    result = evaluate_file(embeddings, write_file(": s\na b c a\na a a b\n"))
    assert result.total.known == 2
    assert result.outcomes["3cosadd"][0] == 0


def test_zero_and_half_precision_vectors(make_embeddings, write_file):
    embeddings, text = planted(make_embeddings)
    matrix = np.concatenate((np.zeros((1, 40)), embeddings.matrix)).astype(np.float32)
    padded = make_embeddings(["zero", *embeddings.words], matrix)
    path = write_file(text + "zero start0 start1 end0\n")
    assert evaluate_file(padded, path).total.correct["3cosadd"] >= 90
    half = Embeddings(padded.vocabulary, padded.matrix.astype(np.float16))
    assert evaluate_file(half, path).total.correct["3cosadd"] >= 90


def test_vectors_that_are_not_finite_are_refused(make_embeddings, write_file):
    matrix = np.ones((5, 3))
    matrix[4, 1] = np.nan
    message = "vectors must hold finite numbers, but 1 of 5 hold infinite or NaN values: the file is damaged"
    with pytest.raises(FormatError, match=message):
        evaluate_file(make_embeddings(list("abcde"), matrix), write_file(": s\na b c d\n"))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"threads": 0}, "threads must be a whole number from 1 up; got 0"),
        ({"threads": True}, "threads must be a whole number from 1 up; got True"),
        ({"restrict_vocab": 0}, "restrict_vocab must be a whole number from 1 up; got 0"),
        ({"case": "upper"}, 'case must be "fold" or "exact"; got \'upper\''),
        ({"kind": "Analogies"}, "kind must be one of"),
    ],
)
def test_illegal_options(make_embeddings, write_file, options, message):
    with pytest.raises(ConfigError, match=message):
        evaluate_file(make_embeddings(list("abcd")), write_file(": s\na b c d\n"), **options)


def test_illegal_accuracies(make_embeddings, write_file):
    total = evaluate_file(make_embeddings(list("abcd")), write_file(": s\na b c d\n")).total
    with pytest.raises(ConfigError, match="method must be"):
        total.accuracy("cosine")
    with pytest.raises(ConfigError, match='unknown must be "skip" or "wrong"'):
        total.accuracy(unknown="ignore")

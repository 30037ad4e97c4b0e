"""``KeyedVectors`` in the interface of gensim: reading, changing, asking, saving."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

import wordkin
from wordkin.compat.gensim import KeyedVectors
from wordkin.compat.gensim.errors import ShortFileError, WordEncodingError
from wordkin.errors import ConfigError, FormatError, UnknownWordError

ROWS = np.float32([[1, 0], [0.8, 0.6], [0, 1], [-1, 0]])


@pytest.fixture
def vectors():
    made = KeyedVectors(2)
    made.add_vectors(["cat", "dog", "car", "anti"], ROWS)
    return made


def test_keys_and_rows(vectors):
    assert vectors.key_to_index == {"cat": 0, "dog": 1, "car": 2, "anti": 3}
    assert vectors["dog"].tolist() == ROWS[1].tolist() == vectors[1].tolist()
    assert vectors[["car", "cat"]].tolist() == ROWS[[2, 0]].tolist()
    assert len(vectors) == 4 and "cat" in vectors and "cow" not in vectors
    with pytest.raises(UnknownWordError, match="'cas' is not in the vocabulary; nearest spellings: 'ca"):
        vectors["cas"]
    with pytest.raises(ValueError, match="read-only"):
        vectors["cat"][0] = 3


def test_changes_show_in_answers(vectors):
    assert vectors.most_similar("cat", topn=1) == [("dog", pytest.approx(0.8))]
    vectors["car"] = [2, 0.1]
    vectors["cow"] = [1, 0.01]
    assert [word for word, _ in vectors.most_similar("cat", topn=2)] == ["cow", "car"]
    vectors.vectors[vectors.get_index("cow")] = [0, 1]
    vectors.fill_norms(force=True)
    assert vectors.most_similar("cat", topn=1)[0][0] == "car"
    vectors.add_vectors(["cat", "bat"], [[0, 1], [0, 2]])
    assert vectors["cat"].tolist() == [1, 0] and vectors["bat"].tolist() == [0, 2]
    vectors.add_vectors(["cat"], [[0, 1]], replace=True)
    assert vectors["cat"].tolist() == [0, 1]
    vectors.unit_normalize_all()
    assert vectors["bat"].tolist() == [0, 1] and vectors.norms.tolist() == [1] * len(vectors)


def test_rows_that_were_set_aside_are_filled_first():
    vectors = KeyedVectors(2, count=2)
    assert [vectors.add_vector(key, [number, 1]) for number, key in enumerate("abc")] == [0, 1, 2]
    assert vectors.index_to_key == ["a", "b", "c"] and vectors["c"].tolist() == [2, 1]
    assert vectors.add_vector("a", [9, 9]) == 0 and vectors["a"].tolist() == [0, 1] and vectors.next_index == 3
    vectors = KeyedVectors(2, count=2)
    vectors.add_vectors(["p"], [[7, 7]])
    assert (vectors.index_to_key, vectors.next_index) == ([None, None, "p"], 0)
    assert vectors.add_vector("q", [8, 8]) == 0 and vectors.next_index == 1 and vectors["q"].tolist() == [8, 8]
    vectors = KeyedVectors(2)
    vectors.add_vectors(["a", "b"], [[1, 1], [2, 2]])
    assert vectors.next_index == 0 and vectors.add_vector("c", [3, 3]) == 2 and vectors.next_index == 3


def test_wrong_shapes_are_refused(vectors):
    with pytest.raises(ConfigError, match=r"weights must have the shape \(1, 2\)") as refused:
        vectors.add_vectors(["new"], [[1, 2, 3]])
    assert not isinstance(refused.value, IndexError)
    for keys, rows in (["new"], np.ones((2, 2))), (["new", "newer"], np.ones((1, 2))), (["new"], np.ones(2)):
        with pytest.raises(IndexError, match=r"weights must have the shape \(., 2\), a row for each key") as refused:
            vectors.add_vectors(keys, rows)
        assert isinstance(refused.value, ConfigError)
    with pytest.raises(ConfigError, match=r"weights must have the shape \(1, 2\)"):
        vectors.add_vector("cat", [1, 2, 3])
    assert len(vectors) == 4


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda wv: wv.most_similar("cat", topn=2.5), TypeError, "topn must be a whole number or None; got 2.5"),
        (lambda wv: wv.most_similar_cosmul("cat", topn="3"), TypeError, "topn must be a whole number or None; got '3'"),
        (lambda wv: wv.most_similar("cat", clip_end=2.5), TypeError, "clip_end must be a whole number"),
        (lambda wv: wv.most_similar([["cat", "dog"]]), ValueError, "the weight of a key must be a number; got 'dog'"),
        (lambda wv: wv.most_similar([["cat", "dog", "car"]]), ValueError, "must hold keys or vectors of 2 numbers"),
        (lambda wv: wv.most_similar(negative=[np.ones(3)]), ValueError, r"vectors of 2 numbers; got \(3,\)"),
        (lambda wv: wv.most_similar_cosmul([np.ones(3)]), ValueError, r"vectors of 2 numbers; got \(3,\)"),
        (lambda wv: wv.get_mean_vector(["cat", np.ones(3)]), ValueError, "must hold keys or vectors of 2 numbers"),
        (lambda wv: wv.relative_cosine_similarity("cat", "dog", 0), ValueError, "topn must be a whole number from 1"),
        (lambda wv: wv.relative_cosine_similarity("cat", "dog", None), ValueError, "topn must be a whole number from"),
        (lambda wv: wv.get_vecattr("cat", "count"), KeyError, "the keys have no attribute 'count'"),
        (lambda wv: setattr(wv, "vocab", {}), AttributeError, "has no attribute 'vocab': use key_to_index for rows"),
        (lambda wv: setattr(wv, "index2word", []), AttributeError, "has no attribute 'index2word': use index_to_key"),
    ],
)
def test_errors_are_of_the_kinds_of_gensim(call, kind, message, vectors):
    with pytest.raises(kind, match=message):
        call(vectors)


@pytest.mark.parametrize(("topn", "expected"), [(0, []), (-1, []), (np.uint8(0), [])])
def test_no_neighbours(vectors, topn, expected):
    assert vectors.most_similar("cat", topn=topn) == expected


def test_all_similarities(vectors):
    np.testing.assert_allclose(vectors.most_similar("cat", topn=None), [1, 0.8, 0, -1], atol=1e-6)
    np.testing.assert_allclose(vectors.distances("cat"), [0, 0.2, 1, 2], atol=1e-6)
    np.testing.assert_allclose(vectors.distances("cat", ["car", "dog"]), [1, 0.2], atol=1e-6)


@pytest.mark.filterwarnings("ignore:Call to deprecated `init_sims`")  # gensim calls its own old method
def test_same_answers_as_gensim():
    models = pytest.importorskip("gensim.models")
    generator = np.random.default_rng(0)
    rows = generator.normal(size=(60, 8)).astype(np.float32)
    words = [f"w{number}" for number in range(60)]
    ours, theirs = KeyedVectors(8), models.KeyedVectors(8)
    for each in ours, theirs:
        each.add_vectors(words, rows)
    calls = [
        ("most_similar", ("w1",), {}),
        ("most_similar", (["w1", ("w2", 2.0)], [("w3", 0.5)]), {}),
        ("most_similar", ("w1",), {"restrict_vocab": 20}),
        ("most_similar", ("w1",), {"clip_start": 5, "clip_end": 30}),
        ("most_similar_cosmul", (["w1", "w2"], ["w3"]), {}),
        ("similar_by_vector", (rows[4],), {}),
        ("rank_by_centrality", (["w1", "w2", "w9"],), {}),
    ]
    for method, arguments, options in calls:
        found = getattr(ours, method)(*arguments, **options)
        expected = getattr(theirs, method)(*arguments, **options)
        assert [[each for each in pair if isinstance(each, str)] for pair in found] == [
            [each for each in pair if isinstance(each, str)] for pair in expected
        ], method
    for method, arguments in [
        ("similarity", ("w1", "w2")), ("distance", ("w1", "w2")), ("n_similarity", (["w1", "w2"], ["w3"])),
        ("rank", ("w1", "w5")), ("relative_cosine_similarity", ("w1", "w5")), ("distances", ("w1",)),
        ("get_mean_vector", (["w1", "w2", "none"], [1, 2, 5])),
    ]:  # fmt: skip
        np.testing.assert_allclose(getattr(ours, method)(*arguments), getattr(theirs, method)(*arguments), atol=1e-5)
    assert ours.closer_than("w1", "w5") == theirs.closer_than("w1", "w5")
    assert ours.doesnt_match(["w1", "w2", "w9"]) == theirs.doesnt_match(["w1", "w2", "w9"])


def test_keys_need_not_be_text():
    vectors = KeyedVectors(2)
    vectors.add_vectors([10, 20, 30], ROWS[:3])
    assert vectors.most_similar([10], topn=1) == [(20, pytest.approx(0.8))]


def test_attributes_of_keys(vectors):
    vectors.set_vecattr("dog", "count", 7)
    assert vectors.get_vecattr("dog", "count") == 7 and vectors.get_vecattr("cat", "count") == 0
    vectors.sort_by_descending_frequency()
    assert vectors.index_to_key == ["dog", "anti", "car", "cat"]  # of equal counts, the last one first
    assert [vectors[word].tolist() for word in ("dog", "cat")] == ROWS[[1, 0]].tolist()
    with pytest.raises(KeyError, match="no attribute 'code'"):
        vectors.get_vecattr("dog", "code")
    vectors.set_vecattr("dog", "count", np.int32(8))
    for value in (1.5, "8"):
        with pytest.raises(TypeError, match="val must be of type int64, like the attribute 'count'; got"):
            vectors.set_vecattr("dog", "count", value)
    with pytest.raises(TypeError, match="types must be int64 for the attribute 'count'; got 'float64'"):
        vectors.allocate_vecattrs(["count"], [float])
    with pytest.raises(TypeError, match=r"types must hold a type for each of \['count'\]; got None"):
        vectors.allocate_vecattrs(["count"])
    assert vectors.get_vecattr("dog", "count") == 8
    with pytest.raises(KeyError, match="cow"):
        vectors.set_vecattr("cow", "new", 1)
    assert "new" not in vectors.expandos
    del vectors.expandos["count"]
    with pytest.raises(KeyError, match=r"^the keys have no attribute 'count' \(existing attributes: none\)"):
        vectors.sort_by_descending_frequency()


def test_native_file(vectors, tmp_path):
    path = tmp_path / "vectors.kv"
    vectors.set_vecattr("dog", "count", 7)
    vectors.save(str(path))
    for loaded in KeyedVectors.load(str(path)), KeyedVectors.load(str(path), mmap="r"):
        assert loaded.index_to_key == vectors.index_to_key and loaded.get_vecattr("dog", "count") == 7
        loaded["cow"] = [1, 1]
        loaded["cat"] = [5, 5]
        assert loaded["cat"].tolist() == [5, 5]
    assert wordkin.load(path, format="safetensors")["cat"].tolist() == [1, 0]
    vectors.set_vecattr("dog", "colour", 1)
    vectors.set_vecattr("dog", "size", 2)
    with pytest.raises(
        ConfigError, match=r'^a saved file can hold only the attribute "count"; got .*: delete'
    ) as refused:
        vectors.save(path)
    assert refused.value.remedy == "delete the others with del wv.expandos['colour'], wv.expandos['size']"
    del vectors.expandos["colour"], vectors.expandos["size"]
    vectors.save(path)
    assert KeyedVectors.load(path).get_vecattr("dog", "count") == 7


def test_pickles_are_refused_with_the_call_that_converts_them(tmp_path):
    path = tmp_path / "old.kv"
    path.write_bytes(pickle.dumps({"a": 1}))
    with pytest.raises(FormatError, match=r"Python pickle.*save_word2vec_format"):
        KeyedVectors.load(str(path))


@pytest.mark.parametrize("binary", [False, True])
def test_word2vec_files(vectors, tmp_path, binary):
    path, counts = tmp_path / "vectors", tmp_path / "counts"
    for number, word in enumerate(vectors.index_to_key):
        vectors.set_vecattr(word, "count", 10 + number)
    vectors.save_word2vec_format(str(path), fvocab=str(counts), binary=binary)
    loaded = KeyedVectors.load_word2vec_format(str(path), fvocab=str(counts), binary=binary, datatype=np.float16)
    assert loaded.index_to_key == ["anti", "car", "dog", "cat"] and loaded.vectors.dtype == np.float16
    assert loaded.get_vecattr("anti", "count") == 13
    assert len(KeyedVectors.load_word2vec_format(path, binary=binary, limit=2)) == 2
    assert len(KeyedVectors.load_word2vec_format(path, binary=binary, limit=0)) == 4  # as None, as in gensim
    with pytest.raises(ConfigError, match="limit must be a whole number"):
        KeyedVectors.load_word2vec_format(path, binary=binary, limit=-1)
    content = path.read_bytes()
    path.write_bytes(b"9" + content[1:])
    with pytest.raises(EOFError, match="header"):
        KeyedVectors.load_word2vec_format(path, binary=binary)
    path.write_bytes(content.replace(b"car", b"c\xffr"))
    with pytest.raises(UnicodeDecodeError, match="not valid UTF-8"):
        KeyedVectors.load_word2vec_format(path, binary=binary)
    replaced = KeyedVectors.load_word2vec_format(path, binary=binary, unicode_errors="replace")
    assert "c\ufffdr" in replaced
    assert issubclass(ShortFileError, FormatError) and issubclass(WordEncodingError, FormatError)


def test_text_without_header_and_appended(vectors, tmp_path):
    path = tmp_path / "vectors.txt"
    vectors.save_word2vec_format(path, write_header=False)
    vectors.save_word2vec_format(path, write_header=False, append=True, prefix="x_")
    loaded = KeyedVectors.load_word2vec_format(path, no_header=True)
    assert loaded.index_to_key[3:5] == ["anti", "x_cat"]
    with pytest.raises(NotImplementedError, match="no_header must be False with binary=True"):
        KeyedVectors.load_word2vec_format(path, binary=True, no_header=True)


def test_intersection_takes_known_words_only(vectors, tmp_path):
    path = tmp_path / "vectors.txt"
    path.write_text("2 2\ncat 5 5\ncow 7 7\n")
    vectors.intersect_word2vec_format(path, lockf=1.0)
    assert vectors["cat"].tolist() == [5, 5] and "cow" not in vectors


def test_analogies(vectors, tmp_path):
    path = tmp_path / "questions.txt"
    path.write_text(": one\ncat dog car anti\ncat dog cow anti\n: two\nCAT CAR anti dog\ncat dog car dog\n")
    score, sections = vectors.evaluate_word_analogies(path)
    assert sections == vectors.evaluate_word_analogies(path, similarity_function="most_similar_cosmul")[1]
    assert [section["section"] for section in sections] == ["one", "two", "Total accuracy"]
    assert sections[0]["correct"] == [("CAT", "DOG", "CAR", "ANTI")] and score == pytest.approx(2 / 3)
    assert sections[2]["incorrect"] == [("CAT", "DOG", "CAR", "DOG")]
    _, strict = vectors.evaluate_word_analogies(path, dummy4unknown=True)
    assert len(strict[0]["incorrect"]) == len(sections[0]["incorrect"]) + 1
    path.write_text(": one\ncat cow car anti\ncat dog car dog\ncat dog cow anti\n: two\n: two\ncat dog car anti\n")
    _, strict = vectors.evaluate_word_analogies(path, dummy4unknown=True)
    assert [question[1:] for question in strict[0]["incorrect"]] == [
        ("COW", "CAR", "ANTI"), ("DOG", "CAR", "DOG"), ("DOG", "COW", "ANTI"),
    ]  # fmt: skip
    assert [section["section"] for section in strict] == ["one", "two", "two", "Total accuracy"]
    path.write_text(": one\ncat dog car\n")
    with pytest.raises(ConfigError, match="analogies must hold lines of four words"):
        vectors.evaluate_word_analogies(path)
    path.write_text("cat dog car anti\n")
    with pytest.raises(ConfigError, match="must begin with the heading of a section"):
        vectors.evaluate_word_analogies(path)


def test_word_pairs(vectors, tmp_path):
    path = tmp_path / "pairs.tsv"
    path.write_text("# a comment\ncat\tdog\t9\ncat\tcar\t5\ncat\tanti\t1\ncat\tcow\t3\n")
    pearson, spearman, unknown = vectors.evaluate_word_pairs(path)
    assert spearman[0] == pytest.approx(1) and pearson[0] > 0.9 and unknown == 25
    assert vectors.evaluate_word_pairs(path, dummy4unknown=True)[2] == 25
    with pytest.raises(ConfigError, match="two known words and a number"):
        vectors.evaluate_word_pairs(path, delimiter=";")

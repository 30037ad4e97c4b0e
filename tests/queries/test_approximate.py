"""Tests of the index: recall, exact cosines, verified files, refusal for other vectors."""

from __future__ import annotations

import contextlib

import numpy as np
import pytest

from wordkin.embeddings import Embeddings, load_embeddings
from wordkin.errors import ConfigError, CorpusNotFoundError, FormatError, MissingExtraError, OutputError
from wordkin.queries import approximate
from wordkin.queries.exact import nearest
from wordkin.queries.index_file import SEAL_MAGIC, seal
from wordkin.vocabulary import Vocabulary


def clustered(words: int = 2000, size: int = 16, seed: int = 0, dtype: str = "float32") -> Embeddings:
    rng = np.random.default_rng(seed)
    matrix = rng.normal(size=(40, size))[rng.integers(0, 40, words)] + 0.6 * rng.normal(size=(words, size))
    return Embeddings(Vocabulary([f"w{i}" for i in range(words)]), matrix.astype(dtype))


@pytest.mark.parametrize("dtype", ["f32", "f16", "bf16", "i8"])
def test_nearly_all_neighbours_with_exact_cosines(dtype):
    vectors = clustered()
    index = vectors.build_index(dtype=dtype)
    assert len(index) == 2000 and repr(index) == "NeighbourIndex(2,000 words)"
    queries = vectors.unit_vectors(np.arange(200))
    ids, cosines = index.nearest(queries, 10)
    truth, true_cosines = nearest(vectors, queries, 10)
    found = np.mean([len(np.intersect1d(ours, theirs)) for ours, theirs in zip(ids, truth, strict=True)]) / 10
    assert found > 0.97
    assert np.allclose(np.sort(cosines, axis=1)[:, ::-1], cosines)
    exact_cosines = np.einsum("bn,bcn->bc", queries, vectors.unit_vectors(ids.ravel()).reshape(200, 10, -1))
    assert np.allclose(cosines, exact_cosines, atol=1e-6)
    assert np.mean(np.abs(cosines[:, 0] - true_cosines[:, 0]) < 1e-6) > 0.97


def test_the_same_questions_as_of_the_vectors():
    vectors = clustered()
    index = vectors.build_index(threads=1)

    def alike(ours, theirs):
        assert [word for word, _ in ours] == [word for word, _ in theirs]
        assert [score for _, score in ours] == pytest.approx([score for _, score in theirs], abs=1e-6)

    alike(index.most_similar("w5", topn=5), vectors.most_similar("w5", topn=5))
    alike(index.most_similar(["w5", "w6"], ["w7"], 5), vectors.most_similar(["w5", "w6"], ["w7"], 5))
    alike(index.similar_by_vector(vectors["w5"], 5), vectors.similar_by_vector(vectors["w5"], 5))
    for ours, theirs in zip(
        index.most_similar_batch(["w1", "w2"], 3, threads=2), vectors.most_similar_batch(["w1", "w2"], 3), strict=True
    ):
        alike(ours, theirs)
    assert index.most_similar_batch([]) == []
    assert len(index.most_similar("w5", topn=200)) == 200
    index.expansion_search = 100
    assert index.expansion_search == 100


def test_building_tells_how_far_it_is(monkeypatch):
    monkeypatch.setattr(approximate, "_ADD_ROWS", 800)
    told = []
    index = clustered().build_index(progress=lambda done, total: told.append((done, total)))
    assert told == [(800, 2000), (1600, 2000), (2000, 2000)] and len(index) == 2000


def test_saved_beside_the_vectors_and_opened_again(tmp_path):
    clustered().save(tmp_path / "v.safetensors")
    vectors = load_embeddings(tmp_path / "v.safetensors")
    built = vectors.build_index()
    assert built.path == tmp_path / "v.safetensors.usearch" and built.path.is_file()
    assert sorted(each.name for each in tmp_path.iterdir()) == ["v.safetensors", "v.safetensors.usearch"]
    opened = vectors.open_index()
    assert opened.most_similar("w5", topn=5) == built.most_similar("w5", topn=5)
    assert len(opened) == 2000 and opened.path == built.path
    elsewhere = vectors.build_index(tmp_path / "other.usearch", connectivity=8, expansion_add=32)
    assert vectors.open_index(tmp_path / "other.usearch").most_similar("w9")[0] == elsewhere.most_similar("w9")[0]


@pytest.mark.parametrize("dtype", ["f32", "f16", "bf16", "i8"])
def test_an_index_of_other_vectors_is_refused(tmp_path, dtype):
    path = tmp_path / "x.usearch"
    clustered().build_index(path, dtype=dtype)
    assert len(clustered().open_index(path)) == 2000
    for other in (clustered(seed=1), clustered(size=15), clustered(words=500)):
        with pytest.raises(FormatError, match=r"was built for other vectors: build it again with build_index\(\)"):
            other.open_index(path)


def test_vectors_of_zeros_are_left_out(tmp_path):
    matrix = np.array(clustered(50).matrix)
    matrix[[0, 7]] = 0
    vectors = Embeddings(Vocabulary([f"w{i}" for i in range(50)]), matrix)
    index = vectors.build_index(tmp_path / "x.usearch")
    assert len(index) == 48 == len(vectors.open_index(tmp_path / "x.usearch"))
    names = [word for word, _ in index.most_similar("w1", topn=50)]
    assert len(names) == 47 and not {"w0", "w7"} & set(names)


def test_very_few_words(tmp_path):
    for words in (0, 1, 2):
        vectors = clustered(words)
        index = vectors.build_index(tmp_path / "x.usearch")
        assert len(vectors.open_index(tmp_path / "x.usearch")) == len(index) == words
    assert [word for word, _ in index.most_similar("w0")] == ["w1"]


def test_broken_and_missing_files(tmp_path):
    vectors = clustered(300)
    path = tmp_path / "x.usearch"
    with pytest.raises(CorpusNotFoundError, match=r"there is no index .*x.usearch': build it with build_index\(\)"):
        vectors.open_index(path)
    with pytest.raises(ConfigError, match="path must be given for vectors that were not read from a file; got None"):
        vectors.open_index()
    vectors.build_index(path)
    whole = path.read_bytes()
    for broken, why in (
        (b"", "it is empty"),
        (b"junk" * 50, "its checksum is missing: it is truncated, or was written by another program"),
        (whole[: len(whole) // 2], "its checksum is missing"),
        (whole[:-1], "its checksum is missing"),
        (whole[:5000] + b"?" + whole[5001:], "its content does not match its checksum"),
        (whole[:-1] + b"?", "its content does not match its checksum"),
    ):
        path.write_bytes(broken)
        message = rf"x.usearch' is not a valid index \({why}.*\): build it again with build_index\(\)"
        with pytest.raises(FormatError, match=message):
            vectors.open_index(path)


@pytest.mark.parametrize("changed", [
    ("matrix", 0, "its header"),  # number of vectors
    ("head", 0, "its header"),
    ("head", 14, "the size of its vectors"),  # number type
    ("head", 17, "the number of its words"),
    ("graph", 0, "the number of its words"),
    ("graph", 8, "its length"),  # number of links per node
    ("graph", 17, "its length"),
    ("graph", 24, "the list of levels"),
    ("graph", 32, "the list of levels"),  # entry node of searches
    ("levels", 1, "the list of levels"),
    ("nodes", 9, "the level of a word"),
    ("nodes", 12, "the number of links of a word"),
    ("nodes", 16, "a link"),
    ("nodes", 7, "was built for other vectors"),  # id of a word
])  # fmt: skip
def test_a_sealed_index_that_leads_astray_is_refused(tmp_path, changed):
    """A malicious file can have a correct seal; usearch would follow its links out of bounds."""
    vectors, path = clustered(300), tmp_path / "x.usearch"
    vectors.build_index(path, threads=1)
    content = bytearray(path.read_bytes()[: -len(SEAL_MAGIC) - 32])
    parts = {"matrix": 0, "head": 8 + 300 * 16}
    parts["graph"] = parts["head"] + 64
    parts["levels"] = parts["graph"] + 40
    parts["nodes"] = parts["levels"] + 2 * 300
    part, offset, why = changed
    content[parts[part] + offset] ^= 0x3F
    path.write_bytes(content)
    seal(path)
    with pytest.raises(FormatError, match=why):
        vectors.open_index(path)


def test_an_index_by_another_usearch_is_refused(tmp_path):
    vectors, path = clustered(300), tmp_path / "x.usearch"
    vectors.build_index(path, threads=1)
    content = bytearray(path.read_bytes()[: -len(SEAL_MAGIC) - 32])
    content[8 + 300 * 16 + 7] = 3  # the major version
    path.write_bytes(content)
    seal(path)
    with pytest.raises(FormatError, match=r"usearch 3\.\d+\.\d+, but wordkin reads files of usearch 2"):
        vectors.open_index(path)


def test_another_usearch_is_not_used(monkeypatch):
    monkeypatch.setattr("usearch.__version__", "3.0.1")
    with pytest.raises(
        MissingExtraError, match=r"an index of usearch 2 \(3\.0\.1 is installed\) needs .*wordkin\[index\]"
    ):
        clustered(10).build_index()


def test_edited_and_sealed_indices_never_crash(tmp_path):
    chance = np.random.default_rng(3)
    vectors, path = clustered(60), tmp_path / "x.usearch"
    vectors.build_index(path, threads=1)
    whole = path.read_bytes()[: -len(SEAL_MAGIC) - 32]
    opened = 0
    for _ in range(300):
        content = bytearray(whole)
        for place in chance.integers(0, len(content), chance.integers(1, 4)):
            content[place] = chance.integers(256)
        path.write_bytes(content)
        seal(path)
        with contextlib.suppress(FormatError):
            ids, _ = vectors.open_index(path).nearest(vectors.unit_vectors(np.arange(60)), 5)
            assert ids.min() >= 0
            assert ids.max() < 60
            opened += 1
    assert 0 < opened < 300


def test_illegal_options(tmp_path):
    vectors = clustered(10)
    for option in ("connectivity", "expansion_add", "expansion_search", "threads"):
        with pytest.raises(ConfigError, match=f"{option} must be a whole number from 1 up; got 0"):
            vectors.build_index(**{option: 0})
    with pytest.raises(ConfigError, match='dtype must be one of "f32", "f16", "bf16", "i8"; got \'f64\''):
        vectors.build_index(dtype="f64")
    with pytest.raises(OutputError, match="there is no directory"):
        vectors.build_index(tmp_path / "missing" / "x.usearch")
    with pytest.raises(OutputError, match="there is no directory"):
        vectors.build_index().save(tmp_path / "missing" / "x.usearch")


@pytest.mark.parametrize("rows", [1, 3])
def test_words_out_of_reach_in_the_graph_are_found_all_the_same(rows, monkeypatch):
    """In a graph built by several threads, some words may not be reachable."""
    matrix = np.array(clustered(50).matrix)
    matrix[7] = 0
    vectors = Embeddings(Vocabulary([f"w{i}" for i in range(50)]), matrix)
    index = vectors.build_index()
    search = index._index.search

    def lose_two(units, count, **options):
        found = search(units, count - 2, **options)
        if len(units) > 1:
            found.keys = np.pad(found.keys, ((0, 0), (0, 2)))
        return found

    monkeypatch.setattr(index._index, "search", lose_two)
    ids, cosines = index.nearest(vectors.matrix[:rows], 50)
    expected, expected_cosines = nearest(vectors, vectors.matrix[:rows], 50)
    assert ids.shape == (rows, 49)
    assert 7 not in ids
    np.testing.assert_array_equal(ids, expected[expected != 7].reshape(rows, 49))
    np.testing.assert_allclose(cosines, expected_cosines[expected != 7].reshape(rows, 49), atol=1e-6)

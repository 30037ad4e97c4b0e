"""Tests of vectors in other libraries: same words, same numbers, cosines equal to 1e-6.

``make interop`` runs this file. The test suite does not, because PyTorch alone takes over 500 MB. Tests of a library
that is not installed fail.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

import wordkin
from wordkin.corpus.tokenization.tokenizers import words_of
from wordkin.embeddings import Embeddings
from wordkin.vocabulary import Vocabulary

PAGE = Path(__file__).parents[2] / "docs" / "interop.md"
WORDS = [
    "the",
    "it's",
    "3.14",
    "naïve",
    "猫",
    "\u0131rmak",
    "i",
    "cat",
    "dog",
    "new york",
    "CAT",
    "[UNK]",
    "e\u0301",
    ",",
]
TEXTS = ["the cat", "naïve dog 猫", "CAT", "it's 3.14 unknown", "dog the the", "i"]
TOLERANCE = 1e-6


@pytest.fixture(scope="module", params=["float32", "float16"])
def vectors(request, tmp_path_factory) -> Embeddings:
    """Vectors memory-mapped from a file."""
    rows = np.random.default_rng(0).normal(size=(len(WORDS), 24)) * 3
    path = tmp_path_factory.mktemp("vectors") / "v.safetensors"
    counts = range(len(WORDS), 0, -1)
    Embeddings(Vocabulary(WORDS, counts), rows.astype(request.param)).save(path)
    return wordkin.load(path)


def cosines(rows) -> np.ndarray:
    """Return the pairwise cosines of all rows."""
    rows = np.asarray(rows, dtype=np.float64)
    rows = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return rows @ rows.T


def expected(vectors: Embeddings, texts: list[str], split=str.split) -> np.ndarray:
    """Return the pairwise cosines of the mean vectors of the known words of texts."""
    return cosines([vectors[[word for word in split(text) if word in vectors]].astype(float).mean(0) for text in texts])


def test_a_tensor_is_a_copy(vectors):
    tensor = vectors.to_torch()
    assert tensor.shape == (len(WORDS), 24) and str(tensor.dtype).removeprefix("torch.") == vectors.matrix.dtype.name
    np.testing.assert_allclose(cosines(tensor.numpy()), cosines(vectors.matrix), atol=TOLERANCE)
    before = vectors.matrix.copy()
    tensor[:] = 0
    np.testing.assert_array_equal(vectors.matrix, before)


@pytest.mark.filterwarnings("ignore:The given NumPy array is not writable")
def test_writing_through_shared_memory_neither_crashes_nor_changes_the_file(vectors, tmp_path):
    import torch

    path = tmp_path / "v.safetensors"
    vectors.save(path)
    mapped, content = wordkin.load(path), path.read_bytes()
    torch.from_numpy(mapped.matrix)[0, 0] = 7
    assert mapped.matrix[0, 0] == 7 and path.read_bytes() == content
    assert wordkin.load(path).matrix[0, 0] == vectors.matrix[0, 0]


def test_a_layer(vectors):
    import torch

    layer = vectors.to_torch_embedding(extra_rows=1)
    ids = vectors.vocabulary.find_ids(["cat", "no such word", "猫"])
    ids[ids < 0] = len(vectors)
    found = layer(torch.from_numpy(ids)).detach().numpy()
    np.testing.assert_array_equal(found[[0, 2]], vectors[["cat", "猫"]])
    assert not found[1].any() and not layer.weight.requires_grad
    trained = vectors.to_torch_embedding(freeze=False)
    trained(torch.tensor([3])).sum().backward()
    assert trained.weight.grad is not None and trained.num_embeddings == len(vectors)


def test_spacy(vectors):
    import spacy

    nlp = spacy.blank("en")
    nlp.vocab.vectors = vectors.to_spacy()
    for word in WORDS:
        np.testing.assert_array_equal(nlp.vocab.get_vector(word), vectors[word].astype(np.float32))
    assert nlp.vocab["cat"].similarity(nlp.vocab["dog"]) == pytest.approx(
        vectors.similarity("cat", "dog"), abs=TOLERANCE
    )
    assert not nlp.vocab.has_vector("no such word")
    doc = nlp("the cat")
    np.testing.assert_allclose(doc.vector, vectors[["the", "cat"]].astype(np.float32).mean(0), atol=1e-6)


def test_sentence_transformers(vectors, tmp_path):
    from sentence_transformers import SentenceTransformer

    vectors.to_static_model(tmp_path)
    model = SentenceTransformer(str(tmp_path), device="cpu")
    np.testing.assert_allclose(cosines(model.encode(TEXTS)), expected(vectors, TEXTS), atol=TOLERANCE)
    np.testing.assert_allclose(model.encode(["cat"])[0], vectors["cat"].astype(np.float32), atol=TOLERANCE)
    assert not model.encode(["nothing known"]).any()
    again = tmp_path / "saved by it"
    model.save(str(again))
    np.testing.assert_array_equal(SentenceTransformer(str(again), device="cpu").encode(TEXTS), model.encode(TEXTS))


def test_model2vec(vectors, tmp_path):
    from model2vec import StaticModel

    vectors.to_static_model(tmp_path)
    model = StaticModel.from_pretrained(str(tmp_path))
    np.testing.assert_allclose(cosines(model.encode(TEXTS)), expected(vectors, TEXTS), atol=TOLERANCE)
    known = "it's 3.14 dog"
    np.testing.assert_allclose(model.encode([f"{known} unknown"]), model.encode([known]), atol=TOLERANCE)


@pytest.mark.parametrize(
    ("options", "text", "words"),
    [
        ({}, "the CAT e\u0301", ["the", "CAT", "e\u0301"]),
        ({"lowercase": True}, "The DOG", ["the", "dog"]),
        ({"lowercase": "tr"}, "IRMAK İ", ["\u0131rmak", "i"]),
        ({"normalize": "NFKC"}, "\uff43\uff41\uff54", ["cat"]),
        ({"tokenizer": "words"}, "the cat,it's 3.14 猫dog", ["the", "cat", ",", "it's", "3.14", "猫", "dog"]),
    ],
)
def test_how_texts_become_words(vectors, tmp_path, options, text, words):
    from tokenizers import Tokenizer

    vectors.to_static_model(tmp_path, **options)
    read = Tokenizer.from_file(str(tmp_path / "tokenizer.json"))
    assert [WORDS[each] for each in read.encode(text).ids] == words


def test_word_boundaries_are_those_of_training(vectors, tmp_path):
    """Checked on all documentation of this project, and on characters of many scripts."""
    from tokenizers import Tokenizer

    vectors.to_static_model(tmp_path, tokenizer="words")
    splitter = Tokenizer.from_file(str(tmp_path / "tokenizer.json")).pre_tokenizer
    text = "\n".join(path.read_text(encoding="utf-8") for path in PAGE.parent.glob("*.md"))
    scripts = "Zürich Ελλάδα Россия हिन्दी العربية עברית 中文 ひらがな カタカナ 한국어 ไทย é 👩‍👩‍👧 🇫🇷 1,000.5 _x_"
    for each in (text, scripts):
        assert [word for word, _ in splitter.pre_tokenize_str(each)] == words_of(each)


def test_duckdb(vectors, tmp_path):
    import duckdb

    path = tmp_path / "v.parquet"
    vectors.to_parquet(path)
    query = f"""
        select b.word, list_cosine_similarity(a.vector, b.vector) as cosine
        from '{path}' a, '{path}' b where a.word = 'cat' and b.word <> 'cat' order by cosine desc limit 5
    """
    found = duckdb.sql(query).fetchall()
    near = vectors.most_similar("cat", topn=5)
    assert [word for word, _ in found] == near.words
    np.testing.assert_allclose([cosine for _, cosine in found], near.similarities, atol=TOLERANCE)
    assert duckdb.sql(f"select sum(count) from '{path}'").fetchall()[0][0] == sum(range(len(WORDS) + 1))


def test_rows_as_pgvector_reads_them(vectors, tmp_path):
    """pgvector receives text such as [1,2,3]; the text sent by its Python package parses to the same float32."""
    import pyarrow.parquet

    vectors.to_parquet(tmp_path / "v.parquet")
    for row in pyarrow.parquet.read_table(tmp_path / "v.parquet").to_pylist():
        text = "[" + ",".join(map(str, row["vector"])) + "]"
        parsed = np.array(text.strip("[]").split(","), dtype=np.float32)
        np.testing.assert_array_equal(parsed, vectors[row["word"]].astype(np.float32))


def test_the_examples_of_the_page(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    assert len(blocks) >= 6
    names: dict = {}
    for block in blocks:
        exec(compile(block, str(PAGE), "exec"), names)
    assert capsys.readouterr().out

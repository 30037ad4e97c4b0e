"""The statements of the pages about formats and gensim are true."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from gensim.models import KeyedVectors

from wordkin.embeddings import Embeddings, load_embeddings
from wordkin.vocabulary import Vocabulary

DOCS = Path(__file__).parents[2] / "docs"


def test_the_smallest_reader_and_writer_of_the_native_format(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    reader, writer, *_ = re.findall(r"```python\n(.*?)```", (DOCS / "formats.md").read_text(encoding="utf-8"), re.S)
    written: dict = {}
    exec(writer, written)
    loaded = load_embeddings("vectors.safetensors")
    assert list(loaded) == written["words"] and np.array_equal(loaded.matrix, written["vectors"])
    assert loaded.vocabulary.id_of("dog") == 1
    vectors = Embeddings(Vocabulary(["the", "é ü", ""]), np.eye(3, dtype=np.float16))
    vectors.save("vectors.safetensors")
    read: dict = {}
    exec(reader, read)
    assert read["words"] == list(vectors)
    assert np.array_equal(read["vector_of"]["é ü"], vectors["é ü"])


def test_every_call_on_the_page_for_those_who_come_from_gensim_exists():
    page = (DOCS / "coming-from-gensim.md").read_text(encoding="utf-8")
    vectors = Embeddings(Vocabulary(["a"], [1]), np.ones((1, 2), np.float32))
    for name in set(re.findall(r"\bvectors\.vocabulary\.(\w+)", page)):
        assert hasattr(vectors.vocabulary, name), name
    for name in set(re.findall(r"(?<![\w.])vectors\.(\w+)", page)):
        assert hasattr(vectors, name), name
    keyed = vectors.to_gensim()
    for name in set(re.findall(r"\bwv\.(\w+)", page)) | set(re.findall(r"KeyedVectors\.(\w+)", page)):
        assert hasattr(keyed, name) or hasattr(KeyedVectors, name), name

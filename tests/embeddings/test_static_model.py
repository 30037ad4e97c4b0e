"""Tests of the files of static models; `make interop` loads them with sentence-transformers and model2vec."""

from __future__ import annotations

import json

import numpy as np
import pytest
from safetensors.numpy import load_file

from wordkin.embeddings import Embeddings
from wordkin.errors import ConfigError, OutputError
from wordkin.vocabulary import Vocabulary


def vectors(**trained: str) -> Embeddings:
    return Embeddings(Vocabulary(["cat", "[UNK]", "dog"]), np.float16([[1, 2], [3, 4], [5, 6]]), trained)


def test_vectors_and_a_row_of_zeros_for_unknown_words(tmp_path):
    vectors().to_static_model(tmp_path / "model")
    rows = load_file(tmp_path / "model" / "model.safetensors")["embeddings"]
    assert rows.dtype == np.float32 and rows.tolist() == [[1, 2], [3, 4], [5, 6], [0, 0]]
    tokenizer = json.loads((tmp_path / "model" / "tokenizer.json").read_text(encoding="utf-8"))
    assert tokenizer["model"]["vocab"] == {"cat": 0, "[UNK]": 1, "dog": 2, "[UNK1]": 3}
    assert tokenizer["model"]["unk_token"] == "[UNK1]" and tokenizer["normalizer"] is None
    assert json.loads((tmp_path / "model" / "config.json").read_text())["normalize"] is False
    vectors().to_static_model(tmp_path / "model")  # replaces the files


def steps(path) -> list[str]:
    written = json.loads((path / "tokenizer.json").read_text(encoding="utf-8"))
    normalizers = (written["normalizer"] or {"normalizers": []})["normalizers"]
    return [each["type"] for each in [*normalizers, written["pre_tokenizer"]]]


@pytest.mark.parametrize(
    ("trained", "options", "expected"),
    [
        ({}, {}, ["WhitespaceSplit"]),
        ({"tokenizer": "words", "lowercase": "True", "normalize": "NFC"}, {}, ["NFC", "Lowercase", "Split"]),
        ({"lowercase": "tr"}, {}, ["Replace"] * 3 + ["Lowercase", "WhitespaceSplit"]),
        (
            {"lowercase": "lt", "tokenizer": "jieba"},
            {"lowercase": False, "tokenizer": "whitespace"},
            ["WhitespaceSplit"],
        ),
        ({}, {"lowercase": True, "normalize": "NFKC"}, ["NFKC", "Lowercase", "WhitespaceSplit"]),
    ],
)
def test_texts_are_split_as_for_training_unless_said(tmp_path, trained, options, expected):
    vectors(**trained).to_static_model(tmp_path, **options)
    assert steps(tmp_path) == expected


@pytest.mark.parametrize(
    ("trained", "options", "message"),
    [
        (
            {"tokenizer": "jieba"},
            {},
            'must be "whitespace" or "words" for tokenizer\\.json; got \'jieba\': pass',
        ),
        ({"lowercase": "lt"}, {}, "lowercase must be True, False or a language"),
        ({}, {"tokenizer": "kiwi"}, 'tokenizer must be one of "whitespace", "words"; got'),
        ({}, {"normalize": "NFX"}, "normalize must be"),
    ],
)
def test_what_cannot_be_written(tmp_path, trained, options, message):
    with pytest.raises(ConfigError, match=message):
        vectors(**trained).to_static_model(tmp_path / "model", **options)
    assert not (tmp_path / "model").exists()


def test_a_directory_that_cannot_be_made(tmp_path):
    with pytest.raises(OutputError, match="cannot create the directory"):
        vectors().to_static_model(tmp_path / "missing" / "model")

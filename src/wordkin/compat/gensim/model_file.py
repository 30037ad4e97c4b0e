"""A whole model in one file: the native format of vectors, with the other tables and the parameters in it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from wordkin._version import __version__
from wordkin.compat.gensim import training
from wordkin.compat.gensim.errors import NotAModelError
from wordkin.embeddings import Embeddings
from wordkin.embeddings import load as load_vectors
from wordkin.errors import FormatError
from wordkin.storage.files import InputFile, mapped_bytes, replacing
from wordkin.storage.tensors import Layout, read_tensors, write_tensors
from wordkin.vocabulary.tensors import vocabulary_tensors

if TYPE_CHECKING:
    from wordkin.compat.gensim.word2vec import Word2Vec

FORMAT_VERSION = "1"
_PARAMETERS = (
    "vector_size", "alpha", "window", "min_count", "max_vocab_size", "sample", "seed", "workers", "min_alpha", "sg",
    "hs", "negative", "ns_exponent", "cbow_mean", "epochs", "sorted_vocab", "batch_words", "compute_loss", "comment",
    "max_final_vocab", "shrink_windows",
)  # fmt: skip
_STATE = (
    "min_alpha_yet_reached", "effective_min_count", "corpus_count", "corpus_total_words", "train_count",
    "total_train_time", "latest_losses",
)  # fmt: skip
_TABLES: Layout = {"syn1": (("F32",), 2), "syn1neg": (("F32",), 2), "vectors_lockf": (("F32",), 1)}


def save(model: Word2Vec, path: Path) -> None:
    """Write a model."""
    values = {name: _plain(getattr(model, name)) for name in (*_PARAMETERS, *_STATE)}
    metadata = {
        "wordkin.format_version": "1", "wordkin.version": __version__,
        "gensim_model_version": FORMAT_VERSION, "gensim_model": json.dumps(values),
    }  # fmt: skip
    tables = {
        **vocabulary_tensors(training.vocabulary_of(model)), "vectors": model.wv.vectors,
        **{name: getattr(model, name) for name in ("syn1", "syn1neg") if len(getattr(model, name))},
        "vectors_lockf": model.wv.vectors_lockf,
    }  # fmt: skip
    with replacing(path) as stream:
        write_tensors(stream, tables, metadata)


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def load(cls: type[Any], path: Path, mapped: bool) -> Any:
    """Read a model; the class is that to make one of."""
    vectors = load_vectors(path, format="safetensors")  # checks the file, and names one of another kind
    parameters, state = _values(vectors, path)
    with InputFile(path) as source:
        tables, _ = read_tensors(mapped_bytes(source, copied_on_write=True), _TABLES)
    model = cls(**parameters)
    for name in _STATE:
        setattr(model, name, state[name])
    model.wv._take(vectors, vectors.matrix if mapped else np.array(vectors.matrix))
    for name in ("syn1", "syn1neg"):
        if name in tables:
            if tables[name].shape != vectors.shape:
                raise FormatError(f"{str(path)!r}: the table {name} is of shape {tables[name].shape}, for vectors of "
                                  f"shape {vectors.shape}: the file is damaged")  # fmt: skip
            setattr(model, name, tables[name] if mapped else np.array(tables[name]))
    model.wv.vectors_lockf = np.array(tables.get("vectors_lockf", np.ones(1, np.float32)))
    return model


def _values(vectors: Embeddings, path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    if "gensim_model" not in vectors.metadata:
        raise NotAModelError(f"{str(path)!r} holds vectors and no model to train: KeyedVectors.load reads it")
    if vectors.metadata.get("gensim_model_version") != FORMAT_VERSION:
        found = vectors.metadata.get("gensim_model_version")
        raise FormatError(f"{str(path)!r} is a model of version {found!r}, and this wordkin reads {FORMAT_VERSION!r}")
    try:
        values = json.loads(vectors.metadata["gensim_model"])
        return {name: values[name] for name in _PARAMETERS}, {name: values[name] for name in _STATE}
    except (ValueError, KeyError, TypeError) as error:
        raise FormatError(f"{str(path)!r}: the parameters of the model cannot be read ({error!r})") from error

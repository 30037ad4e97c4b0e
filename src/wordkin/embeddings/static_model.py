"""Write static embedding models for sentence-transformers and model2vec.

Both libraries read ``model.safetensors``, which holds the vectors, and ``tokenizer.json``, which has the format of the
library tokenizers. In addition, each reads a JSON configuration file of its own.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

import numpy as np

from wordkin.config import Choice, FlagOrLanguage, OptionalChoice, check
from wordkin.embeddings.embeddings import Embeddings
from wordkin.embeddings.reduction import refuse_integers
from wordkin.errors import ConfigError, OutputError
from wordkin.options import Lowercase, Normalization
from wordkin.storage.files import check_writable, reason, replacing
from wordkin.storage.tensors import write_tensors

_TOKENIZERS = ("whitespace", "words")
_DOTLESS = {"\u0049\u0307": "i", "\u0130": "i", "I": "\u0131"}  # lower case of I and İ in Turkish and Azerbaijani
_MODULES = [{"idx": 0, "name": "0", "path": ".", "type": "sentence_transformers.models.StaticEmbedding"}]
_MODEL2VEC = {"model_type": "model2vec", "architectures": ["StaticModel"], "normalize": False}
_SENTENCE_TRANSFORMERS: dict[str, Any] = {"prompts": {}, "default_prompt_name": None, "similarity_fn_name": "cosine"}


def to_static_model(
    vectors: Embeddings,
    directory: str | Path,
    *,
    tokenizer: str | None = None,
    lowercase: Lowercase | None = None,
    normalize: Normalization | None = None,
) -> None:
    """Write a static model; see :meth:`wordkin.Embeddings.to_static_model`."""
    refuse_integers(vectors, "a model of sentences")
    trained = vectors.metadata
    split = _tokenizer(trained) if tokenizer is None else tokenizer
    check("tokenizer", Choice(_TOKENIZERS), split)
    case = _lowercase(trained) if lowercase is None else lowercase
    check("lowercase", FlagOrLanguage(("tr", "az")), case)
    form = trained.get("normalize") if normalize is None else normalize
    check("normalize", OptionalChoice(get_args(Normalization)), form)
    unknown = _unknown_token(vectors)
    rows = np.zeros((len(vectors) + 1, vectors.vector_size), np.float32)
    rows[:-1] = vectors.matrix
    folder = _created(Path(directory))
    with replacing(folder / "model.safetensors") as stream:
        write_tensors(stream, {"embeddings": rows}, {"format": "pt"})
    _write(folder / "tokenizer.json", _tokenizer_file(vectors, unknown, split, case, form))
    _write(folder / "config.json", _MODEL2VEC)
    _write(folder / "config_sentence_transformers.json", _SENTENCE_TRANSFORMERS)
    _write(folder / "modules.json", _MODULES)


def _tokenizer(trained: Mapping[str, str]) -> str:
    name = trained.get("tokenizer", "whitespace")
    if name not in _TOKENIZERS:
        remedy = 'pass tokenizer="whitespace", and join the words of each text with spaces before encoding it'
        raise ConfigError("tokenizer", 'must be "whitespace" or "words" for tokenizer.json', name, remedy)
    return name


def _lowercase(trained: Mapping[str, str]) -> Any:
    recorded = trained.get("lowercase", "False")
    return {"True": True, "False": False}.get(recorded, recorded)


def _unknown_token(vectors: Embeddings) -> str:
    """Return a token for unknown words that is not in the vocabulary."""
    names = (f"[UNK{number}]" if number else "[UNK]" for number in itertools.count())
    return next(name for name in names if name not in vectors)


def _created(folder: Path) -> Path:
    try:
        folder.mkdir(exist_ok=True)
    except (OSError, ValueError) as error:
        raise OutputError(f"cannot create the directory {str(folder)!r}: {reason(error)}") from error
    for name in ("model.safetensors", "tokenizer.json", "config.json", "modules.json"):
        check_writable(folder / name)
    return folder


def _write(path: Path, content: object) -> None:
    with replacing(path) as stream:
        stream.write(json.dumps(content, ensure_ascii=False, indent=1).encode())


def _tokenizer_file(vectors: Embeddings, unknown: str, split: str, case: Any, form: str | None) -> dict[str, Any]:
    """Return the content of tokenizer.json.

    It tells the library tokenizers how to normalise a text, how to split it, and how to look up its words.
    """
    steps: list[dict[str, Any]] = [] if form is None else [{"type": form}]
    if case in ("tr", "az"):
        steps += [_replace(capital, small) for capital, small in _DOTLESS.items()]
    if case:
        steps.append({"type": "Lowercase"})
    vocabulary = {word: row for row, word in enumerate(vectors.words)} | {unknown: len(vectors)}
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [],
        "normalizer": {"type": "Sequence", "normalizers": steps} if steps else None,
        "pre_tokenizer": {"type": "WhitespaceSplit"} if split == "whitespace" else _word_boundaries(),
        "post_processor": None,
        "decoder": None,
        "model": {"type": "WordLevel", "vocab": vocabulary, "unk_token": unknown},
    }


def _replace(text: str, by: str) -> dict[str, Any]:
    return {"type": "Replace", "pattern": {"String": text}, "content": by}


def _word_boundaries() -> dict[str, Any]:
    r"""Translate the pattern of ``tokenizer="words"`` to the regular expression syntax of the library tokenizers.

    That syntax writes characters as \x{...}. Its \w excludes numbers such as ² and includes combining marks.
    """
    from wordkin.corpus.tokenization.tokenizers import word_pattern

    pattern = word_pattern().pattern.replace(r"[^\w\s]", r"[^\p{L}\p{N}_\s]")
    pattern = re.sub(r"\[\^\\W(\\d)?_?([^]]*)\]", _letters_but, pattern)
    pattern = re.sub(r"\\[uU]0*([0-9a-fA-F]+)", r"\\x{\1}", pattern)
    return {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Removed", "invert": True}


def _letters_but(bracket: re.Match[str]) -> str:
    """Translate a negated character class of :mod:`re` to the syntax of the library tokenizers.

    The result matches all letters and numbers except those that the class lists.
    """
    digits, others = bracket.groups()
    return rf"[\p{{L}}\p{{N}}&&[^\d{others}]]" if digits else rf"[\p{{L}}\p{{N}}_&&[^{others}]]"

"""wordkin: train and use word embeddings.

>>> import wordkin
>>> vectors = wordkin.train([["sun", "moon"], ["moon", "sun"]], min_count=1, vector_size=8, subsample=0)
>>> [word for word, cosine in vectors.most_similar("sun")]
['moon']

Public names are imported lazily, on first use: ``import wordkin`` alone loads neither NumPy nor Numba.
"""

from __future__ import annotations

import importlib

from wordkin._version import __version__

TYPE_CHECKING = False  # True for type checkers; importing the constant from `typing` would take most of the import time
if TYPE_CHECKING:
    from typing import Any

    from wordkin.api import Word2Vec as Word2Vec
    from wordkin.api import resume as resume
    from wordkin.api import train as train
    from wordkin.config import TrainingConfig as TrainingConfig
    from wordkin.embeddings import Embeddings as Embeddings
    from wordkin.embeddings import load as load
    from wordkin.errors import CheckpointError as CheckpointError
    from wordkin.errors import ClusterError as ClusterError
    from wordkin.errors import ConfigError as ConfigError
    from wordkin.errors import CorpusError as CorpusError
    from wordkin.errors import CorpusNotFoundError as CorpusNotFoundError
    from wordkin.errors import CorpusWarning as CorpusWarning
    from wordkin.errors import DivergenceError as DivergenceError
    from wordkin.errors import EmptyVocabularyError as EmptyVocabularyError
    from wordkin.errors import EncodingError as EncodingError
    from wordkin.errors import FormatError as FormatError
    from wordkin.errors import MissingExtraError as MissingExtraError
    from wordkin.errors import NotTrainedError as NotTrainedError
    from wordkin.errors import OutputError as OutputError
    from wordkin.errors import UnknownWordError as UnknownWordError
    from wordkin.errors import WordkinError as WordkinError
    from wordkin.training.progress import TrainingReport as TrainingReport
    from wordkin.tuning import TuningResult as TuningResult
    from wordkin.tuning import tune as tune
    from wordkin.vocabulary import Vocabulary as Vocabulary

_NAMES_OF_MODULE = {
    "wordkin.api": ("Word2Vec", "resume", "train"),
    "wordkin.config": ("TrainingConfig",),
    "wordkin.embeddings": ("Embeddings", "load"),
    "wordkin.errors": (
        "CheckpointError",
        "ConfigError",
        "CorpusError",
        "CorpusNotFoundError",
        "CorpusWarning",
        "ClusterError",
        "DivergenceError",
        "EmptyVocabularyError",
        "EncodingError",
        "FormatError",
        "MissingExtraError",
        "NotTrainedError",
        "OutputError",
        "UnknownWordError",
        "WordkinError",
    ),
    "wordkin.training.progress": ("TrainingReport",),
    "wordkin.tuning": ("TuningResult", "tune"),
    "wordkin.vocabulary": ("Vocabulary",),
}
_MODULE_OF_NAME = {name: module for module, names in _NAMES_OF_MODULE.items() for name in names}

__all__ = ["__version__", *sorted(_MODULE_OF_NAME)]


def __getattr__(name: str) -> Any:
    if name not in _MODULE_OF_NAME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(_MODULE_OF_NAME[name]), name)
    globals()[name] = value  # later lookups bypass __getattr__
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})

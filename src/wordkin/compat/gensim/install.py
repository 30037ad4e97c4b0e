"""Puts wordkin in the place of gensim for programs that cannot be edited."""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from wordkin.compat.gensim import building, keyedvectors, phrases, training, word2vec
from wordkin.errors import warn

_MODULES = {"word2vec": word2vec, "keyedvectors": keyedvectors, "phrases": phrases}
_NAMES = {
    "Word2Vec": word2vec.Word2Vec,
    "KeyedVectors": keyedvectors.KeyedVectors,
    "Phrases": phrases.Phrases,
    "FrozenPhrases": phrases.FrozenPhrases,
}


_VERSION = "4.4.0"  # of gensim: whose interface this is


class _Distribution(importlib.metadata.Distribution):
    """What programs that ask for the version of gensim are told where it is not installed."""

    def read_text(self, filename: str) -> str | None:
        return f"Metadata-Version: 2.1\nName: gensim\nVersion: {_VERSION}\n" if filename == "METADATA" else None

    def locate_file(self, path: Any) -> Any:
        return Path(path)


class _Finder(importlib.metadata.DistributionFinder):
    """Finds that distribution, and no module."""

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> None:
        return None

    def find_distributions(self, context: Any = importlib.metadata.DistributionFinder.Context()) -> Any:  # noqa: B008
        return [_Distribution()] if context.name in (None, "gensim") else []


def install() -> None:
    """Make ``gensim.models`` give wordkin's ``Word2Vec``, ``KeyedVectors`` and ``Phrases`` from now on.

    Call it before the program imports gensim's classes. Where gensim is installed, the rest of it stays as it is,
    with its own callbacks. Where it is not, wordkin stands in for the whole package, which then holds these classes
    alone. A warning says which.
    """
    if importlib.util.find_spec("gensim") is None:
        package, models = _stand_in()
        what = "gensim is not installed: wordkin stands in for it, with Word2Vec, KeyedVectors and Phrases alone"
    else:
        package = importlib.import_module("gensim")
        models = importlib.import_module("gensim.models")
        what = "Word2Vec, KeyedVectors and Phrases of gensim.models are wordkin's from now on"
    for name, module in _MODULES.items():
        sys.modules[f"gensim.models.{name}"] = module
        setattr(models, name, module)
    for name, value in _NAMES.items():
        setattr(models, name, value)
    package.models = models  # type: ignore[attr-defined]
    warn(what, UserWarning)


def _stand_in() -> tuple[ModuleType, ModuleType]:
    """The modules gensim, gensim.models, its callbacks and gensim.utils, with what goes with the classes here."""
    names = ("gensim", "gensim.models", "gensim.utils", "gensim.models.callbacks")
    package, models, utils, callbacks = (ModuleType(name) for name in names)
    for module in package, models:
        module.__path__ = []
    package.__version__ = _VERSION  # type: ignore[attr-defined]
    sys.meta_path.append(_Finder())
    for rule in "RULE_DEFAULT", "RULE_DISCARD", "RULE_KEEP":
        setattr(utils, rule, getattr(building, rule))
    callbacks.CallbackAny2Vec = training.CallbackAny2Vec  # type: ignore[attr-defined]
    models.callbacks, package.utils = callbacks, utils  # type: ignore[attr-defined]
    for module in package, models, utils, callbacks:
        sys.modules[module.__name__] = module
    return package, models

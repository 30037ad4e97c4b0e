"""Replace gensim by wordkin, for programs that cannot be edited."""

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


_VERSION = "4.4.0"  # version of gensim whose interface is implemented


class _Distribution(importlib.metadata.Distribution):
    """Package metadata with a version of gensim, for programs that read it when gensim is not installed."""

    def read_text(self, filename: str) -> str | None:
        return f"Metadata-Version: 2.1\nName: gensim\nVersion: {_VERSION}\n" if filename == "METADATA" else None

    def locate_file(self, path: Any) -> Any:
        return Path(path)


class _Finder(importlib.metadata.DistributionFinder):
    """An import finder that provides the metadata of :class:`_Distribution`, but no modules."""

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> None:
        return None

    def find_distributions(self, context: Any = importlib.metadata.DistributionFinder.Context()) -> Any:  # noqa: B008
        return [_Distribution()] if context.name in (None, "gensim") else []


def install() -> None:
    """Replace ``Word2Vec``, ``KeyedVectors`` and ``Phrases`` of ``gensim.models`` by the classes of wordkin.

    Call this function before the program imports classes of gensim. If gensim is installed, the rest of it does not
    change, including its callbacks. If it is not installed, a package ``gensim`` is created that contains only these
    classes. A warning says which case applies.
    """
    if importlib.util.find_spec("gensim") is None:
        package, models = _stand_in()
        what = "gensim is not installed; wordkin replaces only its Word2Vec, KeyedVectors and Phrases"
    else:
        package = importlib.import_module("gensim")
        models = importlib.import_module("gensim.models")
        what = "Word2Vec, KeyedVectors and Phrases of gensim.models are now the classes of wordkin"
    for name, module in _MODULES.items():
        sys.modules[f"gensim.models.{name}"] = module
        setattr(models, name, module)
    for name, value in _NAMES.items():
        setattr(models, name, value)
    package.models = models  # type: ignore[attr-defined]
    warn(what, UserWarning)


def _stand_in() -> tuple[ModuleType, ModuleType]:
    """Create modules with the names of gensim's, and add them to ``sys.modules``.

    The modules are gensim, gensim.models, gensim.models.callbacks and gensim.utils. The first two are returned.
    """
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

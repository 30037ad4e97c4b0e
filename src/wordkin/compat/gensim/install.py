"""Puts wordkin in the place of gensim for programs that cannot be edited."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from types import ModuleType

from wordkin.compat.gensim import callbacks, counting, keyedvectors, phrases, word2vec
from wordkin.errors import warn

_MODULES = {"word2vec": word2vec, "keyedvectors": keyedvectors, "phrases": phrases, "callbacks": callbacks}
_NAMES = {
    "Word2Vec": word2vec.Word2Vec,
    "KeyedVectors": keyedvectors.KeyedVectors,
    "Phrases": phrases.Phrases,
    "FrozenPhrases": phrases.FrozenPhrases,
}


def install() -> None:
    """Make ``gensim.models`` give wordkin's ``Word2Vec``, ``KeyedVectors`` and ``Phrases`` from now on.

    Call it before the program imports gensim's classes. Where gensim is installed, the rest of it stays as it is,
    with its own callbacks. Where it is not, wordkin stands in for the whole package, which then holds these classes
    alone. A warning says which.
    """
    if importlib.util.find_spec("gensim") is None:
        package, models = _stand_in()
        what = "gensim is not installed: wordkin stands in for it, with Word2Vec, KeyedVectors and Phrases alone"
        modules = _MODULES
    else:
        package = importlib.import_module("gensim")
        models = importlib.import_module("gensim.models")
        what = "Word2Vec, KeyedVectors and Phrases of gensim.models are wordkin's from now on"
        modules = {name: module for name, module in _MODULES.items() if name != "callbacks"}
    for name, module in modules.items():
        sys.modules[f"gensim.models.{name}"] = module
        setattr(models, name, module)
    for name, value in _NAMES.items():
        setattr(models, name, value)
    package.models = models  # type: ignore[attr-defined]
    warn(what, UserWarning)


def _stand_in() -> tuple[ModuleType, ModuleType]:
    """The modules gensim, gensim.models and gensim.utils, with what the classes here need of them."""
    package, models, utils = (ModuleType(name) for name in ("gensim", "gensim.models", "gensim.utils"))
    for module in package, models:
        module.__path__ = []
    package.__version__ = "4.4.0"  # type: ignore[attr-defined]  # whose interface this is
    for rule in "RULE_DEFAULT", "RULE_DISCARD", "RULE_KEEP":
        setattr(utils, rule, getattr(counting, rule))
    package.utils = utils  # type: ignore[attr-defined]
    for module in package, models, utils:
        sys.modules[module.__name__] = module
    return package, models

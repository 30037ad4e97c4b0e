"""``install()`` puts wordkin in the place of gensim, also where gensim is not installed."""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys

import pytest

PROGRAM = """
import gensim
from gensim.models import Word2Vec, KeyedVectors, word2vec, keyedvectors
from gensim.models.word2vec import LineSentence
from gensim.models.phrases import Phrases, ENGLISH_CONNECTOR_WORDS
from gensim.models.callbacks import CallbackAny2Vec
from gensim.utils import RULE_DISCARD

assert Word2Vec is gensim.models.Word2Vec is word2vec.Word2Vec
assert Word2Vec.__module__.startswith("wordkin."), Word2Vec.__module__
model = Word2Vec([["a", "b"], ["b", "c"]], vector_size=4, min_count=1, workers=1, sample=0)
print(sorted(model.wv.key_to_index))
"""


def run(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def test_in_place_of_an_installed_gensim():
    pytest.importorskip("gensim")
    shown = run("import wordkin.compat.gensim as compat\ncompat.install()" + PROGRAM)
    assert "['a', 'b', 'c']" in shown
    assert "UserWarning: Word2Vec, KeyedVectors and Phrases of gensim.models are now the classes of wordkin" in shown


def test_where_gensim_is_not_installed():
    hidden = "import sys\nsys.modules['gensim'] = None\nimport wordkin.compat.gensim as compat\ncompat.install()"
    version = "\nimport importlib.metadata\nprint(importlib.metadata.version('gensim'))"
    shown = run(hidden + PROGRAM + version)
    assert "['a', 'b', 'c']" in shown and "\n4." in shown
    assert "UserWarning: gensim is not installed; wordkin replaces only its Word2Vec" in shown


def test_loading_vectors_loads_no_trainer():
    shown = run("import sys, wordkin.compat.gensim\nprint({'numba', 'wordkin.training'} & set(sys.modules))")
    assert shown.strip() == "set()"


def test_the_stand_in_tells_the_version_of_its_interface():
    from wordkin.compat.gensim.install import _Finder

    (found,) = _Finder().find_distributions(importlib.metadata.DistributionFinder.Context(name="gensim"))
    assert (found.metadata["Name"], found.version) == ("gensim", "4.4.0")
    assert not _Finder().find_distributions(importlib.metadata.DistributionFinder.Context(name="numpy"))

"""gensim's ``Word2Vec``, ``KeyedVectors`` and ``Phrases``, implemented with wordkin, for programs written for gensim 4.

Names, defaults and results are the same as in gensim. ``docs/coming-from-gensim.md`` lists the intended differences.
"""

from wordkin.compat.gensim.building import RULE_DEFAULT, RULE_DISCARD, RULE_KEEP
from wordkin.compat.gensim.install import install
from wordkin.compat.gensim.keyedvectors import KeyedVectors
from wordkin.compat.gensim.phrases import ENGLISH_CONNECTOR_WORDS, FrozenPhrases, Phraser, Phrases
from wordkin.compat.gensim.sentences import LineSentence, PathLineSentences, Text8Corpus
from wordkin.compat.gensim.training import CallbackAny2Vec
from wordkin.compat.gensim.word2vec import Word2Vec

__all__ = [
    "ENGLISH_CONNECTOR_WORDS",
    "RULE_DEFAULT",
    "RULE_DISCARD",
    "RULE_KEEP",
    "CallbackAny2Vec",
    "FrozenPhrases",
    "KeyedVectors",
    "LineSentence",
    "PathLineSentences",
    "Phraser",
    "Phrases",
    "Text8Corpus",
    "Word2Vec",
    "install",
]

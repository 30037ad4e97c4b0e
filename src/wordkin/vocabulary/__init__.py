"""Which words a model knows, and the distributions and trees that training draws from their counts."""

from wordkin.vocabulary.vocabulary import Vocabulary

__all__ = ["Vocabulary"]

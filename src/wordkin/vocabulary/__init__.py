"""Vocabularies, and the noise distribution, subsampling and Huffman tree that training derives from their counts."""

from wordkin.vocabulary.vocabulary import Vocabulary

__all__ = ["Vocabulary"]

"""Vocabularies, and what training derives from their counts: noise distribution, subsampling and Huffman tree."""

from wordkin.vocabulary.vocabulary import Vocabulary

__all__ = ["Vocabulary"]

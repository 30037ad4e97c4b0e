"""The Embeddings class, and functions that load and save it."""

from wordkin.embeddings.embeddings import Embeddings
from wordkin.embeddings.formats import check_output, check_words, load_embeddings, save_embeddings

load = load_embeddings

__all__ = ["Embeddings", "check_output", "check_words", "load", "load_embeddings", "save_embeddings"]

"""Queries of word vectors: nearest neighbours, comparisons, Word Mover's Distance, approximate search."""

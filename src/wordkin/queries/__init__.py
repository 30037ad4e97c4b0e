"""Queries of word vectors: nearest neighbours, comparisons, transport distances, approximate search."""

"""Questions to word vectors: neighbours, comparisons, transport distances, approximate search."""

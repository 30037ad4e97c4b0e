"""Layers in the names of other libraries, so that their programs run on wordkin."""

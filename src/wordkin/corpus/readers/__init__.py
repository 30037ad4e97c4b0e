"""Readers of corpus files, one module for each file format."""

"""Splitting of lines and tokens into words, lower-casing and Unicode normalisation."""

"""From lines and tokens to words: tokenizers, case, normalisation."""

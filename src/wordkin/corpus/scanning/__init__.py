"""One pass over a source: split it into tokens, count them, and keep the text as token ids."""

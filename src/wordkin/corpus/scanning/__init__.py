"""One pass over a source: tokenize it, count the tokens and store the text as token ids."""

"""One pass over a source that tokenizes it, counts the tokens and stores the text as token ids."""

"""From encoded text to centres and contexts: random streams and the one definition of a window."""

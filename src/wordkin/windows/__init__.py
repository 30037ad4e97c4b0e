"""Random numbers, subsampling and context windows: the step from an encoded text to centres and contexts."""

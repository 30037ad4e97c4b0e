"""The CPU engine: threads, parts of the text, and the kernels bound to a configuration."""

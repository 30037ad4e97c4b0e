"""wordkin: train and use word embeddings."""

__version__ = "0.1.0"

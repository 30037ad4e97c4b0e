"""From a corpus and options to a vocabulary and an encoded corpus: ``read.py`` combines the steps of ``steps.py``."""

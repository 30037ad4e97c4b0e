"""A run on disk: its directory, its record, its log, the files it writes and the signals that stop it."""

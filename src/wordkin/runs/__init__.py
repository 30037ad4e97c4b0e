"""Training runs on disk: directory, record, log, checkpoints, and the signals that stop a run."""

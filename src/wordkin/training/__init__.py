"""Training of tables on windows: the training loop, the learning-rate schedule and the backends."""

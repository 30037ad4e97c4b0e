"""The CPU backend: worker threads, shared or merged tables, and the objectives bound to a configuration."""

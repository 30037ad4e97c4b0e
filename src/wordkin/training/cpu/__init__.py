"""The CPU backend: worker threads that train tables, and the objectives prepared for a configuration."""

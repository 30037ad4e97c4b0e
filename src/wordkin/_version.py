"""The version of the package, importable from anywhere without loading the package's public names."""

__version__ = "0.1.0"

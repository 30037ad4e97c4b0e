"""Modules with the interfaces of other libraries, so that programs written for these run on wordkin."""

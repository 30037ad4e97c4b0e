"""Modules with the interfaces of other libraries, so that programs written for those libraries run on wordkin."""

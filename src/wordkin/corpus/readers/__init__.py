"""Containers of text, one file each: from files to blocks of bytes."""

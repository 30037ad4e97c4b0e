"""Codes for the outcome of one benchmark item, stored as int8."""

CORRECT, WRONG, UNKNOWN = 1, 0, -1

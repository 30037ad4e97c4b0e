"""What became of one item of a benchmark: int8 codes, so that a result can hold many."""

CORRECT, WRONG, UNKNOWN = 1, 0, -1

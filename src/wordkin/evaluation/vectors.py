"""Vectors scaled to length 1, the common ground of all scores."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from wordkin.errors import FormatError


def unit_rows(vectors: NDArray[Any]) -> NDArray[np.float64]:
    """Vectors along the last axis scaled to length 1, in float64; zero vectors stay zero.

    Raises :class:`FormatError` where a value is not a finite number: no score could be trusted.
    """
    vectors = np.asarray(vectors, dtype=np.float64)
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    if not np.isfinite(lengths).all():
        unusable = int(np.count_nonzero(~np.isfinite(lengths)))
        raise FormatError(
            f"vectors to be scored must hold finite numbers; got {unusable:,} that do not: "
            "the file is damaged or its training diverged"
        )
    return vectors / np.where(lengths > 0, lengths, 1.0)

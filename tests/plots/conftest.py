from __future__ import annotations

import numpy as np
import pytest

from wordkin.embeddings import Embeddings
from wordkin.vocabulary import Vocabulary

WORDS = [f"{kind}{i}" for kind in ("cat", "dog", "car") for i in range(8)]


@pytest.fixture
def clustered() -> Embeddings:
    """Vectors of three clusters of eight words in twenty dimensions."""
    rng = np.random.default_rng(0)
    centres = np.repeat(rng.standard_normal((3, 20)), 8, axis=0)
    return Embeddings(Vocabulary(WORDS), np.float32(centres + 0.2 * rng.standard_normal((24, 20))))

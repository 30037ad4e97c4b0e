"""Models and runs that an earlier version wrote still load and resume.

``data/version-0.1.0-drafts`` was written when the option ``parts`` was called ``drafts``: a saved model, a run with
three parts stopped in its second epoch, and the vectors of the same run without a stop.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

import wordkin
from wordkin import ConfigError, Word2Vec

WRITTEN = Path(__file__).with_name("data") / "version-0.1.0-drafts"


def test_a_model_of_an_earlier_version_is_loaded():
    model = Word2Vec.load(WRITTEN / "model")
    assert (model.config.parts, model.config.deterministic) == (3, True)
    assert len(model.losses) == 2
    assert model.embeddings.matrix.shape == (12, 6)


def test_a_run_of_an_earlier_version_goes_on_as_it_would_have(tmp_path):
    """With two parts instead of three the vectors differ by more than 1."""
    run = shutil.copytree(WRITTEN / "run", tmp_path / "run")
    assert json.loads((run / "run.json").read_text())["config"]["drafts"] == 3
    resumed = Word2Vec.resume(run)
    whole = wordkin.load(WRITTEN / "run-vectors.txt")
    assert resumed.config.parts == 3
    assert len(resumed.losses) == 3
    assert resumed.embeddings.vocabulary.words == whole.vocabulary.words
    np.testing.assert_allclose(resumed.embeddings.matrix, whole.matrix, atol=1e-3)  # other processors round otherwise
    assert json.loads((run / "run.json").read_text())["config"]["parts"] == 3
    assert Word2Vec.load(run).config.parts == 3


def test_the_former_name_of_an_option_is_refused_with_its_new_one(tmp_path):
    run = shutil.copytree(WRITTEN / "run", tmp_path / "run")
    message = "^drafts is not an option of training; got 3: use parts, the new name of this option$"
    calls = [
        lambda: Word2Vec(drafts=3),
        lambda: wordkin.train([["a", "b"]], drafts=3),
        lambda: Word2Vec.resume(run, drafts=3),
        lambda: wordkin.resume(run, drafts=3),
    ]
    for call in calls:
        with pytest.raises(ConfigError, match=message):
            call()

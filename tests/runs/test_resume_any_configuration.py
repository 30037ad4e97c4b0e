"""A run that is stopped and resumed ends with the bits of one that is not, whatever its options."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from wordkin import Word2Vec

SEARCH = Path(__file__).with_name("resume_search.py")


def test_stopped_runs_end_as_whole_ones():
    """Eight configurations, that is many pairs of values; ``make resume-search`` tries thousands."""
    command = [sys.executable, str(SEARCH), "--count", "8", "--sizes", "1", "6", "7"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    facts = done.stdout.splitlines()[-1].split(", ")
    assert facts[0] == "8 of 8 configurations"
    assert int(facts[1].split()[0]) > 1500  # pairs of values
    assert int(facts[2].split()[0]) < 10  # of them diverged


@pytest.mark.parametrize(("vector_size", "projection_bias"), [(7, True), (15, False)])
def test_an_output_bias_is_resumed_with_the_same_bits(tmp_path, vector_size, projection_bias):
    text = [f"a{i % 7} b{i % 11} c{i % 13} d{i % 5}".split() for i in range(20_000)]
    options = {
        "min_count": 1, "epochs": 2, "vector_size": vector_size, "deterministic": True, "threads": 2,
        "output_bias": True, "projection_bias": projection_bias,
    }  # fmt: skip
    whole = Word2Vec(**options).fit(text)
    Word2Vec(**options).fit(text, checkpoint=tmp_path, callbacks=[lambda report: report.epoch_finished])
    resumed = Word2Vec.resume(tmp_path)
    for name, table in whole._tables.items():
        np.testing.assert_array_equal(resumed._tables[name], table, err_msg=name)
    assert resumed.losses == whole.losses

"""Training works in threads of its own only: no library adds any that compete with them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

# When training is over its own threads are gone: for Python at once, for the system soon after. Those of BLAS are there
# as soon as NumPy is, and SciPy where Numba looks for it, which is at the first training. They spin for a tenth of a
# second and must stay idle from then on. The system counts in hundredths of a second.
SCRIPT = """
import os, threading, time
import numpy as np
import wordkin

def ticks_of_others():
    others = {int(name) for name in os.listdir("/proc/self/task")} - {threading.get_native_id()}
    fields = {each: open(f"/proc/self/task/{each}/stat").read().rpartition(")")[2].split() for each in others}
    return {each: int(values[11]) + int(values[12]) for each, values in fields.items()}

wordkin.train([["a", "b"]] * 9, vector_size=100, min_count=1, epochs=1, threads=1)
time.sleep(1)
before = ticks_of_others()
rng = np.random.default_rng(1)
sentences = [[f"w{number}" for number in row] for row in rng.integers(0, 5000, (20_000, 25))]
vectors = wordkin.train(sentences, vector_size=100, epochs=4, threads=1)
assert len(vectors) == 5000
time.sleep(0.5)
print(max([ticks - before.get(each, 0) for each, ticks in ticks_of_others().items()], default=0))
"""


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="the system does not tell what threads do")
def test_threads_of_other_libraries_stay_idle() -> None:
    run = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
    assert int(run.stdout) <= 3

"""Memory during training is bounded by the tables and the vocabulary, not by the length of the text."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

CONSTANT_BYTES = 256 << 20  # the limit in docs/promises.md
WORDS, WORD_BYTES, VECTOR_SIZE = 20_000, 40, 100
OPTIONS = {"vector_size": VECTOR_SIZE, "epochs": 1, "threads": 2, "subsample": 1e-7}

# The process measures its anonymous memory, which excludes memory-mapped files, 50 times per second.
WATCHED = """
import json, re, sys, threading, time
from pathlib import Path

peak = 0

def watch():
    global peak
    while True:
        status = Path("/proc/self/status").read_text()
        peak = max(peak, 1024 * int(re.search(r"RssAnon:\\s+(\\d+) kB", status)[1]))
        time.sleep(0.02)

threading.Thread(target=watch, daemon=True).start()
import wordkin
text, output, checkpoint, options = json.loads(sys.argv[1])
vectors = wordkin.train(text, output=output, checkpoint=checkpoint, checkpoint_every=1, **options)
time.sleep(0.1)
print(json.dumps([peak, len(vectors)]))
"""


def train(text: Path, directory: Path) -> tuple[int, int]:
    """Train in a new process; return the peak of anonymous memory in bytes and the vocabulary size."""
    arguments = [str(text), str(directory / "v.safetensors"), str(directory / "run"), OPTIONS]
    command = [sys.executable, "-W", "ignore", "-c", WATCHED, json.dumps(arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    peak, size = json.loads(done.stdout)
    return peak, size


@pytest.mark.skipif(sys.platform != "linux", reason="anonymous memory is read from /proc")
def test_memory_does_not_grow_with_the_text(tmp_path):
    words = [f"{number:0{WORD_BYTES - 1}d}".encode() for number in range(WORDS)]
    drawn = np.random.default_rng(1).permutation(np.repeat(np.arange(WORDS), 10)).reshape(-1, 50)
    block = b"\n".join(b" ".join(words[number] for number in line) for line in drawn) + b"\n"
    text = tmp_path / "text.txt"
    text.write_bytes(block)
    (tmp_path / "first").mkdir()
    train(text, tmp_path / "first")  # compiles the kernels
    with text.open("ab") as file:
        while file.tell() < 2 * CONSTANT_BYTES:
            file.write(block)
    peak, size = train(text, tmp_path)
    assert size == WORDS
    tables = 2 * WORDS * (VECTOR_SIZE + 15) // 16 * 16 * 4
    distinct_words = WORDS * (WORD_BYTES + 200)  # for each word its bytes, a Python string and a dict entry
    assert peak <= tables + distinct_words + CONSTANT_BYTES

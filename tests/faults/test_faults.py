"""A short run of the fault harness; ``make faults`` is the long one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

HARNESS = Path(__file__).with_name("harness.py")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="faults are injected into forks")
def test_nothing_is_lost_to_kills_and_full_disks():
    command = [sys.executable, str(HARNESS), "--kills", "6", "--stride", "9"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    total = next(line for line in done.stdout.splitlines() if line.startswith("all "))
    injected, survived, lost = map(int, total.split()[1:])
    assert injected == survived > 30
    assert lost == 0

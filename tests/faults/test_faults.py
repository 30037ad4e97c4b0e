"""A short run of the fault harness; ``make faults`` does the long one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

HARNESS = Path(__file__).with_name("harness.py")


def run_harness(*arguments: str) -> tuple[int, int, int]:
    """Return the numbers of injected and survived faults, and of lost files."""
    done = subprocess.run([sys.executable, str(HARNESS), *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    total = next(line for line in done.stdout.splitlines() if line.startswith("all "))
    injected, survived, lost = map(int, total.split()[1:])
    return injected, survived, lost


@pytest.mark.skipif(not hasattr(os, "fork"), reason="faults are injected into forks")
def test_nothing_is_lost_to_kills_and_full_disks():
    injected, survived, lost = run_harness("--modes", "kills", "disks", "--kills", "1", "--stride", "97")
    assert injected == survived > 10
    assert lost == 0


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs /proc to tell what a descriptor is about")
def test_nothing_is_lost_to_errors_of_the_system():
    injected, survived, lost = run_harness("--modes", "errors", "--error-stride", "799")
    assert injected == survived > 20
    assert lost == 0

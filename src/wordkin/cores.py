"""Number of cores that this process may use, from its CPU affinity and the CPU quotas of its control groups."""

from __future__ import annotations

import functools
import math
import os
import time
from pathlib import Path, PurePosixPath

_SECONDS_KEPT = 5


def usable_cores(root: Path = Path("/")) -> int:
    """Number of cores this process may use, at least 1.

    It is the smallest of: the number of cores in the CPU affinity mask, and the CPU quotas of the control group of the
    process (cgroup version 1 or 2) and of the groups above it. Fractions are rounded up.

    Parameters
    ----------
    root : Path, default "/"
        Root directory of ``proc`` and the cgroup mounts; tests pass another.
    """
    affinity = getattr(os, "sched_getaffinity", None)
    cores = len(affinity(0)) if affinity else os.cpu_count() or 1
    quota = _own_quota(int(time.monotonic() / _SECONDS_KEPT)) if root == Path("/") else _quota(root)
    return max(1, math.ceil(min(cores, quota)))


@functools.lru_cache(maxsize=1)
def _own_quota(moment: int) -> float:
    """The CPU quota of this process in cores, cached until ``moment`` changes, which happens every few seconds.

    Reading the quota takes longer than a small query.
    """
    return _quota(Path("/"))


def _quota(root: Path) -> float:
    """The smallest CPU quota of the control groups of this process, in cores; infinite if there is none."""
    groups = {}  # controller ("cpu" in version 1, "" in version 2) -> path of the group
    for line in _text(root / "proc/self/cgroup").splitlines():
        _, controllers, path = line.split(":", 2)
        groups.update(dict.fromkeys(controllers.split(","), path))
    quotas = [math.inf]
    for line in _text(root / "proc/self/mountinfo").splitlines():
        fields, _, file_system = line.partition(" - ")
        kind, _, options = file_system.split(" ", 2)
        controller = {"cgroup2": "", "cgroup": "cpu"}.get(kind)
        if controller in groups and (kind == "cgroup2" or "cpu" in options.split(",")):
            mounted, point = (field.replace(r"\040", " ") for field in fields.split(" ")[3:5])
            directory = root / point.lstrip("/")
            quotas += [_quota_of(each) for each in _with_parents(directory, mounted, groups[controller])]
    return min(quotas)


def _with_parents(directory: Path, mounted: str, path: str) -> list[Path]:
    """The directories of the control group ``path`` and of the groups above it, from the inside out.

    ``directory`` is the mount point of the group ``mounted``, so only groups inside ``mounted`` are visible there.
    """
    group = PurePosixPath(path)
    inside = group.relative_to(mounted) if group.is_relative_to(mounted) else PurePosixPath()
    return [directory / each for each in (inside, *inside.parents)]


def _quota_of(directory: Path) -> float:
    """The CPU quota of one group in cores: CPU time per period divided by the period; infinite if there is none."""
    quota, period = (*_text(directory / "cpu.max").split(), "", "")[:2]
    if not quota:
        quota, period = (_text(directory / f"cpu.cfs_{name}_us").strip() for name in ("quota", "period"))
    return int(quota) / int(period) if quota.isdigit() and period.isdigit() and int(period) else math.inf


def _text(path: Path) -> str:
    """The content of a file; empty if it cannot be read, as on systems without cgroups."""
    try:
        return path.read_text()
    except OSError:
        return ""

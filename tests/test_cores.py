"""The number of usable cores follows affinity and the quotas of control groups, however deep."""

from __future__ import annotations

import os

import pytest

from wordkin.cores import usable_cores

V2_MOUNT = "31 23 0:28 / /sys/fs/cgroup rw,relatime shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"
V1_MOUNTS = (
    "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755\n"
    "32 31 0:29 {mounted} /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
    "33 31 0:30 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
)


@pytest.fixture(autouse=True)
def eight_cores(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: set(range(8)), raising=False)


def system(root, cgroup, mounts, files):
    texts = {"proc/self/cgroup": cgroup, "proc/self/mountinfo": mounts, **files}
    for name, text in texts.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


@pytest.mark.parametrize(
    ("files", "cores"),
    [
        ({}, 8),
        ({"cpu.max": "max 100000\n"}, 8),
        ({"cpu.max": "200000 100000\n"}, 2),
        ({"cpu.max": "150000 100000\n"}, 2),
        ({"cpu.max": "1000 100000\n"}, 1),
        ({"cpu.max": "1600000 100000\n"}, 8),
        ({"a/b/cpu.max": "300000 100000\n"}, 3),
        ({"cpu.max": "max 100000\n", "a/cpu.max": "100000 50000\n", "a/b/cpu.max": "400000 100000\n"}, 2),
        ({"a/cpu.max": "max 100000\n", "other/cpu.max": "100000 100000\n"}, 8),
        ({"a/cpu.max": ""}, 8),
        ({"a/cpu.max": "broken\n"}, 8),
        ({"a/cpu.max": "100000 0\n"}, 8),
    ],
)
def test_version_2(tmp_path, files, cores):
    files = {f"sys/fs/cgroup/{name}": text for name, text in files.items()}
    assert usable_cores(system(tmp_path, "0::/a/b\n", V2_MOUNT, files)) == cores


def v1_files(directory, quota, period=100_000):
    return {
        f"sys/fs/cgroup/cpu,cpuacct/{directory}cpu.cfs_quota_us": f"{quota}\n",
        f"sys/fs/cgroup/cpu,cpuacct/{directory}cpu.cfs_period_us": f"{period}\n",
    }


@pytest.mark.parametrize(
    ("mounted", "files", "cores"),
    [
        ("/", v1_files("", -1), 8),
        ("/", v1_files("docker/x/", 250_000), 3),
        ("/", v1_files("docker/", 100_000) | v1_files("docker/x/", 400_000), 1),
        ("/", v1_files("docker/x/", -1) | v1_files("", 500_000), 5),
        ("/docker/x", v1_files("", 200_000), 2),  # in a container: its group is the root of what it sees
        ("/elsewhere", v1_files("", 200_000), 2),
        ("/", v1_files("docker/x/", 100_000, period=0), 8),
    ],
)
def test_version_1(tmp_path, mounted, files, cores):
    cgroup = "4:memory:/docker/y\n2:cpu,cpuacct:/docker/x\n0::/\n"
    assert usable_cores(system(tmp_path, cgroup, V1_MOUNTS.format(mounted=mounted), files)) == cores


def test_affinity_without_control_groups(tmp_path, monkeypatch):
    assert usable_cores(tmp_path) == 8
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {3})
    assert usable_cores(tmp_path) == 1
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert usable_cores(tmp_path) == 1


def test_a_mount_point_with_a_space(tmp_path):
    mounts = V2_MOUNT.replace("/sys/fs/cgroup", r"/my\040groups")
    assert usable_cores(system(tmp_path, "0::/\n", mounts, {"my groups/cpu.max": "100000 100000\n"})) == 1

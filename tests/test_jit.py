"""Kernels work where they cannot be kept."""

from __future__ import annotations

import errno

import pytest
from numba.core import caching

from wordkin.jit import kernel


def next_number(number):
    return number + 1


def full(*_: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_without_any_directory_to_write_to(monkeypatch):
    monkeypatch.setattr(caching.CacheImpl, "_locator_classes", [])
    assert kernel(next_number)(1) == 2


@pytest.mark.parametrize("file", ["_save_index", "_save_data"])
def test_without_room_on_the_disk(monkeypatch, tmp_path, file):
    monkeypatch.setattr(caching.IndexDataCacheFile, file, full)
    monkeypatch.setattr(caching.config, "CACHE_DIR", str(tmp_path))
    compiled = kernel(next_number)
    assert compiled(1) == 2
    assert compiled(1.5) == 2.5


def test_kept_where_there_is_a_place(monkeypatch, tmp_path):
    monkeypatch.setattr(caching.config, "CACHE_DIR", str(tmp_path))
    assert kernel(next_number)(1) == 2
    assert list(tmp_path.rglob("*.nbc"))
    again = kernel(next_number)
    assert again(1) == 2
    assert again.stats.cache_hits

"""Write the bytecode of tests with rewritten assertions, as pytest does when it imports them.

Each worker of pytest imports all tests. Workers that start together in a clean checkout would all rewrite all
assertions, which takes each of them many seconds, and where Python is told not to write bytecode they would do so in
every run. This program rewrites each file once, in two processes. It uses internals of pytest; with a pytest that lacks
them it does nothing, and tests only start later.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

try:
    from _pytest.assertion.rewrite import PYC_TAIL, _read_pyc, _rewrite_test, _write_pyc_fp, get_cache_dir
except ImportError:
    sys.exit(0)

TESTS = Path(__file__).parent.parent / "tests"


def cache(path: Path) -> None:
    """Write the bytecode of one file, unless it is there and up to date."""
    place = get_cache_dir(path) / f"{path.stem}{PYC_TAIL}"
    if _read_pyc(path, place) is not None:
        return
    try:
        rewritten = _rewrite_test(path, None)
    except SyntaxError:  # pytest says where
        return
    place.parent.mkdir(exist_ok=True)
    written = place.with_name(f"{place.name}.{os.getpid()}")
    with written.open("wb") as file:
        _write_pyc_fp(file, *rewritten)
    written.replace(place)


def main() -> None:
    """Cache the files of tests, and those of Hypothesis, whose plugin makes pytest rewrite them as well."""
    files = [*TESTS.rglob("test_*.py"), *TESTS.rglob("conftest.py")]
    if (plugin := importlib.util.find_spec("hypothesis")) is not None and plugin.origin is not None:
        files += Path(plugin.origin).parent.rglob("*.py")
    with contextlib.suppress(OSError), ProcessPoolExecutor(2) as processes:  # the cache cannot be written
        list(processes.map(cache, files, chunksize=8))


if __name__ == "__main__":
    main()

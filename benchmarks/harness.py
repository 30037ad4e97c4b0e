"""Shared functions of the benchmarks: machine, peak speeds, child processes, turns, statistics, results, tables.

Measurements on a busy machine are noisy. Two sides therefore run in turn, ratios are computed within each turn, and
medians are shown with their spread. Each measurement is written to disk at once. A benchmark that is started again
continues where it stopped.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.metadata
import json
import math
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from matplotlib.axes import Axes

RESULTS = Path(__file__).parent / "results"
_POLL_SECONDS = 0.01
_VERSIONS = ("wordkin", "numpy", "numba", "llvmlite", "scipy", "gensim", "usearch")
# source directories that speed or quality depend on; a change invalidates stored measurements
_MEASURED_SOURCES = ("corpus", "vocabulary", "windows", "objectives/cpu", "training")

T = TypeVar("T")


# -- the machine ---------------------------------------------------------------------------------------


def machine() -> dict[str, Any]:
    """Describe the machine: processor, usable cores, memory, vector width of the kernels, and versions."""
    from wordkin.cores import usable_cores
    from wordkin.objectives.cpu.registers import host_lanes

    return {
        "processor": _processor_name(),
        "usable_cores": usable_cores(),
        "memory_bytes": _memory_bytes(),
        "vector_bits": 32 * host_lanes(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "versions": {name: version for name in _VERSIONS if (version := _version(name))},
    }


def _processor_name() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text(errors="replace").splitlines() if info.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def _memory_bytes() -> int | None:
    if not hasattr(os, "sysconf") or "SC_PHYS_PAGES" not in os.sysconf_names:
        return None
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def _version(distribution: str) -> str | None:
    if distribution == "wordkin":
        import wordkin

        return wordkin.__version__
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return None


def measured_code(sources: Sequence[str] = _MEASURED_SOURCES) -> str:
    """Return a short digest of the sources in some directories of the package."""
    import wordkin

    package = Path(wordkin.__file__).parent
    digest = hashlib.sha256()
    for folder in sources:
        for source in sorted((package / folder).glob("*.py")):
            digest.update(source.read_bytes())
    return digest.hexdigest()[:12]


def peaks(threads: int) -> dict[str, float]:
    """Measure the peak speeds of this machine with a number of threads, each as the best of many short attempts.

    Returns
    -------
    dict
        ``flops``: float32 operations per second of BLAS on products of 512 x 512 x 512 (a fused multiply-add counts as
        two). ``bytes``: bytes per second read sequentially from arrays larger than the caches.
    """
    import numpy as np
    from threadpoolctl import threadpool_limits

    size, stretch = 512, 1 << 24
    squares = [np.ones((size, size), np.float32) for _ in range(threads)]
    products = [np.empty_like(square) for square in squares]
    stretches = [np.ones(4 * stretch, np.float32) for _ in range(threads)]  # 256 MiB per thread

    def multiply(number: int) -> None:
        for _ in range(8):
            np.matmul(squares[number], squares[number], out=products[number])

    def read(number: int) -> None:
        for start in range(0, 4 * stretch, stretch):
            np.dot(stretches[number][start : start + stretch], stretches[number][start : start + stretch])

    with threadpool_limits(limits=1, user_api="blas"):
        multiplying = min(_seconds_together(multiply, threads) for _ in range(40))
        reading = min(_seconds_together(read, threads) for _ in range(12))
    return {"flops": threads * 8 * 2 * size**3 / multiplying, "bytes": threads * 16 * stretch / reading}


def _seconds_together(work: Callable[[int], None], threads: int) -> float:
    """Return the seconds from the moment when all threads are ready until all have finished."""
    ready = threading.Barrier(threads + 1)

    def part(number: int) -> None:
        ready.wait()
        work(number)

    workers = [threading.Thread(target=part, args=(number,)) for number in range(threads)]
    for worker in workers:
        worker.start()
    ready.wait()
    began = time.perf_counter()
    for worker in workers:
        worker.join()
    return time.perf_counter() - began


# -- child processes -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Child:
    """Result of a child process.

    Attributes
    ----------
    seconds : float
        Time from start to exit.
    output : dict
        The last line it printed, as JSON; empty if the line is not a JSON object.
    peak_bytes, peak_of : int and str, or None
        Peak memory and its kind: "RssAnon" (anonymous memory without mapped files) if the system provides it, else the
        whole resident set; None if neither is available.
    """

    seconds: float
    peak_bytes: int | None
    peak_of: str
    output: dict[str, Any]

    def to_dict(self) -> dict[str, Any]:
        return {"wall_seconds": self.seconds, "peak_bytes": self.peak_bytes, "peak_of": self.peak_of, **self.output}


def run_child(arguments: Sequence[str | Path], environment: Mapping[str, str] | None = None) -> Child:
    """Run a program and measure it. If it fails, stop the benchmark and print the program's error output."""
    with tempfile.TemporaryFile("w+") as complaints:
        began = time.perf_counter()
        process = subprocess.Popen(
            [str(each) for each in arguments],
            stdout=subprocess.PIPE,
            stderr=complaints,
            text=True,
            env={**os.environ, **(environment or {})},
        )
        watch = _MemoryWatch(process.pid)
        watch.start()
        assert process.stdout is not None
        with process.stdout:
            printed = process.stdout.read()
        resident_bytes = _reap(process)
        seconds = time.perf_counter() - began
        watch.stop()
        if process.returncode != 0:
            complaints.seek(0)
            sys.exit(f"{' '.join(map(str, arguments))}\nfailed with {process.returncode}:\n{complaints.read()}")
    if watch.peak_bytes:
        return Child(seconds, watch.peak_bytes, "RssAnon", last_json(printed))
    return Child(seconds, resident_bytes, "resident set", last_json(printed))


def _reap(process: subprocess.Popen[str]) -> int | None:
    """Wait for a child process to end; return its peak resident set if the system provides it."""
    if not hasattr(os, "wait4"):
        process.wait()
        return None
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def last_json(printed: str) -> dict[str, Any]:
    """Return the last line of a program's output as a JSON object; {} if it is not one."""
    lines = printed.strip().splitlines()
    if not lines or not lines[-1].startswith("{"):
        return {}
    found: dict[str, Any] = json.loads(lines[-1])
    return found


class _MemoryWatch(threading.Thread):
    """Polls the anonymous memory of a process; ``peak_bytes`` stays 0 on systems without /proc."""

    def __init__(self, process_id: int) -> None:
        super().__init__(daemon=True)
        self._status = Path(f"/proc/{process_id}/status")
        self._stopped = threading.Event()
        self.peak_bytes = 0

    def run(self) -> None:
        while not self._stopped.wait(_POLL_SECONDS):
            try:
                status = self._status.read_text()
            except OSError:  # the process has ended, or there is no /proc
                return
            self.peak_bytes = max(self.peak_bytes, anonymous_bytes(status))

    def stop(self) -> None:
        self._stopped.set()
        self.join()


def anonymous_bytes(status: str) -> int:
    """Return RssAnon from the text of /proc/PID/status; 0 if it is missing."""
    for line in status.splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) * 1024
    return 0


# -- turns and statistics ------------------------------------------------------------------------------


def in_turn(sides: Mapping[str, Callable[[], T]], runs: int) -> dict[str, list[T]]:
    """Run the sides as A B A B …, ``runs`` times each, so that slow phases of the machine affect both."""
    results: dict[str, list[T]] = {name: [] for name in sides}
    for _ in range(runs):
        for name, side in sides.items():
            results[name].append(side())
    return results


@dataclass(frozen=True)
class Summary:
    """Median, minimum and maximum of a few measurements."""

    median: float
    lowest: float
    highest: float

    @classmethod
    def of(cls, values: Iterable[float]) -> Summary:
        numbers = sorted(values)
        return cls(statistics.median(numbers), numbers[0], numbers[-1])

    def text(self, digits: int = 3, scale: float = 1.0) -> str:
        """Format as "7.1 (6.9 to 7.4)", each number divided by ``scale``; only the median for a single measurement."""
        shown = [significant(each / scale, digits) for each in (self.median, self.lowest, self.highest)]
        return shown[0] if self.lowest == self.highest else f"{shown[0]} ({shown[1]} to {shown[2]})"


def ratios(above: Sequence[float], below: Sequence[float]) -> Summary:
    """Return the ratio within each turn, in which slow phases of the machine cancel out."""
    return Summary.of(one / other for one, other in zip(above, below, strict=True))


def mean_text(values: Sequence[float], digits: int = 1, scale: float = 1.0) -> str:
    """Format mean and sample standard deviation over seeds as "30.9 ± 0.3"; only the mean for a single value."""
    mean = f"{statistics.fmean(values) * scale:.{digits}f}"
    return mean if len(values) < 2 else f"{mean} ± {statistics.stdev(values) * scale:.{digits}f}"


# -- results on disk -----------------------------------------------------------------------------------


class Results:
    """The measurements of one section, stored in a JSON file that is rewritten after each measurement.

    A stored measurement is reused if settings and code are the same. If the circumstances (``about``: corpus, threads
    and so on) differ, the file is started anew, and the old one is kept as ``.old.json``.

    Keys of the file: section, about, machine, peaks (by number of threads), measurements. Each measurement has its
    settings, the digest of the measured code, and its value.
    """

    def __init__(
        self,
        section: str,
        about: Mapping[str, Any],
        *,
        fresh: bool = False,
        folder: Path = RESULTS,
        sources: Sequence[str] = _MEASURED_SOURCES,
    ) -> None:
        self.path = folder / f"{section}.json"
        self._code = measured_code(sources)
        head = {"section": section, "about": json.loads(json.dumps(about))}
        old = json.loads(self.path.read_text()) if self.path.exists() and not fresh else {}
        if any(old.get(name) != value for name, value in head.items()):
            if old:
                print(f"{self.path.name}: other circumstances than before, starting over", flush=True)
                self.path.replace(self.path.with_suffix(".old.json"))
            old = {}
        self.content: dict[str, Any] = {**head, "machine": machine(), "peaks": {}, "measurements": {}, **old}

    def measured(self, key: str, settings: Mapping[str, Any], measure: Callable[[], T]) -> T:
        """Return a stored measurement, or make and store it."""
        head = {"settings": json.loads(json.dumps(settings)), "code": self._code}
        known = self.content["measurements"].get(key, {})
        if all(known.get(name) == each for name, each in head.items()):
            print(f"{key}: measured before", flush=True)
            value: T = known["value"]
            return value
        print(f"{key}: measuring", flush=True)
        value = json.loads(json.dumps(measure()))  # exactly what a later run will read
        self.content["measurements"][key] = {**head, "value": value}
        self._write()
        return value

    def peaks(self, threads: int) -> dict[str, float]:
        """Return the peak speeds of the machine, measured once for each number of threads; see :func:`peaks`."""
        found: dict[str, float] | None = self.content["peaks"].get(str(threads))
        if found is None:
            found = self.content["peaks"][str(threads)] = peaks(threads)
            self._write()
        return found

    def _write(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        new = self.path.with_suffix(".new")
        new.write_text(json.dumps(self.content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        new.replace(self.path)


def values(content: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return the values of measurements whose key begins with ``prefix``, by the rest of the key."""
    found = content["measurements"].items()
    return {key.removeprefix(prefix): each["value"] for key, each in found if key.startswith(prefix)}


# -- text ----------------------------------------------------------------------------------------------


def significant(number: float, digits: int = 3) -> str:
    """Format a number with some significant digits and thousands separators, no exponent: 7.13, 0.0251, 86,000."""
    if number == 0 or not math.isfinite(number):
        return f"{number:.0f}"
    places = digits - 1 - math.floor(math.log10(abs(number)))
    return f"{round(number, places):,.{max(0, places)}f}"


def table(headers: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a Markdown table with padded columns, which is readable in a terminal as well; numbers align right."""
    body = [[str(cell) for cell in row] for row in rows]
    widths = [max([3, len(head), *(len(row[place]) for row in body)]) for place, head in enumerate(headers)]

    def line(cells: Sequence[str]) -> str:
        numbers = (cell.rjust(width) for cell, width in zip(cells[1:], widths[1:], strict=True))
        return "| " + " | ".join([cells[0].ljust(widths[0]), *numbers]) + " |"

    rule = "|" + "|".join(["-" * (widths[0] + 2), *("-" * (width + 1) + ":" for width in widths[1:])]) + "|"
    return "\n".join([line(list(headers)), rule, *(line(row) for row in body)])


def tidy(axes: Axes, *, logarithmic: str = "") -> None:
    """Style axes with a faint grid, two spines, plain numbers and, for "x", "y" or "xy", log scales."""
    from matplotlib.ticker import FuncFormatter, NullFormatter

    for name in logarithmic:
        axes.set(**{f"{name}scale": "log"})
        axis = getattr(axes, f"{name}axis")
        axis.set_major_formatter(FuncFormatter(lambda number, _: shortened(number)))
        axis.set_minor_formatter(NullFormatter())
    axes.grid(color="#d9d9d9", linewidth=0.6)
    axes.tick_params(labelsize=9)
    axes.spines[["top", "right"]].set_visible(False)


def shortened(number: float) -> str:
    """Abbreviate a number for an axis: 0.5, 20, 3k, 1M."""
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(number) >= size:
            return f"{number / size:g}{letter}"
    return f"{number:g}"


def results_folder(quick: bool) -> Path:
    """Return the directory of results; short runs have their own, since they are less precise."""
    return RESULTS / "quick" if quick else RESULTS


def common_options(parser: argparse.ArgumentParser, *, threads: int | None = 2) -> None:
    """Add the options that every benchmark has."""
    parser.add_argument("--fresh", action="store_true", help="discard earlier measurements")
    parser.add_argument("--quick", action="store_true", help="a short version: fewer points, less text, less precise")
    if threads is not None:
        parser.add_argument("--threads", type=int, default=threads, help="worker threads of both sides (default: 2)")


def show(blocks: Mapping[str, str]) -> None:
    """Print the tables of a section."""
    for block in blocks.values():
        print(f"\n{block}")

"""What every benchmark shares: machine, peaks, child processes, turns, statistics, results on disk, tables.

Figures from a busy machine are worth little, so everything here is built to see noise and to live with it:
two sides run in turn, a ratio is taken within each turn, and medians are shown with their spread. Each
measurement is written to disk when it is made; a benchmark that is started again goes on where it stopped.
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
# what a measured speed or quality depends on; a change here makes stored measurements stale
_MEASURED_SOURCES = ("corpus", "vocabulary", "windows", "objectives/cpu", "training")

T = TypeVar("T")


# -- the machine ---------------------------------------------------------------------------------------


def machine() -> dict[str, Any]:
    """Processor, cores this process may use, memory, widest vector of the kernels, and versions."""
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
    """Short digest of the sources that figures depend on, given as folders of the package."""
    import wordkin

    package = Path(wordkin.__file__).parent
    digest = hashlib.sha256()
    for folder in sources:
        for source in sorted((package / folder).glob("*.py")):
            digest.update(source.read_bytes())
    return digest.hexdigest()[:12]


def peaks(threads: int) -> dict[str, float]:
    """What this machine can do at best with so many threads, each measured as the best of many short tries.

    flops : float32 operations a second (a fused multiply-add is two) of BLAS on products of 512 x 512 x 512.
    bytes : bytes a second read in order from arrays larger than any cache.
    """
    import numpy as np
    from threadpoolctl import threadpool_limits

    size, stretch = 512, 1 << 24
    squares = [np.ones((size, size), np.float32) for _ in range(threads)]
    products = [np.empty_like(square) for square in squares]
    stretches = [np.ones(4 * stretch, np.float32) for _ in range(threads)]  # 256 MiB a thread

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
    """Seconds until all threads have done their part, from when all are ready."""
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
    """What a finished child process gave.

    seconds : from start to exit. output : the last line it printed, as JSON; empty when that is no object.
    peak_bytes, peak_of : highest memory and what it counts: "RssAnon" (anonymous memory, no mapped files)
        where the system tells, the whole resident set elsewhere, None where neither can be had.
    """

    seconds: float
    peak_bytes: int | None
    peak_of: str
    output: dict[str, Any]

    def to_dict(self) -> dict[str, Any]:
        return {"wall_seconds": self.seconds, "peak_bytes": self.peak_bytes, "peak_of": self.peak_of, **self.output}


def run_child(arguments: Sequence[str | Path], environment: Mapping[str, str] | None = None) -> Child:
    """Run a program to its end and measure it. Stops the benchmark with the program's own words when it fails."""
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
    """Wait for the end of a child; return its highest resident set where the system tells."""
    if not hasattr(os, "wait4"):
        process.wait()
        return None
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def last_json(printed: str) -> dict[str, Any]:
    """The last line of a program's output if it is a JSON object, else an empty one."""
    lines = printed.strip().splitlines()
    if not lines or not lines[-1].startswith("{"):
        return {}
    found: dict[str, Any] = json.loads(lines[-1])
    return found


class _MemoryWatch(threading.Thread):
    """Polls the anonymous memory of a process; ``peak_bytes`` stays 0 where there is no /proc."""

    def __init__(self, process_id: int) -> None:
        super().__init__(daemon=True)
        self._status = Path(f"/proc/{process_id}/status")
        self._stopped = threading.Event()
        self.peak_bytes = 0

    def run(self) -> None:
        while not self._stopped.wait(_POLL_SECONDS):
            try:
                status = self._status.read_text()
            except OSError:  # it has ended, or there is no /proc
                return
            self.peak_bytes = max(self.peak_bytes, anonymous_bytes(status))

    def stop(self) -> None:
        self._stopped.set()
        self.join()


def anonymous_bytes(status: str) -> int:
    """RssAnon of a /proc/PID/status text; 0 where it is not listed."""
    for line in status.splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) * 1024
    return 0


# -- turns and statistics ------------------------------------------------------------------------------


def in_turn(sides: Mapping[str, Callable[[], T]], runs: int) -> dict[str, list[T]]:
    """Run the sides A B A B …, ``runs`` times each, so that a slow minute falls on both."""
    results: dict[str, list[T]] = {name: [] for name in sides}
    for _ in range(runs):
        for name, side in sides.items():
            results[name].append(side())
    return results


@dataclass(frozen=True)
class Summary:
    """Median of a few measurements and how far they lie apart."""

    median: float
    lowest: float
    highest: float

    @classmethod
    def of(cls, values: Iterable[float]) -> Summary:
        numbers = sorted(values)
        return cls(statistics.median(numbers), numbers[0], numbers[-1])

    def text(self, digits: int = 3, scale: float = 1.0) -> str:
        """As in "7.1 (6.9 to 7.4)", each divided by ``scale``; the median alone when there was one measurement."""
        shown = [significant(each / scale, digits) for each in (self.median, self.lowest, self.highest)]
        return shown[0] if self.lowest == self.highest else f"{shown[0]} ({shown[1]} to {shown[2]})"


def ratios(above: Sequence[float], below: Sequence[float]) -> Summary:
    """Ratios within each turn: what a slow minute slows on both sides drops out."""
    return Summary.of(one / other for one, other in zip(above, below, strict=True))


def mean_text(values: Sequence[float], digits: int = 1, scale: float = 1.0) -> str:
    """Mean and sample standard deviation over seeds, as in "30.9 ± 0.3"; the mean alone of one value."""
    mean = f"{statistics.fmean(values) * scale:.{digits}f}"
    return mean if len(values) < 2 else f"{mean} ± {statistics.stdev(values) * scale:.{digits}f}"


# -- results on disk -----------------------------------------------------------------------------------


class Results:
    """The measurements of one section, in one JSON file that is rewritten after each of them.

    A measurement made before is not made again if settings and code are the same. In other circumstances
    (``about``: corpus, threads and so on) the file starts over, and the old one is kept as ``.old.json``.

    Keys of the file: section, about, machine, peaks (by number of threads), measurements; each
    measurement holds its settings, the digest of the measured code, and its value.
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
        """The value of a measurement, made now unless it was made before."""
        head = {"settings": json.loads(json.dumps(settings)), "code": self._code}
        known = self.content["measurements"].get(key, {})
        if all(known.get(name) == each for name, each in head.items()):
            print(f"{key}: measured before", flush=True)
            value: T = known["value"]
            return value
        print(f"{key}: measuring", flush=True)
        value = json.loads(json.dumps(measure()))  # as it will be read back
        self.content["measurements"][key] = {**head, "value": value}
        self._write()
        return value

    def peaks(self, threads: int) -> dict[str, float]:
        """Peaks of the machine, measured once for each number of threads; see :func:`peaks`."""
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
    """Values of the measurements whose key begins with ``prefix``, by the rest of the key."""
    found = content["measurements"].items()
    return {key.removeprefix(prefix): each["value"] for key, each in found if key.startswith(prefix)}


# -- text ----------------------------------------------------------------------------------------------


def significant(number: float, digits: int = 3) -> str:
    """A number in so many significant digits, without exponent and with separators: 7.13, 0.0251, 86,000."""
    if number == 0 or not math.isfinite(number):
        return f"{number:.0f}"
    places = digits - 1 - math.floor(math.log10(abs(number)))
    return f"{round(number, places):,.{max(0, places)}f}"


def table(headers: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table with columns of even width, so that it reads well in a terminal too; numbers to the right."""
    body = [[str(cell) for cell in row] for row in rows]
    widths = [max([3, len(head), *(len(row[place]) for row in body)]) for place, head in enumerate(headers)]

    def line(cells: Sequence[str]) -> str:
        numbers = (cell.rjust(width) for cell, width in zip(cells[1:], widths[1:], strict=True))
        return "| " + " | ".join([cells[0].ljust(widths[0]), *numbers]) + " |"

    rule = "|" + "|".join(["-" * (widths[0] + 2), *("-" * (width + 1) + ":" for width in widths[1:])]) + "|"
    return "\n".join([line(list(headers)), rule, *(line(row) for row in body)])


def tidy(axes: Axes, *, logarithmic: str = "") -> None:
    """Give a panel of a picture a faint grid, two spines, plain numbers and, for "x", "y" or "xy", log scales."""
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
    """A number for an axis: 0.5, 20, 3k, 1M."""
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(number) >= size:
            return f"{number / size:g}{letter}"
    return f"{number:g}"


def results_folder(quick: bool) -> Path:
    """Where results go: those of short runs apart, since they say less."""
    return RESULTS / "quick" if quick else RESULTS


def common_options(parser: argparse.ArgumentParser, *, threads: int | None = 2) -> None:
    """Options that every benchmark takes."""
    parser.add_argument("--fresh", action="store_true", help="forget what was measured before")
    parser.add_argument("--quick", action="store_true", help="a short version: fewer points, less text, less sure")
    if threads is not None:
        parser.add_argument("--threads", type=int, default=threads, help="worker threads of both sides (default: 2)")


def show(blocks: Mapping[str, str]) -> None:
    """Print the tables of a section."""
    for block in blocks.values():
        print(f"\n{block}")

"""Inject faults into training runs and count losses: ``make faults``.

After every fault, each file must be either complete and unchanged or completely replaced. A run that has started must
be resumable, and must end with the same bits as a run without faults. The exit status is 1 if anything was lost.
Children are forked from this process, so that kernels are compiled only once and kills hit training instead of imports.

``--modes errors --error-stride 0`` lets every call site fail with every error, which takes about half an hour.
``--errno`` selects some of the errors.
"""

from __future__ import annotations

import argparse
import contextlib
import errno
import functools
import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from system_errors import ERRORS, FailingCalls

import wordkin
from wordkin import Word2Vec, WordkinError

SMALL = {"vector_size": 8, "min_count": 1, "epochs": 3}
CASES: dict[str, dict[str, Any]] = {
    "skip-gram, held-out text": SMALL
    | {"threads": 1, "validation_fraction": 0.05, "patience": 1, "epochs": 6},  # this run stops early
    "CBOW, two objectives": SMALL
    | {"architecture": "cbow", "objective": ["hierarchical-softmax", "negative-sampling"], "threads": 1},
    "deterministic, two threads": SMALL | {"deterministic": True, "threads": 2},
}
FINISHED, FAILED, REFUSED, NOT_REACHED = 0, 1, 3, 4
Point = tuple[int | str, int, bool]  # the call that fails, its error, and whether all later calls fail as well
FILE_EVENTS = {"open", "os.rename", "os.remove", "os.mkdir", "os.truncate"}


@dataclass
class Tally:
    """Number of injected and survived faults of one kind, and descriptions of losses."""

    kind: str
    injected: int = 0
    survived: int = 0
    lost: list[str] = field(default_factory=list)

    def add(self, losses: list[str]) -> None:
        self.injected += 1
        self.survived += not losses
        self.lost += losses


class Bench:
    """A working directory, and the expected result of a run there.

    Parameters
    ----------
    text : str
        The text to train on.
    options : dict
        The training options.
    checkpoint_seconds : float
        Time between checkpoints.
    log : bool
        Whether the run writes a log.
    """

    def __init__(
        self, directory: Path, text: Path, options: dict[str, Any], checkpoint_seconds: float, *, log: bool = False
    ) -> None:
        self._log = log
        self._text, self._options, self._checkpoint_seconds = text, options, checkpoint_seconds
        self.expected = wordkin.train(text, **options).matrix
        self.move_to(directory)

    def move_to(self, directory: Path) -> None:
        """Change to another working directory."""
        self.run, self.output = directory / "run", directory / "vectors.safetensors"
        self.places = {"log": directory / "log.jsonl"} if self._log else {}

    def clear(self) -> None:
        """Remove everything except the vectors of an earlier run, which must stay until they are replaced."""
        shutil.rmtree(self.run, ignore_errors=True)
        wordkin.Embeddings(wordkin.Vocabulary(["old"]), np.ones((1, 2), np.float32)).save(self.output)

    def go_on(self, resuming: bool | None = None) -> None:
        """Start the run, or resume it if it has started, like a user who restarts a killed job."""
        if (self.run / "run.json").exists() if resuming is None else resuming:
            wordkin.resume(self.run)
            return
        wordkin.train(
            self._text,
            output=self.output,
            checkpoint=self.run,
            checkpoint_every=self._checkpoint_seconds,
            **self.places,
            **self._options,
        )

    def begin_and_stop(self, at: Path) -> None:
        """Make sure that the directory contains an interrupted run; an existing one is reused."""
        if at.exists():
            return
        reports: list[object] = []

        def stop(report: object) -> bool:
            reports.append(report)
            return len(reports) == 2

        wordkin.train(self._text, output=self.output, checkpoint=at, callbacks=[stop], **self.places, **self._options)
        self.clear()

    def losses(self) -> list[str]:
        """Return descriptions of damaged files; valid at any time."""
        found: list[str] = []
        with noting(found):
            vectors = wordkin.load(self.output)
            if vectors.words[0] != "old" and not np.array_equal(vectors.matrix, self.expected):
                found.append("the vectors have other bits")
        with noting(found):
            if (self.run / "run.json").exists() and "tables" in self._files():
                Word2Vec.load(self.run)
        return found

    def losses_at_the_end(self) -> list[str]:
        """Return descriptions of damaged or wrong files after the end of the run."""
        found = self.losses()
        if wordkin.load(self.output).words[0] == "old":
            found.append("the vectors were never written")
        known = {"run.json", "corpus", "validation", *(file["name"] for file in self._files().values())}
        return found + [f"{path.name} is left over" for path in self.run.iterdir() if path.name not in known]

    def _files(self) -> dict[str, dict[str, str]]:
        files: dict[str, dict[str, str]] = json.loads((self.run / "run.json").read_text())["files"]
        return files


@contextlib.contextmanager
def noting(found: list[str]) -> Iterator[None]:
    """Append an error about a file to the descriptions of damage."""
    try:
        yield
    except (WordkinError, OSError) as error:
        found.append(str(error))


def in_child(work: Callable[[], object], *, kill_after: float | None = None) -> int:
    """Run work in a forked process and return its exit code; REFUSED if wordkin raised an error of its own."""
    pid = os.fork()
    if pid == 0:
        code = FAILED
        try:
            warnings.simplefilter("ignore")
            work()
            code = FINISHED
        except WordkinError as error:
            code = REFUSED if len(str(error).splitlines()) == 1 else FAILED
        except SystemExit as asked:
            code = int(asked.code or 0)
        except BaseException:  # noqa: BLE001 - the outermost place of this process
            traceback.print_exc()
        finally:
            os._exit(code)
    if kill_after is not None:
        the_end = time.monotonic() + kill_after
        while time.monotonic() < the_end:
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                return os.waitstatus_to_exitcode(status)
            time.sleep(0.002)
        os.kill(pid, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def kill_at_file_operation(number: int, directory: Path, work: Callable[[], object]) -> Callable[[], None]:
    """Return work that kills its process before the n-th file operation below a directory."""

    def doomed() -> None:
        done = 0

        def count(event: str, arguments: tuple[object, ...]) -> None:
            nonlocal done
            if event == "os.fsync" or (event in FILE_EVENTS and str(directory) in str(arguments[0])):
                done += 1
                if done == number:
                    os.kill(os.getpid(), signal.SIGKILL)

        real = os.fsync

        def counted_fsync(descriptor: int) -> None:
            count("os.fsync", ())
            real(descriptor)

        os.fsync = counted_fsync
        sys.addaudithook(count)
        work()

    return doomed


def with_failing_call(directory: Path, point: Point, work: Callable[[], object]) -> Callable[[], None]:
    """Return work in which one file system call fails; it exits with NOT_REACHED if the call does not occur."""
    which, error, from_then_on = point

    def failing() -> None:
        calls = FailingCalls(directory, which, error, from_then_on=from_then_on)
        calls.install()
        try:
            work()
        finally:
            if not calls.reached:
                raise SystemExit(NOT_REACHED)

    return failing


def random_options(chance: random.Random) -> dict[str, Any]:
    """Draw training options for which runs are reproducible; combinations that wordkin refuses are not drawn."""
    objectives = ["negative-sampling", "hierarchical-softmax", "softmax"]
    parts = next(name for name in ("parts", "drafts") if name in wordkin.TrainingConfig.__dataclass_fields__)
    while True:
        options: dict[str, Any] = SMALL | {
            "architecture": chance.choice(["cbow", "skip-gram"]),
            "objective": chance.sample(objectives, chance.choice([1, 1, 2, 3])),
            "window": chance.randint(1, 6),
            "dynamic_window": chance.random() < 0.5,
            "cbow_combine": chance.choice(["mean", "sum"]),
            "projection_bias": chance.random() < 0.3,
            "output_bias": chance.random() < 0.3,
            "negative": chance.randint(1, 8),
            "subsample": chance.choice([0, 1e-3, 1e-2]),
            "epochs": chance.randint(1, 4),
            "seed": chance.randrange(1000),
            "threads": 1,
        }
        if chance.random() < 0.5:
            options |= {"deterministic": True, "threads": chance.randint(1, 3), parts: chance.choice([2, 3, 4])}
        if chance.random() < 0.5:
            options["validation_fraction"] = 0.05
            if chance.random() < 0.5:
                options["patience"] = chance.randint(1, 2)
        with contextlib.suppress(wordkin.ConfigError):
            wordkin.TrainingConfig.from_options(**options)
            return options


# --- faults


def kills_of_random_runs(directory: Path, text: Path, number: int, chance: random.Random) -> Tally:
    """Kill runs of random configurations with SIGKILL at random moments, ten times each."""
    total = Tally("kill -9 at a random moment of a random configuration")
    while total.injected < number:
        options = random_options(chance)
        place = directory / f"random {total.injected}"
        place.mkdir()
        try:
            bench = Bench(place, text, options, chance.choice([0, 0.02, 0.2]))
        except wordkin.DivergenceError:  # nothing to resume: draw another configuration
            shutil.rmtree(place)
            continue
        tally = random_kills(bench, 10, chance)
        total.injected += tally.injected
        total.survived += tally.survived
        total.lost += [f"{options}: {each}" for each in tally.lost]
        shutil.rmtree(place)
        print(f"{total.survived} of {total.injected} random kills survived, {len(total.lost)} lost", file=sys.stderr)
    return total


def random_kills(bench: Bench, number: int, chance: random.Random) -> Tally:
    """Kill a run and its resumptions with SIGKILL at random moments."""
    tally = Tally("kill -9 at a random moment of a run")
    bench.clear()
    began = time.monotonic()
    tally.lost += end_of_run(bench, in_child(bench.go_on))
    seconds = time.monotonic() - began
    bench.clear()
    while tally.injected < number:
        code = in_child(bench.go_on, kill_after=chance.uniform(0, seconds))
        if code == -signal.SIGKILL:
            tally.add(bench.losses())
        else:
            tally.lost += end_of_run(bench, code)
            bench.clear()
    if (bench.run / "run.json").exists():
        tally.lost += end_of_run(bench, in_child(bench.go_on))
    return tally


def end_of_run(bench: Bench, code: int) -> list[str]:
    return bench.losses_at_the_end() if code == FINISHED else [f"the run ended with exit code {code}"]


def kills_at_each_operation(bench: Bench, stride: int) -> Tally:
    """Kill a run with SIGKILL before each file operation in turn, from the first write to the last."""
    tally = Tally("kill -9 at an operation on a file of a run")
    for number in range(1, 10_000, stride):
        bench.clear()
        code = in_child(kill_at_file_operation(number, bench.run.parent, bench.go_on))
        if code == FINISHED:
            break
        losses = bench.losses()
        tally.add(losses + end_of_run(bench, in_child(bench.go_on)))
    return tally


def kills_while_saving(directory: Path, stride: int) -> Tally:
    """Kill the process with SIGKILL while it replaces vectors, in each format."""
    tally = Tally("kill -9 while vectors are saved")
    words = wordkin.Vocabulary([f"w{number}" for number in range(3000)])
    old, new = (wordkin.Embeddings(words, np.full((3000, 50), value, np.float32)) for value in (1, 2))
    for name in ("v.safetensors", "v.bin", "v.txt", "v.vec.gz"):
        path = directory / name
        old.save(path)
        for number in range(1, 1000, stride):
            code = in_child(kill_at_file_operation(number, directory, lambda path=path: new.save(path)))
            value = wordkin.load(path).matrix
            wanted = (new,) if code == FINISHED else (old, new)
            whole = any(np.array_equal(value, each.matrix) for each in wanted)
            if code == FINISHED:
                tally.lost += [] if whole else [f"{name} is not what was saved"]
                break
            tally.add([] if whole else [f"{name} is broken"])
    return tally


def full_disks(bench: Bench, shares: list[float], scratch: Path) -> Tally:
    """Run on a disk that is too small; then enlarge it and resume the run."""
    bench.move_to(scratch)
    bench.clear()
    end_of_run(bench, in_child(bench.go_on))
    needed = sum(path.stat().st_blocks * 512 for path in scratch.rglob("*"))
    largest = max(path.stat().st_size for path in scratch.rglob("*"))
    shutil.rmtree(bench.run)
    with small_disk(scratch) as limit:
        tally = Tally(f"disk full ({limit.how})")
        for share in shares:
            bench.move_to(limit.directory)
            limit.set(64 << 20)
            bench.clear()
            limit.set(int(share * (needed if limit.of_all_files else largest)))
            code = in_child(limit.limiting(bench.go_on))
            losses = bench.losses() + ([f"the run ended with exit code {code}"] if code == FAILED else [])
            limit.set(64 << 20)
            tally.add(losses + end_of_run(bench, in_child(bench.go_on)))
    return tally


class Points:
    """Chooses the calls in which errors are injected: every n-th call, or each new call site, with each error.

    Parameters
    ----------
    stride : int
        Distance between the calls; the offset differs between errors. 0 selects each call site that no earlier work
        had. Each site fails alone with each error, and once together with all later calls.
    errors : sequence of int
        The errors (errno) to inject.
    """

    def __init__(self, stride: int, chance: random.Random, errors: Sequence[int] = ERRORS) -> None:
        self._stride, self._chance, self._errors = stride, chance, errors
        self._tried: set[str] = set()

    def of(
        self, directory: Path, prepare: Callable[[], object], work: Callable[[], object]
    ) -> Generator[Point, int | None, None]:
        """Yield the points of some work, and receive the exit code of each; NOT_REACHED ends the current error."""
        if self._stride:
            for error in self._errors:
                for from_then_on in (False, True):
                    for number in range(self._chance.randrange(self._stride) + 1, 10_000, self._stride):
                        if (yield number, error, from_then_on) == NOT_REACHED:
                            break
            return
        for _ in range(2):  # calls that depend on the clock may be missing in one run
            prepare()
            for site in sites_of(directory, work):
                if site not in self._tried:
                    self._tried.add(site)
                    for error in self._errors:
                        yield site, error, False
                    with_the_rest = ERRORS[len(self._tried) % len(ERRORS)]
                    if with_the_rest in self._errors:
                        yield site, with_the_rest, True


def sites_of(directory: Path, work: Callable[[], object]) -> list[str]:
    """Return the sites of file system calls below a directory, found by running work in a forked process."""
    found = directory.with_name(f"{directory.name} sites.json")

    def recorded() -> None:
        calls = FailingCalls(directory, None, 0)
        calls.install()
        work()
        found.write_text(json.dumps(list(calls.sites)))

    assert in_child(recorded) == FINISHED
    sites: list[str] = json.loads(found.read_text())
    return sites


def described(point: Point, work: str) -> str:
    which, error, from_then_on = point
    at = f"call {which}" if isinstance(which, int) else which
    return f"{errno.errorcode[error]} at {at}{' and later' * from_then_on} of {work}"


def system_errors(bench: Bench, points: Points) -> list[Tally]:
    """Let each file system call of a new and of a resumed run fail with each error in turn.

    A call fails alone, or together with all later calls, as with a broken disk.
    """
    tallies = []
    began = bench.run.with_name("begun")
    for phase in ("a new run", "a resumed run"):
        tally = Tally(f"a system call of {phase} fails")
        resumed = phase == "a resumed run"

        def prepare(resumed: bool = resumed) -> None:
            bench.clear()
            if resumed:
                bench.begin_and_stop(began)
                shutil.copytree(began, bench.run)

        go_on = functools.partial(bench.go_on, resumed)
        chosen = points.of(bench.run.parent, prepare, go_on)
        code: int | None = None
        while (point := next_point(chosen, code)) is not None:
            prepare()
            code = in_child(with_failing_call(bench.run.parent, point, go_on))
            if code == NOT_REACHED:
                continue
            losses = bench.losses()
            if code not in (FINISHED, REFUSED):
                losses.append(f"the run ended with exit code {code}")
            if code == FINISHED and wordkin.load(bench.output).words[0] == "old":
                losses.append("no vectors were saved, and nothing said so")
            if not losses:
                losses = end_of_run(bench, in_child(bench.go_on))
            tally.add([f"{described(point, phase)}: {each}" for each in losses])
        shutil.rmtree(began, ignore_errors=True)
        tallies.append(tally)
        print(f"{tally.survived} of {tally.injected} errors of {phase} survived", file=sys.stderr)
    return tallies


def next_point(points: Generator[Point, int | None, None], code: int | None) -> Point | None:
    """Send the exit code of the last point and return the next point; None after the last."""
    try:
        return points.send(code)
    except StopIteration:
        return None


def errors_while_saving(directory: Path, points: Points) -> Tally:
    """Let each file system call fail while vectors or a model are replaced."""
    tally = Tally("a system call of saving fails")
    words = wordkin.Vocabulary([f"w{number}" for number in range(300)])
    vectors = [wordkin.Embeddings(words, np.full((300, 8), value, np.float32)) for value in (1, 2)]
    models = [
        Word2Vec(vector_size=4, min_count=1, epochs=1, seed=seed, subsample=0).fit([["a", "b", "c"]] * 50)
        for seed in (1, 2)
    ]
    for name in ("v.safetensors", "v.bin", "v.txt", "v.vec.gz", "model"):
        path = directory / "saved" / name
        old, new = models if name == "model" else vectors
        bits = [each.embeddings.matrix if isinstance(each, Word2Vec) else each.matrix for each in (old, new)]

        def prepare(path: Path = path, old: Any = old) -> None:
            shutil.rmtree(path.parent, ignore_errors=True)
            path.parent.mkdir()
            old.save(path)

        save = functools.partial(new.save, path)
        chosen = points.of(path.parent, prepare, save)
        code: int | None = None
        while (point := next_point(chosen, code)) is not None:
            prepare()
            code = in_child(with_failing_call(path.parent, point, save))
            if code == NOT_REACHED:
                continue
            found = [] if code in (FINISHED, REFUSED) else [f"exit code {code}"]
            with noting(found):
                saved = Word2Vec.load(path).embeddings if name == "model" else wordkin.load(path)
                if not any(np.array_equal(saved.matrix, each) for each in bits[code == FINISHED :]):
                    found.append("it is neither the old one nor the new one")
            tally.add([f"{described(point, f'saving {name}')}: {each}" for each in found])
    return tally


class FileSizeLimit:
    """Makes writes beyond a number of bytes of a file fail, like a full disk."""

    how, of_all_files = "limit on the size of a file", False

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._limit = 0

    def set(self, size: int) -> None:
        self._limit = size

    def limiting(self, work: Callable[[], object]) -> Callable[[], None]:
        def limited() -> None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (self._limit, self._limit))
            work()

        return limited


class SmallDisk:
    """A mounted file system whose size can be changed."""

    how, of_all_files = "small tmpfs", True

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def set(self, size: int) -> None:
        subprocess.run(["mount", "-o", f"remount,size={max(size, 16384)}", str(self.directory)], check=True)

    def limiting(self, work: Callable[[], object]) -> Callable[[], object]:
        return work


@contextlib.contextmanager
def small_disk(scratch: Path) -> Iterator[SmallDisk | FileSizeLimit]:
    """Yield a file system of variable size if this process may mount one; else a limit on file sizes."""
    directory = scratch / "disk"
    directory.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(directory)]
    if shutil.which("mount") and subprocess.run(command, capture_output=True).returncode == 0:
        try:
            yield SmallDisk(directory)
        finally:
            subprocess.run(["umount", str(directory)], check=True)
    else:
        yield FileSizeLimit(directory)


# --- the program


def write_text(path: Path, words: int) -> Path:
    """Write random words of a vocabulary of 300, 30 per line."""
    weights = 1 / np.arange(1, 301)
    drawn = np.random.default_rng(5).choice(300, words, p=weights / weights.sum())
    path.write_text("\n".join(" ".join(f"w{word}" for word in line) for line in drawn.reshape(-1, 30)))
    return path


def inject(arguments: argparse.Namespace, scratch: Path) -> list[Tally]:
    """Inject all kinds of faults into all kinds of runs; return one tally for each kind of fault."""
    modes, kills, stride = arguments.modes, arguments.kills, arguments.stride
    long_text, short_text = write_text(scratch / "long.txt", 600_000), write_text(scratch / "short.txt", 60_000)
    tiny_text = write_text(scratch / "tiny.txt", 6_000)
    chance = random.Random(arguments.seed)
    points = Points(arguments.error_stride, chance, [getattr(errno, name) for name in arguments.errno])
    tallies: list[Tally] = []
    for case, (name, options) in enumerate(CASES.items() if {*modes} - {"random"} else ()):
        directory, disk, broken = (scratch / f"{kind} {case}" for kind in ("case", "disk", "broken"))
        for each in (directory, disk, broken):
            each.mkdir()
        of_case: list[Tally] = []
        if "kills" in modes:
            share = kills * (case + 1) // len(CASES) - kills * case // len(CASES)
            of_case.append(random_kills(Bench(directory, long_text, options, 0.02), share, chance))
        if "kills" in modes or "disks" in modes:
            short = Bench(directory, short_text, options, 0)
        if "kills" in modes:
            of_case.append(kills_at_each_operation(short, stride))
        if "disks" in modes:
            of_case.append(full_disks(short, [share / 12 for share in range(1, 13, stride)], disk))
        if "errors" in modes:
            of_case += system_errors(Bench(broken, tiny_text, options, 0, log=True), points)
        for tally in of_case:
            tally.lost = [f"{name}: {each}" for each in tally.lost]
        tallies += of_case
    if "kills" in modes:
        tallies.append(kills_while_saving(scratch, stride))
    if "random" in modes:
        medium_text = write_text(scratch / "medium.txt", 30_000)
        tallies.append(kills_of_random_runs(scratch, medium_text, kills, chance))
    if "errors" in modes:
        tallies.append(errors_while_saving(scratch, points))
    return tallies


MODES = ("kills", "random", "disks", "errors")


def main() -> int:
    """Inject faults and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--modes", nargs="+", choices=MODES, default=MODES, help="which kinds of faults to inject")
    parser.add_argument("--kills", type=int, default=50, help="random moments to kill at")
    parser.add_argument("--stride", type=int, default=2, help="of operations on files, use every so-manieth")
    parser.add_argument(
        "--error-stride", type=int, default=40, help="the same for calls that fail; 0 for each site with each error"
    )
    names = [errno.errorcode[each] for each in ERRORS]
    parser.add_argument("--errno", nargs="+", choices=names, default=names, help="with which errors they fail")
    parser.add_argument("--seed", type=int, default=1, help="of the random moments")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="wordkin-faults-") as scratch:
        tallies = inject(arguments, Path(scratch))
    print(f"{'fault':<60}{'injected':>10}{'survived':>10}{'files lost':>12}")
    totals = {tally.kind: Tally(tally.kind) for tally in tallies}
    for tally in tallies:
        total = totals[tally.kind]
        total.injected += tally.injected
        total.survived += tally.survived
        total.lost += tally.lost
    everything = Tally(
        "all",
        sum(each.injected for each in totals.values()),
        sum(each.survived for each in totals.values()),
        [loss for each in totals.values() for loss in each.lost],
    )
    for total in (*totals.values(), everything):
        print(f"{total.kind:<60}{total.injected:>10}{total.survived:>10}{len(total.lost):>12}")
    print(f"{time.monotonic() - began:.0f} s")
    for loss in everything.lost:
        print(loss)
    return 1 if everything.lost else 0


if __name__ == "__main__":
    sys.exit(main())

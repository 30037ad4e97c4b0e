"""Run gensim's own tests, and packages that depend on gensim, with ``wordkin.compat.gensim``.

    make compat                                        # with the Python of .venv
    make compat VENV=.venv-3.13 PYTHON=python3.13      # with another Python, whose results are added to the tables
    python benchmarks/compat_tests.py --parts tests    # without the packages

Results are stored separately for each Python version. The exit status is 1 if a test fails unexpectedly, or if a
package works with gensim but not with wordkin. ``benchmarks/compat.py`` measures the time of the packages.
"""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

from harness import Results, common_options, results_folder, show, table, values

TESTS = Path(__file__).parents[1] / "tests" / "compat"
PARTS = ("tests", "packages")
SOURCES = ("compat/gensim", "corpus", "vocabulary", "windows", "objectives/cpu", "training", "queries", "embeddings")
OUTCOMES = ("passed", "failed as known", "failed", "skipped", "left out")
_SHOWN = {"failed as known": "failed as expected", "left out": "not run"}


def run_script(name: str, *arguments: str | Path) -> Any:
    """Run a script of ``tests/compat`` and return the JSON it writes; its exit status is ignored."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "results.json"
        command = [sys.executable, TESTS / name, *arguments, "--json", file]
        subprocess.run([str(each) for each in command], check=False)
        if not file.exists():
            sys.exit(f"{name} wrote no results")
        return json.loads(file.read_text(encoding="utf-8"))


def packages(folder: Path | None) -> Any:
    """Return the outcome of each program of ``run_packages.py``, without its seconds."""
    found = run_script("run_packages.py", *(("--folder", folder) if folder else ()))
    for sides in found.values():
        for side in sides.values():
            side.pop("seconds", None)
    return found


# -- tables --------------------------------------------------------------------------------------------


def blocks(content: Mapping[str, Any]) -> dict[str, str]:
    """Return the tables of results."""
    found = {}
    tested = dict(sorted(values(content, "tests, ").items()))
    if tested:
        found["counts"] = _counts(content, tested)
        found["reasons"] = _reasons(tested)
    built = dict(sorted(values(content, "packages, ").items()))
    if built:
        found["packages"] = _packages(built)
    return found


def _counts(content: Mapping[str, Any], tested: Mapping[str, Any]) -> str:
    lines = []
    for python, files in tested.items():
        gensim = content["measurements"][f"tests, {python}"]["settings"]["gensim"]
        for name, outcomes in files.items():
            counts = [sum(each["result"] == result for each in outcomes) for result in OUTCOMES]
            lines.append((f"{name}, {python}, gensim {gensim}", len(outcomes), *counts))
    return table(("tested class, Python", "tests", *(_SHOWN.get(each, each) for each in OUTCOMES)), lines)


def _reasons(tested: Mapping[str, Any]) -> str:
    """List the tests that did not pass, with the Python versions if the outcome differs between versions."""
    rows: dict[tuple[str, str, str], list[str]] = {}
    for python, files in tested.items():
        for name, outcomes in files.items():
            for each in outcomes:
                if each["result"] != "passed":
                    test = each["name"].rpartition("::")[2]
                    where = f"`{each['name']}`" if test == "test" else f"`{test}`"
                    rows.setdefault((f"{name}: {where}", each["result"], each["why"]), []).append(python)
    lines = []
    for (where, result, why), pythons in rows.items():
        alone = "" if len(pythons) == len(tested) else f" ({', '.join(pythons)})"
        lines.append((where, _SHOWN.get(result, result), why.replace("|", "/") + alone))
    return table(("test", "result", "reason"), lines)


def _packages(built: Mapping[str, Any]) -> str:
    """Each program with both libraries; Pythons where the same came of it share a line."""
    rows: dict[tuple[str, ...], list[str]] = {}
    for python, programs in built.items():
        for name, sides in programs.items():
            cells = ["runs" if sides[side]["ran"] else f"fails: {sides[side]['why']}" for side in ("gensim", "wordkin")]
            rows.setdefault((name, *(each.replace("|", "/") for each in cells)), []).append(python.split()[-1])
    lines = [(name, ", ".join(pythons), *cells) for (name, *cells), pythons in rows.items()]
    return table(("program", "Python", "with gensim", "with wordkin"), lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS, help="what to run (default: both)")
    parser.add_argument("--folder", type=Path, help="directory of installed packages to use instead of installing them")
    common_options(parser, threads=None)
    options = parser.parse_args()
    python = f"Python {platform.python_version()}"
    results = Results("compat_tests", {}, fresh=options.fresh, folder=results_folder(options.quick), sources=SOURCES)
    settings = {"gensim": version("gensim"), "numpy": version("numpy")}
    failed = False
    if "tests" in options.parts:
        found = results.measured(f"tests, {python}", settings, partial(run_script, "run_gensim_tests.py"))
        failed |= any(each["result"] == "failed" for outcomes in found.values() for each in outcomes)
    if "packages" in options.parts:
        built = results.measured(f"packages, {python}", settings, partial(packages, options.folder))
        failed |= any(each["gensim"]["ran"] and not each["wordkin"]["ran"] for each in built.values())
    show(blocks(results.content))
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())

"""Runs gensim's own tests, unmodified, against ``wordkin.compat.gensim``, and writes what came of each.

The files lie in gensim's wheel. A child process calls ``install()`` before it imports them, and fails unless they
then got wordkin's classes; nothing else is done to them. ``left_out.json`` lists tests by name, with reasons: those
"left out" are not run, those "failing" are run and known to fail. The exit status is 1 where another fails, or one of
these passes.

    python tests/compat/run_gensim_tests.py [--output FILE.md] [--only WORDS]
"""

from __future__ import annotations

import argparse
import importlib.metadata
import importlib.util
import json
import platform
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

FILES = {"test_keyedvectors.py": "KeyedVectors", "test_word2vec.py": "Word2Vec"}
RESULTS = ("passed", "failed as known", "failed", "skipped", "left out")
LEFT_OUT = Path(__file__).with_name("left_out.json")

CHILD = """
import sys, warnings
warnings.simplefilter("ignore")
from wordkin.compat.gensim import install
install()
import pytest

class Check:
    def pytest_collection_modifyitems(self, items):
        for item in items:
            names = vars(item.module)
            used = names.get("KeyedVectors") or names["word2vec"].Word2Vec
            assert used.__module__.startswith("wordkin."), "the tests did not get wordkin's classes"

sys.exit(pytest.main(sys.argv[1:], plugins=[Check()]))
"""


@dataclass(frozen=True)
class Outcome:
    """What came of one test: passed, failed, skipped or left out, and why it did not pass."""

    name: str
    result: str
    why: str = ""


def folder_of_tests() -> Path:
    """Where gensim's tests lie."""
    found = importlib.util.find_spec("gensim")
    if found is None or found.origin is None:
        raise SystemExit("gensim is not installed: its tests come with it")
    return Path(found.origin).parent / "test"


def run(file: str, reasons: dict[str, dict[str, str]], only: str | None = None) -> list[Outcome]:
    """Run one file in a process of its own."""
    left_out, failing = reasons["left out"], reasons["failing"]
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        arguments = [
            str(folder_of_tests() / file), "-q", "-p", "no:cacheprovider", "-c", "/dev/null",
            "--rootdir", folder, "-o", "junit_family=xunit1", f"--junitxml={report}", "-W", "ignore",
        ]  # fmt: skip
        for name in left_out:
            arguments += ["--deselect", f"{folder_of_tests() / file}::{name}"]
        if only:
            arguments += ["-k", only]
        done = subprocess.run([sys.executable, "-c", CHILD, *arguments], cwd=folder, capture_output=True, text=True)
        if not report.exists():
            raise SystemExit(f"the tests did not run:\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}")
        cases = list(ElementTree.parse(report).iter("testcase"))
    outcomes = [_outcome(case, failing) for case in cases if _name(case) not in left_out]
    return outcomes + [Outcome(name, "left out", why) for name, why in left_out.items()]


def _name(case: ElementTree.Element) -> str:
    return f"{case.get('classname', '').rpartition('.')[2]}::{case.get('name')}"


def _outcome(case: ElementTree.Element, failing: dict[str, str]) -> Outcome:
    known = failing.get(_name(case))
    for tag, result in (("failure", "failed"), ("error", "failed"), ("skipped", "skipped")):
        found = case.find(tag)
        if found is not None:
            if result == "failed" and known:
                return Outcome(_name(case), "failed as known", known)
            return Outcome(_name(case), result, " ".join((found.get("message") or "").split())[:300])
    return (
        Outcome(_name(case), "failed", "it passes now: take it off the list")
        if known
        else Outcome(_name(case), "passed")
    )


def table(outcomes: dict[str, list[Outcome]]) -> str:
    """The results as Markdown."""
    versions = f"Python {platform.python_version()}, gensim {importlib.metadata.version('gensim')}"
    lines = ["# gensim's own tests on wordkin", "", f"`make compat`, {versions}.", ""]
    lines += [f"| tests of | in all | {' | '.join(RESULTS)} |", "|---|--:|" + "--:|" * len(RESULTS)]
    for name, listed in outcomes.items():
        counts = Counter(each.result for each in listed)
        numbers = [len(listed), *(counts[each] for each in RESULTS)]
        lines.append(f"| {name} | {' | '.join(map(str, numbers))} |")
    lines += ["", "| not passed | | why |", "|---|---|---|"]
    for listed in outcomes.values():
        for each in listed:
            if each.result != "passed":
                lines.append(f"| `{each.name}` | {each.result} | {each.why.replace('|', '/')} |")
    return "\n".join(lines) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, help="a Markdown file for the table; printed in any case")
    parser.add_argument("--only", help="run tests whose names match, as pytest -k")
    options = parser.parse_args()
    left_out = json.loads(LEFT_OUT.read_text())
    outcomes = {name: run(file, left_out[file], options.only) for file, name in FILES.items()}
    text = table(outcomes)
    print(text)
    if options.output:
        options.output.write_text(text)
    return int(any(each.result == "failed" for listed in outcomes.values() for each in listed))


if __name__ == "__main__":
    sys.exit(main())

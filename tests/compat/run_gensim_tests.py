"""Run gensim's own tests, unmodified, with ``wordkin.compat.gensim``, and report their outcomes.

The test files are part of gensim's wheel. A child process calls ``install()`` before importing them, and fails unless
they use wordkin's classes. ``left_out.json`` lists tests with reasons: tests under "left out" are not run, tests under
"failing" are expected to fail. The exit status is 1 if another test fails, or if one of the latter passes.

    python tests/compat/run_gensim_tests.py [--json FILE] [--only WORDS]

``benchmarks/compat_tests.py`` runs this script and stores the results for the documentation.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path

FILES = {"test_keyedvectors.py": "KeyedVectors", "test_word2vec.py": "Word2Vec"}
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
    """Outcome of one test (passed, failed, skipped or left out), and the reason if it did not pass."""

    name: str
    result: str
    why: str = ""


def folder_of_tests() -> Path:
    """Return the directory of gensim's tests."""
    found = importlib.util.find_spec("gensim")
    if found is None or found.origin is None:
        raise SystemExit("gensim is not installed: its tests come with it")
    return Path(found.origin).parent / "test"


def run(file: str, reasons: dict[str, dict[str, str]], only: str | None = None) -> list[Outcome]:
    """Run one file in its own process."""
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


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, help="a file for the results")
    parser.add_argument("--only", help="run tests whose names match, as pytest -k")
    options = parser.parse_args()
    left_out = json.loads(LEFT_OUT.read_text())
    outcomes = {name: run(file, left_out[file], options.only) for file, name in FILES.items()}
    for name, listed in outcomes.items():
        counts = Counter(each.result for each in listed)
        print(f"{name}: {', '.join(f'{count} {result}' for result, count in counts.items())}", flush=True)
        for each in listed:
            if each.result == "failed":
                print(f"  {each.name}: {each.why}", flush=True)
    if options.json:
        content = {name: [asdict(each) for each in listed] for name, listed in outcomes.items()}
        options.json.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    return int(any(each.result == "failed" for listed in outcomes.values() for each in listed))


if __name__ == "__main__":
    sys.exit(main())

"""Fill the pages of the docs with measured tables and pictures.

    python benchmarks/report.py              # your results, as pages in benchmarks/results/report
    python benchmarks/report.py --quick      # the same from short runs
    python benchmarks/report.py --publish    # copy the results to docs/results and fill the pages in docs
    python benchmarks/report.py --published  # fill the pages in docs again from docs/results

Pages contain pairs of comments like these. The text between them is replaced by the table of that name::

    <!-- measured: training.speed -->
    <!-- end -->

``SECTION.machine`` describes the machine and settings of a section. A table without results shows how to measure it.
"""

from __future__ import annotations

import argparse
import importlib
import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness import RESULTS, results_folder

DOCS = Path(__file__).parent.parent / "docs"
LESSON = DOCS.parent / "src" / "wordkin" / "studio" / "lesson" / "measured.json"  # results shown in the studio's lesson
README = "README.md"  # the only page outside docs
PAGES = (
    README, "install.md",
    "benchmarks.md", "cost.md", "claims.md", "promises.md", "phrases.md", "recipes.md", "growing.md", "formats.md",
    "evaluation.md", "studio.md", "cluster.md", "machines.md", "corpora.md", "cjk.md",
    "coming-from-gensim.md",
)  # fmt: skip
SECTIONS = (
    "training", "quality", "sweep", "cost", "claims", "startup", "queries", "determinism", "phrases",
    "recipes", "left_out", "growing", "loading", "guidance", "studio", "replicas", "merge_options", "counting",
    "readers", "segmentation", "cluster_speed", "compat", "compat_tests", "weights",
)  # fmt: skip
ORIGINS = {"enwiki-17m.txt": "English Wikipedia", "en2m.txt": "English Wikipedia"}  # texts of the published results
PICTURES = {"sweep": "sweep.png", "cost": "cost.png", "queries": "recall.png", "replicas": "replicas.png"}
_PLACE = re.compile(
    r"(?P<head><!-- measured: (?P<section>\w+)\.(?P<name>\w+) -->\n).*?(?P<end><!-- end -->)", re.DOTALL
)


def load(folder: Path) -> dict[str, dict[str, Any]]:
    """Load the results in a directory, by section."""
    files = {section: folder / f"{section}.json" for section in SECTIONS}
    return {section: json.loads(file.read_text(encoding="utf-8")) for section, file in files.items() if file.exists()}


def tables(results: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Return every table of every section, by ``section.name``."""
    found: dict[str, str] = {}
    for section, content in results.items():
        blocks: Mapping[str, str] = importlib.import_module(section).blocks(content)
        found |= {f"{section}.{name}": block for name, block in blocks.items()}
        found[f"{section}.machine"] = circumstances(content)
    return found


def circumstances(content: Mapping[str, Any]) -> str:
    """Describe the machine and settings of a section."""
    machine, about = content["machine"], content["about"]
    memory = f", {machine['memory_bytes'] / 2**30:.0f} GiB of memory" if machine["memory_bytes"] else ""
    processor = f"{machine['processor']} with {machine['usable_cores']} cores"
    facts = [
        f"Machine: {processor}, vector registers of {machine['vector_bits']} bits{memory}.",
        f"Software: {machine['system']}, Python {machine['python']}, "
        f"{', '.join(f'{name} {version}' for name, version in machine['versions'].items())}.",
    ]
    versions = {each.get("code") for each in content["measurements"].values()}
    if len(versions) > 1:
        facts.append(f"The figures come from {len(versions)} states of wordkin's code during development.")
    if "corpus" in about:
        origin = ORIGINS.get(about["corpus"])
        size = f"{about['bytes'] / 1e6:,.0f} MB"
        facts.append(f"Text: `{about['corpus']}`, {size}{f' of {origin}' if origin else ''}.")
    if "threads" in about:
        facts.append(f"Threads: {about['threads']}.")
    return " ".join(facts)


def filled(page: str, found: Mapping[str, str]) -> str:
    """Return a page with its tables filled in."""

    def fill(place: re.Match[str]) -> str:
        section, name = place["section"], place["name"]
        missing = f"*Not measured yet; `python benchmarks/{section}.py` does it.*"
        return f"{place['head']}{found.get(f'{section}.{name}', missing)}\n{place['end']}"

    return _PLACE.sub(fill, page)


def page_path(name: str, folder: Path = DOCS) -> Path:
    """Return the path of a page: README is in the root of the repository, all other pages in ``folder``."""
    return DOCS.parent / name if name == README and folder == DOCS else folder / name


def write(results_folder: Path, target: Path) -> None:
    """Fill the pages from the results in one directory, and write them and their pictures to another."""
    results = load(results_folder)
    found = tables(results)
    (target / "images").mkdir(parents=True, exist_ok=True)
    for name in PAGES:
        page = page_path(name).read_text(encoding="utf-8")
        page_path(name, target).write_text(filled(page, found), encoding="utf-8")
    for section, picture in PICTURES.items():
        if section in results:
            importlib.import_module(section).draw(results[section], target / "images" / picture)


def publish() -> None:
    """Copy the latest results of each section to the docs."""
    kept = DOCS / "results"
    kept.mkdir(exist_ok=True)
    for section in SECTIONS:
        if (RESULTS / f"{section}.json").exists():
            shutil.copyfile(RESULTS / f"{section}.json", kept / f"{section}.json")
    guidance = load(kept).get("guidance")
    if guidance is not None:
        LESSON.write_text(json.dumps(importlib.import_module("guidance").for_lesson(guidance), indent=1) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--publish", action="store_true", help="copy these results to docs/results and fill docs")
    where.add_argument("--published", action="store_true", help="fill docs from docs/results")
    where.add_argument("--quick", action="store_true", help="use the results of short runs")
    options = parser.parse_args()
    if options.publish:
        publish()
    source = DOCS / "results" if options.publish or options.published else results_folder(options.quick)
    target = DOCS if options.publish or options.published else source / "report"
    write(source, target)
    print("\n".join(str(page_path(name, target)) for name in PAGES))


if __name__ == "__main__":
    main()

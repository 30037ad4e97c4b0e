"""What each extra installs, and how much disk it takes.

    python benchmarks/weights.py

Adds up the files of the distributions that the core and each extra need, as they are installed here, so every
extra of ``all`` must be installed: ``pip install -e '.[all]'``. An extra counts only what the core does not bring.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import sys
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from harness import Results, common_options, results_folder, show, table, values
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
# What each extra of ``all`` is for, in the order of the table.
EXTRAS = {
    "plot": "charts, heatmaps, maps by PCA",
    "umap": "maps by UMAP",
    "studio": "the web page",
    "arrow": "Parquet, Arrow, Feather, data frames",
    "zstd": "text compressed with zstd",
    "http": "text at HTTP addresses",
    "s3": "text in S3",
    "orjson": "faster JSON lines",
    "index": "approximate neighbours",
    "chinese": "the tokenizer `jieba`",
    "korean": "the tokenizer `kiwi`",
    "japanese": "the tokenizer `sudachi`",
    "sklearn": "scikit-learn pipelines",
    "transport": "Word Mover's Distance",
    "gensim": "conversion from and to gensim",
    "cluster": "training on the machines of a Ray cluster",
}
_SMALL = 10e6  # bytes; smaller packages of the core share a row


def needed(requirements: Iterable[str]) -> dict[str, int]:
    """Bytes of each installed distribution that the requirements need, directly or through others."""
    sizes: dict[str, int] = {}
    seen: set[tuple[str, frozenset[str]]] = set()
    waiting = [Requirement(each) for each in requirements]
    while waiting:
        requirement = waiting.pop()
        name, extras = canonicalize_name(requirement.name), frozenset(requirement.extras)
        if (name, extras) in seen:
            continue
        seen.add((name, extras))
        try:
            distribution = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            sys.exit(f"{name} is not installed; install every extra first: pip install -e '.[all]'")
        sizes[name] = size_of(distribution)
        for text in distribution.requires or []:
            other = Requirement(text)
            if other.marker is None or any(other.marker.evaluate({"extra": extra}) for extra in extras or {""}):
                waiting.append(other)
    return sizes


def size_of(distribution: importlib.metadata.Distribution) -> int:
    """Bytes of the files that a distribution installed."""
    paths = (Path(str(distribution.locate_file(file))) for file in distribution.files or [])
    return sum(path.stat().st_size for path in paths if path.exists())


def blocks(content: Mapping[str, Any]) -> dict[str, str]:
    """Tables made of the results, by name."""
    found = values(content)
    core: dict[str, int] = found["core"]
    large = sorted((name for name in core if core[name] >= _SMALL), key=core.__getitem__, reverse=True)
    rest = sum(size for name, size in core.items() if name not in large)
    rows: list[tuple[str, ...]] = [(name, _megabytes(core[name])) for name in large]
    rows += [(f"{len(core) - len(large)} smaller packages", _megabytes(rest))]
    rows += [("together", _megabytes(sum(core.values())))]
    total = _megabytes(sum(core.values()))
    parts = ", ".join(f"{name} {_megabytes(core[name])} MB" for name in large[:3])
    extras = [
        (f"`{name}`: {purpose}", str(len(found[name])), _megabytes(sum(found[name].values())))
        for name, purpose in EXTRAS.items()
    ]
    extras.append(("`all`: all of these", str(len(found["all"])), _megabytes(sum(found["all"].values()))))
    return {
        "total": f"Without extras, wordkin and its dependencies take {total} MB on disk ({parts}).",
        "core": table(("package", "MB"), rows),
        "extras": table(("extra", "more packages", "more MB"), extras),
    }


def _megabytes(size: float) -> str:
    return f"{size / 1e6:,.0f}" if size >= 1e6 else f"{size / 1e6:.1f}"


def main() -> None:
    """Measure, keep the results and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    common_options(parser, threads=None)
    options = parser.parse_args()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    optional: dict[str, list[str]] = project["optional-dependencies"]
    core = needed(project["dependencies"])
    results = Results("weights", {}, fresh=options.fresh, folder=results_folder(options.quick), sources=())
    everything: dict[str, int] = {}
    for name in EXTRAS:
        more = {package: size for package, size in needed(optional[name]).items() if package not in core}
        everything |= more
        results.measured(name, {"requirements": optional[name]}, more.copy)
    results.measured("core", {"requirements": project["dependencies"]}, lambda: core)
    results.measured("all", {"extras": list(EXTRAS)}, lambda: everything)
    show(blocks(results.content))


if __name__ == "__main__":
    main()

"""Enforce the import rules, and check that modules are imported only when needed.

The rules are defined here as data. ARCHITECTURE.md explains them.
"""

from __future__ import annotations

import ast
import functools
import graphlib
import importlib
import re
import subprocess
import sys
from collections.abc import Iterator
from enum import Enum, auto
from pathlib import Path

import pytest

from wordkin.config import OBJECTIVES

SOURCE = Path(__file__).parent.parent / "src" / "wordkin"

# What each part (a file or directory of src/wordkin) may import besides itself.
FOUNDATION = {"_version", "errors", "items", "options", "cores", "config", "storage", "tables"}
DATA = FOUNDATION | {"jit", "corpus", "vocabulary"}
VECTORS = DATA | {"vectors"}
ANSWERS = VECTORS | {"queries", "evaluation", "embeddings"}
TRAINING = VECTORS | {"embeddings", "windows", "objectives", "training"}
MAY_IMPORT = {
    "_version": set[str](),
    "errors": set[str](),
    "items": {"errors"},
    "options": set[str](),
    "recipes": set[str](),
    "cores": set[str](),
    "config": {"errors", "options", "recipes", "cores"},
    "jit": {"errors"},
    "storage": {"errors"},
    "tables": {"errors"},
    "corpus": FOUNDATION | {"jit"},
    "vocabulary": DATA - {"vocabulary"},
    "vectors": DATA,
    "queries": VECTORS,
    "evaluation": VECTORS | {"queries"},
    "embeddings": VECTORS | {"queries", "evaluation"},
    "plots": ANSWERS,
    "windows": DATA,
    "objectives": DATA | {"windows"},
    "training": DATA | {"windows", "objectives"},
    "text": DATA | {"windows", "training"},
    "runs": TRAINING,
    "lesson": TRAINING,
    "api": TRAINING | ANSWERS | {"text", "runs", "plots"},
    "tuning": TRAINING | ANSWERS | {"text", "runs", "plots"},
    "sklearn": ANSWERS | {"api"},
    "compat": TRAINING | ANSWERS | {"text", "runs", "api"},
    "studio": TRAINING | ANSWERS | {"text", "plots", "lesson", "runs", "api"},
    "cli": TRAINING | ANSWERS | {"recipes", "text", "plots", "lesson", "runs", "api", "tuning", "studio"},
    "__main__": {"cli"},
}
# Files that may import a heavy or optional distribution. No other file may.
HOMES = {
    "numba": ("jit.py",),
    "llvmlite": ("corpus/scanning/kernels.py", "objectives/cpu", "training/cpu/waiting.py"),
    "typer": ("cli",),
    "rich": ("cli", "training/display.py"),
    "IPython": ("training/display.py",),
    "fsspec": ("corpus/readers/files.py",),
    "charset_normalizer": ("corpus/readers/encodings.py",),
    "rjieba": ("corpus/tokenization/named_tokenizers.py",),
    "kiwipiepy": ("corpus/tokenization/named_tokenizers.py",),
    "sudachipy": ("corpus/tokenization/named_tokenizers.py",),
    "orjson": ("corpus/readers/jsonl.py",),
    "zstandard": ("corpus/readers/files.py",),
    "gensim": ("embeddings/exports.py",),
    "torch": ("embeddings/exports.py",),
    "spacy": ("embeddings/exports.py",),
    "pandas": ("tables.py",),
    "pyarrow": ("embeddings/exports.py", "embeddings/parquet_format.py", "corpus/readers/arrow.py"),
    "usearch": ("queries/approximate.py",),
    "ot": ("queries/transport.py",),
    "sklearn": ("sklearn.py",),
    "matplotlib": ("plots",),
    "nicegui": ("studio",),
    "umap": ("plots/map.py",),
    "ray": ("training/cluster/ray_",),
}
# Files with functions that are compiled into kernels, which use only arrays and scalars.
KERNELS = ("windows", "objectives/cpu")
NOT_FOR_KERNELS = {"config", "vocabulary", "corpus", "embeddings", "training", "api"}


ARCHITECTURE = (Path(__file__).parent.parent / "ARCHITECTURE.md").read_text()
# Sections "Steps of ..." of ARCHITECTURE.md are numbered lists; each step names a function.
WALKS = re.findall(r"^## (Steps of [^\n]*)\n(.*?)(?=^## |\Z)", ARCHITECTURE, re.DOTALL | re.MULTILINE)
STOP = re.compile(r"^(\d+)\. (.*?)(?=^\d+\. |^$|\Z)", re.DOTALL | re.MULTILINE)
FUNCTION = re.compile(r"`(\w+(?:\.\w+)+)`")


class When(Enum):
    """When an import happens: when the file is imported, when a function is called, or only for type checkers."""

    AT_ONCE = auto()
    LATE = auto()
    NEVER = auto()


@functools.cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


@functools.cache
def imports(path: Path) -> list[tuple[str, When]]:
    """Return the absolute names that a file imports, and when."""
    return list(_imports_below(tree_of(path), When.AT_ONCE))


def _imports_below(node: ast.AST, when: When) -> Iterator[tuple[str, When]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            yield from ((name.name, when) for name in child.names)
        elif isinstance(child, ast.ImportFrom):
            assert child.level == 0, "imports are absolute"
            yield from ((f"{child.module}.{name.name}", when) for name in child.names)
        elif isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING":
            yield from _imports_below(child, When.NEVER)
        elif isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef) and when is When.AT_ONCE:
            yield from _imports_below(child, When.LATE)
        else:
            yield from _imports_below(child, when)


def part_of(path: Path) -> str:
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


FILES = [path for path in sorted(SOURCE.rglob("*.py")) if path != SOURCE / "__init__.py"]
NAMES = [path.relative_to(SOURCE).as_posix() for path in FILES]


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_imports_go_down_the_house(path):
    part, name = part_of(path), path.relative_to(SOURCE).as_posix()
    assert part in MAY_IMPORT, f"{part} has no place in the house: add it to MAY_IMPORT and to ARCHITECTURE.md"
    for imported, _ in imports(path):
        root, *rest = imported.split(".")
        if root != "wordkin":
            continue
        other = rest[0]
        message = f"{name} imports wordkin.{other}: {part} may import {sorted(MAY_IMPORT[part])}"
        assert other == part or other in MAY_IMPORT[part], message


def test_no_two_parts_import_each_other():
    """The parts have a topological order, so that each can be understood without the parts above it."""
    graph = {part: set[str]() for part in MAY_IMPORT}
    for path in FILES:
        graph[part_of(path)] |= {name.split(".")[1] for name, _ in imports(path) if name.startswith("wordkin.")}
    order = graphlib.TopologicalSorter({part: others - {part} for part, others in graph.items()})
    assert len(list(order.static_order())) == len(MAY_IMPORT)  # CycleError names the cycle


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_each_distribution_is_imported_in_its_own_place(path):
    name = path.relative_to(SOURCE).as_posix()
    for imported, when in imports(path):
        root = imported.split(".")[0]
        if root in HOMES and when is not When.NEVER:
            homes = HOMES[root]
            assert name.startswith(homes), f"{name} imports {root}, which belongs in {', '.join(homes)}"


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith(KERNELS)])
def test_kernels_see_arrays_and_scalars_only(name):
    for imported, _ in imports(SOURCE / name):
        root, *rest = imported.split(".")
        assert root != "wordkin" or rest[0] not in NOT_FOR_KERNELS, f"{name} imports {imported}"


def test_the_trainer_knows_no_backend_but_the_protocol():
    names = {imported for imported, _ in imports(SOURCE / "training" / "trainer.py")}
    assert not any(
        name.startswith(("wordkin.training.cpu.backend", "wordkin.objectives", "wordkin.windows")) for name in names
    )


def loaded_after(code: str) -> set[str]:
    """Return the top-level modules and the parts of wordkin that a new interpreter has imported after some code."""
    shown = "import sys; print(*{'.'.join(name.split('.')[:2]) for name in sys.modules})"
    done = subprocess.run([sys.executable, "-c", f"{code}\n{shown}"], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


HEAVY = {
    "numba",
    "llvmlite",
    "scipy",
    "pandas",
    "pyarrow",
    "matplotlib",
    "sklearn",
    "gensim",
    "torch",
    "spacy",
    "fsspec",
    "typer",
    "rich",
}


def test_importing_wordkin_loads_next_to_nothing():
    loaded = loaded_after("import wordkin")
    assert loaded.isdisjoint(HEAVY | {"numpy", "wordkin.api"})


def test_loading_and_asking_vectors_loads_no_trainer(tmp_path):
    path = tmp_path / "v.txt"
    path.write_text("2 2\na 1 2\nb 2 1\n")
    code = f"import wordkin; vectors = wordkin.load({str(path)!r}); vectors.most_similar('a')"
    loaded = loaded_after(code)
    assert {"numpy", "wordkin.embeddings", "wordkin.queries"} <= loaded
    assert loaded.isdisjoint(HEAVY | {"wordkin.windows", "wordkin.objectives", "wordkin.training"})


def test_there_is_a_walk_for_text():
    assert "Steps of reading a corpus" in [title for title, _ in WALKS]


@pytest.mark.parametrize(("title", "text"), WALKS, ids=[title for title, _ in WALKS])
def test_walks_name_functions_that_exist(title, text):
    stops = STOP.findall(text)
    assert [int(number) for number, _ in stops] == list(range(1, len(stops) + 1)) and 0 < len(stops) <= 10
    for number, stop in stops:
        names = FUNCTION.findall(stop)
        assert names, f"stop {number} of {title!r} names no function"
        for name in names:
            assert callable(named(name)), f"stop {number} of {title!r}: {name} is no function"


def test_files_and_functions_that_the_architecture_names_exist():
    files = {path.relative_to(SOURCE).as_posix() for path in FILES}
    text = re.sub(r"(docs|tests)/[\w/]+\.py|tests/", "", ARCHITECTURE)
    for name in re.findall(r"`([\w/]+\.py)`", text):
        assert any(f"/{file}".endswith(f"/{name}") for file in files), f"there is no file {name}"
    for name in FUNCTION.findall(text):
        if name.split(".")[0] in MAY_IMPORT and not name.endswith(".py"):
            named(name)  # raises if there is none


def test_new_objectives_are_described_where_code_names_them():
    """Each file that names an objective in its code is in the steps for a new one, in ARCHITECTURE.md."""
    steps = ARCHITECTURE.split("A new objective takes these steps")[1].split("\n## ")[0]
    listed = tuple(re.findall(r"`([\w/]+(?:\.py|/))`", steps))
    default_only = ("recipes.py", "sklearn.py", "compat/", "options.py", "config.py")  # they choose or list objectives
    for path in FILES:
        name = path.relative_to(SOURCE).as_posix()
        literals = {node.value for node in ast.walk(tree_of(path)) if isinstance(node, ast.Constant)}
        if literals & set(OBJECTIVES):
            assert name.startswith((*listed, *default_only)), f"{name} names an objective: add it to the steps"


def named(name: str) -> object:
    """Return the object of a dotted name in wordkin, such as ``api.train`` or ``training.trainer.Trainer.run``."""
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        if (SOURCE.joinpath(*parts[:length]).with_suffix(".py")).exists():
            found: object = importlib.import_module(".".join(["wordkin", *parts[:length]]))
            for attribute in parts[length:]:
                found = getattr(found, attribute)
            return found
    raise AssertionError(f"{name} names no module of wordkin")

"""The house keeps its import rules, and what is not needed is not loaded.

The rules are written once, here, as data; ARCHITECTURE.md tells them in words.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from enum import Enum, auto
from pathlib import Path

import pytest

SOURCE = Path(__file__).parent.parent / "src" / "wordkin"

# What each part may import besides itself; a part is a file or a folder of src/wordkin.
FOUNDATION = {"errors", "config", "jit"}
DATA = FOUNDATION | {"corpus", "vocabulary"}
ANSWERS = DATA | {"embeddings"}
MAY_IMPORT = {
    "errors": set[str](),
    "config": {"errors"},
    "jit": set[str](),
    "corpus": FOUNDATION,
    "vocabulary": DATA - {"vocabulary"},
    "embeddings": DATA,
    "queries": ANSWERS,
    "evaluation": ANSWERS,
    "plots": ANSWERS | {"queries", "evaluation"},
    "windows": ANSWERS,
    "objectives": ANSWERS | {"windows"},
    "training": ANSWERS | {"windows", "objectives"},
    "lesson": ANSWERS | {"windows", "objectives", "training"},
    "api": ANSWERS | {"queries", "windows", "objectives", "training"},
    "sklearn": ANSWERS | {"api"},
    "cli": ANSWERS | {"queries", "evaluation", "plots", "lesson", "training", "api"},
    "__main__": {"cli"},
}
# An exception, so that people can ask the vectors themselves: methods of Embeddings import these when called.
FORWARDED = {("embeddings/embeddings.py", "queries")}

# Who may import a heavy or optional distribution; every other file must do without.
HOMES = {
    "numba": ("jit.py", "corpus", "windows", "objectives", "training"),
    "llvmlite": ("corpus/kernels.py", "objectives/cpu", "training/waiting.py"),
    "typer": ("cli",),
    "rich": ("cli", "training/progress.py"),
    "fsspec": ("corpus/readers.py",),
    "zstandard": ("corpus/readers.py",),
    "gensim": ("embeddings/exports.py",),
    "pandas": ("embeddings/exports.py",),
    "pyarrow": ("embeddings/exports.py",),
    "usearch": ("queries/approximate.py",),
    "ot": ("queries/transport.py",),
    "sklearn": ("sklearn.py",),
    "matplotlib": ("plots",),
    "umap": ("plots/map.py",),
}
# Files whose functions kernels consist of: arrays and scalars only.
KERNELS = ("windows", "objectives/cpu")
NOT_FOR_KERNELS = {"config", "vocabulary", "corpus", "embeddings", "training", "api"}


class When(Enum):
    """When an import happens: with the file, when a function is called, or only for type checkers."""

    AT_ONCE = auto()
    LATE = auto()
    NEVER = auto()


def imports(path: Path) -> Iterator[tuple[str, When]]:
    """Absolute names a file imports, and when."""
    yield from _imports_below(ast.parse(path.read_text()), When.AT_ONCE)


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
    for imported, when in imports(path):
        root, *rest = imported.split(".")
        if root != "wordkin" or rest == ["__version__"]:
            continue
        other = rest[0]
        late = when is not When.AT_ONCE and (name, other) in FORWARDED
        allowed = other == part or other in MAY_IMPORT[part] or late
        assert allowed, f"{name} imports wordkin.{other}: {part} may import {sorted(MAY_IMPORT[part])}"


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
    assert not any(name.startswith(("wordkin.training.cpu", "wordkin.objectives", "wordkin.windows")) for name in names)


def loaded_after(code: str) -> set[str]:
    """Top-level modules and parts of wordkin that a fresh interpreter has loaded after some code."""
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

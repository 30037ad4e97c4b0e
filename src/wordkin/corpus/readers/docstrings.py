"""A corpus that needs no download: the docstrings of the installed Python packages.

Source files are parsed with :mod:`ast`. No package is imported and no code is executed.
"""

from __future__ import annotations

import ast
import importlib.util
import os
import re
import site
import sysconfig
import warnings
from collections.abc import Iterator
from pathlib import Path

MAX_WORDS = 1_250_000
_FIRST_PACKAGES = ("numpy", "scipy")  # dependencies of wordkin, so always installed, and rich in text
_LEAST_SHARE = 0.25  # of a file's bytes in triple quotes; with less, the text is not worth the parsing time
_LEAST_TEXT = 200  # characters a string that is not a docstring needs to count as text
_TRIPLE_QUOTED = re.compile(rb'"""(?:.*?)"""|\'\'\'(?:.*?)\'\'\'', re.DOTALL)
_SKIPPED_DIRECTORIES = {
    "test",
    "tests",
    "_vendor",
    "__pycache__",
    "site-packages",
    "dist-packages",
    "encodings",
    "lib2to3",
}
_PARAGRAPH_END = re.compile(r"\n[ \t]*\n")
_EXAMPLE = re.compile(r"^[ \t]*>>>.*", re.DOTALL | re.MULTILINE)
_WORD = re.compile(r"[^\W\d]\w*(?:['\u2019]\w+)*")


def docstring_corpus(max_words: int = MAX_WORDS) -> Iterator[list[str]]:
    """Yield sentences from the docstrings of installed packages: one per paragraph, as a list of lower-case words.

    The order of the packages is fixed: NumPy and SciPy, the topics of ``help()``, the rest of the standard library, and
    then the other packages by name. Code examples, numbers, punctuation, tests, files with few docstrings and repeated
    docstrings are left out.

    Parameters
    ----------
    max_words : int, default 1_250_000
        Stop after the source file in which the total number of words reaches this limit.

    Yields
    ------
    list of str
        The words of a paragraph; at least two.
    """
    seen: set[str] = set()
    words = 0
    for path in _source_files():
        for text in _texts_of(path):
            if text in seen:
                continue
            seen.add(text)
            for sentence in _sentences_of(text):
                yield sentence
                words += len(sentence)
        if words >= max_words:
            return


def _sentences_of(text: str) -> Iterator[list[str]]:
    """Yield the words of each paragraph that has at least two words."""
    for paragraph in _PARAGRAPH_END.split(text):
        words = _WORD.findall(_EXAMPLE.sub("", paragraph).lower())
        if len(words) > 1:
            yield words


def _source_files() -> Iterator[Path]:
    """Yield the path of each Python file once, in the order of :func:`docstring_corpus`."""
    standard = Path(sysconfig.get_path("stdlib"))
    installed = sorted({sysconfig.get_path("purelib"), sysconfig.get_path("platlib"), *site.getsitepackages()})
    roots = [*_package_directories(_FIRST_PACKAGES), standard / "pydoc_data", standard, *map(Path, installed)]
    seen: set[Path] = set()
    for root in roots:
        for path in _python_files(root):
            if path not in seen:
                seen.add(path)
                yield path


def _package_directories(names: tuple[str, ...]) -> Iterator[Path]:
    for name in names:
        found = importlib.util.find_spec(name)
        for location in (found.submodule_search_locations if found else None) or ():
            yield Path(location)


def _python_files(root: Path) -> Iterator[Path]:
    for directory, subdirectories, names in os.walk(root):
        subdirectories[:] = sorted(name for name in subdirectories if name.lower() not in _SKIPPED_DIRECTORIES)
        for name in sorted(names):
            if name.endswith(".py"):
                yield Path(directory, name)


def _texts_of(path: Path) -> Iterator[str]:
    """Yield the texts of a Python file: docstrings, and long strings in calls and dicts at top level.

    Yields nothing if docstrings are only a small part of the file.
    """
    try:
        source = path.read_bytes()
    except OSError:
        return
    quoted = sum(map(len, _TRIPLE_QUOTED.findall(source)))
    if quoted < _LEAST_SHARE * len(source) and path.parent.name != "pydoc_data":
        return
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # invalid escapes in third-party code
            module = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return  # not Python, or written for another version of it
    yield from _docstrings_of(module)
    for statement in module.body:
        yield from _long_strings_of(statement)


def _docstrings_of(node: ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[str]:
    docstring = ast.get_docstring(node, clean=False)
    if docstring:
        yield docstring
    for statement in node.body:
        if isinstance(statement, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield from _docstrings_of(statement)


def _long_strings_of(statement: ast.stmt) -> Iterator[str]:
    """Yield the long strings in statements of the forms ``call("name", text)`` and ``name = {key: text}``.

    NumPy and ``pydoc_data`` store documentation in this way.
    """
    values: list[ast.expr | None] = []
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        for argument in statement.value.args:
            values += argument.elts if isinstance(argument, ast.Tuple) else [argument]
    elif isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Dict):
        values += statement.value.values
    for value in values:
        if isinstance(value, ast.Constant) and isinstance(value.value, str) and len(value.value) >= _LEAST_TEXT:
            yield value.value

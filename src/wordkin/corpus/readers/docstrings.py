"""The corpus every Python installation carries: the docstrings of its packages.

Source files are parsed with :mod:`ast`; nothing is imported or executed.
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
_FIRST_PACKAGES = ("numpy", "scipy")  # what wordkin stands on; they say most about means, matrices and errors
_LEAST_SHARE = 0.25  # of a file's bytes within triple quotes; parsing the others costs more than it brings
_LEAST_TEXT = 200  # characters that make a string beside the docstrings a text
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
    """Sentences of lower-cased words, one per paragraph of a docstring, in the same order each time.

    NumPy and SciPy come first, then the topics of ``help()``, the rest of the standard library, and the
    other installed packages by name, until ``max_words`` words are reached. Code examples, numbers and
    punctuation are left out; so are tests, files with few docstrings, and docstrings that came before.
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
    """The words of each paragraph that has more than one."""
    for paragraph in _PARAGRAPH_END.split(text):
        words = _WORD.findall(_EXAMPLE.sub("", paragraph).lower())
        if len(words) > 1:
            yield words


def _source_files() -> Iterator[Path]:
    """All Python files worth parsing, none twice, in the order of :func:`docstring_corpus`."""
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
    """Docstrings of a file, and texts it hands to functions or keeps in dictionaries at its top level."""
    try:
        source = path.read_bytes()
    except OSError:
        return
    quoted = sum(map(len, _TRIPLE_QUOTED.findall(source)))
    if quoted < _LEAST_SHARE * len(source) and path.parent.name != "pydoc_data":
        return
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of odd escapes in the code of others
            module = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return  # a template, or a file for another version of Python
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
    """Strings in ``call("name", text)`` and ``name = {key: text}``, as NumPy and ``pydoc_data`` document."""
    values: list[ast.expr | None] = []
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        for argument in statement.value.args:
            values += argument.elts if isinstance(argument, ast.Tuple) else [argument]
    elif isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Dict):
        values += statement.value.values
    for value in values:
        if isinstance(value, ast.Constant) and isinstance(value.value, str) and len(value.value) >= _LEAST_TEXT:
            yield value.value

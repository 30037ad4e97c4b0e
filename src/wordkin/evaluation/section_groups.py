"""Classify the sections of an analogy file as semantic or syntactic by their names.

Names in published files are ``gram1-adjective-to-adverb`` in Google's file and its translations, ``syn1_case`` and
``sem2_male-female`` in the Korean file, ``I01 [noun - plural_reg]`` in BATS, ``JJ_JJR`` in MSR. If some names are those
of syntactic sections and none is that of a semantic section, all other sections count as semantic, as in Google's file.
If there are names of both kinds, sections with other names belong to neither group.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import Literal

from wordkin.errors import ConfigError

Group = Literal["semantic", "syntactic"]

_SYNTACTIC = (
    "gram", "syn", "morph", "infl", "deriv",
    "문법", "통사", "형태", "구문", "语法", "句法", "語法", "文法", "統語", "形態",
    "грам", "синт", "морф", "словообр", "словоизм", "sentaks", "sözdizim", "biçim", "dilbilgi", "składni", "fleks",
)  # fmt: skip
_SEMANTIC = ("sem", "encyclop", "lexico", "의미", "语义", "語義", "意味", "семан", "anlam")
_OF_GOOGLE = frozenset(
    {
        "capital-common-countries", "capital-world", "country-capital", "currency", "city-in-state",
        "city-in-province", "family",
    }
)  # fmt: skip
_PATTERNS: tuple[tuple[re.Pattern[str], Group], ...] = (
    (re.compile(r"[ID]\d{2}\b"), "syntactic"),  # BATS: inflection and derivation
    (re.compile(r"[EL]\d{2}\b"), "semantic"),  # BATS: encyclopedia and lexicon
    (re.compile(r"[A-Z]{1,5}\$?_[A-Z]{1,5}\$?$"), "syntactic"),  # MSR: part-of-speech tags
)


def group_sections(names: Sequence[str], syntactic: Sequence[str] | None = None) -> list[Group | None]:
    """Return the group of each section, "semantic" or "syntactic"; None for a section whose name is not recognised.

    Parameters
    ----------
    names : sequence of str
        Names of the sections.
    syntactic : sequence of str or None, default None
        Patterns for the names of syntactic sections; all others are then semantic. None recognises the names in
        published files.

    Raises
    ------
    ConfigError
        A pattern matches no section.

    >>> group_sections(["sem1_capitals", "syn1_case"]), group_sections(["family", "gram1-plural", "towns"])
    (['semantic', 'syntactic'], ['semantic', 'syntactic', 'semantic'])
    """
    if syntactic is not None:
        if isinstance(syntactic, str):
            raise ConfigError("syntactic_sections", "must be a list of names or patterns", syntactic)
        for pattern in syntactic:
            if not any(fnmatchcase(name, pattern) for name in names):
                listed = ", ".join(map(repr, names[:12]))
                raise ConfigError("syntactic_sections", f"must match a section of the file ({listed})", pattern)
        return [
            "syntactic" if any(fnmatchcase(name, pattern) for pattern in syntactic) else "semantic" for name in names
        ]
    groups = [_group(name) for name in names]
    says_semantic = any(
        group == "semantic" and name.lower() not in _OF_GOOGLE for group, name in zip(groups, names, strict=True)
    )
    if "syntactic" in groups and not says_semantic:
        return ["semantic" if group is None else group for group in groups]
    return groups


def _group(name: str) -> Group | None:
    lowered = name.lower().lstrip("0123456789. _-")
    if lowered in _OF_GOOGLE or lowered.startswith(_SEMANTIC):
        return "semantic"
    if lowered.startswith(_SYNTACTIC):
        return "syntactic"
    return next((group for pattern, group in _PATTERNS if pattern.match(name)), None)

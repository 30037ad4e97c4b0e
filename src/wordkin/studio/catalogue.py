"""The texts of the interface: one JSON file per language in ``texts/``, all with the same keys.

To add a language, add a file. Its key ``language`` holds the name shown in the menu. The English texts ``option.*`` are
the help of the training options in :class:`wordkin.config.TrainingConfig`, so en.json has none.
"""

from __future__ import annotations

import dataclasses
import functools
import json
import re
from collections.abc import Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable

from wordkin.config import TrainingConfig

DEFAULT_LANGUAGE = "en"


class Texts:
    """The texts of one language.

    >>> Texts("en")["nav.start"], Texts("ko")["nav.start"]
    ('Start', '시작')
    >>> Texts("en").format("start.more_files", count="12")
    'and 12 more'
    """

    def __init__(self, language: str) -> None:
        self.language = language if language in languages() else DEFAULT_LANGUAGE
        self._texts = _load(self.language)

    def __getitem__(self, key: str) -> str:
        return self._texts[key]

    def __contains__(self, key: str) -> bool:
        return key in self._texts

    def format(self, key: str, **values: object) -> str:
        """Return a text with its ``{names}`` replaced by ``values``; raise KeyError if a value is missing.

        If the value ``count`` is 1 and the catalogue has a text ``{key}.one``, that text is used instead.
        """
        singular = f"{key}.one"
        chosen = singular if values.get("count") == 1 and singular in self._texts else key
        return self._texts[chosen].format(**values)


@functools.cache
def languages() -> Mapping[str, str]:
    """Return a dict from the code of each language to its name in that language. English is the first."""
    codes = sorted(each.name.removesuffix(".json") for each in _folder().iterdir() if each.name.endswith(".json"))
    codes.sort(key=lambda code: code != DEFAULT_LANGUAGE)
    return {code: _load(code)["language"] for code in codes}


def preferred_language(header: str) -> str:
    """Return the available language that an Accept-Language header prefers; English if none fits.

    >>> preferred_language("ko-KR,ko;q=0.9,en-US;q=0.8"), preferred_language("fr"), preferred_language("fr,ko;q=0.4")
    ('ko', 'en', 'ko')
    """
    wishes: list[tuple[float, int, str]] = []
    for position, part in enumerate(header.split(",")[:50]):
        match = re.fullmatch(r"\s*([a-zA-Z]+)[\w-]*\s*(?:;\s*q=([0-9.]{1,5}))?\s*", part)
        if match:
            try:
                weight = float(match[2]) if match[2] else 1.0
            except ValueError:
                continue
            wishes.append((-weight, position, match[1].lower()))
    return next((code for _, _, code in sorted(wishes) if code in languages()), DEFAULT_LANGUAGE)


@functools.cache
def _load(code: str) -> Mapping[str, str]:
    texts: Mapping[str, str] = json.loads((_folder() / f"{code}.json").read_text(encoding="utf-8"))
    return {**texts, **_option_help()} if code == DEFAULT_LANGUAGE else texts


def _option_help() -> dict[str, str]:
    return {f"option.{each.name}": each.metadata["help"] for each in dataclasses.fields(TrainingConfig)}


def _folder() -> Traversable:
    return files("wordkin.studio") / "texts"

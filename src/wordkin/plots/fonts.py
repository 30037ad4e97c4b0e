"""Choose font families that cover the characters of users' words.

The default font of matplotlib (DejaVu Sans) covers Latin, Greek, Cyrillic, Arabic and Hebrew letters, but no Chinese,
Japanese, Korean, Thai or Indic scripts. For those, fonts that are installed on the system or registered with matplotlib
are searched.
"""

from __future__ import annotations

import functools
import os
import unicodedata
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from wordkin.errors import ConfigError, warn

if TYPE_CHECKING:
    from matplotlib.font_manager import FontEntry

DEFAULT_FAMILY = "DejaVu Sans"
_INVISIBLE = {"Cc", "Cf", "Zs", "Zl", "Zp", "Cs", "Co", "Cn"}  # Unicode categories without a glyph of their own
# First word of the Unicode names of a script's characters: name of the script, font package on Debian and Ubuntu.
_PACKAGES = {
    "CJK": ("Han", "fonts-noto-cjk"),
    "HANGUL": ("Hangul", "fonts-noto-cjk"),
    "HIRAGANA": ("Hiragana", "fonts-noto-cjk"),
    "KATAKANA": ("Katakana", "fonts-noto-cjk"),
    "BOPOMOFO": ("Bopomofo", "fonts-noto-cjk"),
}
_OTHER_PACKAGE = "fonts-noto-core"
_SYMBOL_PACKAGE = "fonts-noto-color-emoji or fonts-symbola"


class FontWarning(UserWarning):
    """No installed font has some of the characters to draw."""


def families_for(texts: Iterable[str], font: str | os.PathLike[str] | None = None) -> list[str]:
    """Choose font families that together cover the characters of some texts.

    Parameters
    ----------
    texts : iterable of str
        The texts to draw.
    font : str, path or None, default None
        A family name or a font file (.ttf, .otf, .ttc) to prefer.

    Returns
    -------
    list of str
        Names of families known to matplotlib, in order of preference.

    Raises
    ------
    ConfigError
        ``font`` is neither an installed family nor a readable font file.

    Warns
    -----
    FontWarning
        No font covers some characters. The warning names their scripts and the packages to install.
    """
    families = [] if font is None else [_family_of(font)]
    families.append(DEFAULT_FAMILY)
    wanted = {character for text in texts for character in text if unicodedata.category(character) not in _INVISIBLE}
    missing = {ord(character) for character in wanted}
    for family in families:
        missing -= _coverage_of_family(family)
    families += _cover(missing)
    if missing:
        _register_new_system_fonts()
        families += _cover(missing)
    if missing:
        _warn_of_missing({chr(code) for code in missing})
    return families


def _cover(missing: set[int]) -> list[str]:
    """Return families of fonts that cover characters, and remove these characters from ``missing``.

    The next family is always the one that covers most of the characters that are left.
    """
    chosen: list[str] = []
    while missing:
        family, covered = max(
            ((entry.name, len(missing & _coverage_of(entry))) for entry in _upright_entries()),
            key=lambda pair: (pair[1], "Sans" in pair[0], "Mono" not in pair[0], pair[0]),
            default=("", 0),
        )
        if covered == 0:
            break
        chosen.append(family)
        missing -= _coverage_of_family(family)
    return chosen


def _upright_entries() -> list[FontEntry]:
    """Return the upright fonts of regular weight. If a family has no such font, all its fonts are returned."""
    from matplotlib.font_manager import fontManager

    entries = [each for each in fontManager.ttflist if not each.name.startswith(_NO_GLYPHS)]
    upright = [each for each in entries if each.style == "normal" and str(each.weight) in _ORDINARY]
    families = {each.name for each in upright}
    return upright + [each for each in entries if each.name not in families]


_ORDINARY = {"400", "normal", "regular", "book"}
_NO_GLYPHS = "Last Resort"  # a font of matplotlib that shows every character as a box with the name of its script


def _coverage_of_family(family: str) -> frozenset[int]:
    """Return the code points of the upright regular fonts of a family."""
    return frozenset().union(*(_coverage_of(each) for each in _upright_entries() if each.name == family))


def _coverage_of(entry: FontEntry) -> frozenset[int]:
    return _coverage(entry.fname, getattr(entry, "index", 0))  # matplotlib 3.11 registers each face of a .ttc file


@functools.cache
def _coverage(path: str, index: int) -> frozenset[int]:
    """Return the code points for which a font file has glyphs; empty if the file cannot be read."""
    from matplotlib.ft2font import FT2Font

    try:
        font = FT2Font(path, face_index=index) if index else FT2Font(path)
        return frozenset(font.get_charmap())
    except (OSError, RuntimeError):  # a damaged system font must not prevent drawing
        return frozenset()


def _register_new_system_fonts() -> None:
    """Register fonts installed since matplotlib last searched the system."""
    from matplotlib.font_manager import findSystemFonts, fontManager

    known = {os.path.realpath(each.fname) for each in fontManager.ttflist}
    for path in findSystemFonts():
        if os.path.realpath(path) not in known:
            try:
                fontManager.addfont(path)
            except (OSError, RuntimeError):  # a damaged font, or one without outlines
                continue


def _family_of(font: str | os.PathLike[str]) -> str:
    """Register a font file with matplotlib and return its family, or check the name of an installed family."""
    from matplotlib.font_manager import fontManager, get_font_names

    path = Path(font)
    if path.suffix.lower() in (".ttf", ".otf", ".ttc"):
        try:
            before = len(fontManager.ttflist)
            fontManager.addfont(path)
        except (OSError, RuntimeError) as error:
            raise ConfigError("font", "must be a readable font file", str(font), str(error)) from error
        return next(each.name for each in fontManager.ttflist[before:])
    if str(font) not in get_font_names():
        _register_new_system_fonts()
    names = get_font_names()
    if str(font) not in names:
        import difflib

        near = difflib.get_close_matches(str(font), names, n=3, cutoff=0.5)
        remedy = f"did you mean {' or '.join(map(repr, near))}?" if near else "pass a font file instead"
        raise ConfigError("font", "must be an installed font family or a .ttf, .otf or .ttc file", str(font), remedy)
    return str(font)


def _warn_of_missing(characters: set[str]) -> None:
    """Issue one warning that no font has these characters and that empty boxes will be drawn for them."""
    scripts: dict[str, str] = {}
    for character in sorted(characters):
        first_word = unicodedata.name(character, "").split(" ")[0].split("-")[0]
        symbol = not unicodedata.category(character).startswith(("L", "M", "N"))
        other = ("symbols", _SYMBOL_PACKAGE) if symbol else (first_word.capitalize() or "unnamed", _OTHER_PACKAGE)
        script, package = _PACKAGES.get(first_word, other)
        scripts[script] = package
    shown = "".join(sorted(characters)[:5])
    packages = " and ".join(dict.fromkeys(scripts.values()))
    warn(
        f"characters that no installed font contains are drawn as empty boxes ({len(characters):,} in total, such as "
        f"{shown}; {', '.join(scripts)}): install a font (on Debian and Ubuntu: {packages}), or pass a font file as "
        "font",
        FontWarning,
    )

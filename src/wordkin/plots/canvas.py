"""The one place that imports matplotlib: blank figures, and files made of them.

Figures are made without pyplot, so nothing is kept in memory and no window system is touched.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wordkin.embeddings import Embeddings
from wordkin.errors import ConfigError, MissingExtraError
from wordkin.storage.files import check_writable, replacing_path

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SUFFIXES = (".png", ".svg", ".pdf")
INK, FAINT, PALE = "#333333", "#d9d9d9", "#f5f5f5"
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")  # Okabe and Ito's palette

_DOTS_PER_INCH = 150
# the font matplotlib brings has no Chinese, Japanese or Korean; take one that has from the system, if any
_WIDE_FONTS = (
    "Noto Sans CJK SC", "Noto Sans CJK JP", "Noto Sans CJK KR", "Noto Sans SC", "Source Han Sans SC",
    "WenQuanYi Micro Hei", "WenQuanYi Zen Hei", "Microsoft YaHei", "PingFang SC", "Hiragino Sans", "Malgun Gothic",
    "Arial Unicode MS", "Unifont",
)  # fmt: skip


def blank_figure(width_inches: float, height_inches: float) -> Figure:
    """An empty figure. Raises :class:`MissingExtraError` without matplotlib."""
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingExtraError("drawing pictures", "plot") from error
    figure = Figure(figsize=(width_inches, height_inches), dpi=_DOTS_PER_INCH, layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def text_style(size_points: float) -> dict[str, Any]:
    """Keywords for every text that may hold users' words: any script, and ``$`` is not mathematics."""
    from matplotlib.font_manager import get_font_names

    installed = set(get_font_names())
    families = ["DejaVu Sans", *(font for font in _WIDE_FONTS if font in installed)]
    return {"fontsize": size_points, "fontfamily": families, "parse_math": False, "color": INK}


def check_picture(output: str | os.PathLike[str]) -> Path:
    """The path to write to. Raises ConfigError on an unknown suffix, OutputError on an unwritable place."""
    path = Path(output)
    if path.suffix.lower() not in SUFFIXES:
        raise ConfigError("output", "must end in .png, .svg or .pdf", str(output))
    check_writable(path)
    return path


def save(figure: Figure, path: Path) -> None:
    """Write the figure in the format of the suffix; ``path`` is the whole new file or the old one."""
    from matplotlib import rc_context

    suffix = path.suffix.lower().removeprefix(".")
    # no dates and no random names in the file: the same picture is the same bytes
    metadata = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(suffix, {})
    with rc_context({"svg.hashsalt": "wordkin"}), replacing_path(path) as temporary:
        figure.savefig(temporary, format=suffix, metadata=metadata, bbox_inches="tight", pad_inches=0.12)


def chosen_ids(embeddings: Embeddings, words: Sequence[str], most: int) -> tuple[list[str], list[int]]:
    """Different words in their order, and their ids. Raises ConfigError unless there are 2 to ``most``."""
    if isinstance(words, str):
        raise ConfigError("words", "must be a list of words, not one string", words)
    different = list(dict.fromkeys(words))
    if not 2 <= len(different) <= most:
        raise ConfigError("words", f"must be from 2 to {most:,} different words", f"{len(different):,}")
    return different, embeddings.vocabulary.ids_of(different).tolist()

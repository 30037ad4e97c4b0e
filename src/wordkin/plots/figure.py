"""A figure that notebooks show."""

from __future__ import annotations

import io
import warnings

from matplotlib.figure import Figure

_PAD_INCHES = 0.12
_SCREEN_DOTS_PER_INCH = 96


class NotebookFigure(Figure):
    """A matplotlib figure that is its own picture in a notebook.

    Figures that pyplot did not make are shown as text there unless pyplot made another one before.
    """

    def _repr_png_(self) -> tuple[bytes, dict[str, int]]:
        """PNG, with the width in pixels of the screen to show it at."""
        content = io.BytesIO()
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Glyph .* missing from")  # said once, when fonts were chosen
            self.savefig(content, format="png", bbox_inches="tight", pad_inches=_PAD_INCHES)
        png = content.getvalue()
        width_of_png = int.from_bytes(png[16:20], "big")
        return png, {"width": round(width_of_png * _SCREEN_DOTS_PER_INCH / self.dpi)}

"""A matplotlib figure that notebooks display."""

from __future__ import annotations

import io
import warnings

from matplotlib.figure import Figure

_PAD_INCHES = 0.12
_SCREEN_DOTS_PER_INCH = 96


class NotebookFigure(Figure):
    """A matplotlib figure that notebooks display as a picture.

    Notebooks show figures created without pyplot as text, unless pyplot was used before.
    """

    def _repr_png_(self) -> tuple[bytes, dict[str, int]]:
        """Return the figure as PNG, and a dict with the width at which to display it, in screen pixels."""
        content = io.BytesIO()
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Glyph .* missing from")  # families_for has warned
            self.savefig(content, format="png", bbox_inches="tight", pad_inches=_PAD_INCHES)
        png = content.getvalue()
        width_of_png = int.from_bytes(png[16:20], "big")
        return png, {"width": round(width_of_png * _SCREEN_DOTS_PER_INCH / self.dpi)}

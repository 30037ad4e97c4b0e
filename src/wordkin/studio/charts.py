"""Curves of losses, drawn by ECharts as SVG so that ``theme.css`` colours their text and lines, light and dark."""

from __future__ import annotations

from typing import Any

from nicegui import ui

# Replaced by `theme.css` in the drawing: text, grid lines, and the two curves.
_TEXT, _GRID = "#7d8a97", "#c9d0d8"
COLOURS = ("#2b7bd0", "#d9622b")


def line_chart(series: list[dict[str, Any]], x_name: str, label: str, height: str, **x_axis: Any) -> ui.echart:
    """Draw lines with a legend above and the name of the horizontal axis below.

    Parameters
    ----------
    series : list of dict
        Series of ECharts, at most two; ``name`` and ``data`` each, and what differs from a plain line.
    x_name : str
        Name of the horizontal axis.
    label : str
        What screen readers say.
    height : str
        Height in CSS.
    **x_axis
        More options of the horizontal axis.
    """
    text = {"color": _TEXT}
    lines = {"lineStyle": {"color": _GRID}}
    options = {
        "animation": False,
        "grid": {"left": 8, "right": 44, "top": 40, "bottom": 30, "containLabel": True},
        "legend": {"top": 0, "textStyle": text},
        "tooltip": {"trigger": "axis", "renderMode": "richText"},
        "xAxis": {
            "name": x_name, "nameLocation": "middle", "nameGap": 28, "nameTextStyle": text, "axisLabel": text,
            "axisLine": lines, "axisTick": lines, "splitLine": {"show": False}, **x_axis,
        },
        "yAxis": {"type": "value", "scale": True, "axisLabel": text, "splitLine": lines},
        "color": list(COLOURS),
        "series": [{"type": "line", **each} for each in series],
    }  # fmt: skip
    chart = ui.echart(options, renderer="svg").classes("chart").style(f"height: {height}; width: 100%")
    chart.props["role"] = "img"
    chart.props["aria-label"] = label
    return chart

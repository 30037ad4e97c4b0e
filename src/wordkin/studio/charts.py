"""Loss curves, drawn by ECharts as SVG, so that ``theme.css`` can colour them in the light and the dark theme."""

from __future__ import annotations

from typing import Any

from nicegui import ui

# Colours of text, grid lines and the two curves; `theme.css` replaces them.
_TEXT, _GRID = "#7d8a97", "#c9d0d8"
COLOURS = ("#2b7bd0", "#d9622b")


def line_chart(series: list[dict[str, Any]], x_name: str, label: str, height: str, **x_axis: Any) -> ui.echart:
    """Draw a line chart with a legend above it and the name of the horizontal axis below it.

    Parameters
    ----------
    series : list of dict
        At most two series of ECharts. Each has ``name`` and ``data``, and may override other properties.
    x_name : str
        Name of the horizontal axis.
    label : str
        Description for screen readers.
    height : str
        Height in CSS.
    **x_axis
        Other options of the horizontal axis.
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

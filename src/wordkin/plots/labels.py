"""Placing the labels of points so that they can be read: over no other label and no point."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_GAPS = (5.0, 14.0, 28.0, 48.0, 76.0)  # pixels between a point and its label
_DIRECTIONS = 16
_SWEEPS = 4
_POINT_RADIUS = 4.0  # pixels kept free around each point
_CROSSING = 120.0  # square pixels of overlap that a line across another label counts as
_LINE_SAMPLES = 8  # points of a line that are looked at
_MARGIN = 1.5  # pixels kept free around each label


def place_labels(points: Floats, sizes: Floats, bounds: tuple[float, float, float, float]) -> Floats:
    """Lower left corners of the labels, shape (n, 2).

    Each label takes the candidate position around its point that overlaps least with other labels, points
    and the border, whose line to the point crosses the fewest labels, and that lies nearest; a few sweeps over
    all labels settle it.

    Parameters
    ----------
    points : (n, 2), where the points are, in pixels.
    sizes : (n, 2), width and height of each label, in pixels.
    bounds : left, bottom, right and top of the picture, in pixels.
    """
    dots = np.hstack((points - _POINT_RADIUS, points + _POINT_RADIUS))
    candidates, fixed, near = [], [], []
    reach = sizes.max(axis=0) + _GAPS[-1] + 2 * _MARGIN  # how far a label may extend from its point
    for index, (point, size) in enumerate(zip(points, sizes, strict=True)):
        boxes, penalties = _candidates(point, size)
        close = np.flatnonzero((np.abs(points - point) < 2 * reach).all(axis=1))
        candidates.append(boxes)
        fixed.append(_overlap(boxes, dots[close]) + 4 * _outside(boxes, bounds) + penalties)
        near.append(close[close != index])
    placed = np.array([boxes[costs.argmin()] for boxes, costs in zip(candidates, fixed, strict=True)])
    for _ in range(_SWEEPS):
        before = placed.copy()
        for index, (boxes, costs) in enumerate(zip(candidates, fixed, strict=True)):
            others = placed[near[index]]
            crossed = _CROSSING * _crossings(points[index], boxes, others)
            placed[index] = boxes[(costs + 2 * _overlap(boxes, others) + crossed).argmin()]
        if np.array_equal(before, placed):
            break
    return placed[:, :2] + _MARGIN


def _candidates(point: Floats, size: Floats) -> tuple[Floats, Floats]:
    """Boxes (left, bottom, right, top) around a point and a penalty for each, to the right first."""
    angles = np.arange(_DIRECTIONS) * (2 * np.pi / _DIRECTIONS)
    directions = np.column_stack((np.cos(angles), np.sin(angles)))
    half = size / 2 + _MARGIN
    # from the point to the box's centre: as far as the box reaches in that direction, and the gap
    reach = np.minimum(*(half[:, None] / np.maximum(np.abs(directions.T), 1e-9)))
    boxes, penalties = [], []
    for gap in _GAPS:
        centres = point + directions * (reach + gap)[:, None]
        boxes.append(np.hstack((centres - half, centres + half)))
        penalties.append(gap + 2 * (1 - directions[:, 0]))
    return np.concatenate(boxes), np.concatenate(penalties)


def _crossings(point: Floats, boxes: Floats, others: Floats) -> Floats:
    """How many of ``others`` (m, 4) the line from a point to each of ``boxes`` (k, 4) crosses."""
    ends = np.clip(point, boxes[:, :2], boxes[:, 2:])
    steps = np.linspace(0.15, 1.0, _LINE_SAMPLES)[:, None, None]
    line = (point + steps * (ends - point))[:, :, None, :]  # (samples, k, 1, 2)
    inside = ((line > others[:, :2]) & (line < others[:, 2:])).all(axis=3).any(axis=0)
    return np.asarray(inside.sum(axis=1), dtype=np.float64)


def _overlap(boxes: Floats, others: Floats) -> Floats:
    """Area in square pixels that each of ``boxes`` (k, 4) shares with all of ``others`` (m, 4)."""
    area = np.ones((len(boxes), len(others)))
    for low, high in ((0, 2), (1, 3)):
        start = np.maximum(boxes[:, low, None], others[:, low])
        area *= np.maximum(np.minimum(boxes[:, high, None], others[:, high]) - start, 0)
    return np.asarray(area.sum(axis=1), dtype=np.float64)


def _outside(boxes: Floats, bounds: tuple[float, float, float, float]) -> Floats:
    """Area of each box that lies outside the bounds."""
    inside = _overlap(boxes, np.array([bounds]))
    return np.asarray((boxes[:, 2:] - boxes[:, :2]).prod(axis=1) - inside, dtype=np.float64)

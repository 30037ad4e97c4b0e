"""Place labels next to points, so that labels overlap neither each other nor the points."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_GAPS = (5.0, 14.0, 28.0, 48.0, 76.0)  # pixels between a point and its label
_DIRECTIONS = 16
_SWEEPS = 4
_POINT_RADIUS = 4.0  # pixels kept free around each point
_CROSSING = 120.0  # penalty in square pixels of overlap for a leader line across another label
_LINE_SAMPLES = 8  # sample points on a leader line
_MARGIN = 1.5  # pixels kept free around each label


def place_labels(points: Floats, sizes: Floats, bounds: tuple[float, float, float, float]) -> Floats:
    """Choose a position for each label among candidates around its point.

    The cost of a position is a weighted sum of its overlap with other labels, points and the border, the number of
    labels that its leader line crosses, and its distance from the point. A few sweeps over all labels minimise the
    costs one label at a time.

    Parameters
    ----------
    points : array, shape (n, 2)
        Positions of the points in pixels.
    sizes : array, shape (n, 2)
        Width and height of each label in pixels.
    bounds : (float, float, float, float)
        Left, bottom, right and top of the picture in pixels.

    Returns
    -------
    array, shape (n, 2)
        Lower left corner of each label.
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
    """Return k candidate boxes for the label of a point, and a penalty for each box, which is lowest at the right.

    The boxes have shape (k, 4), with left, bottom, right and top, and the penalties shape (k,).
    """
    angles = np.arange(_DIRECTIONS) * (2 * np.pi / _DIRECTIONS)
    directions = np.column_stack((np.cos(angles), np.sin(angles)))
    half = size / 2 + _MARGIN
    # distance from the point to the centre of the box: its extent in that direction plus the gap
    reach = np.minimum(*(half[:, None] / np.maximum(np.abs(directions.T), 1e-9)))
    boxes, penalties = [], []
    for gap in _GAPS:
        centres = point + directions * (reach + gap)[:, None]
        boxes.append(np.hstack((centres - half, centres + half)))
        penalties.append(gap + 2 * (1 - directions[:, 0]))
    return np.concatenate(boxes), np.concatenate(penalties)


def _crossings(point: Floats, boxes: Floats, others: Floats) -> Floats:
    """For each of k boxes, count the other boxes that the line from the point to the box crosses; shape (k,).

    ``boxes`` has shape (k, 4), ``others`` shape (m, 4). Each row holds left, bottom, right and top.
    """
    ends = np.clip(point, boxes[:, :2], boxes[:, 2:])
    steps = np.linspace(0.15, 1.0, _LINE_SAMPLES)[:, None, None]
    line = (point + steps * (ends - point))[:, :, None, :]  # (samples, k, 1, 2)
    inside = ((line > others[:, :2]) & (line < others[:, 2:])).all(axis=3).any(axis=0)
    return np.asarray(inside.sum(axis=1), dtype=np.float64)


def _overlap(boxes: Floats, others: Floats) -> Floats:
    """For each of k boxes, return the sum of the areas that it shares with each of m other boxes; shape (k,).

    ``boxes`` has shape (k, 4), ``others`` shape (m, 4). Each row holds left, bottom, right and top in pixels.
    """
    area = np.ones((len(boxes), len(others)))
    for low, high in ((0, 2), (1, 3)):
        start = np.maximum(boxes[:, low, None], others[:, low])
        area *= np.maximum(np.minimum(boxes[:, high, None], others[:, high]) - start, 0)
    return np.asarray(area.sum(axis=1), dtype=np.float64)


def _outside(boxes: Floats, bounds: tuple[float, float, float, float]) -> Floats:
    """Return the part of the area of each box that is outside ``bounds``, in square pixels; shape (k,)."""
    inside = _overlap(boxes, np.array([bounds]))
    return np.asarray((boxes[:, 2:] - boxes[:, :2]).prod(axis=1) - inside, dtype=np.float64)

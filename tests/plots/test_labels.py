from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from wordkin.plots.labels import place_labels

BOUNDS = (0.0, 0.0, 1000.0, 800.0)


def shared_area(corners: np.ndarray, sizes: np.ndarray) -> float:
    total = 0.0
    for i in range(len(corners)):
        for j in range(i):
            low, high = np.maximum(corners[i], corners[j]), np.minimum(corners[i] + sizes[i], corners[j] + sizes[j])
            total += float(np.clip(high - low, 0, None).prod())
    return total


def test_a_lone_label_stands_to_the_right_of_its_point():
    corner = place_labels(np.array([[500.0, 400.0]]), np.array([[60.0, 14.0]]), BOUNDS)[0]
    assert 504 < corner[0] < 510
    assert corner[1] + 7 == 400


def test_a_label_at_the_right_border_turns_left():
    corner = place_labels(np.array([[995.0, 400.0]]), np.array([[60.0, 14.0]]), BOUNDS)[0]
    assert corner[0] + 60 < 995


def test_labels_of_a_crowd_do_not_overlap():
    rng = np.random.default_rng(0)
    points = np.array([500, 400]) + 60 * rng.standard_normal((25, 2))
    sizes = np.column_stack((rng.uniform(20, 70, 25), np.full(25, 14.0)))
    assert shared_area(place_labels(points, sizes, BOUNDS), sizes) == 0


def test_labels_of_points_in_one_place_are_spread():
    points, sizes = np.full((6, 2), 300.0), np.tile([50.0, 14.0], (6, 1))
    assert shared_area(place_labels(points, sizes, BOUNDS), sizes) == 0


@given(st.integers(1, 30), st.integers(0, 100))
def test_every_label_has_a_place_near_its_point(count, seed):
    rng = np.random.default_rng(seed)
    points, sizes = rng.uniform(0, 800, (count, 2)), rng.uniform(5, 80, (count, 2))
    corners = place_labels(points, sizes, BOUNDS)
    assert corners.shape == (count, 2)
    nearest = np.clip(points, corners, corners + sizes)
    assert (np.linalg.norm(nearest - points, axis=1) < 120).all()

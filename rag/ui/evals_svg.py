"""Small plots as inline SVG: a figure with its interval, and a figure over runs. Colours and strokes
come from the style sheet, so that they follow light and dark; every plot says itself in words.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from eval.history import Figured
from rag.ui.pieces import esc

Axis = tuple[float, float]
"""The lowest and the highest value."""


_Scale = Callable[[Any], float]


def interval_bar(figure: Figured, axis: Axis) -> str:
    """Value as a bar, interval as a line over it. Decoration: the numbers stand beside it."""
    width, height = 120.0, 14.0

    def x(value: float) -> float:
        return _between(value, axis) * width

    zero = x(max(axis[0], min(0.0, axis[1])))
    left, right = sorted((zero, x(figure.value)))
    low, high = x(figure.low), x(figure.high)
    middle = height / 2
    return (
        f'<svg class="att-measure" viewBox="0 0 {width:g} {height:g}" aria-hidden="true" '
        'focusable="false">'
        f'<rect class="att-rail" x="0" y="4" width="{width:g}" height="6" rx="3"></rect>'
        f'<rect class="att-fill" x="{left:.1f}" y="4" width="{right - left:.1f}" height="6" rx="3">'
        "</rect>"
        f'<path class="att-whisker" d="M{low:.1f} {middle:g}H{high:.1f}M{low:.1f} 2.5V11.5'
        f'M{high:.1f} 2.5V11.5"></path></svg>'
    )


def over_runs(points: Sequence[tuple[str, Figured | None]], axis: Axis, label: str) -> str:
    """A figure over runs, oldest first, with its intervals as a band; a run without it is a gap.
    `points` have what a pointer reads over each."""
    width, height, left, top = 240.0, 104.0, 30.0, 8.0
    right, bottom = width - 10, height - 12
    step = (right - left) / max(1, len(points) - 1)

    def x(at: int) -> float:
        return left + (at * step if len(points) > 1 else (right - left) / 2)

    def y(value: float) -> float:
        return bottom - _between(value, axis) * (bottom - top)

    rules = "".join(
        f'<path class="att-rule" d="M{left:g} {y(value):.1f}H{right:g}"></path>'
        f'<text x="{left - 5:g}" y="{y(value) + 3.5:.1f}" text-anchor="end">{value:g}</text>'
        for value in (axis[0], (axis[0] + axis[1]) / 2, axis[1])
    )
    shapes = "".join(_stretch(stretch, x, y) for stretch in _stretches(points))
    dots = "".join(
        f'<circle cx="{x(at):.1f}" cy="{y(figure.value):.1f}" r="3.2"><title>{esc(said)}</title>'
        "</circle>"
        for at, (said, figure) in enumerate(points)
        if figure is not None
    )
    return (
        f'<svg class="att-runs" viewBox="0 0 {width:g} {height:g}" role="img" '
        f'aria-label="{esc(label)}">{rules}{shapes}{dots}</svg>'
    )


def _stretches(
    points: Sequence[tuple[str, Figured | None]],
) -> list[list[tuple[int, Figured]]]:
    """Runs of neighbours that have the figure."""
    found: list[list[tuple[int, Figured]]] = [[]]
    for at, (_, figure) in enumerate(points):
        if figure is None:
            found.append([])
        else:
            found[-1].append((at, figure))
    return [stretch for stretch in found if stretch]


def _stretch(stretch: Sequence[tuple[int, Figured]], x: _Scale, y: _Scale) -> str:
    if len(stretch) == 1:
        at, figure = stretch[0]
        return (
            f'<path class="att-whisker" d="M{x(at):.1f} {y(figure.low):.1f}V{y(figure.high):.1f}">'
            "</path>"
        )
    upper = [f"{x(at):.1f} {y(figure.high):.1f}" for at, figure in stretch]
    lower = [f"{x(at):.1f} {y(figure.low):.1f}" for at, figure in reversed(stretch)]
    line = [f"{x(at):.1f} {y(figure.value):.1f}" for at, figure in stretch]
    return (
        f'<path class="att-band" d="M{"L".join([*upper, *lower])}Z"></path>'
        f'<path class="att-line" d="M{"L".join(line)}"></path>'
    )


def _between(value: float, axis: Axis) -> float:
    """0 at the axis's lowest, 1 at its highest, kept within."""
    return max(0.0, min(1.0, (value - axis[0]) / (axis[1] - axis[0])))

"""Line charts as SVG, drawn by hand: a plotting library for two pictures would weigh more than the server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 720, 360
LEFT, RIGHT, TOP, BOTTOM = 70, 220, 44, 54
COLOURS = ("#1b6ac9", "#c2571a", "#2a8a4a", "#7a4bb5", "#555555")
STEPS = 5


def line_chart(
    title: str, x_label: str, y_label: str, names: Sequence[str], lines: Mapping[str, Sequence[float]]
) -> str:
    """One line for each entry of ``lines``, a value for each of ``names``, on an axis that begins at 0."""
    top = _round_up(max(value for values in lines.values() for value in values))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="13">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        _text(LEFT, 24, title, size=16),
        _text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 12, x_label, anchor="middle"),
        _text(LEFT, TOP - 6, y_label, colour="#555"),
    ]
    for step in range(STEPS + 1):
        value = top * step / STEPS
        parts.append(f'<path d="M{LEFT} {_y(value, top):.1f}H{WIDTH - RIGHT}" stroke="#ddd"/>')
        parts.append(_text(LEFT - 8, _y(value, top) + 4, f"{value:g}", anchor="end"))
    parts += [_text(_x(at, names), HEIGHT - BOTTOM + 20, name, anchor="middle") for at, name in enumerate(names)]
    for number, (label, values) in enumerate(lines.items()):
        parts += _line(number, label, [(_x(at, names), _y(value, top)) for at, value in enumerate(values)])
    return "\n".join([*parts, "</svg>", ""])


def _line(number: int, label: str, points: Sequence[tuple[float, float]]) -> list[str]:
    colour = COLOURS[number % len(COLOURS)]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    y = TOP + 18 * number
    return [
        f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>',
        *(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"/>' for x, y in points),
        f'<path d="M{WIDTH - RIGHT + 12} {y}h18" stroke="{colour}" stroke-width="3"/>',
        _text(WIDTH - RIGHT + 36, y + 4, label),
    ]


def _x(at: int, names: Sequence[str]) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * (at + 0.5) / len(names)


def _y(value: float, top: float) -> float:
    return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * value / top


def _round_up(value: float) -> float:
    """The next of 1, 1.5, 2, 2.5, 3, 5 times a power of ten."""
    power = 10.0 ** (len(f"{max(value, 1):.0f}") - 1)
    return next(factor * power for factor in (1, 1.5, 2, 2.5, 3, 5, 10) if factor * power >= value)


def _text(x: float, y: float, text: str, *, anchor: str = "start", size: int = 13, colour: str = "#222") -> str:
    where = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" fill="{colour}"'
    return f"<text {where}>{escape(text)}</text>"

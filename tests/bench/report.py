"""Tables as Markdown, on the screen and between the markers of docs/performance.md."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "performance.md"


@dataclass
class Section:
    """What a suite found out: the text between the markers of its name."""

    name: str
    parts: list[str] = field(default_factory=list)
    pictures: dict[str, str] = field(default_factory=dict)
    goals: list[list[str]] = field(default_factory=list)
    measured: str = ""
    """When and under which conditions; stands last."""

    def text(self, sentence: str) -> None:
        self.parts.append(sentence)

    def table(self, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """The first column is words, all others are numbers."""
        self.parts.append(_table(head, rows))

    def goal(
        self, what: str, found: float, *, least: float | None = None, most: float | None = None, unit: str = "×"
    ) -> None:
        """What was aimed at, and whether this run got there. One of ``least`` and ``most`` is the aim."""
        met = found > 0 and (least is None or found >= least) and (most is None or found <= most)
        aim = f"at least {least:.3g} {unit}" if least is not None else f"at most {most:.3g} {unit}"
        self.goals.append([what, aim, f"{found:.3g} {unit}", "yes" if met else "no"])

    def picture(self, name: str, alternative: str, svg: str) -> None:
        """A picture that lies beside the document."""
        self.pictures[f"performance-{name}.svg"] = svg
        self.parts.append(f"![{alternative}](performance-{name}.svg)")

    def __str__(self) -> str:
        goals = [_table(["Goal", "aim", "here", "met"], self.goals)] if self.goals else []
        return "\n\n".join([*self.parts, *goals, self.measured])


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def write(section: Section, document: Path = DOCUMENT) -> None:
    """Put a section in the place of the one of its name. Raises ValueError when the document has no place for it."""
    opening, closing = f"<!-- bench: {section.name} -->", f"<!-- /bench: {section.name} -->"
    text = document.read_text()
    pattern = re.compile(f"{re.escape(opening)}\n.*?{re.escape(closing)}", re.DOTALL)
    if not pattern.search(text):
        raise ValueError(f"{document.name} has no place marked {opening}.")
    for name, svg in section.pictures.items():
        (document.parent / name).write_text(svg)
    document.write_text(pattern.sub(lambda _: f"{opening}\n{section}\n{closing}", text))


def quotient(value: float, reference: float) -> float:
    """0 where there is nothing to compare with."""
    return value / reference if reference else 0.0


def ratio(value: float, reference: float) -> str:
    return f"{value / reference:.2f} ×" if reference else "–"


def milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.3g} ms"

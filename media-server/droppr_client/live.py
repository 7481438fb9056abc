"""The live display on a terminal: a bar for each of the largest files on their way and one for all of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table

from droppr_client.output import count_text, duration_text, shown, size_text
from droppr_client.reports import Words, seconds_left, summary
from droppr_client.upload import UploadManager, UploadResult

FRAMES_PER_SECOND = 5
MAX_ROWS = 8
NARROW_COLUMNS = 100


class LiveReport:
    """Redraws itself until the end, then leaves the summary."""

    def __init__(self, manager: UploadManager, console: Console | None = None) -> None:
        self._manager = manager
        self._words = Words()
        self._console = console or Console(highlight=False)
        self._live = Live(
            console=self._console,
            refresh_per_second=FRAMES_PER_SECOND,
            transient=True,
            get_renderable=self._frame,
            redirect_stdout=False,
            redirect_stderr=False,
        )

    def result(self, result: UploadResult) -> None:
        line = self._words.line(result)
        if line:
            style = "red" if line.startswith("failed") else "yellow"
            self._console.print(shown(line, style=style, overflow="fold"))

    def note(self, sentence: str) -> None:
        self._console.print(shown(sentence))

    def end(self, seconds: float, exit_code: int, advice: Sequence[str]) -> None:
        self._live.stop()
        self._console.print(shown(summary(self._manager, seconds), style="" if exit_code else "green"))
        for sentence in advice:
            self._console.print(shown(sentence, overflow="fold"))

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def _frame(self) -> RenderableType:
        return Group(*self._files(), self._problem(), self._numbers(), self._total())

    def _problem(self) -> RenderableType:
        problem = self._manager.tracker.statistics().problem
        return shown(f"Trying again: {problem}", style="yellow", overflow="fold") if problem else Group()

    def _files(self) -> list[RenderableType]:
        rows = min(MAX_ROWS, max(1, self._console.height - 4))
        running = self._manager.tracker.running()[:rows]
        if not running:
            return []
        wide = self._console.width >= NARROW_COLUMNS
        table = Table.grid(padding=(0, 1), expand=True)
        table.add_column(ratio=3 if wide else 2, no_wrap=True, overflow="ellipsis")
        table.add_column(ratio=2)
        table.add_column(width=4, justify="right")
        table.add_column(width=10, justify="right", no_wrap=True)
        for file in running:
            share = file.sent / file.size if file.size else 1.0
            bar = ProgressBar(total=max(1, file.size), completed=file.sent, pulse=False)
            name = shown(_tail(file.path, self._name_width(wide)))
            table.add_row(name, bar, shown(f"{share:.0%}"), shown(size_text(file.size)))
        return [table]

    def _name_width(self, wide: bool) -> int:
        left = self._console.width - 4 - 10 - 3
        return max(8, left * 3 // 5 if wide else left // 2)

    def _numbers(self) -> RenderableType:
        now = self._manager.tracker.statistics()
        more = "+" if now.counting else ""
        facts = [
            f"{now.settled_files:,}/{now.total_files:,}{more} files",
            f"{size_text(now.uploaded_size)} of {size_text(now.total_size)}{more}",
            f"{size_text(int(self._manager.bandwidth.current()))}/s",
        ]
        left = seconds_left(self._manager, now)
        facts += [f"{duration_text(left)} left"] if left is not None else []
        held = self._manager.held_seconds
        facts += [f"server waits {duration_text(held)}"] if held > 1 else []
        facts += [f"×{self._manager.pace.limit}"]
        facts += [count_text(now.retries, "retry", "retries")] if now.retries else []
        facts += [f"{now.failed_files:,} failed"] if now.failed_files else []
        # The last facts are the first to go where there is no room.
        while len(facts) > 3 and sum(map(len, facts)) + 3 * len(facts) > self._console.width:
            facts.pop()
        return shown(" · ".join(facts), no_wrap=True, overflow="ellipsis")

    def _total(self) -> RenderableType:
        now = self._manager.tracker.statistics()
        done = min(now.uploaded_size, now.total_size)
        table = Table.grid(padding=(0, 1), expand=True)
        table.add_column(ratio=1)
        table.add_column(width=4, justify="right")
        share = done / now.total_size if now.total_size else 0.0
        table.add_row(ProgressBar(total=max(1, now.total_size), completed=done), shown(f"{share:.0%}"))
        return table


def _tail(path: str, width: int) -> str:
    """The end of a long path says more than its beginning."""
    return path if len(path) <= width else f"…{path[-(width - 1) :]}"

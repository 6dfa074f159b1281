"""What is shown on standard error while a run goes on: a live table, or a line now and then."""

import math
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from webui import units
from webui.analysis.document import RowPart, ThresholdPart, TimesPart, TotalsPart
from webui.cli.console import printable
from webui.cli.rules import threshold_table

_LINE_EVERY_S = 1.0


@dataclass(frozen=True, slots=True)
class Moment:
    """How a run stands. `row` is its last interval; `fraction` None: how far it is can't be told.

    `shape` says where in its load's shape it is. `service` is None but in the open model, where `times`
    begin when a request should have gone.
    """

    name: str
    elapsed_s: float
    planned_s: float | None
    fraction: float | None
    row: RowPart
    totals: TotalsPart
    times: TimesPart
    shape: str = ""
    service: TimesPart | None = None
    thresholds: Sequence[ThresholdPart] = ()


class Display(AbstractContextManager["Display"], Protocol):
    """Shows moments between enter and exit."""

    def show(self, moment: Moment) -> None:
        """Replaces what is shown."""

    def note(self, text: str) -> None:
        """Shows a line instead, before there is a moment."""


def display_on(console: Console, *, quiet: bool) -> Display:
    """A live table on a terminal, lines elsewhere, nothing where quiet."""
    if quiet:
        return _Nothing()
    return _LiveTable(console) if console.is_terminal else _Lines(console)


class _Base:
    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass


class _Nothing(_Base):
    def show(self, moment: Moment) -> None:
        pass

    def note(self, text: str) -> None:
        pass


class _Lines(_Base):
    def __init__(self, console: Console) -> None:
        self._console = console
        self._next_s = 0.0
        self._noted = False

    def show(self, moment: Moment) -> None:
        if moment.elapsed_s >= self._next_s:
            self._next_s = moment.elapsed_s + _LINE_EVERY_S - 0.05  # an interval may end a little early
            self._console.print(line(moment), soft_wrap=True)

    def note(self, text: str) -> None:
        if not self._noted:
            self._noted = True
            self._console.print(text, soft_wrap=True)


class _LiveTable(_Base):
    def __init__(self, console: Console) -> None:
        self._live = Live(console=console, auto_refresh=False, transient=True)

    def __enter__(self) -> Self:
        self._live.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.__exit__(kind, error, trace)

    def show(self, moment: Moment) -> None:
        self._live.update(table(moment), refresh=True)

    def note(self, text: str) -> None:
        self._live.update(Text(text), refresh=True)


def warmup_line(warmup_s: float, users: int, sent: int) -> str:
    """`warming up for 5 s  50 users  1,204 requests so far, in no figure of the run`."""
    so_far = f"{units.plural(sent, 'request')} so far, in no figure of the run"
    return f"warming up for {units.duration(warmup_s)}  {units.plural(users, 'user')}  {so_far}"


def line(moment: Moment) -> str:
    """`  3.0 s  50 users  2,431 successes/s  p50 20.4 ms  p99 31.0 ms  0 failures`."""
    row = moment.row
    parts = [
        f"{moment.elapsed_s:5.1f} s",
        units.plural(row.users, "user"),
        f"{units.significant(row.throughput_rps)} successes/s",
        f"p50 {units.milliseconds(row.p50_ms)}",
        f"p99 {units.milliseconds(row.p99_ms)}",
        units.plural(moment.totals.failures, "failure"),
    ]
    if moment.service is not None:
        parts += [
            f"service p99 {units.milliseconds(row.service_p99_ms)}",
            f"{units.count(moment.totals.dropped)} dropped",
        ]
    return "  ".join([*parts, moment.shape] if moment.shape else parts)


def table(moment: Moment) -> RenderableType:
    """The name, the progress bar, and the last interval beside the run so far."""
    parts = [Text(printable(moment.name), style="bold"), _progress(moment)]
    if moment.shape:
        parts.append(Text(moment.shape, style="dim"))
    parts.append(_figures(moment))
    if moment.thresholds:
        parts.append(threshold_table(moment.thresholds))
    return Group(*parts)


def _progress(moment: Moment) -> RenderableType:
    words = units.duration(round(moment.elapsed_s, 1))
    if moment.planned_s is not None:
        left = math.ceil(moment.planned_s - moment.elapsed_s)
        end = f"{units.duration(left)} left" if left > 0 else "waiting for the last answers"
        words += f" of {units.duration(moment.planned_s)}, {end}"
    bar = ProgressBar(total=1.0, completed=moment.fraction or 0.0, width=30, pulse=moment.fraction is None)
    grid = Table.grid(padding=(0, 2))
    grid.add_row(bar, words)
    return grid


def _figures(moment: Moment) -> Table:
    row, totals, times = moment.row, moment.totals, moment.times
    grid = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 3, 0, 0))
    grid.add_column("", style="dim")
    grid.add_column("Now", justify="right")
    grid.add_column("So far", justify="right")
    grid.add_row("Users", units.count(row.users), "")
    grid.add_row("In flight", units.count(row.in_flight), "")
    grid.add_row("Requests", f"{units.significant(row.rate_rps)}/s", units.count(totals.sent))
    grid.add_row("Successes", f"{units.significant(row.throughput_rps)}/s", units.count(totals.successes))
    grid.add_row("Failures", units.count(row.failures), units.count(totals.failures))
    if moment.service is not None:
        grid.add_row("Dropped", units.count(row.dropped), units.count(totals.dropped))
    for label in ("p50", "p95", "p99"):
        now, so_far = getattr(row, f"{label}_ms"), getattr(times, label)
        grid.add_row(label, units.milliseconds(now), units.milliseconds(so_far))
    if moment.service is not None:
        service = units.milliseconds(moment.service.p99)
        grid.add_row("Service p99", units.milliseconds(row.service_p99_ms), service)
    return grid

"""An experiment on a terminal: the grid that fills in, what its variants change, and why."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from webui import units
from webui.analysis.experiment import CellFigures
from webui.cli.console import foreign, printable
from webui.experiments import Cell, Experiment, VariantState
from webui.pages.experiment_context import HeatCell, HeatRow, experiment_page

_COLUMN = 10  # of a cell, with the space beside it: five of them beside a label fit into 80
_LABEL = 26  # at most, with the space beside it
_HIGH = 4  # of a row, with the line above it
_LEGEND = "Each field: successes/s, p95, and the share of successes where it is not all."
_ALL = 99.95  # successes from here on are 100 % as printed, which need not be said
# Few to many, each with a colour of text that can be read on it, whatever the terminal's own colours.
_SHADES = (
    "black on #e4eef9", "black on #c3dbf3", "black on #97c1ea", "black on #68a3de",
    "black on #3d82c9", "white on #2463a8", "white on #164781", "white on #0c2c56",
)  # fmt: skip
_DOING = {"starting": "starting", "running": "under load", "diagnosing": "finding out why"}
_PATTERNS = {
    "scales": "scales", "fixed-slots": "fixed slots", "serialised": "one at a time",
    "loop-blocked": "blocked event loop", "cpu-bound": "bound by the CPU", "rejects": "rejects",
    "degrades": "degrades", "inconclusive": "inconclusive",
}  # fmt: skip


class Display(AbstractContextManager["Display"], Protocol):
    """Shows an experiment between enter and exit."""

    def show(self, experiment: Experiment) -> None:
        """Shows how it stands now."""


def display_on(console: Console, *, quiet: bool) -> Display:
    """A heatmap that fills in on a terminal, a line for each cell elsewhere, nothing where quiet."""
    if quiet:
        return _Base()
    return _Heatmap(console) if console.is_terminal else _Lines(console)


class _Base(AbstractContextManager["_Base"]):
    def __exit__(self, *_: object) -> None:
        pass

    def show(self, experiment: Experiment) -> None:
        pass


class _Heatmap(_Base):
    def __init__(self, console: Console) -> None:
        self._live = Live(console=console, auto_refresh=False, transient=True)

    def __enter__(self) -> "_Heatmap":
        self._live.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._live.__exit__(None, None, None)

    def show(self, experiment: Experiment) -> None:
        width, height = self._live.console.size
        self._live.update(Group(_standing(experiment), *grids(experiment, width, height)), refresh=True)


class _Lines(_Base):
    def __init__(self, console: Console) -> None:
        self._console = console
        self._said: set[str] = set()

    def show(self, experiment: Experiment) -> None:
        for line in lines(experiment):
            if line not in self._said:
                self._said.add(line)
                self._console.print(line, soft_wrap=True)


def lines(experiment: Experiment) -> Iterator[str]:
    """What is known so far: a line for each variant's problem and each cell that has ended."""
    variants = zip(experiment.definition.variants, experiment.progress.variants, strict=True)
    for place, (variant, state) in enumerate(variants):
        label = printable(variant.label)
        for cell in experiment.progress.row(place):
            if cell.status in ("done", "failed"):
                yield f"{label}, {units.plural(cell.users, 'user')}: {_in_words(cell)}"
        if state.problem:
            yield f"{label}: {printable(state.problem)}"
        elif state.pattern:
            yield f"{label}: {_why(state)}"


def _in_words(cell: Cell) -> str:
    figures = cell.figures
    if figures is None:
        return f"failed, {printable(cell.reason)}"
    words = (
        f"{units.significant(figures.throughput_rps)} successes/s  p95 {units.milliseconds(figures.p95_ms)}"
    )
    return f"{words}  {units.percent(figures.success_percent)} successes"


def _standing(experiment: Experiment) -> Text:
    cells = experiment.progress.cells
    line = Text(printable(experiment.definition.title), style="bold")
    return line.append(f"  {experiment.done} of {units.plural(len(cells), 'cell')}", style="dim")


def grids(experiment: Experiment, width: int, height: int | None = None) -> Iterator[RenderableType]:
    """The grid, in as many tables one below the other as a terminal of that width needs, and what is in its
    fields. Where they would be higher than the terminal, rows move together."""
    rows = experiment_page(experiment).rows
    levels = experiment.definition.users
    label = min(_LABEL, 1 + max(map(len, _labels(rows))))
    at_once = max(1, (width - label) // _COLUMN)
    blocks = range(0, len(levels), at_once)
    close = height is not None and len(blocks) * (1 + _HIGH * len(rows)) + 3 > height
    for first in blocks:
        yield _grid(rows, levels, slice(first, first + at_once), label - 1, close=close)
    yield Text(_LEGEND, style="dim")


def _labels(rows: Sequence[HeatRow]) -> Iterator[str]:
    """All that may stand in the first column, so that it keeps its width."""
    yield from _DOING.values()
    yield from (printable(row.variant.label) for row in rows)


def _grid(rows: Sequence[HeatRow], levels: Sequence[int], shown: slice, label: int, *, close: bool) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0 if close else 1, 1, 0, 0))
    table.add_column("Variant", width=label)
    for users in levels[shown]:
        table.add_column(units.plural(users, "user"), justify="right", width=_COLUMN - 1)
    for row in rows:
        name = foreign(row.variant.label)
        if row.state.problem:
            name.append("\nfailed", style="red")
        elif doing := _DOING.get(row.state.status):
            name.append(f"\n{doing}", style="green")
        table.add_row(name, *(_cell(heat) for heat in row.cells[shown]))
    return table


def _cell(heat: HeatCell) -> Text:
    if heat.cell.figures is None:
        words = {"waiting": ("·", "dim"), "running": ("running", "green"), "failed": ("failed", "red")}
        return Text(*words.get(heat.cell.status, ("not run", "dim")))
    return Text(
        "\n".join(_figures(heat.figures)), style="" if heat.throughput is None else _SHADES[heat.throughput]
    )


def _figures(figures: CellFigures) -> Iterator[str]:
    doubt = "" if figures.trustworthy else "! "
    yield f"{doubt}{units.significant(figures.throughput_rps)}/s"
    yield units.milliseconds(figures.p95_ms)
    if figures.success_percent is not None and figures.success_percent < _ALL:
        yield f"{units.percent(figures.success_percent)} ok"


def report(experiment: Experiment, width: int) -> RenderableType:
    """An experiment that has ended: the grid, what the variants change, and why."""
    page = experiment_page(experiment)
    parts: list[RenderableType] = [_headline(experiment), *grids(experiment, width), Text()]
    if page.untrusted:
        parts.append(Text("! The load generator may have been the limit here.", style="yellow"))
    parts += [foreign(sentence) for sentence in page.sentences]
    parts += [Text(f"{printable(label)}: {_why(state)}") for label, state in _diagnosed(page.rows)]
    parts += [
        Text(f"{printable(row.variant.label)}: {printable(row.state.problem)}", style="red")
        for row in page.rows
        if row.state.problem
    ]
    return Group(*parts)


def _headline(experiment: Experiment) -> Text:
    line = _standing(experiment)
    if experiment.status != "finished":
        line.append(f"  {experiment.status}", style="yellow")
    if experiment.progress.reason:
        line.append(f"  {printable(experiment.progress.reason)}", style="dim")
    return line


def _diagnosed(rows: Sequence[HeatRow]) -> Iterator[tuple[str, VariantState]]:
    return ((row.variant.label, row.state) for row in rows if row.state.pattern)


def _why(state: VariantState) -> str:
    """`This service handles 40 requests at a time. (fixed slots, high confidence)`."""
    pattern = _PATTERNS[state.pattern] if state.pattern else ""
    if state.confidence and state.pattern != "inconclusive":
        pattern += f", {state.confidence} confidence"
    return f"{printable(state.headline)} ({pattern})" if state.headline else pattern

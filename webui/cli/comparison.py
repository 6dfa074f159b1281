"""A comparison as a person reads it on a terminal, and the exit code that it gives."""

import math
import sys
from dataclasses import dataclass

from rich.table import Table
from rich.text import Text

from webui import units
from webui.analysis.compare import regressions
from webui.analysis.compare_document import CellPart, Comparison, MeasurePart
from webui.analysis.compare_words import change_text
from webui.cli import console
from webui.cli.console import foreign
from webui.cli.exits import ExitCode
from webui.cli.rules import plain_table
from webui.errors import InvalidInput
from webui.exports.escaping import for_terminals


@dataclass(frozen=True, slots=True)
class Limits:
    """How much worse a run may be than the first: times and rates in percent, success in points."""

    percent: float
    points: float


def limits(percent: str, points: str) -> Limits:
    """The limits as typed: `5%` or `5`. Raises InvalidInput."""
    return Limits(_number("--tolerance", percent), _number("--success-tolerance", points))


def _number(flag: str, text: str) -> float:
    try:
        value = float(text.strip().removesuffix("%").removesuffix("pt"))
    except ValueError:
        value = math.nan
    if not 0 <= value <= 1000:
        raise InvalidInput.at(flag, f"write a number from 0 on, such as 5%, not {text[:40]!r}")
    return value


def report(comparison: Comparison, allowed: Limits, *, as_json: bool) -> int:
    """Prints the comparison and returns the exit code."""
    if as_json:
        sys.stdout.write(f"{for_terminals(comparison.model_dump_json(indent=2))}\n")
        sys.stdout.flush()
    else:
        _show(comparison)
    worse = regressions(comparison, allowed.percent, allowed.points)
    people = console.stderr() if as_json else console.stdout()
    for run, measure, cell in worse:
        change, interval = change_text(cell, measure.change_unit)
        people.print(f"Regression in {run.letter}: {measure.label} {change} ({interval})", style="bold red")
    if worse:
        return ExitCode.FAILED
    return ExitCode.PASSED if all(run.comparable for run in comparison.runs) else ExitCode.USAGE


def _show(comparison: Comparison) -> None:
    out = console.stdout()
    out.print(Text(comparison.verdict.headline, style="bold"))
    for sentence in comparison.verdict.details:
        out.print(foreign(sentence))
    out.print()
    out.print(_runs(comparison))
    if any(setting.differs for setting in comparison.settings):
        out.print()
        out.print(_settings(comparison))
    out.print()
    out.print(_measures(comparison))
    out.print(
        Text(f"95 % intervals, by resampling blocks of each run {comparison.draws:,} times.", style="dim")
    )


def _runs(comparison: Comparison) -> Table:
    table = plain_table("", "Run", "Name", "Requests", "", numbers_from=3)
    table.columns[4].justify = "left"
    for run in comparison.runs:
        why = f"Not comparable: {'; '.join(run.reasons)}" if run.reasons else ""
        table.add_row(run.letter, run.id, foreign(run.name), units.count(run.requests), foreign(why))
    return table


def _settings(comparison: Comparison) -> Table:
    letters = [run.letter for run in comparison.runs]
    table = plain_table("What differs", *letters, numbers_from=len(letters) + 1)
    for setting in comparison.settings:
        if setting.differs:
            table.add_row(foreign(setting.label), *(foreign(value or units.DASH) for value in setting.values))
    return table


def _measures(comparison: Comparison) -> Table:
    base, *others = comparison.runs
    heads = [head for run in others for head in (run.letter, "Change", "")]
    table = plain_table("", base.letter, *heads, numbers_from=1)
    for place in range(4, len(heads) + 2, 3):
        table.columns[place].justify = "left"
    for measure in comparison.measures:
        first, *cells = measure.runs
        table.add_row(
            f"{measure.label}, {measure.unit}",
            _value(first, measure),
            *(part for cell in cells for part in _told(cell, measure)),
        )
    return table


def _value(cell: CellPart, measure: MeasurePart) -> str:
    return units.percent(cell.value) if measure.unit == "%" else units.significant(cell.value)


def _told(cell: CellPart, measure: MeasurePart) -> tuple[str, str, Text]:
    change, interval = change_text(cell, measure.change_unit)
    style = "" if cell.better is None else "green" if cell.better else "red"
    shown = f"{change} ({interval})" if interval else change
    return _value(cell, measure), shown, Text(cell.word or "", style=style)

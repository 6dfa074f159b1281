"""What the comparison's page shows, as typed values; the words of the page are the template's. Pure."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlencode

from webui import units
from webui.analysis.compare import LETTERS, MOST_RUNS
from webui.analysis.compare_document import CellPart, Comparison, MeasurePart, SettingPart, Word
from webui.analysis.compare_words import change_text
from webui.pages.context import RunRow
from webui.pages.sharing import ShareLink
from webui.runs.model import RunView
from webui.runs.summary import load_text, target_text

STROKES = dict(zip(LETTERS, ("", "dash", "dot", "dashdot", "long"), strict=True))
PERCENTILES = (50.0, 75.0, 90.0, 95.0, 99.0, 99.9, 99.99)
_OCTAVE = 38.0  # percent of the forest's width from "same" to a half or a double


@dataclass(frozen=True, slots=True)
class RunCard:
    """One run at the head of the page."""

    letter: str
    stroke: str
    id: str
    title: str
    moment: datetime
    requests: int
    status: str
    target: str
    method: str
    load: str
    reasons: Sequence[str] = ()
    as_base: str = ""  # addresses; empty where there is nothing to choose
    without: str = ""


@dataclass(frozen=True, slots=True)
class Forest:
    """Where a change stands between a half and a double, in percent of the width: ends and middle."""

    low: float
    width: float
    middle: float

    @property
    def bar(self) -> tuple[float, float]:
        """Start and length of the line from no change to the change."""
        return min(50.0, self.middle), abs(self.middle - 50.0)


@dataclass(frozen=True, slots=True)
class Cell:
    """A measure of one run against the first."""

    value: str
    change: str
    interval: str
    word: Word
    better: bool | None
    up: bool
    reason: str
    forest: Forest | None


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the table."""

    key: str
    label: str
    base: str
    cells: Sequence[Cell]


@dataclass(frozen=True, kw_only=True)
class ComparePage:
    """`/compare` with two runs or more, and what a link to it shows."""

    cards: Sequence[RunCard]
    comparison: Comparison
    lines: Sequence[Line]
    different: Sequence[SettingPart]
    alike: Sequence[SettingPart]
    percentiles: Sequence[tuple[float, Sequence[float | None]]]
    statuses: Sequence[tuple[str, Sequence[int]]]
    errors: Sequence[tuple[str, Sequence[int]]]
    shared_at: str = ""  # the address of the link that shows it; empty on the owner's page
    problems: Sequence[str] = ()
    links: Sequence[ShareLink] = ()
    add: str = ""

    @property
    def shared(self) -> bool:
        """Whether a link shows it, which leads nowhere else."""
        return bool(self.shared_at)

    def chart_data(self, name: str) -> str:
        """The address of a chart's figures as a file."""
        if self.shared_at:
            return f"{self.shared_at}/charts/{name}.csv"
        return f"/api/v1/compare/charts/{name}.csv?{urlencode(self.share_fields)}"

    @property
    def share_fields(self) -> Sequence[tuple[str, str]]:
        """What a form about this comparison's links has to send."""
        return [("run", card.id) for card in self.cards]

    @property
    def same_target(self) -> bool:
        """Whether all runs had the same target."""
        return len({(card.method, card.target) for card in self.cards}) == 1

    @property
    def same_load(self) -> bool:
        """Whether all runs had the same load."""
        return len({card.load for card in self.cards}) == 1

    @property
    def full(self) -> bool:
        """Whether there is no room for another run."""
        return len(self.cards) == MOST_RUNS


@dataclass(frozen=True, kw_only=True)
class ChoosePage:
    """`/compare` before there are two runs: which to take."""

    chosen: Sequence[RunCard]
    rows: Sequence[RunRow]
    search: str = ""
    problems: Sequence[str] = field(default_factory=tuple)


def address(ids: Sequence[str], **more: str) -> str:
    """The address of the comparison of these runs."""
    return f"/compare?{urlencode([*(('run', each) for each in ids), *more.items()])}" if ids else "/compare"


def cards(views: Sequence[RunView], comparison: Comparison | None, *, shared: bool = False) -> list[RunCard]:
    """The runs at the head of the page."""
    ids = [view.id for view in views]
    return [_card(place, view, ids, comparison, shared=shared) for place, view in enumerate(views)]


def _card(
    place: int, view: RunView, ids: Sequence[str], comparison: Comparison | None, *, shared: bool
) -> RunCard:
    others = [each for each in ids if each != view.id]
    requests = view.plan.requests
    return RunCard(
        letter=LETTERS[place],
        stroke=STROKES[LETTERS[place]],
        id=view.id,
        title=view.name or view.plan.title,
        moment=view.started_at or view.created_at,
        requests=view.total.totals.sent if view.total is not None else 0,
        status=view.status.value,
        target=target_text(view.plan),
        method=requests[0].method if len(requests) == 1 else "",
        load=load_text(view.plan),
        reasons=comparison.runs[place].reasons if comparison is not None else (),
        as_base="" if shared or place == 0 else address([view.id, *others]),
        without="" if shared else address(others),
    )


def compare_page(
    views: Sequence[RunView],
    comparison: Comparison,
    *,
    shared_at: str = "",
    problems: Sequence[str] = (),
    links: Sequence[ShareLink] = (),
) -> ComparePage:
    """The page of a comparison of these runs."""
    settings = comparison.settings
    return ComparePage(
        cards=cards(views, comparison, shared=bool(shared_at)),
        comparison=comparison,
        lines=[_line(measure) for measure in comparison.measures],
        different=[setting for setting in settings if setting.differs],
        alike=[setting for setting in settings if not setting.differs],
        percentiles=_percentiles(comparison),
        statuses=_counted([run.status_codes for run in comparison.runs]),
        errors=_counted([{error.kind: error.count for error in run.errors} for run in comparison.runs]),
        shared_at=shared_at,
        problems=problems,
        links=links,
        add=address([view.id for view in views], choose="1"),
    )


def _line(measure: MeasurePart) -> Line:
    base, *others = measure.runs
    cells = [_cell(cell, measure) for cell in others]
    return Line(measure.key, measure.label, _value(base.value, measure), cells)


def _value(value: float | None, measure: MeasurePart) -> str:
    return units.percent(value) if measure.unit == "%" else units.significant(value)


def _cell(cell: CellPart, measure: MeasurePart) -> Cell:
    change, interval = change_text(cell, measure.change_unit)
    word = cell.word or "not comparable"
    up = cell.change is not None and cell.change > 0
    forest = _forest(cell) if measure.change_unit == "%" else None
    return Cell(_value(cell.value, measure), change, interval, word, cell.better, up, cell.reason, forest)


def _forest(cell: CellPart) -> Forest | None:
    if cell.change is None or cell.low is None or cell.high is None:
        return None
    low, middle, high = (_place(value) for value in (cell.low, cell.change, cell.high))
    return Forest(low, max(0.5, high - low), middle)


def _place(change: float) -> float:
    octaves = math.log2(max(1 + change / 100, 1e-3))
    return round(min(97.0, max(3.0, 50 + _OCTAVE * octaves)), 1)


def _percentiles(comparison: Comparison) -> list[tuple[float, list[float | None]]]:
    """Rows (percentile, each run's ms) of what any of the runs has, the fastest request first."""
    rows: list[tuple[float, list[float | None]]] = []
    for wanted in (0.0, *PERCENTILES):
        values = [_at(wanted, [(p.percentile, p.ms) for p in run.distribution]) for run in comparison.runs]
        if any(value is not None for value in values):
            rows.append((wanted, values))
    return rows


def _at(wanted: float, points: Sequence[tuple[float, float]]) -> float | None:
    """The curve's value at a percentile that it reaches."""
    reached = [ms for percentile, ms in points if percentile >= wanted - 1e-9]
    return reached[0] if reached else None


def _counted(columns: Sequence[dict[str, int]]) -> list[tuple[str, list[int]]]:
    keys = sorted({key for column in columns for key in column})
    return [(key, [column.get(key, 0) for column in columns]) for key in keys]


def chart_json(views: Sequence[RunView], comparison: Comparison) -> str:
    """What the charts draw: each run's curve and its rows [seconds, throughput, p50, p95]."""
    runs = [
        {
            "letter": run.letter,
            "stroke": STROKES[run.letter],
            "curve": [[point.percentile, round(point.ms, 4)] for point in run.distribution],
            "rows": [
                [row.t_s, row.throughput_rps, row.p50_ms, row.p95_ms] for row in view.result().snapshots
            ],
        }
        for run, view in zip(comparison.runs, views, strict=True)
    ]
    return json.dumps(runs, separators=(",", ":")).replace("<", "\\u003c")  # inside a script element

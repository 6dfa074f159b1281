"""Two to five runs side by side: each measure's change from the first run, with interval and word. Pure."""

import math
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from webui.analysis.compare_bootstrap import (
    DRAWS,
    LEAST_ABOVE,
    LEAST_INTERVALS,
    PERCENTILES,
    Resampled,
    difference,
    resampled,
)
from webui.analysis.compare_document import (
    CellPart,
    ComparedRunPart,
    Comparison,
    MeasurePart,
    PointPart,
    Word,
)
from webui.analysis.compare_plans import settings
from webui.analysis.compare_reasons import own_reasons, reasons_against
from webui.analysis.compare_sample import Sample
from webui.analysis.compare_shares import share_difference
from webui.analysis.compare_words import verdict
from webui.analysis.document import RunDocument, TotalsPart
from webui.analysis.pauses import pauses
from webui.errors import InvalidInput
from webui.metrics.histogram import Histogram, merge
from webui.metrics.percentiles import supported
from webui.metrics.snapshot import Snapshot

LETTERS = "ABCDE"
LEAST_RUNS, MOST_RUNS = 2, len(LETTERS)
RESOLUTION_PERCENT = 0.1  # what histograms of three significant digits cannot tell apart
_DRIFTING = frozenset({"ramping-users", "ramping-rate"})


@dataclass(frozen=True, slots=True, eq=False)
class Compared:
    """A run to compare: its result document and its rows, in order of time. Without them the document's own
    rows serve, which have no histograms, so percentiles have no intervals. `plan` is the document's with its
    secrets, where that has none."""

    document: RunDocument
    snapshots: Sequence[Snapshot] = ()
    plan: Mapping[str, Any] | None = None

    @property
    def intervals(self) -> int:
        """How many rows it has."""
        return len(self.snapshots or self.document.snapshots)

    def sample(self) -> Sample:
        """Its rows as columns; there are some."""
        if self.snapshots:
            return Sample.of(self.snapshots, self.load_s, self._held_up)
        return Sample.of_rows(self.document.snapshots, self.load_s, self._held_up)

    @property
    def _held_up(self) -> list[tuple[float, float]]:
        """Its pauses, as far as they took effect."""
        applied = [change for change in self.document.changes if change.applied]
        return list(pauses(applied, self.document.duration_s or 0.0))

    @property
    def load_s(self) -> float:
        """How long load was offered: the divisor of its rates."""
        totals = self.document.totals
        if totals.rate_rps:
            return totals.sent / totals.rate_rps
        return self.document.duration_s or 0.0


@dataclass(frozen=True, slots=True, eq=False)
class _Run:
    """A run with what was found about it."""

    document: RunDocument
    response: Histogram
    sample: Sample | None
    resampled: Resampled | None
    reasons: tuple[str, ...]  # also of the base's, since nothing can be set against it then


def compare(runs: Sequence[Compared]) -> Comparison:
    """The comparison with the first run. The same for the same runs, whichever others stand beside them.

    Raises InvalidInput for fewer than two runs, more than five, and a run that is there twice.
    """
    check_count([run.document.id for run in runs])
    found = [_found(run, runs[0]) for run in runs]
    measures = tuple(
        _measure(row, found) for row in _ROWS if any(_value(row, run) is not None for run in found)
    )
    parts = tuple(_run_part(letter, run) for letter, run in zip(LETTERS, found, strict=False))
    documents = [run.document for run in found]
    told = settings(documents, [run.plan or run.document.plan for run in runs])
    return Comparison(
        draws=DRAWS,
        runs=parts,
        verdict=verdict(parts, measures, told, open_model=_is_open(documents[0])),
        measures=measures,
        settings=told,
    )


def check_count(ids: Sequence[str]) -> None:
    """Raises InvalidInput with a sentence where these ids make no comparison."""
    twice = next((each for each in ids if ids.count(each) > 1), None)
    if twice is not None:
        raise InvalidInput.at(
            "run", f"{twice} is there twice; a run cannot be compared with itself, choose another"
        )
    if len(ids) < LEAST_RUNS:
        raise InvalidInput.at("run", f"a comparison needs two runs or more, not {len(ids)}")
    if len(ids) > MOST_RUNS:
        raise InvalidInput.at("run", f"five runs at most can be compared, not {len(ids)}; leave some out")


def _found(run: Compared, base: Compared) -> _Run:
    reasons = own_reasons(run.document, run.intervals)
    if run is not base:
        reasons += reasons_against(base.document, run.document)
        if own_reasons(base.document, base.intervals):
            reasons.append("the first run cannot be compared with anything; choose another one as the base")
    response = merge(snapshot.all_endpoints.response for snapshot in run.snapshots)
    sample = drawn = None
    if run.intervals >= LEAST_INTERVALS and run.load_s > 0 and run.document.totals.successes:
        sample = run.sample()
        drifts = run.document.plan.get("load", {}).get("shape") in _DRIFTING
        if not reasons:
            drawn = resampled(sample, zlib.crc32(run.document.id.encode()), drifts=drifts)
    return _Run(run.document, response, sample, drawn, tuple(reasons))


def _is_open(document: RunDocument) -> bool:
    return document.plan.get("load", {}).get("shape") in ("constant-rate", "ramping-rate")


# -- the table -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Row:
    key: str
    label: str
    unit: str
    change_unit: str = "%"
    good: str | None = "lower"
    words: tuple[Word, Word] = ("faster", "slower")  # for a lower and for a higher value


_ROWS = (
    _Row("throughput", "Throughput", "/s", good="higher", words=("slower", "faster")),
    _Row("rate", "Requests sent", "/s", good=None, words=("lower", "higher")),
    _Row("mean", "Mean", "ms"),
    *(_Row(f"p{percentile:g}", f"p{percentile:g}", "ms") for percentile in PERCENTILES),
    _Row("success", "Success", "%", "points", "higher", ("lower", "higher")),
    _Row("failures", "Failures", "/s", "/s", "lower", ("fewer", "more")),
)


def _value(row: _Row, run: _Run) -> float | None:
    totals, times = run.document.totals, run.document.response_time_ms
    if totals.sent == 0:
        return None
    match row.key:
        case "throughput":
            return totals.throughput_rps
        case "rate":
            return totals.rate_rps
        case "success":
            return totals.success_percent
        case "failures":
            return totals.failures * totals.rate_rps / totals.sent if totals.rate_rps else None
    value: float | None = getattr(times, row.key.replace(".", "_"))
    return value


def _measure(row: _Row, runs: Sequence[_Run]) -> MeasurePart:
    base, *others = runs
    cells = [CellPart(value=_value(row, base)), *(_cell(row, base, other) for other in others)]
    return MeasurePart.model_validate(
        {
            "key": row.key,
            "label": row.label,
            "unit": row.unit,
            "change_unit": row.change_unit,
            "good": row.good,
        }
        | {"runs": tuple(cells)}
    )


def _cell(row: _Row, base: _Run, other: _Run) -> CellPart:
    value = _value(row, other)
    reason = _why_not(row, base, other, value)
    found = None if reason else _interval(row, base, other)
    if found is None:
        return CellPart(
            value=value, word="not comparable", reason=reason or "some stretches have no successes"
        )
    change, low, high = found
    word = _word(row, change, low, high)
    better = (
        None
        if row.good is None or word not in row.words
        else (word == row.words[1]) == (row.good == "higher")
    )
    return CellPart(value=value, change=change, low=low, high=high, word=word, better=better)


def _why_not(row: _Row, base: _Run, other: _Run, value: float | None) -> str:
    if other.reasons:
        return other.reasons[0]
    if base.resampled is None or other.resampled is None or value is None or _value(row, base) is None:
        return "too few requests for this figure" if row.key.startswith("p") else "nothing was measured"
    if row.key[0] == "p":
        if row.key not in base.resampled.spreads or row.key not in other.resampled.spreads:
            return "a result file has no histograms, which an interval would need"
        share = 1 - float(row.key[1:]) / 100
        counts = [run.document.response_time_ms.count for run in (base, other)]
        if min(counts) * share * (1 + 1e-9) < LEAST_ABOVE:
            return f"too few requests above it: {round(LEAST_ABOVE / share):,} are needed in each run"
    return ""


def _interval(row: _Row, base: _Run, other: _Run) -> tuple[float, float, float] | None:
    assert base.resampled is not None
    assert other.resampled is not None
    first, second = base.resampled.spreads[row.key], other.resampled.spreads[row.key]
    found = difference(first, second)
    if found is None:
        return None
    if row.change_unit == "%":
        change, low, high = (100 * math.expm1(part) for part in found)
        return change, low, high
    if row.key == "success":
        return share_difference(_books(base.document.totals), _books(other.document.totals), found)
    return found


def _books(totals: TotalsPart) -> tuple[int, int]:
    return totals.successes, totals.successes + totals.failures


def _word(row: _Row, change: float, low: float, high: float) -> Word:
    if row.change_unit == "%" and max(abs(low), abs(high)) <= RESOLUTION_PERCENT:
        return "same"
    if change == low == high == 0:
        return "same"
    if low <= 0 <= high:
        return "no clear difference"
    return row.words[0 if high < 0 else 1]


# -- the runs --------------------------------------------------------------------------------------------


def _run_part(letter: str, run: _Run) -> ComparedRunPart:
    document, totals = run.document, run.document.totals
    intervals = len(run.sample) if run.sample is not None else len(document.snapshots)
    block = run.resampled.block * _interval_s(run) if run.resampled is not None else None
    return ComparedRunPart(
        letter=letter,
        id=document.id,
        name=document.name,
        status=document.status,
        created_at=document.created_at,
        started_at=document.started_at,
        requests=totals.sent,
        successes=totals.successes,
        failures=totals.failures,
        intervals=intervals,
        block_s=block,
        comparable=not run.reasons,
        reasons=run.reasons,
        distribution=distribution_of(run.response),
        status_codes=document.status_codes,
        errors=document.errors,
    )


def _interval_s(run: _Run) -> float:
    assert run.sample is not None
    return float(np.median(run.sample.seconds))


_POINTS = 96  # of the curve; evenly spaced by the number of nines
_MARKED = (*PERCENTILES, 99.99)  # which are told beside it, so that they are on it


def distribution_of(response: Histogram) -> tuple[PointPart, ...]:
    """The curve from the fastest request to the highest percentile that the sample supports."""
    if not response:
        return ()
    nines = min(math.log10(response.total), 5.0)
    steps = np.arange(_POINTS + 1) * (nines / _POINTS)
    even = (100 * (1 - 10.0**-step) for step in steps)
    wanted = sorted({*(round(each, 6) for each in even), *_MARKED})
    wanted = [each for each in wanted if each < 50 or supported(each, response.total)]
    values = response.percentiles_ns(wanted)
    return tuple(
        PointPart(percentile=each, ms=value / 1e6)
        for each, value in zip(wanted, values, strict=True)
        if value is not None
    )


# -- a regression --------------------------------------------------------------------------------------


def regressions(
    comparison: Comparison, tolerance_percent: float, tolerance_points: float
) -> list[tuple[ComparedRunPart, MeasurePart, CellPart]]:
    """What is worse than in the first run by more than a tolerance with 95 % confidence: the whole interval
    lies beyond it. Times and rates have a tolerance in percent, success one in points."""
    found = []
    for measure in comparison.measures:
        limit = tolerance_percent if measure.change_unit == "%" else tolerance_points
        if measure.good is None or measure.change_unit == "/s":
            continue
        for run, cell in zip(comparison.runs, measure.runs, strict=True):
            if cell.low is None or cell.high is None or cell.better is not False:
                continue
            surely = -cell.high if measure.good == "higher" else cell.low
            if surely > limit:
                found.append((run, measure, cell))
    return found

"""What the run page shows of a sweep's diagnosis, as typed values; all words are the templates'. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from webui.analysis.diagnosed import DiagnosisPart, Estimate, Fit, Queue
from webui.analysis.document import ProbePart, StepPart
from webui.analysis.knee import knee_step, levels_of
from webui.metrics import thresholds
from webui.metrics.thresholds import Threshold
from webui.units import significant

MOST_CELLS = 80  # of the picture; beyond that one cell stands for several requests
LAW_TOLERANCE = 0.12  # how far from Little's law p50 may be to sit on it


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of the verdict: its lead stands out. `rest` may be empty."""

    lead: str
    rest: str

    @classmethod
    def of(cls, text: str) -> "Sentence":
        """Splits "Lead. Detail." after the lead."""
        lead, dot, rest = text.partition(". ")
        return cls(lead + dot.strip(), rest)


@dataclass(frozen=True, slots=True)
class Picture:
    """The requests of so many users as cells; each cell stands for `each` of them."""

    queue: Queue
    each: int

    @property
    def served_cells(self) -> int:
        """Cells of requests that are worked on."""
        return math.ceil(self.queue.in_service / self.each)

    @property
    def waiting_cells(self) -> int:
        """Cells of requests that wait."""
        return math.ceil(self.queue.waiting / self.each)


@dataclass(frozen=True, slots=True)
class Figure:
    """An estimate as text: `low` and `high` are empty where that end is open, `value` where it is unknown."""

    value: str
    low: str
    high: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """A diagnosis with what its page needs beside. `step` is the level that stands for the knee, or for the
    most throughput where there is none (`at_knee` false)."""

    part: DiagnosisPart
    evidence: Sequence[Sentence]
    cannot_tell: Sequence[Sentence]
    picture: Picture | None
    at_a_time: Figure
    most: Figure
    step: StepPart | None
    at_knee: bool
    chosen: Fit | None
    others: Sequence[Fit]
    law_holds: bool  # past the knee p50 is what Little's law says
    limit: Threshold | None
    probes: Sequence[ProbePart]

    @property
    def of_canary(self) -> Sequence[ProbePart]:
        """What was sent to the chosen canary."""
        path = self.part.canary.path
        return [probe for probe in self.probes if path and probe.name.endswith(f" {path}")]

    @property
    def requests_elsewhere(self) -> int:
        """How many requests the candidates got that were not taken."""
        return sum(probe.sent for probe in self.probes) - sum(probe.sent for probe in self.of_canary)

    @property
    def conclusive(self) -> bool:
        """Whether there is a cause."""
        return self.part.pattern != "inconclusive"


def verdict_of(part: DiagnosisPart, steps: Sequence[StepPart], probes: Sequence[ProbePart]) -> Verdict:
    """The diagnosis of these steps."""
    knee = knee_step(steps, part.knee_users)
    return Verdict(
        part=part,
        evidence=[Sentence.of(text) for text in part.evidence],
        cannot_tell=[Sentence.of(text) for text in part.cannot_tell],
        picture=_picture(part.queue),
        at_a_time=_figure(part.effective_parallelism),
        most=_figure(_most(part)),
        step=knee or max(levels_of(steps), key=lambda step: step.throughput_rps or 0.0, default=None),
        at_knee=knee is not None,
        chosen=next((fit for fit in part.fits if fit.chosen), None),
        others=[fit for fit in part.fits if not fit.chosen],
        law_holds=_law_holds(part, steps),
        limit=None if part.capacity is None else thresholds.parse(part.capacity.limit),
        probes=probes,
    )


def _picture(queue: Queue | None) -> Picture | None:
    if queue is None or queue.in_service + queue.waiting <= 0:
        return None
    each = next(n for n in _steps_of_cells() if (queue.in_service + queue.waiting) / n <= MOST_CELLS)
    return Picture(queue, each)


def _steps_of_cells() -> Sequence[int]:
    return [factor * 10**power for power in range(7) for factor in (1, 2, 5)]


def _most(part: DiagnosisPart) -> Estimate:
    found = part.max_throughput
    return found if found.value is not None else Estimate(value=part.max_throughput_rps)


def _figure(estimate: Estimate) -> Figure:
    low, high = ends(estimate.low, estimate.high)
    value = estimate.value
    if value is None:
        return Figure("", low, high)
    # A whole number reads best, and the interval says that nothing finer is known.
    inside = (estimate.low or value) <= round(value) <= (estimate.high or value)
    return Figure(f"{round(value):,}" if inside and value >= 1 else significant(value), low, high)


def ends(low: float | None, high: float | None) -> tuple[str, str]:
    """Both ends of an interval with as many digits as it takes to tell them apart; empty for an open end."""
    if low is None or high is None:
        return ("" if low is None else significant(low), "" if high is None else significant(high))
    shown = [(significant(low, digits), significant(high, digits)) for digits in (3, 4, 5)]
    return next((pair for pair in shown if pair[0] != pair[1]), shown[-1])


def _law_holds(part: DiagnosisPart, steps: Sequence[StepPart]) -> bool:
    top, knee = part.max_throughput_rps, part.knee_users
    if not top or not knee:
        return False
    past = [step for step in steps if step.users > 1.3 * knee and step.response_time_ms.p50]
    return len(past) > 1 and all(
        abs((step.response_time_ms.p50 or 0.0) * top / (1000 * step.users) - 1) < LAW_TOLERANCE
        for step in past
    )


def chart_of(part: DiagnosisPart | None) -> dict[str, Any] | None:
    """What the charts draw of a diagnosis: the knee, the ceiling, the latency without waiting, and the fits
    as [whether it is the chosen one, points]."""
    if part is None:
        return None
    return {
        "knee": part.knee_users,
        "top": part.max_throughput_rps,
        "light_ms": part.light_load_ms,
        "fits": [[fit.chosen, [[round(x, 2), round(y, 3)] for x, y in fit.points]] for fit in part.fits],
    }

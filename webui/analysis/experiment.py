"""What a grid of variants and levels of users tells: how each variant differs from the first. Pure.

A cell is a short closed-model run. Variants are compared level by level, and by their highest throughput;
of the levels, the one is named at which latency changed most. Times in ms, rates per second.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from webui.analysis.part import Part
from webui.units import milliseconds, percent

SAME = 0.07  # a ratio closer to 1 than this is no clear difference between runs of a few seconds
RELIABLE_PERCENT = 99.0  # successes below this share: latency of the rest says little
SUCCESS_POINTS = 1.0  # a difference in success rate worth a word
SATURATED = 0.8  # of the throughput that users without any waiting would reach
SHORT_PERCENT = 10.0  # of its time the generator waits for a processor: from there on there are too few


class CellFigures(Part):
    """What was measured at one level; None where nothing was."""

    users: int
    throughput_rps: float | None = None
    p50_ms: float | None = None
    p95_ms: float | None = None
    success_percent: float | None = None
    trustworthy: bool = True
    generator_wait_percent: float | None = None  # of its time the load generator had no processor


@dataclass(frozen=True, slots=True)
class VariantFigures:
    """One row of the grid. `parallelism` is what its diagnosis says, where it says it; `undecided`: that the
    diagnosis could not tell."""

    label: str
    cells: Sequence[CellFigures]
    parallelism: float | None = None
    undecided: bool = False

    @property
    def best(self) -> CellFigures | None:
        """The cell with the highest throughput."""
        measured = [cell for cell in self.cells if cell.throughput_rps]
        return max(measured, key=lambda cell: cell.throughput_rps or 0.0, default=None)

    @property
    def ceiling(self) -> Sequence[CellFigures]:
        """The cells that say how high the throughput gets: the best, and those with more users."""
        best = self.best
        return [] if best is None else [cell for cell in self.cells if cell.users >= best.users]

    @property
    def at_a_time(self) -> float | None:
        """How many requests it works on at a time: the diagnosis' figure, else Little's law on the highest
        throughput and the median at the lowest level. None while throughput still rises with users, and where
        the generator, or nobody knows what, was the limit."""
        if self.parallelism is not None:
            return self.parallelism
        if self.undecided or not all(cell.trustworthy for cell in self.ceiling):
            return None
        lowest = min(self.cells, key=lambda cell: cell.users, default=None)
        highest = max(self.cells, key=lambda cell: cell.users, default=None)
        best = self.best
        if not lowest or not highest or not best or not lowest.p50_ms or not highest.throughput_rps:
            return None
        unhindered = highest.users * 1000.0 / lowest.p50_ms
        if highest.throughput_rps > SATURATED * unhindered:
            return None
        return (best.throughput_rps or 0.0) * lowest.p50_ms / 1000.0


class Change(Part):
    """A figure at one level, with the first variant and with this one."""

    users: int
    before: float
    after: float


class Difference(Part):
    """How a variant differs from the first. `sentence` says it in words; None where nothing compares."""

    label: str
    against: str
    throughput_ratio: float | None = None  # of the highest throughputs
    at_a_time: float | None = None
    p95_ms: Change | None = None  # at the level where it changed most
    success_percent: Change | None = None
    generator_limited: bool = False  # a cell that the ratio rests on is not trustworthy
    generator_wait_percent: float | None = None  # the most in such a cell
    everywhere: bool = True  # latency was compared at every level
    sentence: str = ""


def differences(variants: Sequence[VariantFigures]) -> tuple[Difference, ...]:
    """Each variant after the first, against the first; those without a level in common are left out."""
    if not variants:
        return ()
    first, *others = variants
    found = (_difference(first, other) for other in others)
    return tuple(each for each in found if each is not None)


def _difference(first: VariantFigures, other: VariantFigures) -> Difference | None:
    pairs = _pairs(first.cells, other.cells)
    if not pairs:
        return None
    common = {cell.users for cell, _ in pairs}
    rows = [_within(variant, common) for variant in (first, other)]
    before, after = (row.best for row in rows)
    rests_on = [cell for row in rows for cell in row.ceiling]
    latencies = list(_latencies(pairs))
    ratio = None
    if before and after and before.throughput_rps and after.throughput_rps:
        ratio = after.throughput_rps / before.throughput_rps
        ratio = ratio if math.isfinite(ratio) else None
    found = Difference(
        label=other.label,
        against=first.label,
        throughput_ratio=ratio,
        at_a_time=other.at_a_time,
        p95_ms=_largest(latencies),
        success_percent=_success(pairs),
        generator_limited=not all(cell.trustworthy for cell in rests_on),
        generator_wait_percent=max((cell.generator_wait_percent or 0.0 for cell in rests_on), default=None),
        everywhere=len(latencies) == len(pairs),
    )
    return found.model_copy(update={"sentence": _sentence(found)})


def _within(variant: VariantFigures, levels: set[int]) -> VariantFigures:
    return VariantFigures(variant.label, [cell for cell in variant.cells if cell.users in levels])


def _pairs(
    first: Iterable[CellFigures], other: Iterable[CellFigures]
) -> list[tuple[CellFigures, CellFigures]]:
    """The two variants' cells of each level that both have measured, by rising users."""
    after = {cell.users: cell for cell in other if cell.success_percent is not None}
    ordered = sorted(first, key=lambda cell: cell.users)
    return [
        (cell, after[cell.users])
        for cell in ordered
        if cell.success_percent is not None and cell.users in after
    ]


def _latencies(pairs: Iterable[tuple[CellFigures, CellFigures]]) -> Iterable[Change]:
    for before, after in pairs:
        succeeded = min(before.success_percent or 0.0, after.success_percent or 0.0) >= RELIABLE_PERCENT
        trusted = before.trustworthy and after.trustworthy
        if succeeded and trusted and before.p95_ms and after.p95_ms:
            yield Change(users=before.users, before=before.p95_ms, after=after.p95_ms)


def _largest(changes: Iterable[Change]) -> Change | None:
    return max(changes, key=lambda change: abs(math.log(change.after / change.before)), default=None)


def _success(pairs: Iterable[tuple[CellFigures, CellFigures]]) -> Change | None:
    """The level at which the success rate differs most, if it differs by more than a point anywhere."""
    changes = [
        Change(users=before.users, before=before.success_percent or 0.0, after=after.success_percent or 0.0)
        for before, after in pairs
    ]
    worst = max(changes, key=lambda change: abs(change.after - change.before), default=None)
    return worst if worst and abs(worst.after - worst.before) > SUCCESS_POINTS else None


def _sentence(found: Difference) -> str:
    parts = [_throughput_words(found), _latency_words(found), _success_words(found.success_percent)]
    words = "; ".join(part for part in parts if part)
    if not words:
        return ""
    return f"{found.label}: {words}.{_caveat(found)}"


def _caveat(found: Difference) -> str:
    """What the ratio may be besides the service's."""
    if found.generator_limited:
        return " The load generator was the limit here, so the target may do more."
    waited = found.generator_wait_percent or 0.0
    if waited < SHORT_PERCENT or found.throughput_ratio is None:
        return ""
    return (
        f" Processors were short: the load generator waited for one up to {waited:.0f}% of its time, so this "
        "may be the machine's limit, not the service's."
    )


def _throughput_words(found: Difference) -> str:
    ratio = found.throughput_ratio
    if ratio is None:
        return ""
    told = ratio > 1 and found.at_a_time is not None and found.at_a_time >= 1
    upto = f" up to {found.at_a_time:,.0f} at a time" if told else ""
    if abs(ratio - 1) <= SAME:
        return f"no more throughput than {_inside(found.against)}"
    return f"{ratio:.1f} times the throughput{upto}" if ratio >= 0.1 else f"{ratio:.2f} times the throughput"


def _inside(label: str) -> str:
    return label[:1].lower() + label[1:] if label[:1].isupper() and label[1:2].islower() else label


def _latency_words(found: Difference) -> str:
    change = found.p95_ms
    if change is None:
        return ""
    ratio = change.after / change.before
    if abs(ratio - 1) <= SAME:
        return f"p95 is about the same at every level{'' if found.everywhere else ' that tells'}"
    verb = "falls" if ratio < 1 else "rises"
    times = f"from {milliseconds(change.before)} to {milliseconds(change.after)}"
    return f"p95 at {_users(change.users)} {verb} {times}"


def _success_words(change: Change | None) -> str:
    if change is None:
        return ""
    verb = "rises" if change.after > change.before else "falls"
    return (
        f"success at {_users(change.users)} {verb} from {percent(change.before)} to {percent(change.after)}"
    )


def _users(number: int) -> str:
    return f"{number:,} user{'' if number == 1 else 's'}"

"""A stretch of a run: what its recorded intervals say of that time alone. Pure.

Intervals are taken whole, those whose middle lies in the stretch. So stretches side by side share no interval
and lose none, and their merged figures are exactly those of the histograms that were recorded.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field

from webui.analysis.document import EndpointPart, ErrorPart, RowPart, TimesPart, TotalsPart
from webui.analysis.part import Part
from webui.analysis.results import measured_parts, rows
from webui.errors import InvalidInput
from webui.metrics.snapshot import Snapshot, merge_time
from webui.plan.model import Plan
from webui.units import NS_PER_S


@dataclass(frozen=True, slots=True)
class Stretch:
    """Some intervals in order, at least one, and all of them merged."""

    snapshots: Sequence[Snapshot]
    total: Snapshot

    @property
    def from_s(self) -> float:
        """When its first interval begins, since the start of the run."""
        return self.snapshots[0].start_ns / NS_PER_S

    @property
    def to_s(self) -> float:
        """When its last interval ends."""
        return self.snapshots[-1].end_ns / NS_PER_S

    @property
    def most_users(self) -> int:
        """The most users at the end of an interval."""
        return max(snapshot.users for snapshot in self.snapshots)

    @property
    def mean_in_flight(self) -> float | None:
        """Requests in flight, on average over the stretch."""
        length_ns = sum(snapshot.end_ns - snapshot.start_ns for snapshot in self.snapshots)
        return self.total.in_flight_ns / length_ns if length_ns else None


def cut(snapshots: Sequence[Snapshot], from_s: float, to_s: float) -> Stretch:
    """The stretch from `from_s` to `to_s`; one shorter than an interval is the interval that it lies in.
    Raises InvalidInput when it ends before it begins, or nothing was measured there."""
    if to_s <= from_s:
        raise InvalidInput.at("to_s", "has to be later than the beginning")
    begin, end = from_s * NS_PER_S, to_s * NS_PER_S
    chosen = [each for each in snapshots if begin <= (each.start_ns + each.end_ns) / 2 < end]
    if not chosen:
        middle = (begin + end) / 2
        chosen = [each for each in snapshots if each.start_ns <= middle < each.end_ns]
    if not chosen:
        raise InvalidInput.at("from_s", "nothing was measured in this stretch")
    return Stretch(chosen, merge_time(chosen))


class StretchDocument(Part):
    """The parts of a run's result that a stretch has, of that stretch alone."""

    id: Annotated[str, Field(description="The run's id.")]
    from_s: Annotated[float, Field(description="When the first interval taken begins.")]
    to_s: Annotated[float, Field(description="When the last interval taken ends.")]
    load_s: Annotated[float, Field(description="How long load was offered: what rates are divided by.")]
    users: Annotated[int, Field(description="The most users at a time.")]
    mean_in_flight: float | None
    totals: TotalsPart
    response_time_ms: TimesPart
    service_time_ms: TimesPart
    failure_time_ms: TimesPart
    first_byte_ms: TimesPart
    connect_ms: TimesPart
    tls_ms: TimesPart
    endpoints: tuple[EndpointPart, ...]
    status_codes: dict[str, int]
    errors: tuple[ErrorPart, ...]
    snapshots: tuple[RowPart, ...]


def stretch_document(run_id: str, plan: Plan, stretch: Stretch, load_s: float) -> StretchDocument:
    """What the stretch's figures are. `load_s` is how long load was offered in it."""
    parts: dict[str, Any] = measured_parts(plan, stretch.total, load_s)
    fields = StretchDocument.model_fields.keys() & parts.keys()
    return StretchDocument(
        id=run_id,
        from_s=stretch.from_s,
        to_s=stretch.to_s,
        load_s=load_s,
        users=stretch.most_users,
        mean_in_flight=stretch.mean_in_flight,
        snapshots=rows(stretch.snapshots),
        **{name: parts[name] for name in fields},
    )

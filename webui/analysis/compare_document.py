"""The comparison of runs (`katydid.comparison/1`) as JSON: the same for API, page and command line. Pure."""

from typing import Annotated, Literal

from pydantic import Field

from webui.analysis.document import ErrorPart, Moment, Status
from webui.analysis.part import Part

Word = Literal[
    "faster", "slower", "higher", "lower", "more", "fewer", "no clear difference", "same", "not comparable"
]


class PointPart(Part):
    """The response time that `percentile` percent of the successes did not exceed."""

    percentile: float
    ms: float


class ComparedRunPart(Part):
    """One of the runs. `reasons` say why its figures are not set against the first run's."""

    letter: Annotated[str, Field(examples=["A"])]
    id: str
    name: str
    status: Status
    created_at: Moment
    started_at: Moment | None
    requests: int
    successes: int
    failures: int
    intervals: int
    block_s: Annotated[
        float | None, Field(description="How long the blocks are that its intervals are drawn in.")
    ] = None
    comparable: bool = True
    reasons: tuple[str, ...] = ()
    distribution: tuple[PointPart, ...] = ()
    status_codes: dict[str, int] = Field(default_factory=dict)
    errors: tuple[ErrorPart, ...] = ()


class CellPart(Part):
    """A measure of one run. Its change from the first run is `change`, with 95 % confidence between `low` and
    `high`. `better` says whether `word` is good news; null where it is neither."""

    value: float | None = None
    change: float | None = None
    low: float | None = None
    high: float | None = None
    word: Word | None = None
    better: bool | None = None
    reason: str = ""


class MeasurePart(Part):
    """A row of the table; `runs` in the order of the runs. Changes are in `change_unit`."""

    key: Annotated[str, Field(examples=["throughput", "p99.9"])]
    label: str
    unit: Literal["/s", "ms", "%"]
    change_unit: Literal["%", "points", "/s"]
    good: Literal["higher", "lower"] | None
    runs: tuple[CellPart, ...]


class SettingPart(Part):
    """One setting and what it is in each run; null where a run has no such setting."""

    key: Annotated[str, Field(examples=["http.keepalive"])]
    label: str
    values: tuple[str | None, ...]
    changed: tuple[bool, ...]

    @property
    def differs(self) -> bool:
        """Whether it is not the same in all runs."""
        return any(self.changed)


class VerdictPart(Part):
    """The comparison in words: one sentence, then the rest."""

    headline: str
    details: tuple[str, ...] = ()


class Comparison(Part):
    """Two to five runs; the first one is the base."""

    schema_: Annotated[Literal["katydid.comparison/1"], Field(alias="schema")] = "katydid.comparison/1"
    confidence_percent: float = 95.0
    draws: int
    runs: tuple[ComparedRunPart, ...]
    verdict: VerdictPart
    measures: tuple[MeasurePart, ...]
    settings: tuple[SettingPart, ...]

    def measure(self, key: str) -> MeasurePart | None:
        """The row of that key; None where no run has it."""
        return next((measure for measure in self.measures if measure.key == key), None)

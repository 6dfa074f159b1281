"""The diagnosis as the result document has it: what the target does under concurrency, and why. Pure.

Times in ms, rates per second. Sentences are complete, in plain words, with the numbers behind them.
"""

from typing import Any, Literal

from webui.analysis.part import Part

Pattern = Literal[
    "scales",
    "fixed-slots",
    "serialised",
    "loop-blocked",
    "cpu-bound",
    "rejects",
    "degrades",
    "inconclusive",
]
Confidence = Literal["high", "medium", "low"]


class Estimate(Part):
    """A figure with its 95 % interval; an end that is open is null."""

    value: float | None = None
    low: float | None = None
    high: float | None = None


class Capacity(Part):
    """The most throughput that was measured with the latency limit held: "p95<200ms" at `users` users.
    The last two are null where no level held it."""

    limit: str
    throughput_rps: float | None = None
    users: int | None = None


class Fit(Part):
    """A model of throughput by users, fitted to the steps: `points` are [users, requests/s] pairs within the
    measured range, for drawing. Of the three the one with the lowest `aic` is `chosen`."""

    model: Literal["hard-minimum", "linear", "usl"]
    aic: float
    r_squared: float | None
    chosen: bool
    parameters: dict[str, float]
    points: tuple[tuple[float, float], ...]


class CanaryPart(Part):
    """The cheap second route. `reason` is a sentence where there is none."""

    path: str | None = None
    reason: str = ""
    idle_ms: float | None = None
    loaded_ms: float | None = None  # at the ceiling
    cost_ms: float | None = None  # the server's own cost of a trivial request
    coupling: float | None = None  # 0: it never waits; 1: it waits in the same line as the load


class Hypothesis(Part):
    """A known default that makes such a number, and the experiment that would confirm it."""

    name: str
    why: str
    source: str  # where the number is documented
    experiment: str


class NextStep(Part):
    """Something to try."""

    title: str
    text: str
    same_sweep: bool = False  # whether running the same sweep again is what shows its effect


class Queue(Part):
    """What happens with `users` users at a time: for the picture beside the verdict."""

    users: int
    in_service: int
    waiting: int
    service_ms: float
    wait_ms: float


class DiagnosisPart(Part):
    """The verdict. `headline` is one sentence a manager understands, `summary` the mechanism after it.

    Each of `evidence` and `cannot_tell` is "Lead. Detail.": the lead up to the first ". " may be set bold.
    """

    pattern: Pattern
    confidence: Confidence = "low"
    headline: str = ""
    summary: str = ""
    reasons: tuple[str, ...] = ()  # why it is inconclusive
    evidence: tuple[str, ...] = ()
    cannot_tell: tuple[str, ...] = ()
    next_steps: tuple[str, ...] = ()  # the same as `steps_to_take`, as plain sentences
    steps_to_take: tuple[NextStep, ...] = ()
    hypotheses: tuple[Hypothesis, ...] = ()
    effective_parallelism: Estimate = Estimate()
    max_throughput_rps: float | None = None
    max_throughput: Estimate = Estimate()
    knee_users: float | None = None
    light_load_ms: float | None = None  # latency with no waiting, round trip included
    round_trip_ms: float | None = None
    blocked_ms: float | None = None  # for how long each request blocks the event loop
    capacity: Capacity | None = None
    queue: Queue | None = None
    fits: tuple[Fit, ...] = ()
    canary: CanaryPart = CanaryPart()
    requests: int = 0  # used for the diagnosis, canary's included
    seconds: float | None = None  # it took

    @classmethod
    def from_data(cls, data: dict[str, Any]) -> "DiagnosisPart":
        """The inverse of dumping it. Raises ValidationError."""
        return cls.model_validate(data)

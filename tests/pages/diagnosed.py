"""Finished sweeps with hand-made diagnoses, one of each pattern, for the tests of what shows them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from webui.analysis.diagnosed import (
    CanaryPart,
    Capacity,
    Confidence,
    DiagnosisPart,
    Estimate,
    Fit,
    Hypothesis,
    NextStep,
    Pattern,
    Queue,
)
from webui.analysis.document import (
    AuditPart,
    CpuPercent,
    ProbePart,
    RunDocument,
    StepPart,
    TimesPart,
    TotalsPart,
)
from webui.plan.documents import plan_from_data
from webui.plan.model import Plan
from webui.runs.model import RunView
from webui.runs.state import RunStatus

LEVELS = (1, 2, 4, 8, 16, 32, 40, 57, 64, 128, 160)
SLOTS, LIGHT_MS = 40, 100.4
TOP = SLOTS / LIGHT_MS * 1000
PLAN = plan_from_data(
    {
        "name": "Items list, capacity",
        "base_url": "http://127.0.0.1:8000",
        "requests": [{"path": "/items"}],
        "load": {"shape": "sweep", "from": 1, "to": 256},
    }
)


def step(users: int, kind: str = "level") -> StepPart:
    """What `users` users measure at forty slots of 100.4 ms."""
    served = min(users, SLOTS)
    rate = served / LIGHT_MS * 1000
    p50 = users / rate * 1000
    count = round(rate * 2)
    totals = TotalsPart(
        sent=count, successes=count, completed=count, throughput_rps=rate, success_percent=100.0
    )
    return StepPart(
        users=users,
        t_s=users / 10,
        duration_s=2.0,
        settle_s=0.4,
        throughput_rps=rate,
        success_percent=100.0,
        totals=totals,
        kind=kind,
        in_service=float(served),
        waiting=float(users - served),
        canary_p50_ms=1.1,
        response_time_ms=TimesPart(count=count, p50=p50, p95=p50 * 1.02, p99=p50 * 1.04, mean=p50),
    )


FITS = (
    Fit(
        model="hard-minimum",
        aic=-80,
        r_squared=0.99995,
        chosen=True,
        parameters={"top": TOP},
        points=((0, 0), (SLOTS, TOP), (160, TOP)),
    ),
    Fit(
        model="usl",
        aic=-20,
        r_squared=0.981,
        chosen=False,
        parameters={"alpha": 0.0068, "beta": 0.00014},
        points=tuple(
            (n, n / 0.1004 / (1 + 0.0068 * (n - 1) + 0.00014 * n * (n - 1))) for n in range(1, 161, 3)
        ),
    ),
)
FIXED_SLOTS = DiagnosisPart(
    pattern="fixed-slots",
    confidence="high",
    headline="This service handles 40 requests at a time.",
    summary="Beyond 40, extra requests wait in line: latency grows in step with concurrency and throughput "
    "stays at 398 successes/s. This is the pattern of a 40-thread pool, that of sync `def` endpoints in "
    "FastAPI.",
    evidence=(
        "Throughput stops at 40. 398 to 399 successes/s in all 5 steps from 40 to 160 users.",
        "Latency then grows in step. From 64 to 128 users p50 goes from 161 to 321 ms: twice.",
        "Requests in service stay at 40. 39.9 to 40.0 by Little's law, at every step past the knee.",
    ),
    cannot_tell=("A connection pool or a proxy that lets 40 through would look the same from outside.",),
    steps_to_take=(
        NextStep(
            title="Raise the thread limit to 80",
            text="Set `total_tokens` on AnyIO's limiter and sweep again.",
            same_sweep=True,
        ),
        NextStep(title="Run 4 workers", text="Each worker has its own pool, so expect the knee near 160."),
    ),
    hypotheses=(
        Hypothesis(
            name="AnyIO's 40 threads",
            why="Sync endpoints run in a pool of 40 threads per worker.",
            source="https://anyio.readthedocs.io/en/stable/threads.html",
            experiment="Raise `total_tokens` to 80: the knee moves to 80.",
        ),
    ),
    effective_parallelism=Estimate(value=40.04, low=39.9, high=40.1),
    max_throughput_rps=TOP,
    max_throughput=Estimate(value=TOP, low=397.4, high=399.2),
    knee_users=40.04,
    light_load_ms=LIGHT_MS,
    round_trip_ms=0.2,
    capacity=Capacity(limit="p95<200ms", throughput_rps=TOP, users=64),
    queue=Queue(users=80, in_service=40, waiting=40, service_ms=100.4, wait_ms=100.6),
    fits=FITS,
    canary=CanaryPart(path="/ping", idle_ms=0.8, loaded_ms=1.1, cost_ms=0.21, coupling=0.01),
    requests=6510,
    seconds=15.3,
)
HEADLINES: dict[Pattern, tuple[str, dict[str, Any]]] = {
    "fixed-slots": (FIXED_SLOTS.headline, {}),
    "scales": (
        "This service scales: nothing waits up to 160 users.",
        {
            "knee_users": None,
            "queue": Queue(users=160, in_service=160, waiting=0, service_ms=100, wait_ms=0),
            "effective_parallelism": Estimate(value=None, low=158.0),
        },
    ),
    "serialised": (
        "This service handles one request at a time.",
        {"knee_users": 1.0, "queue": Queue(users=2, in_service=1, waiting=1, service_ms=100, wait_ms=100)},
    ),
    "loop-blocked": (
        "Each request blocks the event loop for 5 ms, and everything else waits.",
        {"blocked_ms": 5.0},
    ),
    "cpu-bound": ("This service is limited by its CPU.", {}),
    "rejects": ("This service admits 40 requests at a time and refuses the rest at once.", {}),
    "degrades": ("Throughput peaks at 40 users and then falls.", {}),
    "inconclusive": (
        "The service changed while it was measured.",
        {
            "reasons": ("With one user, a request took 100 ms at the start and 240 ms at the end.",),
            "evidence": (),
            "steps_to_take": (),
            "hypotheses": (),
            "queue": None,
            "fits": (),
            "knee_users": None,
            "effective_parallelism": Estimate(),
            "capacity": None,
            "canary": CanaryPart(reason="Every candidate answered more slowly than the target itself."),
        },
    ),
}


def diagnosis(
    pattern: Pattern = "fixed-slots", confidence: Confidence = "high", **more: Any
) -> DiagnosisPart:
    """A diagnosis of that pattern."""
    headline, differs = HEADLINES[pattern]
    changes = {"pattern": pattern, "confidence": confidence, "headline": headline, **differs, **more}
    return FIXED_SLOTS.model_copy(update=changes)


def document(found: DiagnosisPart | None, plan: Plan = PLAN, **more: Any) -> RunDocument:
    """A finished sweep's result."""
    steps = tuple(step(users) for users in LEVELS)
    sent = sum(each.totals.sent for each in steps)
    times = TimesPart(count=100, min=99.9, p50=102)
    values: dict[str, Any] = {
        "id": "r_sweep",
        "name": plan.title,
        "status": "passed",
        "plan": {},
        "created_at": datetime.now(UTC),
        "duration_s": 15.3,
        "steps": steps,
        "diagnosis": found,
        "totals": TotalsPart(sent=sent, successes=sent, success_percent=100.0, throughput_rps=TOP),
        "probes": (
            ProbePart(name="canary GET /ping", sent=812, successes=812, failures=0, response_time_ms=times),
        ),
        "audit": AuditPart(trustworthy=True, generator_cpu_percent=CpuPercent(mean=12.0, max=22.0)),
    }
    return RunDocument.model_validate({**values, **more})


class Ended(RunView):
    """A finished run with a result that was made by hand."""

    made: RunDocument

    def result(self) -> RunDocument:
        return self.made


def ended_sweep(found: DiagnosisPart | None, plan: Plan = PLAN) -> RunView:
    """The view of a finished sweep with that diagnosis."""
    now = datetime.now(UTC)
    view = Ended(
        id="r_sweep",
        name=plan.title,
        plan=plan,
        status=RunStatus.PASSED,
        created_at=now,
        started_at=now,
        ended_at=now,
        elapsed_s=15.3,
        load_s=15.0,
        shards=1,
        stored_audit=AuditPart(trustworthy=True),
    )
    view.__dict__["made"] = document(found, plan)
    return view

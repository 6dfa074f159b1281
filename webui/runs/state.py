"""The states of a run and the legal steps between them."""

from enum import StrEnum


class RunStatus(StrEnum):
    """Where a run stands. The first three are live, the others final."""

    QUEUED = "queued"
    RUNNING = "running"
    STOPPING = "stopping"
    PASSED = "passed"  # ran to its end and every threshold holds
    FAILED = "failed"  # a threshold failed, or every request did though responses came
    STOPPED = "stopped"  # somebody pressed Stop
    INTERRUPTED = "interrupted"  # Katydid ended, or all engines were lost
    ERROR = "error"  # nothing could be measured: not one full response

    @property
    def live(self) -> bool:
        """Whether the run has not ended yet."""
        return self in TRANSITIONS


_FINAL = frozenset(
    {
        RunStatus.PASSED,
        RunStatus.FAILED,
        RunStatus.STOPPED,
        RunStatus.INTERRUPTED,
        RunStatus.ERROR,
    }
)

TRANSITIONS: dict[RunStatus, frozenset[RunStatus]] = {
    RunStatus.QUEUED: frozenset(
        {RunStatus.RUNNING, RunStatus.STOPPED, RunStatus.INTERRUPTED, RunStatus.ERROR}
    ),
    RunStatus.RUNNING: _FINAL | {RunStatus.STOPPING},
    # It may reach its end by itself in the moment that somebody presses Stop.
    RunStatus.STOPPING: _FINAL,
}


def step(current: RunStatus, to: RunStatus) -> RunStatus:
    """`to`, when a run may go there from `current`. Raises ValueError: that is a fault in Katydid."""
    if to not in TRANSITIONS.get(current, frozenset()):
        raise ValueError(f"a run cannot go from {current} to {to}")
    return to

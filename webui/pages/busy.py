"""What templates ask of the application that they are rendered for: whether anything runs, as the header of
every page shows *Stop everything* while it does, and how much a test may ask for, as the form says."""

from contextvars import ContextVar

from fastapi import APIRouter, Request
from starlette.types import ASGIApp, Receive, Scope, Send

from webui.experiments import ExperimentManager
from webui.runs.manager import RunManager
from webui.units import count, duration, size

_asked: ContextVar[Scope | None] = ContextVar("_asked", default=None)

router = APIRouter(include_in_schema=False)


class Busy:
    """Middleware that lets templates ask, whichever page they are of."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes everything on."""
        token = _asked.set(scope)
        try:
            await self._app(scope, receive, send)
        finally:
            _asked.reset(token)


@router.get("/busy")
async def busy(request: Request) -> dict[str, bool]:
    """For pages that stay open."""
    return {"busy": something_runs()}


_USERS = frozenset({"users", "ramp_from", "ramp_to", "burst_size", "sweep_from", "sweep_to", "in_flight"})
_SECONDS = frozenset({"duration", "rate_time", "ramp_time", "ramp_hold"})


def at_most(control: str) -> str:
    """The operator's ceiling for a control of the form, as a sentence; "" where there is none."""
    scope = _asked.get()
    manager: RunManager | None = None if scope is None else getattr(scope["app"].state, "manager", None)
    if manager is None:
        return ""
    most = manager.ceilings
    if control in _USERS and most.users is not None:
        return f"At most {count(most.users)} here."
    if control == "rate" and most.rate_rps is not None:
        return f"At most {most.rate_rps:,.10g} here."
    if control in _SECONDS and most.duration_s is not None:
        return f"A test lasts {duration(most.duration_s)} at most here."
    return f"At most {size(most.body_bytes)} here." if control == "max_body" and most.body_bytes else ""


def something_runs() -> bool:
    """Whether a test or an experiment runs or waits; False outside of a request."""
    scope = _asked.get()
    state = None if scope is None else scope["app"].state
    manager: RunManager | None = getattr(state, "manager", None)
    experiments: ExperimentManager | None = getattr(state, "experiments", None)
    runs = manager is not None and manager.anything_lives
    return runs or (experiments is not None and experiments.busy)

"""Commands to the process that runs a run, and its answers, as documents in the database. No I/O."""

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Protocol

from webui.errors import (
    Conflict,
    InvalidInput,
    KatydidError,
    NotFound,
    OwnerSilent,
    Problem,
    StoreUnavailable,
)
from webui.runs.model import RunView
from webui.store import CommandRecord

FAILED = "The Katydid that runs this test failed to do that; its log says how."
UNKNOWN = "The Katydid that runs this test does not know how to do that: upgrade it."

log = logging.getLogger(__name__)

# What an owner may refuse a command with.
_ERRORS: Mapping[str, type[KatydidError]] = {
    kind.__name__: kind for kind in (Conflict, NotFound, StoreUnavailable)
}


class Controls(Protocol):
    """What a run is controlled by."""

    async def stop(self, run_id: str) -> None: ...

    async def change(
        self,
        run_id: str,
        *,
        users: int | None = None,
        rate_rps: float | None = None,
        paused: bool | None = None,
        add_s: float | None = None,
    ) -> None: ...

    async def label(
        self,
        run_id: str,
        *,
        name: str | None = None,
        tags: Sequence[str] | None = None,
        note: str | None = None,
    ) -> None: ...

    async def view(self, run_id: str) -> RunView: ...


async def obeyed(controls: Controls, command: CommandRecord) -> dict[str, Any]:
    """Carries the command out; the answer, also where it is refused."""
    kinds: Mapping[str, Callable[..., Awaitable[None]]] = {
        "stop": controls.stop,
        "change": controls.change,
        "label": controls.label,
    }
    try:
        if command.kind not in kinds:
            raise Conflict(UNKNOWN)
        await kinds[command.kind](command.run_id, **command.arguments)
        return {"state": _state(await controls.view(command.run_id))}
    except InvalidInput as error:
        return {"problems": [asdict(problem) for problem in error.problems]}
    except KatydidError as error:
        return {"error": type(error).__name__, "message": str(error)}
    except Exception:
        log.exception("The command %s for run %s failed", command.kind, command.run_id)
        return {"error": "Conflict", "message": FAILED}


def _state(view: RunView) -> dict[str, Any]:
    """What whoever asked shows at once, before it has been written."""
    return {
        "status": view.status.value,
        "status_reason": view.status_reason,
        "name": view.name,
        "tags": list(view.tags),
        "note": view.note,
        "changes": [asdict(change) for change in view.changes],
    }


def state_of(answer: Mapping[str, Any]) -> Mapping[str, Any]:
    """The run's state after the command. Raises what the owner refused it with."""
    if "problems" in answer:
        raise InvalidInput([Problem(**problem) for problem in answer["problems"]])
    if "error" in answer:
        raise _ERRORS.get(answer["error"], Conflict)(answer["message"])
    state: Mapping[str, Any] = answer["state"]
    return state


def silent(host: str, *, begun: bool) -> OwnerSilent:
    """The error for an owner that does not answer in time; `begun` when it has taken the command."""
    what = (
        "has begun with that and not confirmed it yet: look at the test in a moment"
        if begun
        else "does not answer, so nothing was changed: try again in a moment"
    )
    return OwnerSilent(f"The Katydid that runs this test, on {host}, {what}.")

"""`/api/v1/lab`: the practice targets, known services on this machine; start and stop them."""

from contextlib import suppress
from typing import Annotated

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel, ConfigDict, Field

from webui.analysis.diagnosed import Pattern
from webui.analysis.document import Moment
from webui.analysis.part import Part
from webui.api.openapi import problems
from webui.errors import NotFound
from webui.lab.commands import extra_installed
from webui.lab.manager import RunningTarget
from webui.lab.model import MAX_WORKERS, PracticeTarget, Server
from webui.lab.registry import TARGETS
from webui.web import Lab

router = APIRouter(prefix="/api/v1/lab", tags=["lab"])

Name = Annotated[str, Path(description="A practice target's name.", max_length=60, examples=["threads"])]
RunningId = Annotated[str, Path(description="The id that its start answered with.", max_length=64)]


class LabOption(Part):
    """A number that can be set when a practice target is started."""

    name: str
    meaning: str
    default: int
    low: int
    high: int


class LabTarget(Part):
    """A practice target, and the truth about it."""

    name: str
    title: str
    teaches: str
    method: str
    path: Annotated[str, Field(description="The route to test.")]
    canary: Annotated[str, Field(description="A cheap second route.")]
    service_time_ms: Annotated[float, Field(description="What one request takes alone.")]
    pattern: Annotated[Pattern, Field(description="What a diagnosis should find.")]
    expected: Annotated[str, Field(description="The same as a sentence.")]
    at_a_time: Annotated[
        float | None, Field(description="Requests served at a time, as started by default; null: no limit.")
    ]
    options: tuple[LabOption, ...]
    servers: Annotated[tuple[Server, ...], Field(description="The first is the default.")]
    allows_workers: bool
    default_workers: int
    needs_extra: Annotated[bool, Field(description="Whether it needs the extra `lab`.")]
    source: Annotated[str, Field(description="Its source code.")]

    @classmethod
    def of(cls, target: PracticeTarget) -> "LabTarget":
        """What there is to say of a target."""
        found = {name: getattr(target, name) for name in cls.model_fields if hasattr(target, name)}
        options = tuple(LabOption.model_validate(each, from_attributes=True) for each in target.options)
        told = {"pattern": target.expects.pattern, "expected": target.expects.sentence}
        return cls.model_validate({**found, **told, "at_a_time": target.at_a_time(), "options": options})


class LabRunning(Part):
    """A practice target that answers at `url`."""

    id: Annotated[str, Field(examples=["9f86d081"])]
    name: str
    workers: int
    server: Server
    options: dict[str, int]
    base_url: str
    url: Annotated[str, Field(examples=["http://127.0.0.1:40123/threads"])]
    canary: str
    at_a_time: float | None
    started_at: Moment

    @classmethod
    def of(cls, running: RunningTarget) -> "LabRunning":
        """What there is to say of one that runs."""
        setup = {"server": running.setup.server, "options": dict(running.setup.options)}
        found = {name: getattr(running, name) for name in cls.model_fields if name not in setup}
        return cls.model_validate({**found, **setup})


class LabState(Part):
    """All practice targets, and which of them run."""

    targets: tuple[LabTarget, ...]
    running: tuple[LabRunning, ...]
    extra_installed: Annotated[bool, Field(description="Whether gunicorn and Flask are here.")]


class LabStart(BaseModel):
    """How to start a practice target; what is left out or null is as by default."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    workers: Annotated[int | None, Field(ge=1, le=MAX_WORKERS)] = None
    server: Server | None = None
    options: Annotated[
        dict[str, int],
        Field(max_length=10, description="The target's own options.", examples=[{"threads": 80}]),
    ] = {}


@router.get("", summary="List practice targets", responses=problems())
async def read_lab(lab: Lab) -> LabState:
    """The practice targets: small services on this machine whose behaviour is known. With what each of them
    does, what a diagnosis should find, its source code, and those that run."""
    return LabState(
        targets=tuple(LabTarget.of(target) for target in TARGETS),
        running=tuple(LabRunning.of(running) for running in lab.running()),
        extra_installed=extra_installed(),
    )


@router.post(
    "/{name}",
    status_code=201,
    summary="Start a practice target",
    response_description="It answers now.",
    responses=problems(404, 409),
)
async def start_target(name: Name, lab: Lab, response: Response, start: LabStart | None = None) -> LabRunning:
    """Starts one more process of a practice target, on a free port of loopback, and waits until it answers.
    It ends with the dashboard. Without a body it is started as by default."""
    how = start or LabStart()
    running = await lab.start(name, workers=how.workers, server=how.server, options=how.options)
    response.headers["Location"] = f"/api/v1/lab/running/{running.id}"
    return LabRunning.of(running)


@router.delete(
    "/running/{running_id}", status_code=204, summary="Stop a practice target", responses=problems()
)
async def stop_target(running_id: RunningId, lab: Lab) -> None:
    """Ends a practice target with all its workers. Where none of this id runs, nothing happens."""
    with suppress(NotFound):
        await lab.stop(running_id)

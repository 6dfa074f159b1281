"""`/lab`: practice targets to predict, to start, to test and to stop."""

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import RedirectResponse, Response
from starlette.datastructures import FormData

from webui.errors import (
    Conflict,
    InvalidInput,
    KatydidError,
    NotFound,
    QueueFull,
    StoreUnavailable,
    TargetFailed,
    TargetRefused,
)
from webui.experiments import ExperimentManager
from webui.lab.commands import INSTALL, extra_installed
from webui.lab.manager import LabManager, RunningTarget
from webui.lab.model import PracticeTarget, Setup
from webui.lab.registry import find
from webui.pages.lab_answers import answers_of, remember
from webui.pages.lab_context import ExperimentFields, LabCard, LabPage, StartFields, lab_page, setup_of
from webui.pages.lab_tests import LabTests, diagnosis_plan
from webui.pages.templating import render, respond
from webui.runs.manager import RunManager
from webui.store import Store
from webui.web import Experiments, Lab, Manager, Storage

NOT_RUNNING = "This practice target is not running any more. Start it again."
_STATUS: Mapping[type[BaseException], int] = {  # the same as the API answers with
    InvalidInput: 422,
    TargetRefused: 403,
    NotFound: 404,
    QueueFull: 429,
    StoreUnavailable: 503,
    TargetFailed: 503,
    KatydidError: 409,
}
_PARTS = ("pill", "problem", "answer", "now", "verdict")  # of a card; these change while it is looked at

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Desk:
    """What every route of the page works with."""

    request: Request
    lab: LabManager
    manager: RunManager
    store: Store
    experiments: ExperimentManager

    @property
    def by_htmx(self) -> bool:
        """Whether the page itself asks, and takes a card's parts for an answer."""
        return self.request.headers.get("HX-Request") == "true"

    async def page(self, answers: Mapping[str, int] | None = None) -> LabPage:
        """The page as it stands. Raises StoreUnavailable."""
        tests = await _tests(self).newest()
        given = answers_of(self.request.cookies) if answers is None else answers
        return lab_page(self.lab.running(), tests, given, extra=extra_installed())

    async def diagnose(self, running: RunningTarget) -> None:
        """Starts the sweep that says why a practice target behaves as it does. Raises as `create` does."""
        await self.manager.create(self.manager.ceilings.within(diagnosis_plan(running)))

    async def done(self, name: str) -> Response:
        """What was asked of the target `name` is done."""
        if not self.by_htmx:
            return RedirectResponse(f"/lab#{name}", HTTPStatus.SEE_OTHER)
        return _parts(await self.page(), name)

    async def refused(self, error: KatydidError, name: str, fields: StartFields | None = None) -> Response:
        """What was asked of the target `name` cannot be: its card says why, with what was typed."""
        page = await self.page()
        words = words_of(error)
        card = page.card(name)
        card = replace(card, problem=words, fields=fields or card.fields)
        page = replace(page, cards=[card if each.target.name == name else each for each in page.cards])
        status = _status_of(error)
        return _parts(page, name, status) if self.by_htmx else await _whole(self, page, status)

    async def no_experiment(self, error: KatydidError, fields: ExperimentFields) -> Response:
        """The experiment that was asked for cannot be: its form says why."""
        page = replace(await self.page(), experiment=fields, wrong=words_of(error))
        return await _whole(self, page, _status_of(error))


def _desk(request: Request, lab: Lab, manager: Manager, store: Storage, experiments: Experiments) -> Desk:
    return Desk(request, lab, manager, store, experiments)


AtDesk = Annotated[Desk, Depends(_desk)]


@router.get("/lab")
async def show(desk: AtDesk) -> Response:
    """All practice targets, and the recent experiments."""
    return await _whole(desk, await desk.page())


@router.get("/lab/changes")
async def changes(desk: AtDesk, seen: Annotated[str, Query(max_length=1000)] = "") -> Response:
    """The cards that differ from what this browser has seen; 204 when none does."""
    page = await desk.page()
    known = set(seen.split("."))
    changed = [card for card in page.cards if _mark(card) not in known]
    if not changed:
        return Response(status_code=HTTPStatus.NO_CONTENT)
    return respond("lab/changes.html", page, changed=changed, parts=_PARTS, seen=_seen(page))


@router.post("/lab/{name}")
async def start(name: str, desk: AtDesk) -> Response:
    """Starts a practice target, and with `do=test` its diagnosis too. Raises NotFound."""
    target = find(name)
    async with desk.request.form() as form:
        fields, wants_test = _fields(target, form), form.get("do") == "test"
    try:
        setup = setup_of(target, fields)
        running = await _started(desk.lab, name, setup)
        if wants_test:
            await desk.diagnose(running)
    except KatydidError as error:
        return await desk.refused(error, name, fields)
    return await desk.done(name)


@router.post("/lab/{name}/running/{running_id}/test")
async def test(name: str, running_id: str, desk: AtDesk) -> Response:
    """Starts the diagnosis of a practice target that runs. Raises NotFound for an unknown name."""
    find(name)
    running = next((each for each in desk.lab.running() if each.id == running_id), None)
    if running is None:
        return await desk.refused(Conflict(NOT_RUNNING), name)
    try:
        await desk.diagnose(running)
    except KatydidError as error:
        return await desk.refused(error, name)
    return await desk.done(name)


@router.post("/lab/{name}/running/{running_id}/stop")
async def stop(name: str, running_id: str, desk: AtDesk) -> Response:
    """Ends a practice target; one that has ended is left so. Raises NotFound for an unknown name."""
    find(name)
    with suppress(NotFound):  # another tab was first: what was asked for is the case
        await desk.lab.stop(running_id)
    return await desk.done(name)


@router.post("/lab/{name}/answer")
async def answer(name: str, desk: AtDesk, choice: Annotated[int | None, Form(ge=0, le=9)] = None) -> Response:
    """Remembers what this browser predicts; without a choice, forgets it. Raises NotFound."""
    find(name)
    answers = answers_of(desk.request.cookies)
    answers.pop(name, None)
    if choice is not None:
        answers[name] = choice
    response = _parts(await desk.page(answers), name) if desk.by_htmx else await desk.done(name)
    remember(response, answers)
    return response


async def _started(lab: LabManager, name: str, setup: Setup) -> RunningTarget:
    """The target in this setup: the one that runs already, else a new one."""
    same = (each for each in lab.running() if (each.name, each.setup) == (name, setup))
    return next(same, None) or await lab.start(
        name, workers=setup.workers, server=setup.server, options=setup.options
    )


def _tests(desk: Desk) -> LabTests:
    """The application's finder of tests: it keeps what it has read."""
    state = desk.request.app.state
    if not hasattr(state, "lab_tests"):
        state.lab_tests = LabTests(desk.manager, desk.store)
    tests: LabTests = state.lab_tests
    return tests


def _fields(target: PracticeTarget, form: FormData) -> StartFields:
    """What was typed; what the form did not send is as by default."""
    setup = target.setup()
    options = {each.name: str(form.get(f"option-{each.name}", each.default)) for each in target.options}
    return StartFields(
        str(form.get("workers", setup.workers)), str(form.get("server", setup.server)), options
    )


def _status_of(error: KatydidError) -> int:
    """That of the closest kind of error that is listed."""
    return next(_STATUS[kind] for kind in type(error).__mro__ if kind in _STATUS)


def words_of(error: KatydidError) -> str:
    """What to say of it beside a form, without the names of fields."""
    return (
        "; ".join(each.message for each in error.problems) if isinstance(error, InvalidInput) else str(error)
    )


async def _whole(desk: Desk, page: LabPage, status: int = 200) -> Response:
    page = replace(page, recent=await desk.experiments.recent())
    return respond("lab/index.html", page, status, seen=_seen(page), install=INSTALL)


def _parts(page: LabPage, name: str, status: int = 200) -> Response:
    return respond("lab/changes.html", page, status, changed=[page.card(name)], parts=_PARTS, seen=None)


def _seen(page: LabPage) -> str:
    return ".".join(_mark(card) for card in page.cards)


def _mark(card: LabCard) -> str:
    """Tells a card's present look apart from its others."""
    text = "".join(render(f"lab/{part}.html", card) for part in _PARTS)
    return hashlib.blake2s(f"{card.target.name} {text}".encode(), digest_size=5).hexdigest()

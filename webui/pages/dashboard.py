"""The dashboard: the new-test form, recent runs, and what the form posts to."""

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, FastAPI, Form, Query, Request
from fastapi.responses import RedirectResponse, Response
from starlette.datastructures import FormData

from webui.errors import InvalidInput, KatydidError, NotFound, QueueFull, StoreUnavailable
from webui.lab.process import LabProcess, PracticeEndpoint
from webui.pages.formplan import plan_from_fields
from webui.pages.forms import MAX_FIELDS, MAX_PART_BYTES, FormFields, read_form
from webui.pages.newtest import NewTest, controls, new_test
from webui.pages.prefill import fields_from_plan
from webui.pages.rows import Recent, recent_runs
from webui.pages.templating import respond
from webui.plan.documents import plan_from_data
from webui.runs.manager import RunManager
from webui.store import Store
from webui.web import Manager, Storage

PRACTICE_USERS = 50
PRACTICE_S = 15

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Source:
    """The run that the form was filled in from."""

    id: str
    title: str


@dataclass(frozen=True, slots=True)
class DashboardPage:
    """`/`: the form and the recent runs. `added` is the key of a request that was just added."""

    test: NewTest
    recent: Recent
    practice: Sequence[PracticeEndpoint]
    source: Source | None = None
    added: str | None = None


@dataclass(frozen=True, slots=True)
class FormCheck:
    """The answer to a check while typing: the form, and the controls whose sentences are renewed."""

    test: NewTest
    controls: Sequence[str]


@router.get("/")
async def dashboard(
    request: Request,
    manager: Manager,
    store: Storage,
    source: Annotated[str | None, Query(alias="from", max_length=100)] = None,
) -> Response:
    """The dashboard; with `?from=` a run's id, the form is filled in with its plan."""
    if source is None:
        return await _page(request, manager, store, new_test(FormFields()))
    view = await manager.view(source)
    test = new_test(fields_from_plan(view.plan), unfold=True)
    return await _page(request, manager, store, test, source=Source(view.id, view.name or view.plan.title))


@router.post("/runs")
async def start(request: Request, manager: Manager, store: Storage) -> Response:
    """Starts the test that was typed and goes to its page; or shows the form again with what is wrong."""
    async with request.form(max_fields=MAX_FIELDS, max_part_size=MAX_PART_BYTES) as form:
        fields = await read_form(form)
        do = str(form.get("do", ""))
    if do:
        return await _edited(request, manager, store, fields, do)
    try:
        view = await manager.create(plan_from_fields(fields))
    except InvalidInput as error:
        return await _again(request, manager, store, new_test(fields, error.problems), 422)
    except QueueFull as error:
        return await _again(request, manager, store, new_test(fields, message=str(error)), 429)
    except StoreUnavailable as error:
        return await _again(request, manager, store, new_test(fields, message=str(error)), 503)
    return RedirectResponse(f"/runs/{view.id}", HTTPStatus.SEE_OTHER)


@router.post("/runs/check")
async def check(request: Request) -> Response:
    """What is wrong so far with the controls that were touched, and the preview. Starts nothing."""
    async with request.form(max_fields=MAX_FIELDS, max_part_size=MAX_PART_BYTES) as form:
        fields = await read_form(form)
        touched = _touched(form, fields)
    try:
        plan_from_fields(fields)
        test = new_test(fields)
    except InvalidInput as error:
        test = new_test(fields, error.problems)
    return respond("dashboard/check.html", FormCheck(test, touched))


@router.post("/runs/request")
async def one_more_request(request: Request) -> Response:
    """One more, empty request for the form that is open in the browser."""
    async with request.form(max_fields=MAX_FIELDS, max_part_size=MAX_PART_BYTES) as form:
        fields = await read_form(form)
    return respond("dashboard/request.html", new_test(fields.with_request()))


@router.post("/practice")
async def practise(
    request: Request, manager: Manager, target: Annotated[str, Form(max_length=100)]
) -> Response:
    """Starts a short test of one of the built-in practice targets. Raises NotFound for an unknown one."""
    offer = next((offer for offer in practice_offers(request.app) if offer.name == target), None)
    if offer is None:
        raise NotFound("this practice target is not running")
    base_url, _, path = offer.url.rpartition("/")
    plan = plan_from_data(
        {
            "name": f"Practice target: {offer.name}",
            "base_url": base_url,
            "requests": [{"path": f"/{path}"}],
            "load": {"users": PRACTICE_USERS, "duration_s": PRACTICE_S},
        }
    )
    view = await manager.create(plan)
    return RedirectResponse(f"/runs/{view.id}", HTTPStatus.SEE_OTHER)


def practice_offers(app: FastAPI) -> Sequence[PracticeEndpoint]:
    """The practice targets that answer at this moment; none where they are switched off."""
    practice: LabProcess | None = getattr(app.state, "practice", None)
    return practice.endpoints if practice is not None and practice.running else ()


def _touched(form: FormData, fields: FormFields) -> list[str]:
    named = set(map(str, form.getlist("touched")))
    return [control for control in controls(fields) if control in named]


async def _edited(
    request: Request, manager: RunManager, store: Store, fields: FormFields, do: str
) -> Response:
    """The form with a request more or less, for browsers without JavaScript. Starts nothing."""
    if do == "add-request":
        fields = fields.with_request()
        return await _page(
            request, manager, store, new_test(fields, unfold=True), added=fields.requests[-1].key
        )
    fields = fields.without_request(do.removeprefix("remove-request-"))
    return await _page(request, manager, store, new_test(fields, unfold=True))


async def _again(request: Request, manager: RunManager, store: Store, test: NewTest, status: int) -> Response:
    """The form with what was typed. Recent runs are left out where the store cannot give them."""
    try:
        return await _page(request, manager, store, test, status)
    except KatydidError:
        page = DashboardPage(test, Recent([], 0), practice_offers(request.app))
        return respond("dashboard/index.html", page, status)


async def _page(
    request: Request,
    manager: RunManager,
    store: Store,
    test: NewTest,
    status: int = 200,
    source: Source | None = None,
    added: str | None = None,
) -> Response:
    recent = await recent_runs(manager, store)
    page = DashboardPage(test, recent, practice_offers(request.app), source, added)
    return respond("dashboard/index.html", page, status)

"""The dashboard: the new-test form, recent runs, and what the form posts to."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, FastAPI, Form, Query, Request
from fastapi.responses import RedirectResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException

from webui.errors import (
    InvalidInput,
    KatydidError,
    NotFound,
    Problem,
    QueueFull,
    StoreUnavailable,
    Unconfirmed,
)
from webui.lab.manager import LabManager, RunningTarget
from webui.lab.practice import practice_targets
from webui.pages.editor import PlanEditor, editor_of_plan, editor_of_text, example, form_of_plan, rewritten
from webui.pages.findout import must_be_confirmed, why_fields, why_plan
from webui.pages.formedit import edited, with_check, with_request, with_stage
from webui.pages.formplan import at_controls, plan_from_fields
from webui.pages.forms import MAX_FIELDS, MAX_PART_BYTES, FormFields, read_form
from webui.pages.login import own_path
from webui.pages.newtest import MAY_TEST, NewTest, controls, new_test
from webui.pages.plantext import format_of, plan_from_text, text_of
from webui.pages.rows import Recent, recent_runs
from webui.pages.templating import respond
from webui.plan.documents import plan_from_data
from webui.plan.model import Plan
from webui.runs.manager import RunManager
from webui.runs.model import RunView
from webui.security.origin import parts_of
from webui.store import Store
from webui.web import Experiments, Manager, Storage

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
    """`/`: a new test and the recent runs. The test is a form, or a plan as text. `focus` is the control
    that was just added."""

    test: NewTest | PlanEditor
    recent: Recent
    practice: Sequence[RunningTarget]
    source: Source | None = None
    focus: str | None = None

    @property
    def as_text(self) -> bool:
        """Whether the test is shown as text."""
        return isinstance(self.test, PlanEditor)

    @property
    def wrong(self) -> bool:
        """Whether something kept the test from starting."""
        found = self.test.problems if isinstance(self.test, PlanEditor) else self.test.errors
        return bool(found or self.test.message)


@dataclass(frozen=True, slots=True)
class FormCheck:
    """The answer to a check while typing: the form, and the controls whose sentences are renewed."""

    test: NewTest
    controls: Sequence[str]


@dataclass(frozen=True, slots=True)
class Posted:
    """What was posted: the form's fields, or the plan's text; `do` is the button that only edits. What reads
    the plan may take seconds, so it is called in a thread."""

    fields: FormFields
    text: str | None
    do: str
    touched: frozenset[str]
    confirmed: bool  # writes may be repeated
    find: bool  # "Find out why" was pressed
    may_test: bool  # the public addresses in it may be tested

    def plan(self) -> Plan:
        """The plan. Raises InvalidInput."""
        return plan_from_fields(self.fields) if self.text is None else plan_from_text(self.text)

    def as_asked(self) -> "Posted":
        """What is to be started: with "Find out why", the sweep that tells. Raises InvalidInput."""
        if not self.find:
            return self
        if self.text is None:
            return replace(self, fields=why_fields(self.fields))
        return replace(self, text=text_of(why_plan(self.plan()), format_of(self.text)))

    def again(self, problems: Sequence[Problem] = (), message: str = "") -> NewTest | PlanEditor:
        """The same to be put right."""
        if self.text is None:
            return new_test(self.fields, problems, message, may_test=self.may_test)
        return editor_of_text(self.text, problems, message, may_test=self.may_test)

    def checked(self) -> NewTest | PlanEditor:
        """The same, with what is wrong so far."""
        try:
            self.plan()
        except InvalidInput as error:
            return self.again(error.problems)
        return self.again()

    def refused(self, error: InvalidInput) -> InvalidInput:
        """Why the plan was not started, by the controls that it came from."""
        if isinstance(error, Unconfirmed):
            return InvalidInput.at(MAY_TEST, error.problems[0].message)
        return error if self.text is not None else InvalidInput(at_controls(error, self.fields))


async def _posted(request: Request) -> Posted:
    try:
        async with request.form(max_fields=MAX_FIELDS, max_part_size=MAX_PART_BYTES) as form:
            return Posted(
                fields=await read_form(form),
                text=_plan_text(form),
                do=str(form.get("do", "")),
                touched=frozenset(map(str, form.getlist("touched"))),
                confirmed="confirm" in form,
                find="find" in form,
                may_test=MAY_TEST in form,
            )
    except HTTPException as error:  # so Starlette refuses what it cannot take apart
        what = f"the form cannot be read ({error.detail}); a body may have 10 MB at most"
        raise InvalidInput.at("body", what) from error


def _plan_text(form: FormData) -> str | None:
    text = form.get("plan")
    return text.replace("\r\n", "\n") if isinstance(text, str) else None


@router.get("/")
async def dashboard(
    request: Request,
    manager: Manager,
    store: Storage,
    source: Annotated[str | None, Query(alias="from", max_length=100)] = None,
    edit: Annotated[str, Query(alias="as", max_length=10)] = "",
    why: Annotated[bool, Query()] = False,
) -> Response:
    """The dashboard; with `?from=` a run's id, the form is filled in with its plan; with `?as=text` the
    plan is text; with `?why=1` it is the sweep that tells why, to be confirmed."""
    if source is None:
        test = example() if edit == "text" else new_test(FormFields())
        return await _page(request, manager, store, test)
    view = await manager.view(source)
    plan = why_plan(view.plan) if why else view.plan
    if why:
        filled = await _to_confirm(plan, manager)
    else:
        filled = editor_of_plan(plan) if edit == "text" else form_of_plan(plan)
    named = Source(view.id, view.name or view.plan.title)
    return await _page(request, manager, store, filled, source=named)


@router.post("/runs")
async def start(request: Request, manager: Manager, store: Storage) -> Response:
    """Starts the test that was typed and goes to its page; or shows the form again with what is wrong."""
    posted = await _posted(request)
    if posted.do:
        return await _edited(request, manager, store, posted)
    try:
        posted = await run_in_threadpool(posted.as_asked)
        plan = await run_in_threadpool(posted.plan)
        plan = manager.ceilings.within(plan) if posted.find else plan
        must_be_confirmed(plan, confirmed=posted.confirmed)
        view = await _created(manager, plan, posted)
    except InvalidInput as error:
        return await _again(
            request, manager, store, await run_in_threadpool(posted.again, error.problems), 422
        )
    except QueueFull as error:
        return await _again(
            request, manager, store, await run_in_threadpool(posted.again, message=str(error)), 429
        )
    except StoreUnavailable as error:
        return await _again(
            request, manager, store, await run_in_threadpool(posted.again, message=str(error)), 503
        )
    return RedirectResponse(f"/runs/{view.id}", HTTPStatus.SEE_OTHER)


async def _created(manager: RunManager, plan: Plan, posted: Posted) -> RunView:
    try:
        return await manager.create(plan, may_test=posted.may_test)
    except InvalidInput as error:
        raise posted.refused(error) from error


@router.post("/stop")
async def stop_everything(request: Request, experiments: Experiments) -> Response:
    """Stops all tests and experiments, those that wait included, and goes back to the page."""
    await experiments.stop_everything()
    shown = parts_of(request.headers.get("referer", ""))
    here = shown.netloc == request.headers.get("host") and shown.path.startswith("/runs/")
    return RedirectResponse(own_path(shown.path) if here else "/#recent", HTTPStatus.SEE_OTHER)


@router.post("/runs/check")
async def check(request: Request) -> Response:
    """What is wrong so far with the controls that were touched, and the preview. Starts nothing."""
    posted = await _posted(request)
    test = await run_in_threadpool(posted.checked)
    if isinstance(test, PlanEditor):
        return respond("dashboard/check_text.html", test)
    touched = [control for control in controls(posted.fields) if control in posted.touched]
    return respond("dashboard/check.html", FormCheck(test, touched))


@router.post("/runs/request")
async def one_more_request(request: Request) -> Response:
    """One more, empty request for the form that is open in the browser."""
    fields = (await _posted(request)).fields
    return respond("dashboard/request.html", new_test(with_request(fields)))


@router.post("/runs/stage")
async def one_more_stage(request: Request) -> Response:
    """One more stage for the form that is open in the browser."""
    fields = (await _posted(request)).fields
    return respond("dashboard/stage.html", new_test(with_stage(fields)))


@router.post("/runs/checks/{key}")
async def one_more_check(request: Request, key: str) -> Response:
    """One more check on a request of the form that is open in the browser. Raises NotFound."""
    fields = with_check((await _posted(request)).fields, key)
    found = next((each for each in fields.requests if each.key == key), None)
    if found is None:
        raise NotFound("this request is not in the form")
    return respond("dashboard/check_row.html", new_test(fields), request=found)


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
            "load": {
                "users": manager.ceilings.most_users(PRACTICE_USERS),
                "duration_s": manager.ceilings.longest_s(PRACTICE_S),
            },
        }
    )
    view = await manager.create(plan)
    return RedirectResponse(f"/runs/{view.id}", HTTPStatus.SEE_OTHER)


def practice_offers(app: FastAPI) -> Sequence[RunningTarget]:
    """The practice targets that answer at this moment; none where they are switched off."""
    lab: LabManager | None = getattr(app.state, "lab", None)
    return practice_targets(lab) if lab is not None else ()


async def _to_confirm(plan: Plan, manager: RunManager) -> NewTest | PlanEditor:
    """The form of a sweep with the questions that it raises: may it repeat writes, may its target be
    tested."""
    form = form_of_plan(plan)
    try:
        must_be_confirmed(plan, confirmed=False)
        await manager.check(plan)
    except Unconfirmed as error:
        question = [Problem(MAY_TEST, error.problems[0].message)]
        if isinstance(form, PlanEditor):
            return editor_of_text(form.text, question, beyond=form.beyond)
        return new_test(form.fields, question)
    except InvalidInput as error:
        if isinstance(form, PlanEditor):
            return editor_of_text(form.text, error.problems, beyond=form.beyond)
        return new_test(form.fields, error.problems)
    return form


async def _edited(request: Request, manager: RunManager, store: Store, posted: Posted) -> Response:
    """The form with a row more or less, or the plan written another way. Starts nothing."""
    if posted.text is not None:
        test = await run_in_threadpool(rewritten, posted.text, posted.do)
        wrong = isinstance(test, PlanEditor) and bool(test.problems)
        return await _page(request, manager, store, test, 422 if wrong else 200)
    if posted.do == "as-text":
        return await _as_text(request, manager, store, posted)
    fields, focus = edited(posted.fields, posted.do)
    test = new_test(fields, unfold="stage" not in posted.do)
    return await _page(request, manager, store, test, focus=focus)


async def _as_text(request: Request, manager: RunManager, store: Store, posted: Posted) -> Response:
    try:
        editor = await run_in_threadpool(lambda: editor_of_plan(posted.plan()))
    except InvalidInput as error:
        return await _again(
            request, manager, store, await run_in_threadpool(posted.again, error.problems), 422
        )
    return await _page(request, manager, store, editor)


async def _again(
    request: Request, manager: RunManager, store: Store, test: NewTest | PlanEditor, status: int
) -> Response:
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
    test: NewTest | PlanEditor,
    status: int = 200,
    source: Source | None = None,
    focus: str | None = None,
) -> Response:
    recent = await recent_runs(manager, store)
    page = DashboardPage(test, recent, practice_offers(request.app), source, focus)
    return respond("dashboard/index.html", page, status)

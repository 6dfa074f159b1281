"""`/runs/{id}`: one run, live or finished, and what its owner can do with it."""

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.concurrency import run_in_threadpool

from webui.analysis.chart_rows import COLUMNS
from webui.errors import Conflict, Deleted, InvalidInput, NotFound, OwnerSilent, Unconfirmed
from webui.pages.baseline import BaselineBox, baseline_box
from webui.pages.chart_data import rows_of, whole_chart
from webui.pages.closer import From, Typed, closer_of
from webui.pages.findout import why_plan
from webui.pages.history import deleted_page
from webui.pages.run_context import RunPage, run_page
from webui.pages.run_controls import changes_from
from webui.pages.sharing import ShareLink, links_of, marked_own, options_of
from webui.pages.templating import render, respond
from webui.plan.documents import plan_to_json, plan_to_toml
from webui.plan.repeats import repeated_writes
from webui.runs.manager import RunManager
from webui.runs.model import RunView
from webui.store import RunRecord, Store
from webui.web import Manager, Storage

router = APIRouter(include_in_schema=False)


@router.get("/runs/{run_id}", response_class=HTMLResponse)
async def show(
    run_id: str, request: Request, manager: Manager, store: Storage, from_: From = "", to: Typed = ""
) -> Response:
    """The run page, with the stretch that `from` and `to` select; of a deleted run, one that offers to bring
    it back. Raises NotFound."""
    try:
        view = await manager.view(run_id)
    except Deleted as error:
        return deleted_page(error)
    links = await links_of(run_id, request, store)
    against = await baseline_box(view, store)
    pinned = await _is_pinned(run_id, store)
    page = await run_in_threadpool(_page, view, links, against=against, stretch=(from_, to), pinned=pinned)
    return marked_own(page) if links else page


def _page(
    view: RunView,
    links: list[ShareLink],
    change_problem: str | None = None,
    status: int = 200,
    against: BaselineBox | None = None,
    stretch: tuple[str, str] = ("", ""),
    pinned: bool = False,
) -> Response:
    base = f"/runs/{view.id}"
    page = run_page(view, view.audit, base=base, shares=links)
    closer = closer_of(view, page, *stretch)
    status = 422 if closer.problem else status
    chart = whole_chart(view)
    more: dict[str, Any] = {"chart": chart, "against": against, "closer": closer, "pinned": pinned}
    more["change_problem"] = change_problem
    return respond("run/page.html", page, status=status, **more)


async def _is_pinned(run_id: str, store: Store) -> bool:
    record = await store.get_run(run_id, with_result=False)
    return record is not None and record.pinned


@router.post("/runs/{run_id}/stop")
async def stop(run_id: str, request: Request, manager: Manager, store: Storage) -> Response:
    """Stops the run; one that is stopping or has ended is left as it is, and what keeps it from being stopped
    is said in its place. Raises NotFound."""
    try:
        await manager.stop(run_id)
    except (Conflict, OwnerSilent) as error:
        view = await manager.view(run_id)
        if view.live:  # else it ended in the meantime: what was asked for is the case
            return await _not_changed(view, error, request, store)
    if not _asked_by_htmx(request):
        return _see(f"/runs/{run_id}")
    return _asked()


@router.post("/runs/{run_id}/change")
async def change(run_id: str, request: Request, manager: Manager, store: Storage) -> Response:
    """Changes the load of a run that goes on, as its form says; what cannot be is said in its place. Raises
    NotFound."""
    async with request.form() as form:
        fields = {name: value for name, value in form.items() if isinstance(value, str)}
    view = await manager.view(run_id)
    try:
        await manager.change(run_id, **changes_from(fields, view))
    except (InvalidInput, Conflict, OwnerSilent) as error:
        return await _not_changed(view, error, request, store)
    if not _asked_by_htmx(request):
        return _see(f"/runs/{run_id}")
    return _asked()


async def _not_changed(
    view: RunView, error: InvalidInput | Conflict | OwnerSilent, request: Request, store: Store
) -> Response:
    status = 422 if isinstance(error, InvalidInput) else 409 if isinstance(error, Conflict) else 503
    words = error.problems[0].message if isinstance(error, InvalidInput) else str(error)
    if _asked_by_htmx(request):
        return _asked(words, status)
    links = await links_of(view.id, request, store)
    pinned = await _is_pinned(view.id, store)
    return await run_in_threadpool(_page, view, links, words, status, pinned=pinned)


def _asked(problem: str | None = None, status: int = 200) -> Response:
    """What keeps it from being done, if anything. How the run stands is the stream's alone to say: it may
    have said more by now than this answer, which would undo it."""
    return respond("run/stream/asked.html", None, status=status, change_problem=problem)


@router.post("/runs/{run_id}/why")
async def find_out_why(run_id: str, manager: Manager) -> Response:
    """Starts the sweep that tells why: the run's own again, or one of the same requests. One that repeats
    writes, or sends to a public address, is asked about first. Raises NotFound, InvalidInput."""
    plan = why_plan((await manager.view(run_id)).plan)
    if repeated_writes(plan):
        return _see(f"/?from={run_id}&why=1")
    try:
        view = await manager.create(manager.ceilings.within(plan))
    except Unconfirmed:
        return _see(f"/?from={run_id}&why=1")
    return _see(f"/runs/{view.id}")


@router.post("/runs/{run_id}/delete")
async def delete(run_id: str, manager: Manager) -> Response:
    """Deletes a finished run; the history says so, with a way to undo it. Raises NotFound, Conflict while it
    is live."""
    await manager.delete(run_id)
    return _see(f"/runs?deleted={run_id}")


@router.post("/runs/{run_id}/shares")
async def add_share(run_id: str, request: Request, manager: Manager, store: Storage) -> Response:
    """Makes a link that shows the run to whoever has it. Raises NotFound, InvalidInput."""
    view = await manager.view(run_id)
    async with request.form() as form:
        options = options_of(form)
    share = await store.add_share(run_id, expires_at=options.expires_at, hide_target=options.hide_target)
    return await _shares_changed(view, request, store, new=share.token)


@router.post("/runs/{run_id}/shares/{token}/revoke")
async def revoke_share(
    run_id: str, token: str, request: Request, manager: Manager, store: Storage
) -> Response:
    """Makes a link useless. Raises NotFound."""
    view = await manager.view(run_id)
    await store.revoke_share(run_id, token)
    return await _shares_changed(view, request, store)


async def _shares_changed(view: RunView, request: Request, store: Store, **more: Any) -> Response:
    if not _asked_by_htmx(request):
        return marked_own(_see(f"/runs/{view.id}#share"))
    links = await links_of(view.id, request, store)
    page = run_page(view, view.audit, base=f"/runs/{view.id}", shares=links, share_new=more.get("new"))
    return marked_own(respond("run/stream/shares.html", page))


@router.get("/runs/{run_id}/title")
async def title(run_id: str, manager: Manager, store: Storage) -> Response:
    """The page's title as it now is, for a tab that is hidden and hears no stream. Raises NotFound."""
    return page_title(await run_summary(run_id, manager, store))


async def run_summary(run_id: str, manager: RunManager, store: Store) -> RunView | RunRecord:
    """A run without its figures, which are dear to read. Raises NotFound."""
    live = manager.get_live(run_id)
    if live is not None:
        return live.view()
    record = await store.get_run(run_id)
    if record is None:
        raise NotFound("There is no such test. It may have been deleted.")
    return record


def page_title(run: RunView | RunRecord, name: str | None = None) -> Response:
    """The title in plain text."""
    page = {"status": str(run.status), "title": run.name if name is None else name}
    text = render("run/title.txt", page)
    return Response(text, media_type="text/plain", headers={"Cache-Control": "no-store"})


@router.get("/runs/{run_id}/intervals", response_class=HTMLResponse)
async def intervals(run_id: str, manager: Manager) -> Response:
    """The charts' figures as a table. Raises NotFound."""
    view = await manager.view(run_id)
    return await run_in_threadpool(intervals_page, view, f"/runs/{run_id}", shared=False)


def intervals_page(view: RunView, base: str, *, shared: bool) -> Response:
    """The table of intervals of a run or of a shared result."""
    page: RunPage = run_page(view, view.audit, base=base, shared=shared)
    rows = [dict(zip(COLUMNS, row, strict=True)) for row in rows_of(view)]
    return respond("run/intervals.html", page, rows=rows)


@router.get("/runs/{run_id}/plan.json")
async def plan_json(run_id: str, manager: Manager) -> Response:
    """The plan as a file. Raises NotFound."""
    view = await manager.view(run_id)
    return download(plan_to_json(view.plan), f"katydid-plan-{run_id}.json", "application/json")


@router.get("/runs/{run_id}/plan.toml")
async def plan_toml(run_id: str, manager: Manager) -> Response:
    """The plan as a file. Raises NotFound."""
    view = await manager.view(run_id)
    return download(plan_to_toml(view.plan), f"katydid-plan-{run_id}.toml", "application/toml")


def download(text: str, filename: str, media_type: str) -> Response:
    """Text as a file to keep. `filename` is of safe characters."""
    return file_to_keep(text.encode(), filename, media_type)


def file_to_keep(data: bytes, filename: str, media_type: str) -> Response:
    """A file that the browser saves and does not show."""
    headers = {
        "Content-Disposition": f'attachment; filename="{filename}"',
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }
    return Response(data, media_type=media_type, headers=headers)


def _see(address: str) -> Response:
    return RedirectResponse(address, status_code=303)


def _asked_by_htmx(request: Request) -> bool:
    return request.headers.get("HX-Request") == "true"

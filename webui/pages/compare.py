"""`/compare?run=…&run=…`: runs side by side, the first one the base; links that show a comparison."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import RedirectResponse
from starlette.concurrency import run_in_threadpool

from webui.analysis.compare import MOST_RUNS, check_count
from webui.errors import NotFound
from webui.pages.compare_context import ChoosePage, address, cards, chart_json, compare_page
from webui.pages.rows import row_from_summary
from webui.pages.sharing import ShareLink, links_of, marked_own, options_of
from webui.pages.templating import respond
from webui.runs.comparing import compare_views
from webui.runs.manager import RunManager
from webui.runs.model import RunView
from webui.runs.shared import as_shared
from webui.store import RunQuery, ShareRecord, Store
from webui.web import Manager, Storage

OFFERED = 30  # runs to choose from; a search finds the others
MOST_ASKED = 20  # of which those that are too many are named and left out

router = APIRouter(include_in_schema=False)
RunIds = Annotated[
    tuple[Annotated[str, Query(max_length=64)], ...], Query(alias="run", max_length=MOST_ASKED)
]
FormIds = Annotated[list[str], Form(alias="run", max_length=MOST_RUNS)]


@router.get("/compare")
async def show(
    request: Request,
    manager: Manager,
    store: Storage,
    runs: RunIds = (),
    choose: Annotated[str, Query(max_length=4)] = "",
    search: Annotated[str, Query(max_length=200)] = "",
) -> Response:
    """The comparison; with fewer than two runs, or asked to `choose`, the runs that can be chosen. What is
    wrong with the address is said, and the rest of it shown."""
    ids, problems, status = _usable(runs)
    views, missing = await _views(ids, manager)
    problems += [f"There is no run {each}. It may have been deleted." for each in missing]
    status = HTTPStatus.NOT_FOUND if missing else status
    if len(views) < 2 or choose or search:
        return await _choosing(views, store, search, problems, status)
    shown = [view.id for view in views]
    links = await links_of(shown[0], request, store, shown)
    response = await run_in_threadpool(_page, views, problems, links, status)
    return marked_own(response) if links else response


def _usable(runs: Sequence[str]) -> tuple[list[str], list[str], HTTPStatus]:
    """The ids that make a comparison, and sentences about the others."""
    wanted = [each.strip() for each in runs if each.strip()]
    ids = list(dict.fromkeys(wanted))
    problems = []
    if len(ids) < len(wanted):
        problems.append("A run cannot be compared with itself. Choose another one.")
    if len(ids) > MOST_RUNS:
        problems.append(f"Five runs at most can be compared, not {len(ids)}. The first five are shown.")
    status = HTTPStatus.UNPROCESSABLE_ENTITY if problems else HTTPStatus.OK
    return ids[:MOST_RUNS], problems, status


async def _views(ids: Sequence[str], manager: RunManager) -> tuple[list[RunView], list[str]]:
    found, missing = [], []
    for run_id in ids:
        try:
            found.append(await manager.view(run_id))
        except NotFound:
            missing.append(run_id)
    return found, missing


async def _choosing(
    views: Sequence[RunView], store: Store, search: str, problems: Sequence[str], status: HTTPStatus
) -> Response:
    chosen = {view.id for view in views}
    listed = await store.list_runs(RunQuery(search=search.strip(), limit=OFFERED + len(chosen)))
    offered = [row_from_summary(each) for each in listed.items if each.ended_at and each.id not in chosen]
    page = ChoosePage(chosen=cards(views, None), rows=offered[:OFFERED], search=search, problems=problems)
    return respond("compare/choose.html", page, status=status)


def _page(
    views: Sequence[RunView], problems: Sequence[str], links: Sequence[ShareLink], status: HTTPStatus
) -> Response:
    comparison = compare_views(views)
    page = compare_page(views, comparison, problems=problems, links=links)
    return respond("compare/page.html", page, status=status, chart=chart_json(views, comparison))


@router.post("/compare/shares")
async def add_share(
    manager: Manager,
    store: Storage,
    runs: FormIds,
    expires: Annotated[str, Form(max_length=10)] = "",
    hide_target: Annotated[str, Form(max_length=10)] = "",
) -> Response:
    """Makes a link that shows the comparison to whoever has it. Raises InvalidInput, NotFound."""
    check_count(runs)
    options = options_of({"expires": expires, "hide_target": hide_target})
    for run_id in runs:
        await manager.view(run_id)
    await store.add_share(runs[0], runs=runs, expires_at=options.expires_at, hide_target=options.hide_target)
    return marked_own(_see(runs))


@router.post("/compare/shares/{token}/revoke")
async def revoke_share(token: str, store: Storage, runs: FormIds) -> Response:
    """Makes a link useless. Raises NotFound."""
    check_count(runs)
    await store.revoke_share(runs[0], token)
    return _see(runs)


def _see(ids: Sequence[str]) -> Response:
    return RedirectResponse(f"{address(ids)}#share", status_code=HTTPStatus.SEE_OTHER)


async def shared_comparison(share: ShareRecord, root: str, manager: RunManager) -> Response:
    """What a link to a comparison shows: the same page, without secrets and leading nowhere else. Raises
    NotFound when one of its runs was deleted."""
    views = [await manager.view(run_id) for run_id in share.runs]
    return await run_in_threadpool(_shared_page, views, f"{root}s/{share.token}", share)


def _shared_page(views: Sequence[RunView], url: str, share: ShareRecord) -> Response:
    shown = [as_shared(view, hide_target=share.hide_target) for view in views]
    comparison = compare_views(shown)
    page = compare_page(shown, comparison, shared_at=f"/s/{share.token}")
    chart = chart_json(shown, comparison)
    return respond("compare/shared.html", page, chart=chart, url=url, expires_at=share.expires_at)

"""`/s/{token}`: a shared result, read-only and without secrets, live while the run goes on."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse
from starlette.concurrency import run_in_threadpool

from webui.pages.chart_data import whole_chart
from webui.pages.compare import shared_comparison
from webui.pages.run import download, intervals_page, page_title, run_summary
from webui.pages.run_context import run_page
from webui.pages.templating import respond
from webui.plan.documents import plan_from_data, plan_to_json, plan_to_toml
from webui.runs.manager import RunManager
from webui.runs.model import RunView
from webui.runs.redacted import redacted
from webui.security.redaction import Redactor
from webui.store import Store
from webui.web import Manager, Storage

# The link is the key: it must not travel on to other sites, nor into search engines.
PRIVATE = {"Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex, nofollow"}

router = APIRouter(include_in_schema=False)


@router.get("/s/{token}", response_class=HTMLResponse)
async def show(token: str, request: Request, manager: Manager, store: Storage) -> Response:
    """The shared result or comparison; 410 for a revoked link, 404 for one that never was."""
    share = await store.share(token)
    if share is not None and share.runs and share.revoked_at is None:
        return private(await shared_comparison(share, str(request.base_url), manager))
    view = await shared_view(token, manager, store)
    if not isinstance(view, RunView):
        return view
    return await run_in_threadpool(_page, view, token, str(request.base_url))


def _page(view: RunView, token: str, root: str) -> Response:
    page = run_page(view, view.audit, base=f"/s/{token}", shared=True)
    return respond("share/page.html", page, headers=PRIVATE, chart=whole_chart(view), url=f"{root}s/{token}")


async def shared_view(token: str, manager: RunManager, store: Store) -> RunView | Response:
    """The run that the link shows, without secrets, or the page that says why it does not open."""
    share = await store.share(token)
    if share is None or share.revoked_at is not None:
        return _closed(revoked=share is not None)
    return redacted(await manager.view(share.run_id))


@router.get("/s/{token}/title")
async def title(token: str, manager: Manager, store: Storage) -> Response:
    """The page's title as it now is, for a tab that is hidden and hears no stream."""
    share = await store.share(token)
    if share is None or share.revoked_at is not None:
        return _closed(revoked=share is not None)
    run = await run_summary(share.run_id, manager, store)
    plan = run.plan if isinstance(run, RunView) else plan_from_data(run.plan)
    return private(page_title(run, Redactor.of(plan).text(run.name)))


@router.get("/s/{token}/intervals", response_class=HTMLResponse)
async def intervals(token: str, manager: Manager, store: Storage) -> Response:
    """The charts' figures as a table."""
    view = await shared_view(token, manager, store)
    if not isinstance(view, RunView):
        return view
    return private(await run_in_threadpool(intervals_page, view, f"/s/{token}", shared=True))


@router.get("/s/{token}/plan.json")
async def plan_json(token: str, manager: Manager, store: Storage) -> Response:
    """The plan as a file."""
    view = await shared_view(token, manager, store)
    if not isinstance(view, RunView):
        return view
    return private(download(plan_to_json(view.plan), f"katydid-plan-{view.id}.json", "application/json"))


@router.get("/s/{token}/plan.toml")
async def plan_toml(token: str, manager: Manager, store: Storage) -> Response:
    """The plan as a file."""
    view = await shared_view(token, manager, store)
    if not isinstance(view, RunView):
        return view
    return private(download(plan_to_toml(view.plan), f"katydid-plan-{view.id}.toml", "application/toml"))


def _closed(*, revoked: bool) -> Response:
    status = 410 if revoked else 404
    return respond("share/closed.html", None, status=status, headers=PRIVATE, revoked=revoked)


def private(response: Response) -> Response:
    """The response, kept from other sites and from search engines."""
    response.headers.update(PRIVATE)
    return response

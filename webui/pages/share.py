"""`/s/{token}`: a shared result or comparison, read-only and without secrets, live while the run goes on."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import HTMLResponse
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool

from webui.errors import NotFound
from webui.experiments import Experiment, ExperimentManager
from webui.experiments.shared import as_shared as experiment_as_shared
from webui.exports.charts import MEDIA_TYPE, chart_file
from webui.exports.compared import compared_chart
from webui.pages.chart_data import whole_chart
from webui.pages.closer import From, Typed, closer_of, closer_parts, endpoint_series
from webui.pages.compare import shared_comparison
from webui.pages.experiment_context import experiment_page
from webui.pages.experiments import changes_of, mark_of
from webui.pages.run import download, file_to_keep, intervals_page, page_title
from webui.pages.run_context import run_page
from webui.pages.sharing import Views, counts
from webui.pages.templating import respond
from webui.plan.documents import plan_to_json, plan_to_toml
from webui.runs.manager import RunManager
from webui.runs.model import RunView
from webui.runs.shared import Closed, as_shared, why_closed
from webui.store import ShareRecord, Store
from webui.web import Experiments, Manager, Storage

# The link is the key: it must not travel on to other sites, nor into search engines.
PRIVATE = {"Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex, nofollow"}

router = APIRouter(include_in_schema=False)


@router.get("/s/{token}", response_class=HTMLResponse)
async def show(
    token: str,
    request: Request,
    manager: Manager,
    store: Storage,
    views: Views,
    experiments: Experiments,
    from_: From = "",
    to: Typed = "",
) -> Response:
    """The shared result, with the stretch that is selected, comparison or experiment; 410 for a link that
    was revoked or has expired, 404 for one that never was."""
    share = await store.share(token)
    closed = why_closed(share, datetime.now(UTC))
    if share is None or closed is not None:
        return closed_page(closed or "unknown")
    root = str(request.base_url)
    if share.experiment_id:
        response = private(_experiment_page(await _shared_experiment(share, experiments), share, root))
    elif share.runs:
        response = private(await shared_comparison(share, root, manager))
    else:
        view = await manager.view(share.run_id)
        response = await run_in_threadpool(_page, view, share, root, (from_, to))
    if counts(request):
        response.background = BackgroundTask(views.seen, token, store)
    return response


async def _shared_experiment(share: ShareRecord, experiments: ExperimentManager) -> Experiment:
    experiment = await experiments.view(share.experiment_id)
    return experiment_as_shared(experiment, hide_target=share.hide_target)


def _experiment_page(experiment: Experiment, share: ShareRecord, root: str) -> Response:
    page = experiment_page(experiment, shared_at=f"/s/{share.token}")
    url = f"{root}s/{share.token}"
    seen, until = mark_of(experiment), share.expires_at
    return respond("experiments/shared.html", page, seen=seen, url=url, expires_at=until)


@router.get("/s/{token}/changes")
async def experiment_changes(
    token: str, store: Storage, experiments: Experiments, seen: Annotated[str, Query(max_length=40)] = ""
) -> Response:
    """What of a shared experiment differs from what this browser has seen; 204 when nothing does."""
    share = await store.share(token)
    closed = why_closed(share, datetime.now(UTC))
    if share is None or closed is not None or not share.experiment_id:
        return closed_page(closed or "unknown")
    experiment = await _shared_experiment(share, experiments)
    return private(changes_of(experiment_page(experiment, shared_at=f"/s/{token}"), seen))


def _page(view: RunView, share: ShareRecord, root: str, stretch: tuple[str, str]) -> Response:
    shown = as_shared(view, hide_target=share.hide_target)
    page = run_page(shown, shown.audit, base=f"/s/{share.token}", shared=True)
    closer = closer_of(shown, page, *stretch)
    return respond(
        "share/page.html",
        page,
        status=422 if closer.problem else 200,
        headers=PRIVATE,
        chart=whole_chart(shown),
        closer=closer,
        url=f"{root}s/{share.token}",
        expires_at=share.expires_at,
    )


async def shared_view(token: str, manager: RunManager, store: Store) -> RunView | Response:
    """The run that the link shows, without secrets, or the page that says why it does not open. Raises
    NotFound for a link to a comparison or an experiment: of its runs it shows no more than that page does."""
    share = await store.share(token)
    closed = why_closed(share, datetime.now(UTC))
    if share is None or closed is not None:
        return closed_page(closed or "unknown")
    if share.runs or share.experiment_id:
        raise NotFound("This link has no such part.")
    view = await manager.view(share.run_id)
    return await run_in_threadpool(as_shared, view, hide_target=share.hide_target)


@router.get("/s/{token}/title")
async def title(token: str, manager: Manager, store: Storage) -> Response:
    """The page's title as it now is, for a tab that is hidden and hears no stream."""
    view = await shared_view(token, manager, store)
    return view if isinstance(view, Response) else private(page_title(view))


@router.get("/s/{token}/closer")
async def closer(token: str, manager: Manager, store: Storage, from_: From = "", to: Typed = "") -> Response:
    """The parts of the page that a selection changes."""
    view = await shared_view(token, manager, store)
    if isinstance(view, Response):
        return view
    return private(await run_in_threadpool(closer_parts, view, f"/s/{token}", from_, to, shared=True))


@router.get("/s/{token}/endpoints.json")
async def endpoints(token: str, manager: Manager, store: Storage) -> Response:
    """The figures of the charts by endpoint."""
    view = await shared_view(token, manager, store)
    return view if isinstance(view, Response) else private(await run_in_threadpool(endpoint_series, view))


Seconds = Annotated[float | None, Query(ge=0, le=1e9)]


@router.get("/s/{token}/charts/{name}.csv")
async def chart(
    token: str,
    name: str,
    manager: Manager,
    store: Storage,
    from_s: Seconds = None,
    to_s: Seconds = None,
) -> Response:
    """A chart's figures, of a run or of a comparison. Raises NotFound for a chart that there is not,
    InvalidInput for a bad stretch."""
    share = await store.share(token)
    closed = why_closed(share, datetime.now(UTC))
    if share is None or closed is not None:
        return closed_page(closed or "unknown")
    views = [await manager.view(run_id) for run_id in share.runs or [share.run_id]]
    shown = [as_shared(view, hide_target=share.hide_target) for view in views]
    if share.runs:
        file = await run_in_threadpool(compared_chart, shown, name)
    else:
        file = await run_in_threadpool(chart_file, shown[0], name, from_s, to_s)
    return private(file_to_keep(file.data, file.file_name, MEDIA_TYPE))


@router.get("/s/{token}/intervals", response_class=HTMLResponse)
async def intervals(token: str, manager: Manager, store: Storage) -> Response:
    """The charts' figures as a table."""
    view = await shared_view(token, manager, store)
    if isinstance(view, Response):
        return view
    return private(await run_in_threadpool(intervals_page, view, f"/s/{token}", shared=True))


@router.get("/s/{token}/plan.{kind}")
async def plan_file(token: str, kind: str, manager: Manager, store: Storage) -> Response:
    """The plan as a file, JSON or TOML. Raises NotFound for any other."""
    if kind not in ("json", "toml"):
        raise NotFound("A plan can be had as plan.json or plan.toml.")
    view = await shared_view(token, manager, store)
    if isinstance(view, Response):
        return view
    text = plan_to_json(view.plan) if kind == "json" else plan_to_toml(view.plan)
    return private(download(text, f"katydid-plan-{view.id}.{kind}", f"application/{kind}"))


def closed_page(closed: Closed) -> Response:
    """The page that says in words why a link does not open."""
    status = 404 if closed == "unknown" else 410
    return respond("share/closed.html", None, status=status, headers=PRIVATE, closed=closed)


def private(response: Response) -> Response:
    """The response, kept from other sites and from search engines."""
    response.headers.update(PRIVATE)
    return response

"""The Download card's sizes, and the files behind a share link. A run's own files come from the API."""

from collections.abc import Mapping
from typing import Annotated
from weakref import WeakKeyDictionary

from fastapi import APIRouter, Header, Response
from starlette.concurrency import run_in_threadpool

from webui.exports import FORMATS, export, format_of, source_of
from webui.exports.http import file_response
from webui.pages.run_context import run_page
from webui.pages.share import private, shared_view
from webui.pages.templating import respond
from webui.runs.model import RunView
from webui.web import Manager, Storage

router = APIRouter(include_in_schema=False)

# Views of ended runs are kept while they are asked for, and their files never change.
_SIZES: WeakKeyDictionary[RunView, Mapping[str, int]] = WeakKeyDictionary()


@router.get("/runs/{run_id}/downloads")
async def sizes(run_id: str, manager: Manager) -> Response:
    """The card's list with the size of each file. Raises NotFound."""
    view = await manager.view(run_id)
    return await run_in_threadpool(_card, view, f"/runs/{run_id}", shared=False)


@router.get("/s/{token}/downloads")
async def shared_sizes(token: str, manager: Manager, store: Storage) -> Response:
    """The same for a shared result."""
    view = await shared_view(token, manager, store)
    if not isinstance(view, RunView):
        return view
    return private(await run_in_threadpool(_card, view, f"/s/{token}", shared=True))


@router.get("/s/{token}/export/{name}")
async def shared_export(
    token: str,
    name: str,
    manager: Manager,
    store: Storage,
    if_none_match: Annotated[str | None, Header(max_length=1000)] = None,
) -> Response:
    """A shared result as a file. Raises NotFound for a format that there is not."""
    view = await shared_view(token, manager, store)
    if not isinstance(view, RunView):
        return view
    format_of(name)
    return private(file_response(await run_in_threadpool(export, view, name), if_none_match))


def _card(view: RunView, base: str, *, shared: bool) -> Response:
    page = run_page(view, view.audit, base=base, shared=shared)
    return respond("run/parts/downloads.html", page, sizes={} if view.live else _sizes(view))


def _sizes(view: RunView) -> Mapping[str, int]:
    found = _SIZES.get(view)
    if found is None:
        source = source_of(view)
        found = _SIZES[view] = {name: len(each.render(source)) for name, each in FORMATS.items()}
    return found

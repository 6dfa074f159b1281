"""Pictures of a shared result: the badge, and the preview of a pasted link. They end with the link.

They may be kept for a short time and are asked for from other sites, unlike all else that is shared.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated
from weakref import WeakKeyDictionary

from fastapi import APIRouter, Header, Response
from starlette.concurrency import run_in_threadpool

from webui.exports import badge, preview
from webui.exports.badge import CLOSED, Badge, badge_svg, run_badge
from webui.exports.preview import Preview, preview_png, run_preview
from webui.exports.tags import etag, matches
from webui.pages.share import closed_page
from webui.runs.comparing import compare_views
from webui.runs.manager import RunManager
from webui.runs.model import RunView
from webui.runs.shared import as_shared, why_closed
from webui.runs.summary import spark_of
from webui.security.headers import EMBEDDABLE
from webui.store import ShareRecord
from webui.web import Manager, Storage

KEPT_S = {
    True: 30,
    False: 300,
}  # by whether the run goes on: so long after revoking, a copy may still be seen

router = APIRouter(include_in_schema=False)
IfNoneMatch = Annotated[str | None, Header(max_length=1000)]

# Views of ended runs are kept while they are asked for, and their pictures never change.
_PICTURES: WeakKeyDictionary[RunView, dict[tuple[str, bool], bytes]] = WeakKeyDictionary()


@router.get("/s/{token}/badge.svg")
async def show_badge(
    token: str, manager: Manager, store: Storage, if_none_match: IfNoneMatch = None
) -> Response:
    """The badge; of a link that does not open, one that says so, with 410 or 404."""
    share = await store.share(token)
    closed = why_closed(share, datetime.now(UTC))
    if share is None or closed is not None:
        status = 404 if closed == "unknown" else 410
        return _picture(badge_svg(CLOSED), badge.MEDIA_TYPE, None, None, status)
    views = await _views(share, manager)
    data = await run_in_threadpool(_badge, views, share)
    return _picture(data, badge.MEDIA_TYPE, any(view.live for view in views), if_none_match)


@router.get("/s/{token}/preview.png")
async def show_preview(
    token: str, manager: Manager, store: Storage, if_none_match: IfNoneMatch = None
) -> Response:
    """The preview, 1200 x 630; the page that says why for a link that does not open."""
    share = await store.share(token)
    closed = why_closed(share, datetime.now(UTC))
    if share is None or closed is not None:
        return closed_page(closed or "unknown")
    views = await _views(share, manager)
    data = await run_in_threadpool(_preview, views, share)
    return _picture(data, preview.MEDIA_TYPE, any(view.live for view in views), if_none_match)


async def _views(share: ShareRecord, manager: RunManager) -> list[RunView]:
    return [await manager.view(run_id) for run_id in share.runs or (share.run_id,)]


def _badge(views: list[RunView], share: ShareRecord) -> bytes:
    if share.runs:
        return badge_svg(Badge(f"{len(views)} load tests compared", _verdict(views, share)))
    return _kept(views[0], "badge", share, lambda view: badge_svg(run_badge(view)))


def _preview(views: list[RunView], share: ShareRecord) -> bytes:
    if share.runs:
        return preview_png(Preview(f"{len(views)} load tests compared", "", _verdict(views, share), ()))
    return _kept(
        views[0], "preview", share, lambda view: preview_png(run_preview(view, spark_of(view.snapshots)))
    )


def _kept(view: RunView, kind: str, share: ShareRecord, draw: Callable[[RunView], bytes]) -> bytes:
    kept, key = _PICTURES.setdefault(view, {}), (kind, share.hide_target)
    if key not in kept:
        kept[key] = draw(as_shared(view, hide_target=share.hide_target))
    return kept[key]


def _verdict(views: list[RunView], share: ShareRecord) -> str:
    shown = [as_shared(view, hide_target=share.hide_target) for view in views]
    return compare_views(shown).verdict.headline


def _picture(
    data: bytes, media_type: str, live: bool | None, if_none_match: str | None, status: int = 200
) -> Response:
    """`live` None: not to be kept."""
    headers = {
        "Cache-Control": "no-store" if live is None else f"public, max-age={KEPT_S[live]}",
        "X-Robots-Tag": "noindex, nofollow",
        **EMBEDDABLE,  # a picture needs nothing, and one opened by itself is allowed nothing
    }
    if live is not None:
        headers["ETag"] = etag(data)
        if matches(headers["ETag"], if_none_match):
            return Response(status_code=304, headers=headers)
    return Response(data, status, headers, media_type)

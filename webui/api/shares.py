"""`/api/v1/runs/{id}/shares`: links that show a run, or a comparison, to whoever has them."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from webui.api.models import Share, ShareList
from webui.api.openapi import problems
from webui.api.runs import RunId
from webui.errors import NotFound
from webui.security.access import operator
from webui.web import Manager, Storage

router = APIRouter(prefix="/api/v1/runs", tags=["runs"])

Token = Annotated[str, Path(description="The link's token.", max_length=64)]
# Who may only read cannot pass on what opens without a login.
OPERATOR = [Depends(operator)]
LOCATION = {"Location": {"description": "Where the new thing is.", "schema": {"type": "string"}}}


class NewShare(BaseModel):
    """What a link is to be. Without a body it never expires and shows the target's address."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    expires_in_days: Annotated[
        int | None, Field(ge=1, le=365, description="null: it opens until it is revoked.")
    ] = None
    hide_target: Annotated[
        bool, Field(description="Hide the target's address and the requests' headers.")
    ] = False

    @property
    def expires_at(self) -> datetime | None:
        """When it expires."""
        days = self.expires_in_days
        return None if days is None else datetime.now(UTC) + timedelta(days=days)


@router.post(
    "/{run_id}/shares",
    status_code=201,
    summary="Share a run",
    responses={201: {"headers": LOCATION}, **problems(404)},
)
async def create_share(
    run_id: RunId,
    manager: Manager,
    store: Storage,
    request: Request,
    response: Response,
    wanted: NewShare | None = None,
) -> Share:
    """Makes a link that shows this run's result to whoever has it, read-only and live while the run goes on,
    until it expires or is revoked."""
    await manager.view(run_id)
    options = wanted or NewShare()
    record = await store.add_share(run_id, expires_at=options.expires_at, hide_target=options.hide_target)
    response.headers["Location"] = f"/api/v1/runs/{run_id}/shares/{record.token}"
    return Share.of(record, str(request.base_url))


@router.get(
    "/{run_id}/shares",
    summary="List a run's share links",
    responses=problems(403, 404),
    dependencies=OPERATOR,
)
async def list_shares(run_id: RunId, manager: Manager, store: Storage, request: Request) -> ShareList:
    """The run's links, revoked and expired ones and those of comparisons that begin with it included, oldest
    first."""
    await manager.view(run_id)
    base_url = str(request.base_url)
    return ShareList(items=tuple(Share.of(record, base_url) for record in await store.shares(run_id)))


@router.get(
    "/{run_id}/shares/{token}",
    summary="Read a share link",
    responses=problems(403, 404),
    dependencies=OPERATOR,
)
async def read_share(
    run_id: RunId, token: Token, manager: Manager, store: Storage, request: Request
) -> Share:
    """One link of the run, as long as it is stored: how often it was opened, and whether it still opens."""
    await manager.view(run_id)
    found = [record for record in await store.shares(run_id) if record.token == token]
    if not found:
        raise NotFound("There is no such share link.")
    return Share.of(found[0], str(request.base_url))


@router.delete(
    "/{run_id}/shares/{token}", status_code=204, summary="Revoke a share link", responses=problems(404)
)
async def revoke_share(run_id: RunId, token: Token, store: Storage) -> None:
    """Closes the link. Revoking it once more changes nothing."""
    await store.revoke_share(run_id, token)

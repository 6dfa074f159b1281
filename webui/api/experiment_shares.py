"""`/api/v1/experiments/{id}/shares`: links that show an experiment to whoever has them."""

from fastapi import APIRouter, Request, Response

from webui.api.experiments import ExperimentId
from webui.api.models import Share, ShareList
from webui.api.openapi import problems
from webui.api.shares import LOCATION, OPERATOR, NewShare, Token
from webui.web import Experiments, Storage

router = APIRouter(prefix="/api/v1/experiments/{experiment_id}/shares", tags=["experiments"])


@router.post(
    "",
    status_code=201,
    summary="Share an experiment",
    responses={201: {"headers": LOCATION}, **problems(404)},
)
async def share_experiment(
    experiment_id: ExperimentId,
    experiments: Experiments,
    store: Storage,
    request: Request,
    response: Response,
    wanted: NewShare | None = None,
) -> Share:
    """Makes a link that shows this experiment to whoever has it, read-only and live while it goes on, until
    it expires or is revoked. The tests of its cells cannot be opened by it."""
    await experiments.view(experiment_id)
    options = wanted or NewShare()
    record = await store.share_experiment(
        experiment_id, expires_at=options.expires_at, hide_target=options.hide_target
    )
    response.headers["Location"] = f"/api/v1/experiments/{experiment_id}/shares/{record.token}"
    return Share.of(record, str(request.base_url))


@router.get(
    "",
    summary="List an experiment's share links",
    responses=problems(403, 404),
    dependencies=OPERATOR,
)
async def list_experiment_shares(
    experiment_id: ExperimentId, experiments: Experiments, store: Storage, request: Request
) -> ShareList:
    """The experiment's links, revoked and expired ones included, oldest first."""
    await experiments.view(experiment_id)
    base_url = str(request.base_url)
    records = await store.experiment_shares(experiment_id)
    return ShareList(items=tuple(Share.of(record, base_url) for record in records))


@router.delete("/{token}", status_code=204, summary="Revoke an experiment's link", responses=problems(404))
async def revoke_experiment_share(experiment_id: ExperimentId, token: Token, store: Storage) -> None:
    """Closes the link. Revoking it once more changes nothing."""
    await store.revoke_experiment_share(experiment_id, token)

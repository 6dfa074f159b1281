"""`/api/v1/experiments`: one load over a grid of variants and users."""

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Response
from pydantic import Field

from webui.analysis.document import Moment
from webui.analysis.part import Part
from webui.api.confirming import MayTest, saying_how_to_confirm
from webui.api.etags import IfNoneMatch, answered, with_etag
from webui.api.openapi import problems
from webui.experiments import Definition, Experiment, Progress
from webui.store import experiment_cursor
from webui.web import Experiments

router = APIRouter(prefix="/api/v1/experiments", tags=["experiments"])

ExperimentId = Annotated[str, Path(description="The experiment's id.", max_length=64)]


class ExperimentDocument(Part):
    """An experiment as it stands: what it tries, and what has come of it. Cells stand row by row."""

    id: Annotated[str, Field(examples=["x_7h3k9m2p4q"])]
    name: str
    status: Literal["waiting", "running", "finished", "stopped", "interrupted"]
    created_at: Moment
    definition: Definition
    progress: Progress

    @classmethod
    def of(cls, experiment: Experiment) -> "ExperimentDocument":
        """The document of an experiment."""
        return cls(
            id=experiment.id,
            name=experiment.definition.title,
            status=experiment.status,
            created_at=experiment.created_at,
            definition=experiment.definition,
            progress=experiment.progress,
        )


class ExperimentList(Part):
    """One page of experiments, the newest first."""

    items: tuple[ExperimentDocument, ...]
    next_cursor: str | None


@router.post(
    "",
    status_code=201,
    summary="Start an experiment",
    response_description="The experiment, running or waiting its turn.",
    responses=problems(403, 404, 409, 429),
)
async def create_experiment(
    definition: Definition, experiments: Experiments, confirmed: MayTest, response: Response
) -> ExperimentDocument:
    """Runs each variant with each number of users, one short run after another: a practice target with so
    many workers, or services of yours by their addresses. One experiment runs at a time."""
    with saying_how_to_confirm():
        experiment = await experiments.create(definition, may_test=confirmed)
    response.headers["Location"] = f"/api/v1/experiments/{experiment.id}"
    return ExperimentDocument.of(experiment)


@router.get("", summary="List experiments", responses=problems())
async def list_experiments(
    experiments: Experiments,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    cursor: Annotated[str | None, Query(description="`next_cursor` of a page.", max_length=4000)] = None,
) -> ExperimentList:
    """Experiments, the newest first, a page at a time."""
    found = await experiments.recent(limit + 1, cursor)
    shown = found[:limit]
    more = experiment_cursor(shown[-1].created_at, shown[-1].id) if len(found) > limit else None
    return ExperimentList(items=tuple(ExperimentDocument.of(each) for each in shown), next_cursor=more)


@router.get(
    "/{experiment_id}",
    summary="Read an experiment",
    response_model=ExperimentDocument,
    responses=with_etag(404),
)
async def read_experiment(
    experiment_id: ExperimentId, experiments: Experiments, if_none_match: IfNoneMatch = None
) -> Response:
    """The experiment with what is measured so far, and how each variant differs from the first. One that has
    ended has an ETag."""
    experiment = await experiments.view(experiment_id)
    return answered(ExperimentDocument.of(experiment), if_none_match, live=experiment.live)


@router.post("/{experiment_id}/stop", summary="Stop an experiment", responses=problems(404))
async def stop_experiment(experiment_id: ExperimentId, experiments: Experiments) -> ExperimentDocument:
    """Ends the experiment with what runs for it; what is measured stays. Once more changes nothing."""
    await experiments.stop(experiment_id)
    return ExperimentDocument.of(await experiments.view(experiment_id))

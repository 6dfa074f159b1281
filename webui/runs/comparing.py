"""Runs read for a comparison, by the pages, the API and the command line alike."""

import asyncio
from collections.abc import Sequence
from typing import Protocol

from webui.analysis.compare import Compared, check_count, compare
from webui.analysis.compare_document import Comparison
from webui.analysis.document import ErrorPart
from webui.plan.documents import plan_to_data
from webui.runs.model import RunView
from webui.security.redaction import Redactor


class Views(Protocol):
    """Whoever has the runs."""

    async def view(self, run_id: str) -> RunView:
        """The run as it stands. Raises NotFound, StoreUnavailable."""


async def comparison_of(views: Views, ids: Sequence[str]) -> Comparison:
    """The comparison of the runs of these ids with the first of them. Raises InvalidInput, NotFound,
    StoreUnavailable."""
    return await asyncio.to_thread(compare_views, await views_of(views, ids))  # thousands of histograms


async def views_of(views: Views, ids: Sequence[str]) -> list[RunView]:
    """The runs of these ids, as many as can be compared. Raises InvalidInput, NotFound, StoreUnavailable."""
    check_count(ids)
    return [await views.view(run_id) for run_id in ids]


def compare_views(views: Sequence[RunView]) -> Comparison:
    """The comparison of these runs. Raises InvalidInput."""
    return compare([to_compare(view) for view in views])


def to_compare(view: RunView) -> Compared:
    """The run, without secrets but for the plan by which it is told what differs."""
    document, redactor = view.result(), Redactor.of(view.plan)
    shown = {
        "name": redactor.text(document.name),
        "plan": plan_to_data(redactor.plan(view.plan)),
        "errors": tuple(_without_secrets(error, redactor) for error in document.errors),
    }
    return Compared(document.model_copy(update=shown), view.snapshots, document.plan)


def _without_secrets(error: ErrorPart, redactor: Redactor) -> ErrorPart:
    places = tuple(
        place.model_copy(
            update={"endpoint": redactor.text(place.endpoint), "sample": redactor.text(place.sample)}
        )
        for place in error.endpoints
    )
    return error.model_copy(update={"sample": redactor.text(error.sample), "endpoints": places})

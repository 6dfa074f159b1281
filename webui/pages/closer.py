"""Looking closer: a stretch of a run, chosen on a chart or typed, and what the page shows of it.

`from` and `to` stand in the page's address, so that a selection is a link and needs no script.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import APIRouter, Query, Response
from starlette.concurrency import run_in_threadpool

from webui.analysis.chart_rows import histogram_bins
from webui.analysis.endpoint_rows import ENDPOINT_COLUMNS, endpoint_rows
from webui.analysis.results import measured_parts
from webui.analysis.stretch import Stretch
from webui.analysis.waiting import waiting_inside
from webui.errors import InvalidInput
from webui.pages.chart_data import to_json
from webui.pages.run_context import RunPage, figures_of, run_page
from webui.pages.run_rows import error_rows
from webui.pages.templating import respond
from webui.runs.model import RunView
from webui.runs.stretch import stretch_of
from webui.units import parse_duration
from webui.web import Manager

Typed = Annotated[str, Query(max_length=40)]
From = Annotated[str, Query(alias="from", max_length=40)]

DRAWN = 12  # endpoints that have charts of their own; the CSV file has all

_CLOCK = re.compile(r"(?:(\d{1,4}):)?(\d{1,5}):(\d{1,2}(?:\.\d{1,6})?)")

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Closer:
    """What is selected. `typed` is as it stands in the fields; `page` holds the stretch's figures in place of
    the whole run's; None where nothing, or nothing usable, is selected, which `problem` explains."""

    typed: tuple[str, str] = ("", "")
    page: RunPage | None = None
    from_s: float | None = None
    to_s: float | None = None
    seconds: float = 0.0
    problem: str | None = None
    bins: Sequence[Sequence[float]] = ()

    @property
    def state(self) -> str:
        """For the page's script: what is selected, and its distribution; `null` where nothing is."""
        if self.page is None:
            return "null"
        return to_json({"from": self.from_s, "to": self.to_s, "bins": self.bins})


def closer_of(view: RunView, page: RunPage, from_: str, to: str) -> Closer:
    """The selection that the two texts make: moments such as `1:30` or `90s`; an empty one is the run's
    beginning or end, two of them select nothing."""
    typed = (from_.strip(), to.strip())
    if typed == ("", ""):
        return Closer()
    try:
        stretch, load_s = stretch_of(view, *_moments(view, *typed))
    except InvalidInput as error:
        return Closer(typed, problem=_sentence(error))
    return Closer(
        typed=(_clock(stretch.from_s), _clock(stretch.to_s)),
        page=_page_of(view, page, stretch, load_s),
        from_s=stretch.from_s,
        to_s=stretch.to_s,
        seconds=stretch.to_s - stretch.from_s,
        bins=histogram_bins(stretch.total.all_endpoints.response, stretch.total.all_endpoints.failed),
    )


def _moments(view: RunView, from_: str, to: str) -> tuple[float, float]:
    end = view.snapshots[-1].end_ns / 1e9 if view.snapshots else 0.0
    return _moment("from_s", from_) if from_ else 0.0, _moment("to_s", to) if to else end


def _moment(field: str, text: str) -> float:
    """Seconds since the start of `1:30`, `1:02:05`, `12.5`, `2min`. Raises InvalidInput."""
    match = _CLOCK.fullmatch(text)
    if match is not None:
        hours, minutes, seconds = match.groups()
        return int(hours or 0) * 3600 + int(minutes) * 60 + float(seconds)
    try:
        return parse_duration(text)
    except ValueError:
        raise InvalidInput.at(
            field, f"write a moment of the test such as 1:30 or 90s, not {text!r}"
        ) from None


def _sentence(error: InvalidInput) -> str:
    problem = error.problems[0]
    if problem.message.startswith("has to be"):
        return "The end of the stretch has to be later than its beginning"
    return problem.message


def _clock(seconds: float) -> str:
    """A clock reading with as many decimals as it needs, three at most."""
    whole, thousandths = divmod(round(seconds * 1000), 1000)
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    tail = f".{thousandths:03}".rstrip("0") if thousandths else ""
    return f"{hours}:{minutes:02}:{rest:02}{tail}" if hours else f"{minutes}:{rest:02}{tail}"


def _page_of(view: RunView, page: RunPage, stretch: Stretch, load_s: float) -> RunPage:
    """The page with the stretch's figures where the run's were."""
    parts = measured_parts(view.plan, stretch.total, load_s)
    in_flight = page.audit.mean_in_flight.model_copy(update={"measured": stretch.mean_in_flight})
    assert view.total is not None  # there are rows
    return replace(
        page,
        live=False,
        whole=figures_of(stretch.total.all_endpoints, load_s),
        users=stretch.most_users,
        audit=page.audit.model_copy(update={"mean_in_flight": in_flight}),
        waiting_inside=waiting_inside((stretch.total,), view.total) if page.waiting_inside else None,
        endpoints=parts["endpoints"],
        status_codes=parts["status_codes"],
        errors=error_rows(parts["errors"], view.plan, in_order_of_time=False),
    )


@router.get("/runs/{run_id}/closer")
async def closer(run_id: str, manager: Manager, from_: From = "", to: Typed = "") -> Response:
    """The parts of the page that a selection changes. Raises NotFound."""
    view = await manager.view(run_id)
    return await run_in_threadpool(closer_parts, view, f"/runs/{run_id}", from_, to, shared=False)


def closer_parts(view: RunView, base: str, from_: str, to: str, *, shared: bool) -> Response:
    """The same of a run or of a shared result; with 422 where the selection is not usable."""
    page = run_page(view, view.audit, base=base, shared=shared)
    selected = closer_of(view, page, from_, to)
    status = 200 if selected.problem is None else 422
    return respond("run/stream/closer.html", page, status=status, closer=selected)


@router.get("/runs/{run_id}/endpoints.json")
async def endpoints(run_id: str, manager: Manager) -> Response:
    """The figures of the charts by endpoint. Raises NotFound."""
    return await run_in_threadpool(endpoint_series, await manager.view(run_id))


def endpoint_series(view: RunView) -> Response:
    """The same of a run or of a shared result: rows of the columns for each request that is drawn."""
    series = [endpoint_rows(view.snapshots, place) for place in range(min(DRAWN, len(view.plan.requests)))]
    body = to_json({"columns": ENDPOINT_COLUMNS, "endpoints": series})
    return Response(body, media_type="application/json", headers={"Cache-Control": "no-store"})

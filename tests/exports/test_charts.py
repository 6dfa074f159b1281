"""A chart's figures as CSV: those of the chart, of a stretch, and safe in a spreadsheet."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime

import pytest

from tests.analysis.made_runs import made_run
from webui.errors import InvalidInput, NotFound
from webui.exports.charts import CHARTS, chart_file
from webui.metrics.snapshot import merge_time
from webui.plan.documents import plan_from_data
from webui.runs.model import RunView
from webui.runs.state import RunStatus

NAME = '=cmd|" /C calc"!A0'


def view(seconds: int = 20) -> RunView:
    """A run of one request with the name of a formula."""
    made = made_run("r", seconds=seconds, failures=1, requests=[{"path": "/items", "name": NAME}])
    return RunView(
        id="r_r",
        name="r",
        plan=plan_from_data(made.document.plan),
        status=RunStatus.PASSED,
        created_at=datetime(2026, 11, 23, tzinfo=UTC),
        snapshots=made.snapshots,
        total=merge_time(made.snapshots) if seconds else None,
        load_s=float(seconds),
    )


def rows_of(data: bytes) -> list[dict[str, str]]:
    """The file's rows by column."""
    return list(csv.DictReader(io.StringIO(data.decode())))


def test_the_heatmap_and_the_distribution_hold_every_request() -> None:
    run = view()
    assert run.total is not None
    totals = run.total.totals
    heat = rows_of(chart_file(run, "heatmap").data)
    assert sum(int(row["Requests"]) for row in heat) == totals.successes + totals.failures
    bins = rows_of(chart_file(run, "histogram").data)
    assert sum(int(row["Successes"]) for row in bins) == totals.successes
    assert sum(int(row["Failures"]) for row in bins) == totals.failures


def test_a_stretch_has_its_rows_and_says_so_in_its_name() -> None:
    file = chart_file(view(), "latency", 5, 8)
    assert file.file_name == "katydid-r_r-latency-5s-8s.csv"
    assert [row["From s"] for row in rows_of(file.data)] == ["5", "6", "7"]


def test_names_are_no_formulas() -> None:
    found = rows_of(chart_file(view(), "endpoints").data)
    assert len(found) == 20
    assert {row["Endpoint"] for row in found} == {f"'{NAME}"}


@pytest.mark.parametrize("name", CHARTS)
def test_a_run_without_figures_has_a_head_alone(name: str) -> None:
    assert rows_of(chart_file(view(0), name).data) == []
    with pytest.raises(InvalidInput):
        chart_file(view(0), name, 0, 1)


def test_an_unknown_chart_is_named() -> None:
    with pytest.raises(NotFound, match="throughput, latency"):
        chart_file(view(), "pie")

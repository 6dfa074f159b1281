"""A comparison's charts and a plan's trend as CSV: every run's figures, and none made up."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.exports.test_charts import rows_of, view
from webui.errors import InvalidInput, NotFound
from webui.exports.compared import COMPARED_CHARTS, compared_chart, trend_file
from webui.runs.model import RunView
from webui.store import RunSummary


def two() -> list[RunView]:
    """A run of 20 s and one of 12 s."""
    first, second = view(), view(seconds=12)
    object.__setattr__(second, "id", "r_other")
    return [first, second]


def test_each_run_has_its_own_intervals() -> None:
    runs = two()
    rows = rows_of(compared_chart(runs, "throughput").data)
    for letter, run in zip("AB", runs, strict=True):
        mine = [row for row in rows if row["Run"] == letter]
        assert [float(row["To s"]) for row in mine] == [row.t_s for row in run.result().snapshots]
        assert [float(row["Successes/s"]) for row in mine] == pytest.approx(
            [row.throughput_rps for row in run.result().snapshots], rel=1e-4
        )


def test_the_curve_goes_from_the_fastest_to_what_the_sample_supports() -> None:
    rows = [row for row in rows_of(compared_chart(two(), "curve").data) if row["Run"] == "A"]
    assert float(rows[0]["Percentile"]) == 0
    assert 99 < float(rows[-1]["Percentile"]) < 100
    times = [float(row["ms"]) for row in rows]
    assert times == sorted(times)


def test_a_run_without_figures_has_no_rows() -> None:
    runs = [view(), view(seconds=0)]
    object.__setattr__(runs[1], "id", "r_other")
    for name in COMPARED_CHARTS:
        assert {row["Run"] for row in rows_of(compared_chart(runs, name).data)} == {"A"}


def test_what_is_no_comparison_is_refused() -> None:
    with pytest.raises(NotFound, match="There is no chart 'nonsense'"):
        compared_chart(two(), "nonsense")
    with pytest.raises(InvalidInput):
        compared_chart([view(), view()], "p50")


def test_a_trend_has_a_row_for_each_run() -> None:
    runs = [
        RunSummary(
            id=f"r_{place}",
            name="=1+1",
            status="passed",
            target="http://127.0.0.1:9/",
            created_at=datetime(2026, 11, place, tzinfo=UTC),
            p50_ms=None if place == 2 else 10.0 * place,
            throughput_rps=100.0,
            success_percent=99.5,
        )
        for place in (1, 2, 3)
    ]
    rows = rows_of(trend_file("key", runs).data)
    assert [row["Run"] for row in rows] == ["r_1", "r_2", "r_3"]
    assert [row["p50 ms"] for row in rows] == ["10", "N/A", "30"]
    assert rows[0]["Name"] == "'=1+1"
    assert rows[0]["Started"].startswith("2026-11-01T00:00")

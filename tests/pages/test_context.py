"""Times in words, sparklines, rows of runs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webui.pages.context import SPARK_HEIGHT, SPARK_WIDTH, spark_points, when
from webui.pages.rows import row_from_summary, with_known
from webui.pages.templating import asset, sentence
from webui.store import RunSummary

NOON = datetime(2026, 11, 22, 12, 0).astimezone()


@pytest.mark.parametrize(
    ("ago", "kind", "number"),
    [
        (timedelta(seconds=5), "now", 0),
        (timedelta(minutes=3), "minutes", 3),
        (timedelta(hours=5), "hours", 5),
        (timedelta(hours=10), "today", 0),
        (timedelta(hours=20), "yesterday", 1),
        (timedelta(days=40), "date", 40),
    ],
)
def test_a_moment_in_words(ago: timedelta, kind: str, number: int) -> None:
    said = when(NOON - ago, NOON)
    assert (said.kind, said.number) == (kind, number)


@given(st.lists(st.floats(0, 1e6), min_size=2, max_size=60), st.floats(0, 1))
def test_a_sparkline_stays_in_its_box(values: list[float], share: float) -> None:
    points = [tuple(map(float, point.split(","))) for point in spark_points(values, share).split()]
    assert len(points) == len(values)
    assert all(0 <= x <= SPARK_WIDTH * share + 0.05 for x, _ in points)
    assert all(0 <= y <= SPARK_HEIGHT for _, y in points)


def test_a_sparkline_needs_two_values() -> None:
    assert spark_points([3.0]) == ""


def summary(number: int) -> RunSummary:
    at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=number)
    return RunSummary(
        id=f"r_{number}", name="Items", status="stopped", target="http://a", planned_s=60.0, created_at=at,
        started_at=at, ended_at=at + timedelta(seconds=15),
    )  # fmt: skip


def test_a_run_cut_short_has_a_short_sparkline() -> None:
    assert row_from_summary(summary(1)).spark_share == 0.25


def test_the_list_is_short_and_counts_all() -> None:
    recent = with_known([], [summary(n) for n in range(30)], 1000)
    assert len(recent.rows) == 10
    assert recent.total == 1000


def test_sentences_begin_and_end_as_sentences() -> None:
    assert sentence("must be 1 or more") == "Must be 1 or more."
    assert sentence("Wait…") == "Wait…"


def test_an_address_of_a_static_file_changes_with_its_content() -> None:
    path, _, version = asset("app.css").partition("?v=")
    assert path == "/static/app.css"
    assert len(version) == 10
    with pytest.raises(FileNotFoundError):
        asset("no-such-file.css")

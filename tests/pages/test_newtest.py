"""The preview of the load and what the form says about itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webui.errors import Problem
from webui.pages.forms import FormFields, RequestFields
from webui.pages.newtest import (
    BOTTOM,
    LEFT,
    RIGHT,
    TOP,
    new_test,
    nice_ceiling,
    preview,
    time_ticks,
    users_ticks,
)

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def points(text: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in (point.split(",") for point in text.split())]


def test_users_climb_and_stay_until_the_end() -> None:
    shown = preview(FormFields(users="100", duration="100 s", spawn_rate="2"), NOW)
    assert shown is not None
    assert shown.ramp_s == 49.5
    assert shown.ends_at == NOW + timedelta(seconds=100)
    start, reached, end = points(shown.line)
    assert start == (LEFT, BOTTOM - 1)
    assert reached == (pytest.approx(LEFT + (RIGHT - LEFT) * 0.495, abs=0.1), TOP)
    assert end == (RIGHT, TOP)
    assert shown.open_line == ""


def test_a_climb_longer_than_the_run_is_cut() -> None:
    shown = preview(FormFields(users="100", duration="10 s", spawn_rate="2"), NOW)
    assert shown is not None
    assert points(shown.line)[-1] == (RIGHT, pytest.approx(BOTTOM - (BOTTOM - TOP) * 0.2))


@pytest.mark.parametrize("end", ["iterations", "stop"])
def test_an_open_end_is_drawn_open(end: str) -> None:
    shown = preview(FormFields(end=end), NOW)
    assert shown is not None
    assert (shown.total_s, shown.ends_at) == (None, None)
    assert points(shown.open_line)[0] == points(shown.line)[-1]
    assert points(shown.open_line)[-1][0] == RIGHT


@pytest.mark.parametrize("changes", [{"users": "x"}, {"users": "0"}, {"duration": "soon"}])
def test_there_is_no_preview_of_nonsense(changes: dict[str, str]) -> None:
    assert preview(replace(FormFields(), **changes)) is None


@given(st.integers(1, 100_000))
def test_the_users_axis_holds_all_users_and_is_round(users: int) -> None:
    top = nice_ceiling(users)
    assert users <= top <= max(2, 2 * users)
    assert users_ticks(top)[-1] == top


@given(st.floats(0.1, 604_800))
def test_the_time_axis_has_few_ticks_within_the_run(total: float) -> None:
    ticks = time_ticks(total)
    assert 1 <= len(ticks) <= 6
    assert ticks[-1] <= total * (1 + 1e-6)


def test_mistakes_stand_in_the_order_of_the_page() -> None:
    found = [Problem("note", "c"), Problem("users", "b"), Problem("url-0", "a"), Problem("", "whole")]
    test = new_test(FormFields(), found)
    assert list(test.errors) == ["url-0", "users", "note"]
    assert test.first_error == "url-0"
    assert test.message == "whole"


def test_advanced_is_unfolded_for_a_mistake_inside() -> None:
    assert not new_test(FormFields(), [Problem("users", "b")]).open
    assert new_test(FormFields(), [Problem("timeout", "b")]).open


def test_a_mistake_of_a_further_request_is_known() -> None:
    form = FormFields(requests=(RequestFields(), RequestFields(key="3", url="x")))
    assert new_test(form, [Problem("url-3", "wrong")]).error("url-3") == "wrong"

"""What the form says about itself: mistakes in the order of the page, the line beside Advanced."""

from __future__ import annotations

from dataclasses import replace

import pytest

from webui.errors import Problem
from webui.pages.forms import SHAPES, CheckRow, FormFields, RequestFields
from webui.pages.newtest import controls, new_test, preview, summary


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


@pytest.mark.parametrize("shape", SHAPES)
def test_every_control_is_named_once_whatever_the_shape(shape: str) -> None:
    names = controls(FormFields(shape=shape, requests=(RequestFields(checks=(CheckRow("1"),)),)))
    assert len(names) == len(set(names))
    assert {"users", "duration", "rate", "sweep_to", "stage-1", "check-0-1", "pause"} <= set(names)


def test_a_mistake_in_a_stage_stands_outside_advanced() -> None:
    test = new_test(FormFields(shape="stages"), [Problem("stage-2", "wrong"), Problem("stages_from", "x")])
    assert list(test.errors) == ["stages_from", "stage-2"]
    assert not test.open


def test_further_settings_of_connections_unfold_when_one_is_set_or_wrong() -> None:
    assert not new_test(FormFields(timeout="3 s")).connection_open
    assert new_test(FormFields(auth="bearer")).connection_open
    assert new_test(FormFields(), [Problem("proxy", "wrong")]).connection_open


def test_the_summary_counts_what_is_set() -> None:
    rows = (CheckRow("1", "status", "", "200"), CheckRow("2"))
    first = RequestFields(headers="A: b\n\nC: d", checks=rows, body_kind="text")
    shown = summary(FormFields(requests=(first, RequestFields("1", url="/x"), RequestFields("2"))))
    assert (shown.headers, shown.checks, shown.body, shown.requests) == (2, 1, True, 1)


@pytest.mark.parametrize("changes", [{"users": "x"}, {"users": "0"}, {"duration": "soon"}])
def test_there_is_no_preview_of_nonsense(changes: dict[str, str]) -> None:
    assert preview(replace(FormFields(), **changes)) is None


@pytest.mark.parametrize(("shape", "pause"), [("steady", (1.0, 2.0)), ("sweep", None), ("rate", None)])
def test_the_pause_is_told_where_users_have_one(shape: str, pause: tuple[float, float] | None) -> None:
    shown = preview(FormFields(shape=shape, pause="1 s to 2 s"))
    assert shown is not None
    assert shown.pause_s == pause

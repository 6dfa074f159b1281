"""Texts of the form's controls become values, and values texts that read back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webui.pages.formtext import (
    duration_text,
    in_unit,
    pause_from_text,
    pause_text,
    rate_from_text,
    seconds_from_text,
    size_from_text,
    size_text,
    stages_from_text,
    tags_from_text,
    tags_text,
)

MICROSECONDS = st.integers(0, 604_800_000_000).map(lambda number: number / 1e6)


@pytest.mark.parametrize(
    ("text", "pause"),
    [
        ("0", (0.0, 0.0)),
        ("1s", (1.0, 1.0)),
        ("1 s to 3 s", (1.0, 3.0)),
        ("1s..3s", (1.0, 3.0)),
        ("1 to 3", (1.0, 3.0)),
        ("100 to 300 ms", (0.1, 0.3)),
        ("1 to 3 min", (60.0, 180.0)),
    ],
)
def test_pauses(text: str, pause: tuple[float, float]) -> None:
    assert pause_from_text(text) == pause


def test_labels_may_hold_commas_in_quotes() -> None:
    assert tags_from_text(' a ,, "b, c" ') == ["a", "b, c"]
    assert tags_from_text(tags_text(("a", "b, c"))) == ["a", "b, c"]


@pytest.mark.parametrize(
    ("text", "stages"),
    [
        ("50 for 10 s", [(10.0, 50.0)]),
        ("1,000 users for 1 min 30 s", [(90.0, 1000.0)]),
        ("1 user in 5s", [(5.0, 1.0)]),
        ("10s:50, 30s:200", [(10.0, 50.0), (30.0, 200.0)]),
        ("10s:50,30s:200", [(10.0, 50.0), (30.0, 200.0)]),
        ("50 for 10 s; 60 for 1 s", [(10.0, 50.0), (1.0, 60.0)]),
        (" ", []),
    ],
)
def test_stages_of_users(text: str, stages: list[tuple[float, float]]) -> None:
    assert stages_from_text(text, "users") == stages


@pytest.mark.parametrize("text", ["200 for 10 s", "200 req/s for 10s", "200/s over 10s", "10s:200"])
def test_stages_of_rates(text: str) -> None:
    assert stages_from_text(text, "rate") == [(10.0, 200.0)]


@pytest.mark.parametrize(
    ("text", "of", "words"),
    [
        ("50", "users", "write a stage such as 50 users for 10 s"),
        ("50 req/s for 10 s", "users", "another unit"),
        ("50 users for 10 s", "rate", "another unit"),
        ("many for 10 s", "users", "whole number"),
        ("50 for long", "users", "write a time"),
        ("10s:", "users", "whole number"),
    ],
)
def test_a_stage_that_is_none_says_what_would_be_right(text: str, of: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        stages_from_text(text, of)


@pytest.mark.parametrize(("text", "rate"), [("200", 200), ("1,000", 1000), ("60/min", 1), ("5 req/s", 5)])
def test_rates(text: str, rate: float) -> None:
    assert rate_from_text(text) == rate


@given(MICROSECONDS)
def test_durations_read_back_exactly(seconds: float) -> None:
    assert seconds_from_text(duration_text(seconds)) == seconds


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(30, "30 s"), (120, "2 min"), (5400, "90 min"), (7200, "2 h"), (0.25, "250 ms"), (1.5, "1.5 s")],
)
def test_durations_read_well(seconds: float, text: str) -> None:
    assert duration_text(seconds) == text


@given(MICROSECONDS, MICROSECONDS)
def test_pauses_read_back_exactly(one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert pause_from_text(pause_text(low, high)) == (low, high)


@given(st.integers(1, 1 << 30))
def test_sizes_read_back_exactly(size: int) -> None:
    assert size_from_text(size_text(size)) == size


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("must be 0.1 or more, not 0.0", "must be 100 ms or more, not 0 s"),
        ("must be 604,800 or less, not 1e9", "must be 604,800 or less, not 1e9"),
        ("must be more than 0, not -3", "must be more than 0 s, not -3 s"),
        ("is required", "is required"),
    ],
)
def test_bounds_are_told_in_the_controls_unit(message: str, words: str) -> None:
    assert in_unit(message, duration_text) == words

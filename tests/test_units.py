"""Numbers for people."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webui import units


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("30s", 30), ("2 min", 120), ("1h 30m", 5400), ("250ms", 0.25), ("10", 10), ("1.5 h", 5400)],
)
def test_durations_are_read(text: str, seconds: float) -> None:
    assert units.parse_duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "soon", "3 parsecs", "-3s", "1h 5", "nan", "3s!", "9" * 400 + "s"])
def test_other_text_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="write a time such as"):
        units.parse_duration(text)


@pytest.mark.parametrize(("text", "rate"), [("100/s", 100), ("6000/min", 100), ("5", 5)])
def test_rates_are_read(text: str, rate: float) -> None:
    assert units.parse_rate(text) == pytest.approx(rate)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (57.91, "57.9"),
        (65, "65.0"),
        (1140.2, "1,140"),
        (9.996, "10.0"),
        (0, "0"),
        (None, "–"),
        (0.0123, "0.0123"),
    ],
)
def test_three_significant_digits(value: float | None, shown: str) -> None:
    assert units.significant(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [(100, "100%"), (99.9999, "99.99%"), (0.0001, "0.01%"), (0, "0%"), (97.314, "97.31%"), (None, "–")],
)
def test_a_hundred_percent_only_when_exact(value: float | None, shown: str) -> None:
    assert units.percent(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"), [(57.9, "57.9 ms"), (999.4, "999 ms"), (999.6, "1.00 s"), (1840, "1.84 s")]
)
def test_times_change_unit_at_one_second(value: float, shown: str) -> None:
    assert units.milliseconds(value).replace(units.NBSP, " ") == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0.25, "250 ms"), (30, "30 s"), (271, "4 min 31 s"), (3600, "1 h"), (7500, "2 h 5 min")],
)
def test_durations_in_words(seconds: float, shown: str) -> None:
    assert units.duration(seconds).replace(units.NBSP, " ") == shown


@given(st.floats(0.001, 1e9))
def test_significant_digits_are_close_to_the_value(value: float) -> None:
    assert float(units.significant(value).replace(",", "")) == pytest.approx(value, rel=0.006)


@pytest.mark.parametrize(("seconds", "shown"), [(0, "0:00"), (192.9, "3:12"), (3725, "1:02:05")])
def test_timers(seconds: float, shown: str) -> None:
    assert units.timer(seconds) == shown


@pytest.mark.parametrize(("value", "shown"), [(999, "999 B"), (4450000, "4.45 MB"), (5900, "5.90 kB")])
def test_sizes(value: int, shown: str) -> None:
    assert units.size(value).replace(units.NBSP, " ") == shown

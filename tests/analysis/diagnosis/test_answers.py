"""What bursts tell of lines: answers in generations, or all at the end."""

from __future__ import annotations

import pytest

from webui.analysis.diagnosis.answers import bursts_of
from webui.analysis.diagnosis.rules import NO_LINE
from webui.metrics.probing import BurstStats

MS = 1_000_000


def mean_wait(*answers_ms: float) -> float:
    burst = BurstStats("large", len(answers_ms), 0, tuple(round(each * MS) for each in answers_ms), ())
    found = bursts_of([burst] * 3, service_s=0.05, trip_s=0.0, top=800.0, m=80.0).mean_wait
    assert found is not None
    return found


def generation(number: int, from_ms: float, to_ms: float) -> list[float]:
    return [from_ms + (to_ms - from_ms) * place / (number - 1) for place in range(number)]


def test_a_line_waits_for_half_of_the_time() -> None:
    answers = [each for at in (50.0, 100.0, 150.0) for each in generation(80, at, at + 5)]
    assert mean_wait(*answers) == pytest.approx(0.5, abs=0.03)


def test_a_line_that_is_read_as_a_whole_first_is_still_a_line() -> None:
    """As two processes with 40 threads each answered 256 requests at once: the first came after 124 ms."""
    answers = generation(100, 124, 140) + generation(80, 190, 225) + generation(76, 235, 250)
    assert mean_wait(*answers) < NO_LINE - 0.1


def test_who_shares_a_processor_waits_for_nearly_all_of_it() -> None:
    assert mean_wait(*generation(256, 300, 320)) > NO_LINE + 0.1

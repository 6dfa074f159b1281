"""The verdict at the end of a run."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.runs.fakes import S, interval, plan
from webui.metrics.snapshot import ErrorCount, Snapshot, Totals
from webui.runs.outcome import Ending, ShardEnd, ending_of, nothing_measured
from webui.runs.state import TRANSITIONS, RunStatus, step

DONE = ShardEnd("finished", "duration", 30 * S)
STOPPED = ShardEnd("finished", "stopped", 2 * S)
LOST = ShardEnd("lost", "It was killed.")
BROKEN = ShardEnd("failed", "The engine failed: too many open files")


def verdict(
    total: Snapshot | None,
    *ends: ShardEnd,
    thresholds: tuple[str, ...] = (),
    stopped: str | None = None,
    interrupted: str | None = None,
) -> Ending:
    return ending_of(plan(thresholds=thresholds), total, 30.0, ends or (DONE,), stopped, interrupted)


def refused(kind: str = "connect_refused", sample: str = "refused") -> Snapshot:
    row = interval(0, 0, 5, completed=0, error=kind)
    return replace(row, errors={(0, kind): ErrorCount(5, 0, 0, sample)})


def test_a_run_without_thresholds_that_reached_its_end_passed() -> None:
    assert verdict(interval(0, 10, 1)) == Ending(RunStatus.PASSED, "")


def test_thresholds_decide() -> None:
    assert verdict(interval(0, 100), thresholds=("p95<20ms", "errors<1")).status is RunStatus.PASSED
    failed = verdict(interval(0, 100), thresholds=("p95<5ms", "errors<1"))
    assert failed == Ending(RunStatus.FAILED, "1 of 2 thresholds did not hold.")


def test_responses_that_are_all_failures_are_a_failure() -> None:
    assert verdict(interval(0, 0, 10)) == Ending(RunStatus.FAILED, "None of 10 responses was a success.")


def test_without_one_full_response_nothing_was_measured() -> None:
    status, reason = verdict(refused())
    assert status is RunStatus.ERROR
    assert reason == (
        "Could not reach http://127.0.0.1:9: connection refused. Nothing is listening there; "
        "start the service, or check the port."
    )


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        ("dns_error", "could not be resolved"),
        ("connect_timeout", "firewall"),
        ("tls_error", "HTTPS"),
        ("timeout", "within 10 s"),
        ("protocol_error", "does not speak HTTP"),
        ("connection_closed", "closed every connection"),
    ],
)
def test_the_most_frequent_error_is_put_in_words(kind: str, says: str) -> None:
    assert says in nothing_measured(plan(), refused(kind))


def test_a_sample_with_braces_is_only_text() -> None:
    assert "{host}" in nothing_measured(plan(), refused("tls_error", "odd {host} text"))


def test_a_run_that_sent_nothing_says_so() -> None:
    assert verdict(None).reason == "Not one request was sent before the test ended."
    assert "Give it more time" in verdict(interval(0, 0, 0, in_flight=3)).reason


def test_stop_keeps_what_was_measured() -> None:
    assert verdict(interval(), STOPPED, stopped="By you at 11:42") == Ending(
        RunStatus.STOPPED, "By you at 11:42"
    )
    assert verdict(interval(), LOST, stopped="By you at 11:42").status is RunStatus.STOPPED


def test_a_run_that_ended_by_itself_as_stop_was_pressed_is_judged_by_its_results() -> None:
    assert verdict(interval(), DONE, DONE, stopped="By you").status is RunStatus.PASSED
    assert verdict(interval(), DONE, STOPPED, stopped="By you").status is RunStatus.STOPPED


def test_closing_interrupts_unless_somebody_stopped_it_before() -> None:
    closed = {"interrupted": "Katydid was closed."}
    assert verdict(interval(), STOPPED, **closed) == Ending(RunStatus.INTERRUPTED, "Katydid was closed.")
    assert verdict(interval(), STOPPED, stopped="By you", **closed).status is RunStatus.STOPPED
    assert verdict(interval(), DONE, **closed).status is RunStatus.PASSED


def test_losing_all_engines_interrupts() -> None:
    assert verdict(interval(), LOST, LOST) == Ending(RunStatus.INTERRUPTED, "It was killed.")
    assert verdict(None, LOST).status is RunStatus.INTERRUPTED


def test_losing_some_engines_makes_it_partial() -> None:
    status, reason = verdict(interval(), DONE, LOST)
    assert status is RunStatus.PASSED
    assert reason == "Partial: 1 of 2 engines did not finish. It was killed."
    _, reason = verdict(interval(0, 100), DONE, LOST, thresholds=("p95<1ms",))
    assert reason.startswith("1 of 1 threshold did not hold. Partial: ")


def test_an_engine_that_failed_before_anything_was_measured_is_an_error() -> None:
    assert verdict(None, BROKEN) == Ending(RunStatus.ERROR, BROKEN.text)
    assert verdict(interval(), BROKEN).status is RunStatus.INTERRUPTED


def test_final_states_are_final() -> None:
    for status in RunStatus:
        assert status.live == (status in TRANSITIONS)
        if not status.live:
            with pytest.raises(ValueError, match="cannot go"):
                step(status, RunStatus.RUNNING)
    with pytest.raises(ValueError, match="queued to passed"):
        step(RunStatus.QUEUED, RunStatus.PASSED)


def test_totals_of_the_fakes_balance() -> None:
    assert interval(0, 5, 2, cut_off=1).totals.balanced
    assert isinstance(interval().totals, Totals)

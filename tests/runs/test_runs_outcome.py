"""The verdict at the end of a run."""

from __future__ import annotations

import errno
from dataclasses import replace

import pytest

from tests.runs.fakes import S, interval, plan
from webui.engine.origin import machine_limit
from webui.metrics.snapshot import ErrorCount, Snapshot, Totals
from webui.runs.audit import audit_of
from webui.runs.outcome import (
    CutShort,
    Ending,
    Judged,
    ShardEnd,
    abort_reason,
    broken_rule,
    ending_of,
    nothing_measured,
)
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
    aborted: str | None = None,
    trustworthy: bool | None = True,
) -> Ending:
    cut_short = CutShort(aborted, stopped, interrupted)
    return ending_of(
        plan(thresholds=thresholds), total, 30.0, ends or (DONE,), cut_short, Judged(trustworthy)
    )


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
        ("body_too_large", "larger bodies than the 16,777,216 bytes that are allowed"),
        ("body_too_large", "Raise the limit: http.max_body_bytes in a plan, --max-body on"),
    ],
)
def test_the_most_frequent_error_is_put_in_words(kind: str, says: str) -> None:
    assert says in nothing_measured(plan(), refused(kind))


def test_a_sample_with_braces_is_only_text() -> None:
    assert "{host}" in nothing_measured(plan(), refused("tls_error", "odd {host} text"))


@pytest.mark.parametrize(
    ("sample", "says"),
    [
        ("more than 10 redirects, the last one to /", "raise http.max_redirects (--max-redirects)."),
        ("redirected to 'ftp://x/': not http", "Test the address that it leads to"),
        ("the head is over 65,536 bytes", "http://127.0.0.1:9: the head is over 65,536 bytes."),
    ],
)
def test_what_speaks_http_but_breaks_a_limit_is_not_told_otherwise(sample: str, says: str) -> None:
    reason = nothing_measured(plan(), refused("protocol_error", sample))
    assert says in reason
    assert "does not speak HTTP" not in reason


def test_a_limit_of_this_machine_is_not_put_on_the_target() -> None:
    ours = refused("connect_error", f"127.0.0.1:9: {machine_limit(OSError(errno.EMFILE, ''))}")
    reason = nothing_measured(plan(), ours)
    assert "this machine's limit, not the target's: no file descriptor is left of " in reason
    assert reason.endswith("raise it with ulimit -n, or use fewer users.")
    audit = audit_of(plan(), [ours], ours, shards=1, shards_lost=0, live=False)
    assert not audit.trustworthy
    [told] = [words for words in audit.reasons if "ran out" in words]
    assert told.startswith("The generator's machine ran out of something: no file descriptor is left of ")


def test_a_dead_proxy_is_not_the_targets_fault() -> None:
    proxied = plan(http={"proxy": "http://127.0.0.1:3128"})
    dead = refused(sample="the proxy http://127.0.0.1:3128: the connection was refused")
    assert nothing_measured(proxied, dead) == (
        "Could not reach http://127.0.0.1:9: the proxy http://127.0.0.1:3128: the connection was refused. "
        "Check the proxy's address, and that it runs and lets you through."
    )
    assert "start the service" in nothing_measured(plan(), dead)


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


def test_a_threshold_that_ended_the_run_makes_it_fail_whoever_came_after() -> None:
    assert verdict(interval(), STOPPED, aborted="p95<1ms did not hold.") == Ending(
        RunStatus.FAILED, "p95<1ms did not hold."
    )
    both = verdict(interval(), STOPPED, aborted="p95<1ms did not hold.", interrupted="Katydid was closed.")
    assert both.status is RunStatus.FAILED


def test_the_audits_verdict_is_a_threshold() -> None:
    rules = ("audit.trustworthy",)
    assert verdict(interval(), thresholds=rules).status is RunStatus.PASSED
    assert verdict(interval(), thresholds=rules, trustworthy=False).status is RunStatus.FAILED
    assert verdict(interval(), thresholds=rules, trustworthy=None).status is RunStatus.FAILED


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ("p95<5ms", "Stopped after 3\xa0s: p95<5ms did not hold, it was 10.0\xa0ms."),
        ("success>99%", "success>99% did not hold, it was 90.91%."),
        ("throughput>50/s", "throughput>50/s did not hold, it was 33.3/s."),
        ("errors<1", "errors<1 did not hold, it was 10."),
        ("audit.trustworthy", "audit.trustworthy did not hold, the run is not trustworthy."),
    ],
)
def test_the_reason_of_an_abort_names_the_rule_and_its_figure(rule: str, says: str) -> None:
    broken = broken_rule(plan(thresholds=("max<1s", rule)), interval(0, 100, 10), 3.0, Judged(False))
    assert broken is not None
    assert says in abort_reason(broken, 3.0)


def test_a_rule_without_a_figure_is_open_and_not_broken() -> None:
    rules = plan(thresholds=("p(99.9)<1ms", "audit.trustworthy"))
    assert broken_rule(rules, interval(0, 100), 1.0, Judged()) is None


def test_losing_all_engines_interrupts() -> None:
    assert verdict(interval(), LOST, LOST) == Ending(RunStatus.INTERRUPTED, "It was killed.")
    assert verdict(None, LOST).status is RunStatus.INTERRUPTED


def test_losing_some_engines_makes_it_partial() -> None:
    status, reason = verdict(interval(), DONE, LOST)
    assert status is RunStatus.PASSED
    assert reason == "Partial: engine 2 of 2 did not finish. It was killed."
    _, reason = verdict(interval(), LOST, DONE, LOST, LOST)
    assert reason.startswith("Partial: engines 1, 3 and 4 of 4 did not finish.")
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

"""Plain words with the numbers behind them, and hypotheses with their sources."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import pytest

from tests.analysis.diagnosis.test_simulated import Make, diagnosed, plan
from tests.sweep.executor import sweep
from tests.sweep.queues import (
    Changing,
    Doors,
    Law,
    Limited,
    Loops,
    Scales,
    Service,
    Sharing,
    Slots,
    Tokens,
    World,
    constant,
)
from webui.analysis.diagnosis import diagnose
from webui.analysis.diagnosis.bootstrap import Interval
from webui.analysis.diagnosis.canary import Canary
from webui.analysis.diagnosis.defaults import KNEE, KNOWN, Match, matches
from webui.analysis.diagnosis.facts import Facts, facts_of
from webui.analysis.diagnosis.undecided import tries_for
from webui.analysis.diagnosis.verdict import Cause, Verdict, inconclusive
from webui.units import significant


def test_a_pool_of_forty_threads_in_words() -> None:
    found = diagnosed(lambda w: Slots(w, 40, constant(0.05)))
    assert found.headline == "This service handles 40 requests at a time."
    assert "throughput stays at 800 successes/s" in found.summary
    assert "40-thread pool" in found.summary
    assert found.evidence[0].startswith("Throughput stops at 800 successes/s. ")
    assert found.cannot_tell[0].startswith("What this can't tell. ")
    assert found.hypotheses[0].name == "AnyIO's worker threads"
    assert found.hypotheses[0].source.startswith("https://anyio.readthedocs.io/")
    assert found.steps_to_take[0].title == "Raise the thread limit to 80"
    assert found.next_steps[0].startswith("Raise the thread limit to 80. Set total_tokens")
    assert found.queue is not None
    assert (found.queue.in_service, found.queue.in_service + found.queue.waiting) == (40, found.queue.users)


def test_a_blocked_loop_in_words() -> None:
    found = diagnosed(lambda w: Loops(w, 1, constant(0.005)))
    assert found.headline == "While one request is worked on, the whole service stands still."
    assert any(line.startswith("Other routes wait too. /ping takes") for line in found.evidence)
    assert found.blocked_ms is not None
    assert 4.5 < found.blocked_ms < 5.5


def test_curves_are_drawn_within_what_was_measured_and_the_corner_is_hard() -> None:
    found = diagnosed(lambda w: Slots(w, 40, constant(0.05)))
    chosen = next(fit for fit in found.fits if fit.chosen)
    assert chosen.model == "hard-minimum"
    assert {fit.model for fit in found.fits} == {"hard-minimum", "linear", "usl"}
    assert all(1 <= users <= 256 for fit in found.fits for users, _ in fit.points)
    assert 39 < chosen.parameters["knee"] < 41


def test_defaults_have_a_source_and_an_experiment_each() -> None:
    for default in KNOWN:
        assert default.source.startswith("https://")
        assert default.experiment.endswith(".")
        assert default.number > 0


def test_eighty_is_two_workers_of_forty() -> None:
    found = matches(Interval(80, 79, 81), counted=True)
    assert ("AnyIO's worker threads", 2) in [(match.default.name, match.workers) for match in found]
    assert not matches(Interval(83, 82.5, 83.5), counted=True)


def test_an_experiment_with_several_workers_expects_the_knee_of_all_of_them() -> None:
    found = diagnosed(lambda w: Slots(w, 80, constant(0.05)))
    assert found.steps_to_take[0].title == "Raise the thread limit to 80"
    assert "If the knee moves to 160 (2 workers × 80)" in found.steps_to_take[0].text
    for default in KNOWN:
        assert (KNEE in default.experiment) == (default.after > 0)
        for workers in (1, 2):
            said = Match(default, workers, certain=False).hypothesis().experiment
            assert KNEE not in said
            assert f"moves to {workers * default.number} " not in said  # it is there already


def test_an_interval_that_is_too_wide_suggests_nothing() -> None:
    assert matches(Interval(40, 30, 50)) == ()


def test_what_has_no_number_of_its_own_is_known_by_its_behaviour() -> None:
    found = diagnosed(lambda w: Doors(w, 19, constant(0.05)))
    assert found.hypotheses[0].name == "uvicorn's --limit-concurrency"
    assert "--limit-concurrency 20" in found.hypotheses[0].why
    workers = diagnosed(lambda w: Slots(w, 4, constant(0.03), shared=True))
    assert [each.name for each in workers.hypotheses] == ["gunicorn's sync workers"]
    titles = [step.title for step in workers.steps_to_take]
    assert titles[0] == "Start more worker processes"
    assert len(set(titles)) == len(titles)


def test_a_single_worker_process_is_no_lock() -> None:
    found = diagnosed(lambda w: Slots(w, 1, constant(0.03), shared=True))
    assert found.pattern == "serialised"
    assert found.summary.endswith("other routes wait too, as with a single worker process.")
    assert [step.title for step in found.steps_to_take][:1] == ["Start more worker processes"]
    assert "2 workers, 2 at a time" in found.steps_to_take[0].text
    assert any(line.startswith("Other routes wait too. ") for line in found.evidence)


def test_two_processors_in_use_are_not_asked_to_become_two() -> None:
    one = diagnosed(lambda w: Sharing(w, 1, constant(0.01)))
    assert "Two workers should give about 195 requests/s on 2 free processors" in one.next_steps[0]
    two = diagnosed(lambda w: Sharing(w, 2, constant(0.01)))
    assert "twice the workers should give about 394 requests/s on 4 free processors" in two.next_steps[0]


@pytest.mark.parametrize(("seconds", "said"), [(0.005, "which is 0.1 s: set it to 0.003, "), (0.2, "0.1 s.")])
def test_asyncio_s_debug_mode_is_set_to_what_it_is_to_find(seconds: float, said: str) -> None:
    found = diagnosed(lambda w: Loops(w, 1, constant(seconds)))
    assert found.steps_to_take[1].title == "Find the blocking call"
    assert said in found.steps_to_take[1].text


REFUSING: dict[str, Make] = {
    "by connections": lambda w: Doors(w, 19, constant(0.05)),
    "by number": lambda w: Slots(w, 5, constant(0.05), room=0),
    "by rate": lambda w: Limited(w, Tokens(100, 20), constant(0.02)),
}


@pytest.mark.parametrize("name", REFUSING)
def test_the_highest_throughput_is_that_of_all_levels_also_where_some_refuse(name: str) -> None:
    total = sweep(REFUSING[name](World())).total
    found = diagnose(plan(), total)
    assert found is not None
    assert found.max_throughput.low is not None
    assert found.max_throughput.high is not None
    held = [step.stats.totals.successes * 1e9 / (step.end_ns - step.start_ns) for step in total.steps]
    assert found.max_throughput.low <= max(held) <= 1.05 * found.max_throughput.high


def test_a_limit_by_rate_is_shown_by_its_refusals() -> None:
    found = diagnosed(REFUSING["by rate"])
    leads = [line.partition(". ")[0] for line in found.evidence]
    assert leads == ["Refusals begin at 4 users", "Successes stay quick", "Bursts differ"]


def test_what_waits_before_it_is_refused_is_not_said_to_be_admitted_at_once() -> None:
    waiting = diagnosed(lambda w: Slots(w, 10, constant(0.05), room=5))
    assert waiting.headline == "This service admits 15 requests at a time and refuses the rest."
    assert "none waits" not in waiting.summary
    assert "none waits in line" in diagnosed(REFUSING["by number"]).summary


def test_a_peak_has_one_number() -> None:
    found = diagnosed(lambda w: Law(w, 0.02, 0.02, 0.001))
    top = f"{significant(found.max_throughput_rps)} successes/s"
    assert found.summary.startswith(f"Throughput peaks at {top} ")
    assert found.evidence[0].startswith(f"Throughput falls. {top} ")


def test_figures_that_do_not_hold_come_to_nothing() -> None:
    found = diagnosed(lambda w: Changing(w, 10, 0.03, 2.0, 8.0))
    assert found.pattern == "inconclusive"
    assert not any(line.startswith(("Requests in work", "Bursts count")) for line in found.evidence)


def test_an_open_question_asks_for_no_canary_where_there_was_one() -> None:
    bend = diagnosed(lambda w: Law(w, 0.02, 0.03, 0.0))
    assert [step.title for step in bend.steps_to_take] == ["Test one part of the work at a time"]
    alone = diagnosed(lambda w: Loops(w, 1, constant(0.01)), canary=False)
    step = next(step for step in alone.steps_to_take if step.title == "Choose a canary")
    assert step.text.startswith("It was switched off. Name a second, cheap route")


def test_latency_is_said_to_stay_only_where_it_does() -> None:
    steady = diagnosed(lambda w: Scales(w, constant(0.2), 0.0001))
    assert any(line.startswith("Latency stays. ") for line in steady.evidence)
    assert "latency stays near" in steady.summary
    grown = diagnosed(lambda w: Scales(w, constant(0.02), 0.0001))
    assert any(line.startswith("Latency grows a little. ") for line in grown.evidence)
    assert "while latency grows from 20.3" in grown.summary
    assert not any("Other routes" in line for line in (*steady.evidence, *grown.evidence))  # nothing queued


class Failing(Service):
    """Fails every `nth` request, whoever asks."""

    def __init__(self, world: World, nth: int) -> None:
        super().__init__(world)
        self.nth, self.seen = nth, 0

    def arrive(self, job) -> None:  # type: ignore[no-untyped-def]
        self.seen += not job.canary
        ok = job.canary or self.seen % self.nth > 0
        self.world.later(0.01, lambda: job.end(ok))


ILL: dict[str, tuple[Make, str]] = {
    "every request": (lambda w: Failing(w, 1), "Make one request succeed"),
    "half of them": (lambda w: Failing(w, 2), "Find out why requests fail even alone"),
    "one in five": (lambda w: Failing(w, 5), "Find out why requests fail even alone"),
    "by rate": (lambda w: Limited(w, Tokens(100, 20), constant(0.02)), "Lift the rate limit for this test"),
}


@pytest.mark.parametrize("name", ILL)
def test_advice_fits_how_one_user_was_served(name: str) -> None:
    make, title = ILL[name]
    found = diagnosed(make)
    assert found.pattern == "inconclusive"
    assert [step.title for step in found.steps_to_take] == [title]


@pytest.mark.parametrize(
    ("reason", "title", "why"),
    [
        ("chosen-slow", "Choose another canary", "The chosen route answers slowly"),
        ("chosen-redirects", "Choose another canary", "The chosen route redirects to another"),
        ("same-route", "Choose a canary", "The only candidates are the load's own route."),
    ],
)
def test_a_canary_that_was_dropped_is_asked_for_with_the_reason(reason: str, title: str, why: str) -> None:
    facts = replace(facts_of_one_loop(), canary=Canary(reason=reason))
    steps = tries_for(inconclusive("no-canary", "Nobody knows."), facts)
    assert [step.title for step in steps] == [title]
    assert steps[0].text.startswith(why)


def test_every_cause_has_its_advice() -> None:
    causes = [cause for cause in get_args(Cause) if cause]
    for cause in causes:
        facts = replace(facts_of_one_loop(), canary=Canary())
        assert tries_for(Verdict("inconclusive", cause=cause), facts), cause


def facts_of_one_loop() -> Facts:
    facts = facts_of(sweep(Loops(World(), 1, constant(0.01)), to=8).total)
    assert facts is not None
    return facts


def test_rates_that_the_table_counts_otherwise_are_told_apart() -> None:
    slow = diagnosed(lambda w: Slots(w, 10, constant(0.4)))
    assert slow.evidence[-1].startswith("Rates here are users by latency. The table counts")
    quick = diagnosed(lambda w: Loops(w, 1, constant(0.005)))
    assert not any("The table counts" in line for line in quick.evidence)

"""Plain words with the numbers behind them, and hypotheses with their sources."""

from __future__ import annotations

from tests.analysis.diagnosis.test_simulated import diagnosed
from tests.sweep.queues import Doors, Law, Loops, Scales, Slots, constant
from webui.analysis.diagnosis.bootstrap import Interval
from webui.analysis.diagnosis.defaults import KNOWN, matches


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


def test_an_open_question_asks_for_no_canary_where_there_was_one() -> None:
    bend = diagnosed(lambda w: Law(w, 0.02, 0.03, 0.0))
    assert [step.title for step in bend.steps_to_take] == ["Test one part of the work at a time"]
    alone = diagnosed(lambda w: Loops(w, 1, constant(0.01)), canary=False)
    assert "Choose a canary" in [step.title for step in alone.steps_to_take]


def test_latency_is_said_to_stay_only_where_it_does() -> None:
    steady = diagnosed(lambda w: Scales(w, constant(0.2), 0.0001))
    assert any(line.startswith("Latency stays. ") for line in steady.evidence)
    assert "latency stays near" in steady.summary
    grown = diagnosed(lambda w: Scales(w, constant(0.02), 0.0001))
    assert any(line.startswith("Latency grows a little. ") for line in grown.evidence)
    assert "while latency grows from 20.3" in grown.summary
    assert not any("Other routes" in line for line in (*steady.evidence, *grown.evidence))  # nothing queued

"""What is said of each practice target agrees with its file, with the diagnosis' words, and with itself."""

from __future__ import annotations

from typing import get_args

import pytest

from webui.analysis import diagnosed
from webui.lab import model
from webui.lab.commands import Startup, command, environment
from webui.lab.model import PracticeTarget
from webui.lab.registry import TARGETS, find

NAMES = (
    "gather async-io threads blocked-loop cpu semaphore lock one-at-a-time limit-concurrency backlog "
    "database-pool contention flask-sync flask-threads"
).split()


def test_all_are_there() -> None:
    assert [target.name for target in TARGETS] == NAMES


def test_patterns_are_those_of_the_diagnosis() -> None:
    assert get_args(model.Pattern) == get_args(diagnosed.Pattern)


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_its_routes_are_in_its_source(target: PracticeTarget) -> None:
    assert f'@app.get("{target.path}")' in target.source
    assert f'@app.get("{target.canary}")' in target.source


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_its_answer_is_one_of_the_choices(target: PracticeTarget) -> None:
    assert target.question.choices.count(target.question.answer) == 1
    assert len(set(target.question.choices)) == len(target.question.choices) >= 2


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_its_options_reach_it(target: PracticeTarget) -> None:
    for option in target.options:
        assert option.low <= option.default <= option.high
        setup = target.setup(options={option.name: option.high})
        value = str(option.high)
        if option.variable:
            assert environment(target, setup, {})[option.variable] == value
            assert f'os.environ.get("{option.variable}", "{option.default}")' in target.source
        else:
            arguments = command(target, setup, 8091)
            assert arguments[arguments.index(option.flag) + 1] == value


def test_effective_parallelism_follows_the_setup() -> None:
    def at_a_time(name: str, workers: int = 1, **options: int) -> float | None:
        target = find(name)
        return target.at_a_time(target.setup(workers=workers, options=options))

    assert at_a_time("threads") == 40
    assert at_a_time("threads", 4) == 160
    assert at_a_time("threads", 2, threads=10) == 20
    assert at_a_time("database-pool") == 15
    assert at_a_time("database-pool", pool_size=50, max_overflow=50) == 40
    assert at_a_time("limit-concurrency", limit=10) == 9
    assert at_a_time("flask-sync", 4) == 4
    assert at_a_time("gather") is None


def test_flask_needs_the_extra_and_the_others_do_not() -> None:
    assert [target.name for target in TARGETS if target.needs_extra] == ["flask-sync", "flask-threads"]


def test_a_start_is_complete_when_it_listens_and_every_worker_is_ready() -> None:
    startup = Startup(2)
    for line, complete in (
        ("INFO:     Uvicorn running on http://127.0.0.1:8091 (Press CTRL+C to quit)", False),
        ("INFO:     Application startup complete.", False),
        ("INFO:     Started server process [7]", False),
        ("INFO:     Application startup complete.", True),
    ):
        startup.hear(line)
        assert startup.complete is complete

"""Load shapes of the form: only the chosen one's fields count, mistakes stand beside them, all reads back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from webui.errors import InvalidInput
from webui.pages.formload import fields_of_load
from webui.pages.formplan import load_from_fields, plan_from_fields
from webui.pages.forms import SHAPES, FormFields, RequestFields, StageRow
from webui.plan.load import Load, RampingRate, RampingUsers, Shape

FIRST = (RequestFields(url="http://127.0.0.1:8000/"),)
NONSENSE = dict.fromkeys(
    "users duration iterations spawn_rate ramp_from ramp_to ramp_time ramp_hold rate rate_time in_flight "
    "stages_from burst_size burst_count burst_pause sweep_from sweep_to sweep_time pause".split(),
    "nonsense",
)
SHOWN = {
    "steady": ["users", "duration", "spawn_rate", "pause"],
    "ramp": ["ramp_from", "ramp_to", "ramp_time", "ramp_hold", "pause"],
    "rate": ["rate", "rate_time", "in_flight"],
    "stages": ["stages_from", "stage-1", "pause"],
    "burst": ["burst_size", "burst_count", "burst_pause"],
    "sweep": ["sweep_from", "sweep_to", "sweep_time"],
}


def rows(*texts: str) -> tuple[StageRow, ...]:
    return tuple(StageRow(str(number), text) for number, text in enumerate(texts, 1))


def made(**changes: Any) -> Shape:
    load = load_from_fields(replace(FormFields(), **changes))
    assert load is not None
    return load


def mistakes(**changes: Any) -> dict[str, str]:
    with pytest.raises(InvalidInput) as caught:
        plan_from_fields(FormFields(requests=FIRST, **changes))
    return {problem.field: problem.message for problem in caught.value.problems}


@pytest.mark.parametrize("shape", SHAPES)
def test_the_defaults_of_every_shape_make_a_plan(shape: str) -> None:
    assert plan_from_fields(FormFields(requests=FIRST, shape=shape)).load == made(shape=shape)


@pytest.mark.parametrize("shape", SHAPES)
def test_only_the_chosen_shapes_fields_are_read(shape: str) -> None:
    found = mistakes(shape=shape, stages=rows("nonsense"), **NONSENSE)
    assert sorted(found) == sorted(SHOWN[shape])


def test_a_ramp_is_a_climb_and_a_stage_that_holds() -> None:
    load = made(shape="ramp", ramp_from="5", ramp_to="1,000", ramp_time="1 min", ramp_hold="0")
    assert isinstance(load, RampingUsers)
    assert load.start_users == 5
    assert [(stage.duration_s, stage.users) for stage in load.stages] == [(60, 1000), (0, 1000)]


def test_stages_move_evenly_or_jump() -> None:
    stages = rows("25 for 30 s", "", "10s:50, 5s:0")
    line = made(shape="stages", stages_from="3", stages=stages)
    assert isinstance(line, RampingUsers)
    assert (line.start_users, [s.users for s in line.stages]) == (3, [25, 50, 0])
    steps = made(shape="stages", stages_join="steps", stages_from="nonsense", stages=stages)
    assert isinstance(steps, RampingUsers)
    assert steps.start_users == 25
    found = [(s.duration_s, s.users) for s in steps.stages]
    assert found == [(30, 25), (0, 50), (10, 50), (0, 0), (5, 0)]


def test_stages_of_rates_have_a_pool() -> None:
    load = made(
        shape="stages", stages_of="rate", in_flight="7", arrivals="poisson", stages=rows("2.5 for 4 s")
    )
    assert isinstance(load, RampingRate)
    assert (load.max_users, load.arrivals, load.stages[0].rate_rps) == (7, "poisson", 2.5)


@pytest.mark.parametrize(
    ("changes", "control", "words"),
    [
        ({"shape": "ramp", "ramp_to": "0", "ramp_from": "0"}, "ramp_time", "must send something"),
        ({"shape": "ramp", "ramp_from": "-1"}, "ramp_from", "0 or more"),
        ({"shape": "ramp", "ramp_to": "100,001"}, "ramp_to", "100,000 or less"),
        ({"shape": "ramp", "ramp_hold": "200 h"}, "ramp_hold", "must be 168 h or less, not 200 h"),
        ({"shape": "ramp", "ramp_time": "0", "ramp_hold": "0"}, "ramp_time", "must last"),
        ({"shape": "rate", "rate": "0"}, "rate", "must be more than 0 req/s"),
        ({"shape": "rate", "in_flight": "0"}, "in_flight", "1 or more"),
        ({"shape": "stages", "stages": rows("5 for 1 s", "x")}, "stage-2", "write a stage"),
        ({"shape": "stages", "stages": rows("5 for 1 s", "5 for 200 h")}, "stage-2", "168 h or less"),
        ({"shape": "stages", "stages_join": "steps", "stages": rows("5 for 1 s", "6 for 1 s", "7 for 999 h")},
         "stage-3", "168 h or less"),
        ({"shape": "stages", "stages": rows("0 for 1 s")}, "stage-1", "must send something"),
        ({"shape": "stages", "stages": rows("", " ")}, "stage-1", "write a stage"),
        ({"shape": "burst", "burst_count": "0"}, "burst_count", "1 or more"),
        ({"shape": "burst", "burst_pause": "2 h"}, "burst_pause", "must be 1 h or less, not 2 h"),
        ({"shape": "sweep", "sweep_from": "9", "sweep_to": "8"}, "sweep_to", "fewer users to more"),
        ({"shape": "sweep", "sweep_time": "100 ms"}, "sweep_time", "must be 200 ms or more, not 100 ms"),
    ],
)  # fmt: skip
def test_a_mistake_stands_beside_its_field(changes: dict[str, Any], control: str, words: str) -> None:
    found = mistakes(**changes)
    assert words in found.get(control, ""), found


seconds = st.integers(1, 10**6).map(lambda tenths: tenths / 10)
pauses = st.integers(0, 3_600_000_000).map(lambda microseconds: microseconds / 1e6)
# Plans with more decimals than people type are shown as text.
rates = st.integers(1, 10**12).map(lambda millionths: millionths / 1e6)
steps = st.integers(200, 600_000).map(lambda milliseconds: milliseconds / 1e3)
users = st.integers(0, 100_000)
user_stages = st.lists(st.fixed_dictionaries({"duration_s": seconds, "users": users}), min_size=1, max_size=6)
rate_stages = st.lists(
    st.fixed_dictionaries(
        {"duration_s": st.just(0.0) | seconds, "rate_rps": st.integers(0, 10**6).map(float)}
    ),
    min_size=1, max_size=6,
)  # fmt: skip
pools = {"max_users": st.integers(1, 100_000), "arrivals": st.sampled_from(["even", "poisson"])}
some = st.integers(1, 100_000)
LOADS: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.fixed_dictionaries(
        {"users": some, "spawn_rate": st.none() | rates, "duration_s": st.none() | seconds},
        optional={"iterations": st.integers(1, 10**12)},
    ),
    st.fixed_dictionaries({"users": some, "iterations_per_user": some}),
    st.fixed_dictionaries({"shape": st.just("ramping-users"), "start_users": some, "stages": user_stages}),
    st.fixed_dictionaries(
        {"shape": st.just("ramping-rate"), "start_rate_rps": rates, "stages": rate_stages,
         **pools}
    ),
    st.fixed_dictionaries(
        {"shape": st.just("constant-rate"), "rate_rps": rates,
         "duration_s": st.none() | seconds, **pools}
    ),
    st.fixed_dictionaries(
        {"shape": st.just("burst"), "size": some, "count": some, "pause_s": pauses}
    ),
    st.fixed_dictionaries(
        {"shape": st.just("sweep"), "from": st.integers(1, 9), "to": st.integers(9, 999),
         "step_s": st.none() | steps}
    ),
)  # fmt: skip


@given(LOADS)
def test_every_load_fills_in_the_form_that_makes_it(data: dict[str, Any]) -> None:
    if "stages" in data:
        data["stages"][-1]["duration_s"] = max(0.1, data["stages"][-1]["duration_s"])
        if sum(stage["duration_s"] for stage in data["stages"]) > 604_800:
            return
    load = TypeAdapter(Load).validate_python(data)
    assert made(**fields_of_load(load)) == load

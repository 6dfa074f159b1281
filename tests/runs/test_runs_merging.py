"""Intervals of shards: complete ones come out once, in order, whatever the order of arrival."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.runs.fakes import interval
from webui.runs.merging import Merger


def test_an_interval_is_held_until_every_running_shard_has_delivered_it() -> None:
    merger = Merger.of(2)
    assert merger.add(0, 0, interval(0, 10)) == []
    [(index, merged)] = merger.add(1, 0, interval(0, 5))
    assert index == 0
    assert merged.totals.successes == 15
    assert merged.users == 10


def test_a_shard_that_ended_is_not_waited_for() -> None:
    merger = Merger.of(2)
    merger.add(0, 0, interval(0, 10))
    merger.add(0, 1, interval(1, 10))
    assert [index for index, _ in merger.end(1)] == [0, 1]
    assert [index for index, _ in merger.add(0, 2, interval(2, 1))] == [2]


def test_a_stalled_engine_may_leave_numbers_out() -> None:
    merger = Merger.of(2)
    merger.add(0, 0, interval(0))
    merger.add(0, 1, interval(1))
    merger.add(0, 2, interval(2))
    assert [index for index, _ in merger.add(1, 2, interval(2))] == [0, 1, 2]


def test_an_interval_out_of_order_is_refused() -> None:
    merger = Merger.of(1)
    merger.add(0, 3, interval(3))
    with pytest.raises(ValueError, match="interval 3 after 4"):
        merger.add(0, 3, interval(3))
    merger.end(0)
    with pytest.raises(ValueError, match="after None"):
        merger.add(0, 4, interval(4))


def test_who_lags_behind_is_named() -> None:
    merger = Merger.of(2)
    for index in range(6):
        merger.add(0, index, interval(index))
    assert merger.behind(5) == [1]
    assert merger.behind(6) == []


@given(st.data(), st.integers(1, 4))
def test_nothing_is_lost_doubled_or_out_of_order(data: st.DataObject, shards: int) -> None:
    merger = Merger.of(shards)
    left = {shard: data.draw(st.integers(0, 6), f"intervals of {shard}") for shard in range(shards)}
    planned = dict(left)
    released = []
    while left:
        shard = data.draw(st.sampled_from(sorted(left)))
        if left[shard] == 0:
            del left[shard]
            released += merger.end(shard)
        else:
            index = planned[shard] - left[shard]
            left[shard] -= 1
            released += merger.add(shard, index, interval(index, successes=1, users=1))
    assert [index for index, _ in released] == list(range(max(planned.values())))
    for index, merged in released:
        contributors = sum(count > index for count in planned.values())
        assert merged.totals.successes == merged.users == contributors

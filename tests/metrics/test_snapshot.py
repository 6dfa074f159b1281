"""Merging intervals and shards, the codec, and the books."""

from collections.abc import Callable

import msgpack
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.strategies import snapshots
from webui.metrics.codec import decode, encode, pack, unpack
from webui.metrics.histogram import Histogram
from webui.metrics.snapshot import EndpointStats, Snapshot, Totals, merge_shards, merge_time

few = settings(max_examples=25)  # a snapshot takes long to make up


@few
@given(snapshots(), snapshots(), snapshots())
def test_both_merges_are_associative(a: Snapshot, b: Snapshot, c: Snapshot) -> None:
    for together in (merge_shards, merge_time):
        assert _without_samples(together([together([a, b]), c])) == _without_samples(
            together([a, together([b, c])])
        )


def _without_samples(snapshot: Snapshot) -> tuple[object, ...]:
    errors = {key: (e.count, e.first_ns, e.last_ns) for key, e in snapshot.errors.items()}
    figures = snapshot.start_ns, snapshot.end_ns, snapshot.users, snapshot.endpoints, errors, snapshot.health
    return *figures, snapshot.steps, snapshot.probing


@few
@given(st.lists(snapshots(), min_size=1, max_size=4))
def test_totals_add_in_both_directions(parts: list[Snapshot]) -> None:
    expected = sum((part.totals for part in parts), Totals())
    assert merge_shards(parts).totals == merge_time(parts).totals == expected


def test_gauges_add_over_shards_and_keep_the_later_over_time() -> None:
    early, late = Snapshot(0, 10, users=3, in_flight=2), Snapshot(10, 20, users=5, in_flight=1)
    assert merge_shards([early, late]).users == 8
    assert merge_time([early, late]).users == 5
    assert merge_time([early, late]).in_flight == 1


@few
@given(snapshots())
def test_codec_round_trip(snapshot: Snapshot) -> None:
    assert decode(encode(snapshot)) == unpack(pack(snapshot)) == snapshot


def test_codec_and_merges_keep_what_is_one_histogram_one() -> None:
    times, others = Histogram.of([5_000_000, 7_000_000]), Histogram.of([9_000_000])
    closed = EndpointStats(response=times, service=times, first_byte=others)
    in_one_piece = EndpointStats(response=times, service=others, first_byte=others)
    for endpoint in (closed, in_one_piece):
        whole = Snapshot(0, 1, endpoints=(endpoint,))
        for made in (decode(encode(whole)), merge_time([whole, whole])):
            (found,) = made.endpoints
            assert (found.service is found.response) is (endpoint is closed)
            assert (found.first_byte is found.service) is (endpoint is in_one_piece)


def test_a_snapshot_of_the_format_before_is_read() -> None:
    times = Histogram.of([5_000_000])
    now = Snapshot(0, 1, endpoints=(EndpointStats(response=times, service=times, first_byte=times),))
    document = msgpack.unpackb(pack(now), strict_map_key=False)
    document[0], document[2][0][5] = 3, times.to_data()
    assert unpack(msgpack.packb(document)) == now


FORMS = [(encode, decode), (pack, unpack)]


@pytest.mark.parametrize("read", [decode, unpack])
@given(st.binary(max_size=200))
def test_foreign_bytes_are_a_value_error(read: Callable[[bytes], Snapshot], data: bytes) -> None:
    with pytest.raises(ValueError, match="not a snapshot"):
        read(data)


@pytest.mark.parametrize(("write", "read"), FORMS)
@few
@given(snapshots(), st.data())
def test_a_damaged_snapshot_never_raises_anything_else(
    write: Callable[[Snapshot], bytes],
    read: Callable[[bytes], Snapshot],
    snapshot: Snapshot,
    data: st.DataObject,
) -> None:
    document = bytearray(write(snapshot))
    document[data.draw(st.integers(0, len(document) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        read(bytes(document))
    except ValueError as error:
        assert str(error)  # noqa: PT017 - anything but a ValueError fails the test


def test_the_books_balance_only_when_nothing_is_open() -> None:
    closed = Totals(offered=10, sent=8, completed=6, successes=5, failures=2, cut_off=1, dropped=2)
    assert closed.balanced
    assert not (closed + Totals(offered=1, sent=1)).balanced
    assert (closed + Totals(offered=1, sent=1)).in_flight == 1


def test_success_percent_counts_ended_requests_only() -> None:
    assert Totals(sent=9, successes=3, failures=1, cut_off=5).success_percent == 75
    assert Totals(sent=3).success_percent is None

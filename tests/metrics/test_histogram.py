"""The histogram against HdrHistogram's own Python library, and its invariants."""

import numpy as np
import pytest
from hdrh.histogram import HdrHistogram
from hypothesis import given
from hypothesis import strategies as st

from tests.strategies import durations_ns, histograms
from webui.metrics.histogram import EMPTY, MAX_US, Histogram, bucket_of, lowest_of, merge, width_of

WANTED = (0.1, 1, 10, 50, 75, 90, 95, 99, 99.9, 99.99, 100)


@pytest.mark.parametrize("decades", [1, 4, 8])
def test_percentiles_equal_hdrhistograms(decades: int) -> None:
    values = (10 ** (3 + np.random.default_rng(decades).random(5000) * decades)).astype(np.int64)
    reference = HdrHistogram(1, MAX_US, 3)
    for value in values:
        reference.record_value(int((value + 500) // 1000))
    ours = Histogram.of(values)
    low, high = int(values.min()), int(values.max())
    for wanted, got in zip(WANTED, ours.percentiles_ns(WANTED), strict=True):
        theirs = reference.get_value_at_percentile(wanted) * 1000
        assert got == (high if wanted == 100 else min(max(theirs, low), high))


def test_layout_is_hdrhistograms_index_for_index() -> None:
    reference = HdrHistogram(1, MAX_US, 3)
    powers = [1 << power for power in range(40)]
    odd = [1_000_000, 123_456_789, MAX_US - 1, MAX_US]
    values = sorted({0, *odd, *(power + more for power in powers for more in (-1, 0, 1))})
    for value in values:
        reference.record_value(value)
    recorded = [i for i in range(reference.counts_len) if reference.get_count_at_index(i)]
    assert sorted(set(bucket_of(np.array(values)).tolist())) == recorded


@pytest.mark.parametrize(
    ("value", "bucket"),
    [
        (0, 0),
        (1023, 1023),
        (1024, 1024),
        (2047, 2047),
        (2048, 2048),
        (2049, 2048),
        (2050, 2049),
        (4095, 3071),
    ],
)
def test_the_buckets_around_the_first_that_is_wider_than_a_microsecond(value: int, bucket: int) -> None:
    assert bucket_of(np.array([value])).tolist() == [bucket]


def test_what_is_larger_than_the_largest_is_counted_as_that() -> None:
    largest = bucket_of(np.array([MAX_US]))[0]
    assert (bucket_of(np.array([MAX_US + 1, 2 * MAX_US, 2**63 - 1])) == largest).all()
    assert lowest_of(np.array([largest], np.int32))[0] == MAX_US


@given(durations_ns.filter(bool))
def test_percentiles_rise_and_stay_within_the_true_extremes(values: list[int]) -> None:
    found = Histogram.of(values).percentiles_ns(WANTED)
    assert found == sorted(found)
    assert min(values) <= found[0]
    assert found[-1] == max(values)


@given(durations_ns.filter(bool), st.floats(1, 100))
def test_a_percentile_is_within_a_thousandth_of_the_exact_one(values: list[int], wanted: float) -> None:
    exact = sorted(values)[max(1, int(wanted * len(values) / 100 + 0.5)) - 1]
    got = Histogram.of(values).percentile_ns(wanted)
    assert abs(got - exact) <= max(1000, exact / 1000)


@given(st.integers(0, MAX_US))
def test_every_value_lies_in_its_bucket(value: int) -> None:
    bucket = bucket_of(np.array([value]))
    assert lowest_of(bucket)[0] <= value < lowest_of(bucket)[0] + width_of(bucket)[0]


@given(histograms, histograms, histograms)
def test_merging_is_associative_and_commutative(a: Histogram, b: Histogram, c: Histogram) -> None:
    assert merge([merge([a, b]), c]) == merge([a, merge([b, c])]) == merge([c, b, a])


@given(durations_ns, durations_ns)
def test_merging_equals_recording_together(left: list[int], right: list[int]) -> None:
    assert merge([Histogram.of(left), Histogram.of(right)]) == Histogram.of(left + right)


@given(histograms)
def test_data_round_trip(histogram: Histogram) -> None:
    assert Histogram.from_data(histogram.to_data()) == histogram


def test_an_empty_histogram_has_no_figures() -> None:
    assert EMPTY.percentiles_ns([50, 99]) == [None, None]
    assert EMPTY.mean_ns is None
    assert EMPTY.stdev_ns is None
    assert not EMPTY


def test_parts_of_different_length_are_refused() -> None:
    data = Histogram.of([1000, 5000]).to_data()
    with pytest.raises(ValueError, match="differ in length"):
        Histogram.from_data([data[0], data[1][:8], *data[2:]])


def test_mean_is_exact_and_stdev_close() -> None:
    histogram = Histogram.of([1_000_000, 2_000_000, 4_000_000])
    assert histogram.mean_ns == 7_000_000 / 3
    assert histogram.stdev_ns == pytest.approx(np.std([1e6, 2e6, 4e6]), rel=2e-3)

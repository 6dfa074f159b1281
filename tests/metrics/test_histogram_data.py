"""What is read back of a histogram is checked, since merging relies on its order and range."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from webui.metrics.histogram import EMPTY, MAX_US, Histogram, histograms_from, merge


@pytest.mark.parametrize("indices", [[-1, 3], [3, 3], [5, 3], [1, 2**30]])
def test_indices_out_of_order_or_range_are_refused(indices: list[int]) -> None:
    data = [np.array(indices, "<i4").tobytes(), np.array([1, 1], "<i8").tobytes(), 1, 2, 3]
    with pytest.raises(ValueError, match="out of order or out of range"):
        Histogram.from_data(data)


def test_the_largest_value_can_be_read_back() -> None:
    largest = Histogram.of([1, MAX_US * 2000])
    assert Histogram.from_data(largest.to_data()) == largest


def test_buckets_take_as_few_bytes_as_hold_their_counts() -> None:
    few, many = Histogram.of([5_000_000] * 255), Histogram.of([5_000_000] * 256)
    assert (few.counts.itemsize, many.counts.itemsize) == (1, 2)
    assert merge([few, many]).counts.tolist() == [511]
    assert merge([few, Histogram.of([9_000_000])]).counts.tolist() == [255, 1]
    assert Histogram.from_data(many.to_data()).counts.itemsize == 2
    assert few.indices.itemsize == 2


@given(st.lists(st.integers(0, MAX_US * 1000), max_size=600), st.integers(1, 70_000))
def test_a_packed_one_is_the_same(values_ns: list[int], times: int) -> None:
    whole = merge([Histogram.of(values_ns), Histogram.of([7_000_000] * times)])
    packed = whole.packed()
    assert isinstance(packed.held, bytes)
    assert packed == whole
    assert packed.packed() is packed
    assert [each.dtype for each in packed.buckets] == [each.dtype for each in whole.buckets]
    assert merge([packed, whole]) == merge([whole, whole])
    assert packed.to_data() == whole.to_data()
    assert packed.percentiles_ns([50, 99.9]) == whole.percentiles_ns([50, 99.9])


def test_an_empty_one_needs_no_packing() -> None:
    assert EMPTY.packed() is EMPTY


def test_packing_takes_a_fraction() -> None:
    rng = np.random.default_rng(1)
    whole = Histogram.of((rng.lognormal(16, 0.6, 5000)).astype(np.int64))
    indices, counts = whole.buckets
    assert isinstance(held := whole.packed().held, bytes)
    assert len(held) < 0.5 * (indices.nbytes + counts.nbytes)


def test_a_bucket_with_nothing_in_it_is_refused() -> None:
    indices, counts = np.array([1, 2], "<i4").tobytes(), np.array([1, -1], "<i8").tobytes()
    with pytest.raises(ValueError, match="nothing in it"):
        Histogram.from_data([indices, counts, 1, 2, 3])


def test_many_are_read_as_one_by_one() -> None:
    made = [Histogram.of(values) for values in ([5_000, 7_000], [], [1], [9_000_000] * 3, [])]
    assert histograms_from([each.to_data() for each in made]) == made
    assert histograms_from([]) == []


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_damaged_one_among_many_is_refused(place: int) -> None:
    data = [Histogram.of([1_000, 2_000 + 1_000 * number]).to_data() for number in range(3)]
    data[place][0] = data[place][0][::-1]
    with pytest.raises(ValueError, match="out of order or out of range"):
        histograms_from(data)


def test_parts_that_only_fit_together_over_all_are_refused() -> None:
    first, second = Histogram.of([1_000, 2_000]).to_data(), Histogram.of([3_000]).to_data()
    first[1], second[1] = second[1], first[1]
    with pytest.raises(ValueError, match="differ in length"):
        histograms_from([first, second])
    with pytest.raises(ValueError, match="differ in length"):
        histograms_from([[b"", second[1], 0, 0, 0]])

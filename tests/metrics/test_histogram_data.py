"""What is read back of a histogram is checked, since merging relies on its order and range."""

from __future__ import annotations

import numpy as np
import pytest

from webui.metrics.histogram import MAX_US, Histogram


@pytest.mark.parametrize("indices", [[-1, 3], [3, 3], [5, 3], [1, 2**30]])
def test_indices_out_of_order_or_range_are_refused(indices: list[int]) -> None:
    data = [np.array(indices, "<i4").tobytes(), np.array([1, 1], "<i8").tobytes(), 1, 2, 3]
    with pytest.raises(ValueError, match="out of order or out of range"):
        Histogram.from_data(data)


def test_the_largest_value_can_be_read_back() -> None:
    largest = Histogram.of([1, MAX_US * 2000])
    assert Histogram.from_data(largest.to_data()) == largest

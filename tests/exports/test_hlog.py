"""The HdrHistogram log is read by the hdrhistogram library, and holds every bucket that was measured."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hdrh.histogram import HdrHistogram
from hdrh.log import HistogramLogReader
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.exports.samples import SECRET, run
from webui.analysis.document import WarmUpPart
from webui.exports import export, source_of
from webui.exports.hlog import encoded, hlog
from webui.metrics.histogram import MAX_US, Histogram, lowest_of


def histograms(path: Path) -> list[HdrHistogram]:
    """Every histogram of a log in order."""
    reader = HistogramLogReader(str(path), HdrHistogram(1, MAX_US, 3))
    found = []
    while (histogram := reader.get_next_interval_histogram()) is not None:
        found.append(histogram)
    reader.close()
    return found


def counts(histogram: Histogram) -> dict[int, int]:
    """Lowest value of each bucket in microseconds -> count."""
    values = lowest_of(histogram.indices).tolist()
    return dict(zip(values, histogram.counts.tolist(), strict=True))


def counts_of(histogram: HdrHistogram) -> dict[int, int]:
    recorded = histogram.get_recorded_iterator()
    return {
        histogram.get_lowest_equivalent_value(item.value_iterated_to): item.count_at_value_iterated_to
        for item in recorded
    }


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "run.hlog"
    path.write_bytes(export(run(), "hlog").data)
    return path


def test_each_interval_comes_back(log: Path) -> None:
    rows = run().snapshots
    untagged = [each for each in histograms(log) if each.get_tag() is None]
    assert len(untagged) == len(rows)
    for row, histogram in zip(rows, untagged, strict=True):
        assert counts_of(histogram) == counts(row.all_endpoints.response)


def test_requests_and_failures_have_tags(log: Path) -> None:
    found = histograms(log)
    tags = list(dict.fromkeys(each.get_tag() for each in found))
    assert tags[0] is None
    assert tags[1] == "GET_/items?api_key=_hidden_"
    assert tags[-1] == "failures"
    assert len(tags) == 4
    failed = [each for each in found if each.get_tag() == "failures"]
    assert sum(each.get_total_count() for each in failed) == run().result().totals.failures


def test_the_whole_run_adds_up(log: Path) -> None:
    total = HdrHistogram(1, MAX_US, 3)
    for each in histograms(log):
        if each.get_tag() is None:
            total.add(each)
    times = run().result().response_time_ms
    assert total.get_total_count() == times.count
    assert total.get_value_at_percentile(95) / 1000 == pytest.approx(times.p95)
    assert counts_of(total) == counts(source_of(run()).figures.response)


def test_times_are_the_runs(log: Path) -> None:
    first, *_, last = [each for each in histograms(log) if each.get_tag() is None]
    started = run().started_at
    assert started is not None
    assert first.get_start_time_stamp() / 1000 == pytest.approx(started.timestamp(), abs=0.002)
    assert last.get_end_time_stamp() / 1000 == pytest.approx(started.timestamp() + 3, abs=0.002)
    text = log.read_text()
    assert text.startswith("#[Katydid run r_7h3k9m2p4q, failed;")
    assert SECRET not in text


@settings(max_examples=25)  # the library takes a tenth of a second to look at one
@given(st.lists(st.integers(0, 2**40 * 1000), max_size=50))
def test_any_histogram_survives(values_ns: list[int]) -> None:
    histogram = Histogram.of(values_ns)
    assert counts_of(HdrHistogram.decode(encoded(histogram))) == counts(histogram)


def test_large_counts_survive() -> None:
    one = Histogram.of([5_000_000])
    count = 2**40 + 12345
    many = Histogram((one.indices, np.array([count], np.uint64)), count, 5_000_000, 5_000_000, 1)
    assert list(counts_of(HdrHistogram.decode(encoded(many))).values()) == [2**40 + 12345]


def test_a_warm_up_is_told_of_and_in_no_line() -> None:
    source = source_of(run())
    warmed = source.document.model_copy(update={"warmup": WarmUpPart(duration_s=5, sent=100)})
    lines = hlog(replace(source, document=warmed)).decode().splitlines()
    assert lines[1] == "#[A warm-up of 5 s went before: 100 requests, none of them here]"
    assert [lines[0], *lines[2:]] == hlog(source).decode().splitlines()

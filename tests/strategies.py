"""Hypothesis strategies for the shared types."""

from hypothesis import strategies as st

from webui.metrics.histogram import Histogram
from webui.metrics.snapshot import EndpointStats, ErrorCount, Health, Mark, Snapshot, StepStats, Totals

counts = st.integers(0, 10**6)
durations_ns = st.lists(st.integers(0, 10**13), max_size=40)
histograms = durations_ns.map(Histogram.of)
totals = st.builds(Totals, *[counts] * 9)
status_codes = st.dictionaries(st.integers(100, 599), st.integers(1, 1000), max_size=4)
errors = st.dictionaries(
    st.tuples(st.integers(0, 2), st.sampled_from(["timeout", "http_503", "connection_reset"])),
    st.builds(ErrorCount, st.integers(1, 100), counts, counts, st.text(max_size=20)),
    max_size=3,
)


@st.composite
def endpoint_stats(draw: st.DrawFn) -> EndpointStats:
    """Figures of the closed model (one histogram serves as response and service) or of the open one."""
    response = draw(histograms)
    service = response if draw(st.booleans()) else draw(histograms)
    return EndpointStats(
        draw(totals), draw(status_codes), response, service, draw(histograms), draw(histograms)
    )


@st.composite
def snapshots(draw: st.DrawFn, endpoints: int = 2) -> Snapshot:
    """One interval with the given number of endpoints."""
    start = draw(counts)
    return Snapshot(
        start,
        start + draw(st.integers(1, 10**9)),
        *[draw(counts) for _ in range(5)],
        tuple(draw(endpoint_stats()) for _ in range(endpoints)),
        draw(errors),
        draw(histograms),
        draw(histograms),
        Health(draw(counts), draw(counts), 12.5, draw(histograms), draw(histograms)),
        tuple(Mark(number, draw(counts), "users", 5.0) for number in range(draw(st.integers(0, 2)))),
        (StepStats(3, 0, 9, 1, draw(endpoint_stats())),) if draw(st.booleans()) else (),
    )

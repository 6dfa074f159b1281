"""Hypothesis strategies for the shared types."""

from hypothesis import strategies as st

from webui.metrics.histogram import Histogram
from webui.metrics.probing import Activity, Block, BurstStats, CanaryRecord, ProbeStats, Probing
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


times_ns = st.lists(counts, max_size=5).map(lambda times: tuple(sorted(times)))
canaries = st.builds(
    CanaryRecord,
    st.none() | st.just("/ping"),
    st.sampled_from(["", "slow"]),
    st.none() | st.integers(100, 599),
    histograms,
    times_ns,
    st.booleans(),
    st.sampled_from([(), (("/healthz", "needs-login"),)]),
)
probings = st.builds(
    Probing,
    st.lists(st.builds(BurstStats, st.just("large"), counts, counts, times_ns, times_ns), max_size=2).map(
        tuple
    ),
    st.none() | canaries,
    st.dictionaries(
        st.sampled_from(["canary GET /ping", "canary GET /healthz"]),
        st.builds(ProbeStats, counts, counts, counts, histograms),
        max_size=2,
    ),
    st.none() | st.builds(Activity, st.sampled_from(["doubling", "bursts"]), counts),
)


@st.composite
def steps(draw: st.DrawFn) -> StepStats:
    """One level of a sweep."""
    return StepStats(
        *[draw(counts) for _ in range(4)],
        draw(endpoint_stats()),
        draw(st.sampled_from(["level", "refine"])),
        tuple(draw(st.lists(st.builds(Block, counts, counts), max_size=3))),
        draw(counts),
        draw(times_ns),
        draw(histograms),
        draw(counts),
        draw(counts),
        draw(st.none() | st.floats(0, 200)),
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
        (draw(steps()),) if draw(st.booleans()) else (),
        draw(probings),
    )

"""Comparisons of whole runs: words, verdicts, reasons, settings, regressions."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.analysis.made_runs import S, made_run
from webui.analysis.compare import Compared, compare, regressions
from webui.analysis.compare_document import CellPart, Comparison
from webui.analysis.compare_words import change_text
from webui.analysis.document import AuditPart, ChangePart
from webui.analysis.results import rows as parts_of
from webui.errors import InvalidInput
from webui.metrics.snapshot import EndpointStats


def words(comparison: Comparison, run: int = 1) -> dict[str, str | None]:
    return {measure.key: measure.runs[run].word for measure in comparison.measures}


def cell(comparison: Comparison, key: str, run: int = 1) -> CellPart:
    measure = comparison.measure(key)
    assert measure is not None
    return measure.runs[run]


def test_a_run_twice_as_fast() -> None:
    found = compare([made_run("a"), made_run("b", each=400, ms=10, seed=2)])
    assert found.verdict.headline == "B is about twice as fast as A."
    assert words(found) == {
        "throughput": "faster", "rate": "higher", "mean": "faster", "p50": "faster", "p75": "faster",
        "p90": "faster", "p95": "faster", "p99": "faster", "p99.9": "faster", "success": "same",
        "failures": "same",
    }  # fmt: skip
    throughput = cell(found, "throughput")
    assert throughput.low is not None
    assert throughput.high is not None
    assert 98 < throughput.low < 100 < throughput.high < 102
    assert (cell(found, "p50").better, cell(found, "rate").better) == (True, None)
    assert regressions(found, 5, 0.1) == []


def test_the_curve_goes_through_the_percentiles_of_the_table() -> None:
    run = made_run("a")
    curve = {point.percentile: point.ms for point in compare([run, made_run("b")]).runs[0].distribution}
    times = run.document.response_time_ms
    assert [curve[each] for each in (50, 75, 90, 95, 99, 99.9)] == [
        times.p50, times.p75, times.p90, times.p95, times.p99, times.p99_9,
    ]  # fmt: skip
    assert list(curve) == sorted(curve)
    assert list(curve.values()) == sorted(curve.values())
    assert 99.99 in curve  # of 12,000 requests


def test_the_same_service_twice_is_no_clear_difference() -> None:
    found = compare([made_run("a"), made_run("b", seed=3)])
    assert found.verdict.headline == "There is no clear difference between A and B."
    assert set(words(found).values()) <= {"no clear difference", "same"}


def test_slow_requests_are_told_apart_from_the_rest() -> None:
    found = compare([made_run("a"), made_run("b", each=400, ms=10, seed=2, tail=0.02)])
    assert cell(found, "p99.9").word == "slower"
    assert "B’s slowest 1 in 1,000 requests take" in found.verdict.headline
    assert found.verdict.headline.startswith("B is about twice as fast as A.")


def test_a_slower_run_is_a_regression_beyond_the_tolerance_only() -> None:
    found = compare([made_run("a"), made_run("b", each=160, ms=25, seed=2)])
    assert cell(found, "p95").word == "slower"
    assert cell(found, "p95").better is False
    told = {(run.letter, measure.key) for run, measure, _ in regressions(found, 5, 0.1)}
    assert told >= {("B", "throughput"), ("B", "p50"), ("B", "p95")}
    assert regressions(found, 40, 0.1) == []


def test_a_falling_success_rate_is_a_regression_of_its_own() -> None:
    found = compare([made_run("a"), made_run("b", failures=4, seed=2)])
    assert (cell(found, "success").word, cell(found, "failures").word) == ("lower", "more")
    assert "More of B’s requests fail: 98.04% succeed, against 100%." in found.verdict.headline
    assert [measure.key for _, measure, _ in regressions(found, 5, 0.1)] == ["success"]
    assert regressions(found, 5, 3) == []


REASONS: dict[str, tuple[Compared, str]] = {
    "shape": (
        made_run("b", load={"shape": "constant-rate", "rate_rps": 9}),
        "another load shape: a steady rate, not steady users",
    ),
    "requests": (made_run("b", requests=[{"path": "/other"}]), "other requests: GET /other, not GET /items"),
    "untrustworthy": (
        made_run("b", document={"audit": AuditPart(trustworthy=False, reasons=("The generator was busy.",))}),
        "its figures are not trustworthy: the generator was busy",
    ),
    "no data": (made_run("b", seconds=0), "nothing was measured"),
    "short": (made_run("b", seconds=9), "it has 9 intervals, and 10 are needed"),
    "live": (made_run("b", document={"status": "running"}), "it has not ended yet"),
    "changed": (
        made_run("b", document={"changes": (ChangePart(number=1, t_s=3, kind="users", value=9),)}),
        "its load was changed by hand",
    ),
}


@pytest.mark.parametrize(("run", "reason"), REASONS.values(), ids=REASONS)
def test_what_cannot_be_compared_says_why(run: Compared, reason: str) -> None:
    found = compare([made_run("a"), run])
    assert not found.runs[1].comparable
    assert reason in "; ".join(found.runs[1].reasons)
    assert found.verdict.headline.startswith("A and B cannot be compared: ")
    assert set(words(found).values()) == {"not comparable"}
    assert all(measure.runs[1].change is None for measure in found.measures)


def test_nothing_is_compared_with_a_base_that_cannot_be() -> None:
    found = compare([made_run("a", seconds=4), made_run("b")])
    assert [run.comparable for run in found.runs] == [False, False]
    assert found.verdict.headline.startswith("A and B cannot be compared: A has 4 intervals, and 10")


def test_a_run_that_cannot_be_trusted_is_named_with_the_reason() -> None:
    found = compare([made_run("a"), REASONS["untrustworthy"][0]])
    assert found.verdict.headline == (
        "A and B cannot be compared: B’s figures are not trustworthy: the generator was busy."
    )


def paused(run: Compared, at: int, seconds: int) -> Compared:
    """The same run, held up for so long at that second."""
    rows, length = list(run.snapshots), len(run.snapshots)
    empty = replace(rows[0], endpoints=(EndpointStats(),), errors={}, in_flight_ns=0)
    rest = [replace(empty, start_ns=each * S, end_ns=(each + 1) * S) for each in range(at, at + seconds)]
    later = [
        replace(each, start_ns=each.start_ns + seconds * S, end_ns=each.end_ns + seconds * S)
        for each in rows[at:]
    ]
    snapshots = [*rows[:at], *rest, *later]
    changes = (
        ChangePart(number=1, t_s=at, kind="pause"),
        ChangePart(number=2, t_s=at + seconds, kind="resume"),
    )
    changed = {"changes": changes, "snapshots": parts_of(snapshots), "duration_s": length + seconds}
    return Compared(run.document.model_copy(update=changed), snapshots)


@pytest.mark.parametrize("with_histograms", [True, False])
def test_a_pause_makes_no_interval_wider(with_histograms: bool) -> None:
    runs = [made_run("a"), made_run("b", seed=3), paused(made_run("b", seed=3), 20, 30)]
    if not with_histograms:
        runs = [replace(run, snapshots=()) for run in runs]
    wide, paused_too = (cell(compare([runs[0], run]), "throughput") for run in runs[1:])
    assert paused_too.change == pytest.approx(wide.change, abs=0.01)
    assert paused_too.high - paused_too.low < 2 * (wide.high - wide.low) < 4  # type: ignore[operator]


def test_another_mix_of_the_same_requests_is_another_load() -> None:
    one = [{"path": "/a", "weight": 1}, {"path": "/b?x=1", "weight": 1}]
    two = [{"path": "/a", "weight": 2}, {"path": "/b", "weight": 2}]
    three = [{"path": "/a", "weight": 3}, {"path": "/b", "weight": 1}]
    bases = made_run("a", requests=one)
    assert compare([bases, made_run("b", requests=two)]).runs[1].comparable
    assert "another request mix" in compare([bases, made_run("b", requests=three)]).runs[1].reasons[0]


def test_settings_that_differ_come_first_and_labels_name_the_services_own() -> None:
    found = compare(
        [
            made_run("a", document={"tags": ("workers=1",)}),
            made_run("b", document={"tags": ("workers=4",)}, seed=2),
            made_run("c", document={"tags": ("workers=4",)}, http={"keepalive": False}, seed=3),
        ]
    )
    told = [(s.label, s.values, s.changed) for s in found.settings if s.differs]
    assert told == [
        ("Workers (label)", ("1", "4", "4"), (False, True, True)),
        ("Keep-alive", ("On", "On", "Off"), (False, False, True)),
    ]
    assert [s.differs for s in found.settings[:3]] == [True, True, False]
    details = " ".join(found.verdict.details)
    assert "B against C shows the effect of one setting alone: Keep-alive." in details


def test_a_secret_that_differs_is_said_and_not_shown() -> None:
    runs = [
        made_run(name, requests=[{"path": "/items", "headers": {"Authorization": f"Bearer {name}-secret"}}])
        for name in ("a", "b")
    ]
    found = compare(runs)
    assert [s.label for s in found.settings if s.differs] == ["Header Authorization"]
    assert "secret" not in "".join(str(s.values) for s in found.settings)


def test_a_result_without_histograms_has_no_intervals_for_percentiles() -> None:
    runs = [replace(made_run("a"), snapshots=()), replace(made_run("b", each=400, ms=10), snapshots=())]
    found = compare(runs)
    assert words(found) | {"p95": "", "p50": ""} == {
        **words(found), "throughput": "faster", "mean": "faster", "p95": "", "p50": "",
    }  # fmt: skip
    assert cell(found, "p95").word == "not comparable"
    assert "no histograms" in cell(found, "p95").reason


def test_too_few_requests_above_a_percentile() -> None:
    found = compare([made_run("a", each=20), made_run("b", each=20, seed=2)])
    assert cell(found, "p99.9").reason == "too few requests above it: 10,000 are needed in each run"
    assert cell(found, "p99").word in ("same", "no clear difference")


@pytest.mark.parametrize(
    ("names", "sentence"),
    [("a", "two runs or more"), ("aa", "cannot be compared with itself"), ("abcdef", "five runs at most")],
)
def test_what_makes_no_comparison(names: str, sentence: str) -> None:
    with pytest.raises(InvalidInput, match=sentence):
        compare([made_run(name, seconds=10, each=5) for name in names])


def test_a_run_has_the_same_interval_beside_any_others() -> None:
    one, two, three = made_run("a"), made_run("b", seed=2), made_run("c", seed=3)
    assert cell(compare([one, three]), "p95") == cell(compare([one, two, three]), "p95", 2)


@pytest.mark.parametrize(
    ("values", "unit", "shown"),
    [
        ((97.9, 97.3, 98.4), "%", ("+97.9%", "+97.3% to +98.4%")),
        ((-49.48, -49.504, -49.461), "%", ("−49.48%", "−49.50% to −49.46%")),
        ((-0.008, -0.016, 0.001), "points", ("−0.01\u00a0pt", "−0.02 to 0.00\u00a0pt")),
        ((0.05, 0.02, 0.3), "%", ("+0.05%", "+0.02% to +0.30%")),
        ((0.0, 0.0, 0.0), "points", ("0", "0 to 0")),
    ],
)
def test_changes_are_written_with_as_many_decimals_as_they_need(
    values: tuple[float, float, float], unit: str, shown: tuple[str, str]
) -> None:
    assert change_text(CellPart(change=values[0], low=values[1], high=values[2]), unit) == shown


def test_the_document_reads_back() -> None:
    found = compare([made_run("a", each=20), made_run("b", each=20)])
    data: dict[str, Any] = found.model_dump(mode="json")
    assert data["schema"] == "katydid.comparison/1"
    assert Comparison.model_validate(data) == found

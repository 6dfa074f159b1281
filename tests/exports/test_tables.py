"""CSV files are read back and held against the run."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import pytest

from tests.exports.samples import SECRET, run
from webui.exports import CSV, export, source_of
from webui.exports.tables import FAILURES, HISTORY, STATS
from webui.metrics.histogram import merge
from webui.metrics.snapshot import Totals, WarmUp

# As Locust 2.x writes them: notebooks made for its files go on working.
LOCUST_STATS = (
    "Type,Name,Request Count,Failure Count,Median Response Time,Average Response Time,Min Response Time,"
    "Max Response Time,Average Content Size,Requests/s,Failures/s,"
    "50%,66%,75%,80%,90%,95%,98%,99%,99.9%,99.99%,100%"
).split(",")
LOCUST_HISTORY = (
    "Timestamp,User Count,Type,Name,Requests/s,Failures/s,50%,66%,75%,80%,90%,95%,98%,99%,99.9%,99.99%,100%,"
    "Total Request Count,Total Failure Count,Total Median Response Time,Total Average Response Time,"
    "Total Min Response Time,Total Max Response Time,Total Average Content Size"
).split(",")


def read(name: str, status: str = "failed", **changes: object) -> list[dict[str, str]]:
    text = export(run(status, **changes), name).data.decode()
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_columns_begin_as_locusts() -> None:
    assert list(STATS[: len(LOCUST_STATS)]) == LOCUST_STATS
    assert list(HISTORY[: len(LOCUST_HISTORY)]) == LOCUST_HISTORY
    assert FAILURES[:4] == ("Method", "Name", "Error", "Occurrences")


def test_the_requests_are_the_runs() -> None:
    rows = read("stats.csv")
    source = source_of(run())
    document = source.document
    assert [row["Type"] for row in rows] == ["GET", "POST", ""]
    assert rows[0]["Name"] == "/items?api_key=[hidden]"
    total = rows[-1]
    assert total["Name"] == "Aggregated"
    assert int(total["Request Count"]) == document.totals.successes + document.totals.failures == 375
    assert int(total["Failure Count"]) == document.totals.failures == 9
    assert float(total["Success 95%"]) == pytest.approx(document.response_time_ms.p95)
    assert float(total["Requests/s"]) == pytest.approx(375 / 3)
    everything = merge((source.figures.response, source.figures.failed))
    assert float(total["95%"]) == pytest.approx(everything.percentiles_ns((95.0,))[0] / 1e6)
    assert float(total["100%"]) == float(total["Max Response Time"]) == 2000
    assert total["99.9%"] == "N/A"  # 375 requests cannot tell it
    assert int(total["Dropped"]) == document.totals.dropped == 3
    assert {row["Run Status"] for row in rows} == {"failed"}


def test_failures_have_their_kind_place_and_sample() -> None:
    rows = read("failures.csv")
    assert [(row["Method"], row["Error"], row["Occurrences"]) for row in rows] == [
        ("GET", "http_503", "6"),
        ("GET", "check_failed", "3"),
    ]
    assert (rows[0]["First s"], rows[0]["Last s"]) == ("0", "2")


def test_history_has_the_interval_and_the_run_so_far() -> None:
    rows, document = read("stats_history.csv"), run().result()
    assert len(rows) == len(document.snapshots) == 3
    for number, (row, part) in enumerate(zip(rows, document.snapshots, strict=True), 1):
        assert float(row["Time s"]) == part.t_s
        assert float(row["Success 50%"]) == pytest.approx(part.p50_ms)
        assert float(row["Successes/s"]) == pytest.approx(part.throughput_rps)
        assert int(row["Total Request Count"]) == 125 * number
        assert int(row["User Count"]) == part.users
    assert int(rows[0]["Timestamp"]) == int(document.started_at.timestamp() + 1)


def test_steps_of_a_sweep() -> None:
    rows = read("steps.csv", load={"shape": "sweep", "from": 1, "to": 64})
    assert [row["Users"] for row in rows] == ["1", "40"]
    assert float(rows[0]["Successes/s"]) == 120
    assert read("steps.csv") == []


def test_percentiles_stop_where_the_sample_does() -> None:
    rows = [row for row in read("percentiles.csv") if row["Name"] == "Aggregated"]
    assert [float(row["Percentile"]) for row in rows][0 :: len(rows) - 1] == [0, 100]
    assert not [row for row in rows if 99.8 <= float(row["Percentile"]) < 100]
    document = run().result()
    by_percentile = {float(row["Percentile"]): float(row["Response Time"]) for row in rows}
    assert by_percentile[95] == pytest.approx(document.response_time_ms.p95)
    assert int(rows[-1]["Count"]) == document.response_time_ms.count


@pytest.mark.parametrize("name", CSV)
def test_no_cell_is_a_formula_or_a_secret(name: str) -> None:
    data = export(run(load={"shape": "sweep", "from": 1, "to": 64}), name).data.decode()
    for cells in csv.reader(io.StringIO(data, newline="")):
        for cell in cells:
            assert cell[:1] not in ("=", "+", "-", "@", "\t", "\r")
            assert "\n" not in cell
    assert SECRET not in data


@pytest.mark.parametrize("name", CSV)
def test_a_warm_up_is_said_in_each_row(name: str) -> None:
    view = run(load={"shape": "sweep", "from": 1, "to": 64})
    assert view.total is not None
    warm = replace(view, total=replace(view.total, warmup=WarmUp(2_500_000_000, Totals(9, 9, 9, 9))))
    told = [
        {
            row["Warm-Up s"]
            for row in csv.DictReader(io.StringIO(export(each, name).data.decode(), newline=""))
        }
        for each in (view, warm)
    ]
    assert told == [{"0"}, {"2.5"}]


def test_a_partial_file_says_so_in_each_row() -> None:
    assert {row["Run Status"] for row in read("stats.csv", "running")} == {"running, partial"}
    assert export(run("running"), "stats.csv").file_name == "katydid-r_7h3k9m2p4q-partial_stats.csv"

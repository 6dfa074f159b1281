"""Every metric, label and limit is in docs/observability.md, and nothing else is."""

from __future__ import annotations

import re
from pathlib import Path

from webui.observability.model import BOUNDS_S, Kind
from webui.observability.of_runs import MAX_ENDPOINTS, MAX_TEXT, OTHERS
from webui.observability.watch import ALL_METRICS, MAX_ENDED, MAX_LIVE

GUIDE = (Path(__file__).resolve().parents[2] / "docs" / "observability.md").read_text()
FURTHER = {
    "build": ["version"],
    "run": ["name", "target", "shape"],
    "run_status": ["katydid_run_status"],
}


def test_the_table_is_the_definitions() -> None:
    rows = []
    for metric in ALL_METRICS:
        kinds = {Kind.SUMMARY: ["quantile"], Kind.HISTOGRAM: ["le"]}.get(metric.kind, [])
        labels = [*metric.labels, *FURTHER.get(metric.name, []), *kinds]
        named = ", ".join(f"`{label}`" for label in labels)
        rows.append(
            f"| `{metric.full_name}` | {metric.kind} | {named + ' ' if named else ''}| {metric.meaning} |"
        )
    assert re.findall(r"^\| `katydid_.*$", GUIDE, re.MULTILINE) == rows


def test_no_metric_is_spoken_of_that_there_is_not() -> None:
    known = {metric.full_name for metric in ALL_METRICS} | {"katydid_run_status"}
    for name in re.findall(r"`?(katydid_[a-z_]+)", GUIDE):
        assert name in known or name.removesuffix("_bucket") in known, name


def test_the_limits_are_told() -> None:
    assert f"| live runs | {MAX_LIVE}, " in GUIDE
    assert f"| ended runs | {MAX_ENDED}, " in GUIDE
    assert f"| endpoints of a run | {MAX_ENDPOINTS}, " in GUIDE
    assert f"| characters of a label | {MAX_TEXT} |" in GUIDE
    assert f"`{OTHERS}`" in GUIDE
    [bounds] = re.findall(r"its buckets are fixed: ([^.]*\.5[^\n]*) s\.", GUIDE)
    milliseconds, seconds = bounds.split(" ms, and ")
    told = [float(each) / 1000 for each in re.findall(r"[\d.]+", milliseconds)]
    told += [float(each) for each in re.findall(r"[\d.]+", seconds)]
    assert told == list(BOUNDS_S)

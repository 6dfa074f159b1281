"""JSON, HTML, JUnit, k6 and Markdown are parsed and held against the run, with odd texts in every place."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from tests.exports.samples import PAYLOAD, SECRET, run
from webui.exports import FORMATS, export, source_of
from webui.exports.markdown import code
from webui.metrics import codec
from webui.runs.redacted import wholly_redacted
from webui.units import milliseconds


def text_of(wanted: str, status: str = "failed", **changes: Any) -> str:
    return export(run(status, **changes), wanted).data.decode()


@pytest.mark.parametrize("name", FORMATS)
def test_no_format_has_a_secret(name: str) -> None:
    text = text_of(name)
    assert SECRET not in text
    assert base64.b64encode(SECRET.encode()).decode().rstrip("=") not in text
    assert text.endswith("\n")


@pytest.mark.parametrize("name", FORMATS)
def test_a_run_that_goes_on_is_marked_in_file_and_name(name: str) -> None:
    made = export(run("running"), name)
    if name not in ("failures.csv", "steps.csv") or len(made.data.splitlines()) > 1:
        assert b"artial" in made.data
    assert made.etag is None
    assert made.file_name.startswith("katydid-r_7h3k9m2p4q-partial")
    ended = export(run(), name)
    assert ended.file_name == made.file_name.replace("-partial", "")
    assert ended.etag == f'W/"{hashlib.sha256(ended.data).hexdigest()[:32]}"'


@pytest.mark.parametrize("name", FORMATS)
def test_a_run_without_figures_can_be_exported(name: str) -> None:
    assert export(run("error", rows=0), name).data


@pytest.mark.parametrize("name", FORMATS)
def test_the_same_run_gives_the_same_bytes(name: str) -> None:
    assert export(run(), name) == export(run(), name)
    assert export(wholly_redacted(run()), name).data == export(run(), name).data


# -- JSON ----------------------------------------------------------------------------------------------


def test_the_json_is_the_result_with_its_recording() -> None:
    whole = json.loads(text_of("json"))
    recording = whole.pop("recording")
    assert whole == source_of(run()).document.model_dump(mode="json", by_alias=True)
    rows = [codec.decode(base64.b64decode(row)) for row in recording["snapshots"]]
    assert rows == list(source_of(run()).snapshots)
    assert recording["partial"] is False


# -- HTML ----------------------------------------------------------------------------------------------


class Elements(HTMLParser):
    """Every element with its attributes, and the text of each script."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self._inside = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        self._inside = tag
        if tag == "script":
            self.scripts.append("")

    def handle_data(self, data: str) -> None:
        if self._inside == "script":
            self.scripts[-1] += data

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""


def test_the_reports_data_are_the_runs() -> None:
    data, *_ = Elements(text_of("html")).scripts
    parsed = json.loads(data)
    assert parsed["document"] == source_of(run()).document.model_dump(mode="json", by_alias=True)
    by_percentile = dict(parsed["percentiles"])
    assert by_percentile[95] == parsed["document"]["response_time_ms"]["p95"]


def test_the_report_loads_nothing_and_runs_only_its_own_scripts() -> None:
    elements = Elements(text_of("html"))
    for _, attributes in elements.found:
        assert "src" not in attributes
        assert not [name for name in attributes if name.startswith("on")]
        assert attributes.get("href", "#")[:1] == "#"
    _, *scripts = elements.scripts
    assert len(scripts) == 2
    [policy] = [each["content"] for _, each in elements.found if "Content-Security-Policy" in each.values()]
    assert policy is not None
    for script in scripts:
        digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy


def test_odd_texts_stay_texts_in_the_report() -> None:
    text = text_of("html")
    assert "<script>alert" not in text
    assert "<img src=x" not in text
    assert not [attributes for tag, attributes in Elements(text).found if tag == "img"]


def test_a_sweep_has_its_steps_in_the_report() -> None:
    text = text_of("html", load={"shape": "sweep", "from": 1, "to": 64})
    assert 'data-plot="sweep-throughput"' in text
    assert 'data-plot="sweep-throughput"' not in text_of("html")


# -- JUnit ---------------------------------------------------------------------------------------------


def cases(status: str = "failed", **changes: Any) -> dict[str, ET.Element]:
    root = ET.fromstring(text_of("junit", status, **changes))
    found = root.findall("testsuite/testcase")
    assert int(root.get("tests", "")) == len(found)
    assert int(root.get("failures", "")) == len(root.findall("testsuite/testcase/failure"))
    for part in (root, *root.findall("testsuite")):
        times = [float(each.get("time", "")) for each in part.iter("testcase")]
        assert float(part.get("time", "")) == sum(times)
    assert float(root.get("time", "")) == round(run(status).result().duration_s or 0, 3)
    return {f"{each.get('classname')}/{each.get('name')}": each for each in found}


def verdict(case: ET.Element) -> str:
    return case[0].tag if len(case) else "passed"


def test_a_case_for_each_threshold_and_check() -> None:
    found = cases()
    document = source_of(run()).document
    for part in document.thresholds:
        assert verdict(found[f"thresholds/{part.expression}"]) == ("passed" if part.passed else "failure")
    assert {part.passed for part in document.thresholds} == {True, False}
    label = "GET /items?api_key=[hidden]"
    status = found[f"checks.{label}/status should be < 500"]
    body = found[f"checks.{label}/body should contain items"]
    assert verdict(status) == "failure"
    assert status[0].get("message") == "9 responses had another status."
    assert verdict(body) == "failure"
    assert "3 responses failed a check of this request; the first: body" in body[0].get("message", "")
    assert verdict(found["run/run"]) == "passed"  # it failed for what the thresholds say
    assert len(found) == 1 + len(document.thresholds) + 2


def test_of_several_checks_the_first_that_failed_is_blamed() -> None:
    checks = [{"on": "body", "is": "contains items"}, {"on": "size", "is": "< 10kB"}]
    found = cases(requests=[{"path": "/items", "checks": checks}, {"path": "/odd"}], thresholds=[])
    assert verdict(found["checks.GET /items/body should contain items"]) == "failure"
    assert verdict(found["checks.GET /items/size should be < 10kB"]) == "skipped"
    assert verdict(found["run/run"]) == "failure"


@pytest.mark.parametrize(
    ("status", "wanted"),
    [("passed", "passed"), ("error", "error"), ("interrupted", "error"), ("stopped", "skipped"),
     ("running", "skipped")],
)  # fmt: skip
def test_the_run_is_a_case_of_its_own(status: str, wanted: str) -> None:
    assert verdict(cases(status)["run/run"]) == wanted


def test_characters_that_xml_cannot_hold_are_replaced() -> None:
    root = ET.fromstring(export(replace(run(), name="a\x00\x1b\ufffeb"), "junit").data)
    assert "a\ufffd\ufffd\ufffdb" in root.get("name", "")


# -- k6 ------------------------------------------------------------------------------------------------


def test_the_k6_summary_is_laid_out_as_k6s() -> None:
    summary = json.loads(text_of("k6"))
    totals, times = run().result().totals, run().result().service_time_ms
    metrics = summary["metrics"]
    assert {"root_group", "options", "state", "metrics"} <= summary.keys()
    values = {"count": 375, "rate": 125.0}
    assert metrics["http_reqs"] == {"type": "counter", "contains": "default", "values": values}
    assert metrics["http_req_failed"]["values"] == {
        "rate": pytest.approx(9 / 375), "passes": totals.failures, "fails": totals.successes,
    }  # fmt: skip
    expected = metrics["http_req_duration{expected_response:true}"]
    assert expected["values"]["p(95)"] == times.p95
    assert expected["values"]["med"] == times.p50
    assert expected["thresholds"] == {"p95<200ms": {"ok": True}}
    assert metrics["http_req_failed"]["thresholds"] == {"success>99%": {"ok": False}}
    assert metrics["vus"]["values"] == {"value": 5, "min": 5, "max": 5}
    assert metrics["data_sent"]["contains"] == "data"
    assert set(summary["options"]["summaryTrendStats"]) == expected["values"].keys()
    named = [name for name in metrics if name.startswith("http_req_duration{name:GET /items")]
    assert len(named) == 1
    assert list(metrics[named[0]]["thresholds"].values()) == [{"ok": False}]


# -- Markdown ------------------------------------------------------------------------------------------


def test_the_markdown_has_the_headline_and_the_rules() -> None:
    text = text_of("markdown", name="Items", thresholds=["p95<200ms", "success>99%"])
    assert text.startswith("### ❌ `Items`: failed\n")
    shown = milliseconds(run().result().response_time_ms.p95)
    assert f"| <code>p95&#60;200ms</code> | ✅ passed | {shown} |" in text
    assert "| <code>success&#62;99&#37;</code> | ❌ failed | 97.60% |" in text


def test_odd_texts_are_nothing_but_text_in_markdown() -> None:
    text = text_of("markdown")
    for line in text.splitlines():
        outside = re.sub(r"`[^`]*`|<code>[^<]*</code>|<sub>|</sub>", "", line)
        assert "alert" not in outside
        assert "@all" not in line
        assert "[x](" not in outside
    tables = [line for line in text.splitlines() if line.startswith("| ")]
    widths = {len(re.findall(r"(?<!\\)\|", line)) for line in tables}
    assert widths <= {3, 4, 8}


@pytest.mark.parametrize("text", ["a`b", "a|b", "a\\|b", "<b>", "&lt;", " x ", "``", PAYLOAD])
def test_code_spans_cannot_be_left(text: str) -> None:
    shown = code(text)
    assert re.fullmatch(r"<code>(?:[^<>`|\\&]|&#\d+;)*</code>", shown)


def test_empty_and_long_texts() -> None:
    assert code(" \n") == "–"
    assert len(code("x" * 10_000)) == 202

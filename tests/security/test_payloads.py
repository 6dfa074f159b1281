"""Text from targets, forms and files stays text: in pages, streams, exports, pictures and on the terminal."""

from __future__ import annotations

import io
import xml.etree.ElementTree as ET
from urllib.parse import quote, urlencode

import pytest
from rich.console import Console

from tests.api.conftest import Service, service
from tests.cli.test_output import ROW
from tests.exports.samples import PAYLOAD, START
from tests.security.hostile import ESCAPES, REQUESTS, URL, controls, formulas, hostile, inspected
from webui.analysis.compare import Compared, compare
from webui.cli import comparison as comparing
from webui.cli.live import Moment, line, table
from webui.cli.summary import summary
from webui.exports import CSV, FORMATS, export
from webui.metrics import codec
from webui.plan.documents import plan_to_data
from webui.runs.summary import load_text, target_text
from webui.store import RunRecord

pytestmark = pytest.mark.anyio
__all__ = ["service"]

FIELDS = (
    "url-0 method-0 headers-0 query-0 body-0 check_is-0-0 name tags note users duration thresholds rate "
    "timeout canary limit think_time proxy text"
).split()
SWEEP = {"load": {"shape": "sweep", "from": 1, "to": 40}, "thresholds": []}


async def stored(service: Service, run_id: str) -> str:
    """The hostile run, in the store as it would be after its end."""
    view = hostile(run_id=run_id)
    await service.store.add_run(
        RunRecord(
            id=run_id,
            name=view.name,
            status="failed",
            status_reason=view.status_reason,
            target=target_text(view.plan),
            load=load_text(view.plan),
            created_at=START,
            started_at=START,
            ended_at=START,
            tags=view.tags,
            note=view.note,
            plan=plan_to_data(view.plan),
            plan_key="k" * 64,
            shards=1,
            load_s=3.0,
            result=view.result().model_dump(mode="json", by_alias=True),
        )
    )
    await service.store.put_snapshots(
        run_id, [(place, codec.encode(row)) for place, row in enumerate(view.snapshots)]
    )
    return run_id


async def pages(service: Service) -> list[str]:
    """Addresses of pages that show the run, or say back what they were asked for."""
    one, other = await stored(service, "r_one"), await stored(service, "r_other")
    share = (await service.client.post(f"/api/v1/runs/{one}/shares")).json()["token"]
    both = {"run": [one, other]}
    shared = await service.client.post("/api/v1/compare/shares", params=both)
    experiment = await service.client.post(
        "/api/v1/experiments",
        json={
            "name": PAYLOAD,
            "variants": [{"label": PAYLOAD[:40], "base_url": "http://127.0.0.1:9"}],
            "path": URL,
            "users": [1],
        },
    )
    assert experiment.status_code == 201, experiment.text
    said = quote(PAYLOAD, safe="")
    asked = urlencode(dict.fromkeys(("search", "tag", "target"), PAYLOAD))
    return [
        "/",
        f"/?from={one}",
        f"/?from={said}",
        "/runs",
        "/runs?group=plan",
        f"/runs?plan={'k' * 64}",
        f"/runs?{asked}",
        f"/runs?sort={said}&order={said}&status={said}&cursor={said}&since={said}",
        f"/runs/{one}",
        f"/runs/{one}/edit",
        f"/runs/{one}/intervals",
        f"/runs/{one}/downloads",
        f"/runs/{one}/stream",
        f"/runs/{said}",
        f"/compare?{urlencode(both, doseq=True)}",
        f"/compare?search={said}",
        f"/compare?run={said}&run={one}",
        f"/s/{share}",
        f"/s/{share}/intervals",
        f"/s/{share}/stream",
        f"/s/{share}/badge.svg",
        f"/s/{shared.json()['token']}",
        f"/s/{said}",
        f"/experiments/{experiment.json()['id']}",
        "/lab",
        f"/nothing/{said}",
        f"/login?next={said}",
    ]


async def test_no_page_and_no_stream_takes_text_for_markup(service: Service) -> None:
    shown = 0
    for path in await pages(service):
        response = await service.client.get(path, follow_redirects=True)
        assert response.status_code in (200, 400, 404, 422), path
        assert inspected(response.text).found == [], path
        assert "<script>alert" not in response.text, path
        shown += "&lt;script&gt;alert" in response.text or "\\u003cscript" in response.text
    assert shown > 12


async def test_no_form_that_comes_back_does(service: Service) -> None:
    fields = dict.fromkeys(FIELDS, PAYLOAD)
    for path, sent in (
        ("/runs", fields),
        ("/runs", {**fields, "do": "as-text"}),
        ("/runs", {"text": f'{{"name": "{ESCAPES}<script>', "format": "json", "do": "start-text"}),
        ("/runs/check", fields),
        ("/practice", {"target": PAYLOAD}),
        ("/lab/" + quote(PAYLOAD, safe=""), fields),
        ("/lab/threads", {"workers": PAYLOAD, "server": PAYLOAD, "limit": PAYLOAD}),
        ("/experiments", {"of": "addresses", "variants": PAYLOAD, "addresses": PAYLOAD, "users": PAYLOAD}),
        ("/runs/delete", {"run": PAYLOAD, "back": "javascript:alert(1)"}),
        ("/login", {"token": PAYLOAD, "next": "//evil.example"}),
    ):
        response = await service.client.post(path, data=sent)
        assert response.status_code < 500, path
        assert inspected(response.text).found == [], path
        assert "<script>alert" not in response.text, path
        assert "evil" not in response.headers.get("location", ""), path
        assert "javascript" not in response.headers.get("location", ""), path


@pytest.mark.parametrize("changes", [{}, SWEEP], ids=["run", "sweep"])
def test_exports_keep_text_as_text(changes: dict[str, object]) -> None:
    view = hostile(**changes)
    for name in CSV:
        assert formulas(export(view, name).data) == [], name
    report = inspected(export(view, "html").data.decode())
    assert report.found == []
    assert not [script for script in report.scripts if "alert(1)" in script and "\\u003c" not in script]
    ET.fromstring(export(view, "junit").data)
    marked = inspected(export(view, "markdown").data.decode())
    assert marked.found == []
    assert marked.tags <= {"code", "sub", "details", "summary", "br"}
    for name in FORMATS.keys() - {"html"}:  # what a terminal may be shown
        data = export(view, name).data.decode()
        assert [char for char in controls(data) if char in "\x1b\x07\x9b"] == [], name


def test_a_spreadsheets_formulas_are_found() -> None:
    """Guards against a judge that finds nothing."""
    assert formulas(b'a,"=1+1",-2.5,@x\r\n') == ["=1+1", "@x"]
    assert inspected("<a href='javascript:x'><p onclick=x><img>").found != []
    assert controls(ESCAPES) == ["\x07", "\x1b", "\x9b", "\u202e"]


@pytest.mark.parametrize("changes", [{}, SWEEP], ids=["run", "sweep"])
def test_the_terminal_gets_no_escape_sequences_and_no_markup(
    changes: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    view = hostile(**changes)
    document = view.result()
    hurtful = document.model_copy(
        update={"name": ESCAPES, "status_reason": ESCAPES, "tags": (ESCAPES,), "note": ESCAPES}
    )
    moment = Moment(ESCAPES, 1.0, 3.0, 0.3, ROW, document.totals, document.response_time_ms)
    out = io.StringIO()
    console = Console(file=out, width=400, highlight=False, markup=False, emoji=False)
    console.print(summary(hurtful))
    console.print(table(moment))
    console.print(line(moment), markup=False)
    monkeypatch.setattr(comparing.console, "stdout", lambda: console)
    other = hurtful.model_copy(update={"id": "r_other"})
    runs = [Compared(document=each, snapshots=view.snapshots) for each in (hurtful, other)]
    comparing._show(compare(runs))
    assert [char for char in controls(out.getvalue()) if char not in "\u00a0\t"] == []
    assert "[bold red]marked[/]" in out.getvalue()


def test_a_request_carries_what_was_written() -> None:
    """Escaping is the showing side's: what is sent is the payload itself."""
    plan = hostile().plan
    assert plan.requests[0].headers["X-Odd"] == PAYLOAD
    assert plan.requests[0].path == REQUESTS[0]["path"]

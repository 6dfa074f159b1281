"""Whatever is posted to a page, the answer is a page or a redirect: no 5xx, no traceback."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.api.served import served
from tests.api.test_api_complete import of_pages
from tests.fuzz import odd
from tests.fuzz.odd import texts

ROOT = Path(__file__).resolve().parents[2]
FIELDS = sorted(
    {
        name
        for path in (ROOT / "templates").rglob("*.html")
        for name in re.findall(r'\bname="([a-z][\w-]*)"', path.read_text())
    }
    | {f"{name}-0" for name in ("url", "method", "header", "body", "stage", "weight", "name", "path")}
    | {f"check-0-{name}" for name in ("1", "on", "of", "rule")}
    | {
        "url",
        "users",
        "duration",
        "shape",
        "rate",
        "load",
        "plan",
        "file",
        "run",
        "do",
        "touched",
        "token",
        "next",
    }
)
CHANGES = sorted(path.removeprefix("POST ") for path in of_pages() if path.startswith("POST "))
PLAN = {
    "base_url": "http://127.0.0.1:9",
    "requests": [{"path": "/items"}],
    "load": {"shape": "constant-users", "users": 2, "duration_s": 2},
}
KNOWN = {"name": ["threads", "async-io"], "key": ["0", "1"], "experiment_id": ["x_1"], "running_id": ["r"]}
# What a form has for this field, mostly; so that more than the first field's mistake is reached.
USUAL = {
    "url-0": "http://127.0.0.1:9/items",
    "users": "5",
    "duration": "3s",
    "shape": "steady",
    "end": "duration",
    "target": "threads",
    "run": "r_unknown",
}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    with (
        served(tmp_path_factory.mktemp("forms")) as url,
        httpx.Client(base_url=url, trust_env=False) as client,
    ):
        yield client


def run_id(client: httpx.Client) -> str:
    """The id of a run that has ended."""
    found: str = client.post("/api/v1/runs", json=PLAN, headers={"Prefer": "wait=10"}).json()["id"]
    return found


def test_the_forms_are_found() -> None:
    assert len(CHANGES) > 20
    assert {"url-0", "users", "duration", "shape"} <= set(FIELDS)


@pytest.mark.parametrize("path", CHANGES)
@odd.served
@given(data=st.data())
def test_any_form(path: str, client: httpx.Client, data: st.DataObject) -> None:
    names = {
        name: data.draw(st.sampled_from([*KNOWN.get(name, []), "nobody"]) | texts.filter(bool), name)
        for name in re.findall(r"{(\w+)}", path)
    }
    if "run_id" in names and data.draw(st.booleans(), "a run that there is"):
        names["run_id"] = run_id(client)
    address = re.sub(r"{(\w+)}", lambda match: quote(names[match[1]], safe=""), path)
    fields = {**USUAL, **data.draw(st.dictionaries(st.sampled_from(FIELDS), texts, max_size=8), "fields")}
    headers = {"HX-Request": "true"} if data.draw(st.booleans(), "htmx") else {}
    if data.draw(st.booleans(), "multipart"):
        files = {"file": ("plan.toml", data.draw(st.binary(max_size=50), "file"))}
        answer = client.post(address, data=fields, files=files, headers=headers, timeout=20)
    else:
        answer = client.post(address, data=fields, headers=headers, timeout=20)
    assert answer.status_code < 500, (answer.status_code, answer.text[:500])
    assert "Traceback" not in answer.text


@odd.served
@given(
    body=st.binary(max_size=100),
    kind=st.sampled_from(
        [
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "multipart/form-data",
            "text/plain",
            "é",
        ]
    ),
)
def test_a_body_that_is_no_form(client: httpx.Client, body: bytes, kind: str) -> None:
    for path in ("/runs", "/runs/check", "/lab/threads", "/experiments", "/runs/delete"):
        answer = client.post(path, content=body, headers={"Content-Type": kind.encode()}, timeout=20)
        assert answer.status_code < 500, (path, answer.text[:500])


@pytest.mark.parametrize("path", ["/", "/runs", "/compare", "/lab", "/lab/changes"])
@odd.served
@given(
    query=st.dictionaries(
        st.sampled_from([*FIELDS, "cursor", "sort", "order", "limit", "since", "from", "seen"]),
        texts,
        max_size=5,
    )
)
def test_any_query(path: str, client: httpx.Client, query: dict[str, str]) -> None:
    answer = client.get(path, params=query, timeout=20)
    assert answer.status_code < 500, (answer.status_code, answer.text[:500])
    assert "Traceback" not in answer.text

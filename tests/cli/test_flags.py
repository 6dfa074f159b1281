"""Flags come to the plan that they describe, and each mistake is named by its flag."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from webui.cli.flags import DEFAULT_DURATION_S, DEFAULT_USERS, PlanFlags, plan_of
from webui.errors import InvalidInput
from webui.plan.model import Plan
from webui.plan.request import FileBody, TextBody

URL = "http://127.0.0.1:8000/items?page=2"


def plan(**flags: object) -> Plan:
    return plan_of(URL, PlanFlags(**flags))  # type: ignore[arg-type]


def problems(target: str = URL, **flags: object) -> list[str]:
    with pytest.raises(InvalidInput) as caught:
        plan_of(target, PlanFlags(**flags))  # type: ignore[arg-type]
    return [str(problem) for problem in caught.value.problems]


def test_a_bare_url() -> None:
    made = plan()
    assert made.base_url == "http://127.0.0.1:8000"
    assert [(request.method, request.path) for request in made.requests] == [("GET", "/items?page=2")]
    assert made.load.users == DEFAULT_USERS
    assert made.load.duration_s == DEFAULT_DURATION_S
    assert made.load.iterations is None


def test_load_flags() -> None:
    load = plan(users="5,000", spawn_rate="6000/min", duration="1min 30s", iterations="100000").load
    assert (load.users, load.spawn_rate, load.duration_s, load.iterations) == (5000, 100.0, 90.0, 100_000)


def test_iterations_alone_have_no_time_limit() -> None:
    assert plan(iterations="10").load.duration_s is None


@pytest.mark.parametrize(("text", "pause"), [("1s", (1, 1)), ("250ms..3s", (0.25, 3)), ("0.5..1", (0.5, 1))])
def test_think_time(text: str, pause: tuple[float, float]) -> None:
    assert plan(think_time=text).think_time_s == pause


def test_http_flags() -> None:
    http = plan(timeout="500ms", keepalive=False, insecure=True).http
    assert (http.timeout_s, http.keepalive, http.verify_tls) == (0.5, False, False)


def test_descriptions_and_rules() -> None:
    made = plan(name="Items", tags=("nightly", "api"), note="first", thresholds=("p95<200ms", "success>99%"))
    assert (made.name, made.tags, made.note) == ("Items", ("nightly", "api"), "first")
    assert made.thresholds == ("p95<200ms", "success>99%")


def test_a_canary() -> None:
    assert plan(canary="/healthz").canary == "/healthz"
    assert plan(sweep="1..9", canary="off").canary == "off"
    assert problems(canary="healthz") == [
        '--canary: a canary is a path on the base address, such as /ping, or "off"'
    ]


def test_headers_keep_colons_in_their_value() -> None:
    request = plan(headers=("Accept: text/html", "X-Time:12:30")).requests[0]
    assert request.headers == {"Accept": "text/html", "X-Time": "12:30"}


def test_success_statuses() -> None:
    assert plan(success_status="2xx, 404").requests[0].success_statuses == ("2xx", "404")


@pytest.mark.parametrize(
    ("data", "content_type"),
    [('{"a": 1}', "application/json"), ("[1]", "application/json"), ("a=1", "text/plain; charset=utf-8")],
)
def test_data_is_posted_as_it_is(data: str, content_type: str) -> None:
    request = plan(data=data).requests[0]
    assert request.method == "POST"
    assert request.body == TextBody(text=data, content_type=content_type)


def test_a_content_type_header_decides() -> None:
    request = plan(data="a=1", headers=("content-type: application/x-www-form-urlencoded",)).requests[0]
    assert isinstance(request.body, TextBody)
    assert request.body.content_type == "application/x-www-form-urlencoded"


def test_method_beside_data() -> None:
    assert plan(data="x", method="put").requests[0].method == "PUT"


def test_data_from_files(tmp_path: Path) -> None:
    text, binary = tmp_path / "body.json", tmp_path / "picture.png"
    text.write_text('{"a": "é"}', encoding="utf-8")
    binary.write_bytes(b"\x89PNG\xff")
    assert plan(data=f"@{text}").requests[0].body == TextBody(
        text='{"a": "é"}', content_type="application/json"
    )
    body = plan(data=f"@{binary}").requests[0].body
    assert isinstance(body, FileBody)
    assert (body.encode(), body.filename, body.content_type) == (b"\x89PNG\xff", "picture.png", "image/png")


TOML = """
base_url = "http://127.0.0.1:8000"
name = "Items"
tags = ["api"]
thresholds = ["p95<200ms"]
[[requests]]
path = "/items"
method = "POST"
headers = {Accept = "a/b", X-Kept = "yes"}
body = {type = "file", path = "body.bin"}
[load]
users = 50
duration_s = 30
"""


@pytest.fixture
def plan_file(tmp_path: Path) -> Path:
    (tmp_path / "body.bin").write_bytes(b"\x00\x01")
    path = tmp_path / "plan.toml"
    path.write_text(TOML, encoding="utf-8")
    return path


def test_a_plan_file_with_its_body_beside_it(plan_file: Path) -> None:
    made = plan_of(str(plan_file), PlanFlags())
    body = made.requests[0].body
    assert isinstance(body, FileBody)
    assert (body.encode(), body.filename) == (b"\x00\x01", "body.bin")
    assert (made.load.users, made.load.duration_s) == (50, 30)


def test_flags_override_a_plan_file(plan_file: Path) -> None:
    flags = PlanFlags(
        users="7", duration="5s", name="Other", headers=("accept: c/d",), tags=("x",), thresholds=("p99<1s",)
    )
    made = plan_of(str(plan_file), flags)
    assert (made.load.users, made.load.duration_s, made.name) == (7, 5, "Other")
    assert made.requests[0].headers == {"X-Kept": "yes", "accept": "c/d"}
    assert made.tags == ("api", "x")
    assert made.thresholds == ("p95<200ms", "p99<1s")


def test_a_json_plan_without_an_end_gets_one(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    path.write_text(json.dumps({"base_url": "http://h", "requests": [{}], "load": {"users": 1}}))
    assert plan_of(str(path), PlanFlags()).load.duration_s == DEFAULT_DURATION_S


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ({"users": "0"}, "--users: must be 1 or more, not 0"),
        ({"users": "-5"}, "--users: must be 1 or more, not -5"),
        ({"users": "many"}, "--users: write a whole number such as 50, not 'many'"),
        ({"users": "1000000000"}, "--users: must be 100,000 or less, not 1000000000"),
        ({"spawn_rate": "fast"}, "--spawn-rate: write a rate such as 100/s, not 'fast'"),
        ({"spawn_rate": "0"}, "--spawn-rate: must be more than 0, not 0.0"),
        ({"duration": "-3s"}, "--duration: write a time such as 30s, 2min or 1h, not '-3s'"),
        ({"duration": "0"}, "--duration: must be 0.1 or more, not 0.0"),
        ({"duration": "1000h"}, "--duration: must be 604,800 or less, not 3600000.0"),
        ({"iterations": "0"}, "--iterations: must be 1 or more, not 0"),
        ({"think_time": "3s..1s"}, "--think-time: the shortest think time comes first"),
        ({"think_time": "..1s"}, "--think-time: write a time such as 30s, 2min or 1h, not ''"),
        ({"timeout": "0"}, "--timeout: must be 0.001 or more, not 0.0"),
        ({"headers": ("nocolon",)}, "--header: write 'Name: value', such as "),
        ({"headers": ("",)}, "--header: write 'Name: value', such as 'Accept: text/html', not ''"),
        ({"headers": ("A: b\r\nX: y",)}, "--header: a header's value must be one line"),
        ({"headers": ("Content-Length: 1",)}, "--header: Content-Length is set by Katydid itself"),
        ({"method": "FETCH"}, "--method: must be "),
        ({"data": "x", "method": "GET"}, "--data: a GET request carries no body; choose POST, PUT or PATCH"),
        ({"data": "@/nowhere/x"}, "--data: the file '/nowhere/x' cannot be read: no such file or directory"),
        ({"success_status": "ok"}, "--success-status: write statuses such as 200, 2xx or 200-399, not 'ok'"),
        ({"thresholds": ("p95",)}, "--threshold: at character 4: here should be <, <=, > or >=, not the end"),
        ({"name": "a\x1b[2J"}, "--name: a name must be printable text"),
        ({"tags": ("",)}, "--tag: must not be empty"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_by_its_flag(flags: dict[str, object], message: str) -> None:
    [found] = problems(**flags)
    assert found.startswith(message)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("localhost:8000", "URL: start the address with http:// or https://, such as http://localhost:8000"),
        ("ftp://host/", "URL: the address must start with http:// or https://, not ftp://"),
        ("http:///path", "URL: the address has no host"),
        ("http://host:0/", "URL: the port must be a number between 1 and 65535, not 0"),
        ("http://host:99999/", "URL: the port must be a number between 1 and 65535"),
        ("http://ho st/", "URL: an address has no spaces"),
    ],
)
def test_a_bad_url(url: str, message: str) -> None:
    [found] = problems(url)
    assert found.startswith(message)


def test_two_mistakes_are_two_problems() -> None:
    assert len(problems(users="0", tags=("",))) == 2


def test_a_body_over_ten_megabytes(tmp_path: Path) -> None:
    path = tmp_path / "big"
    path.write_bytes(b"x" * 10_000_001)
    [found] = problems(data=f"@{path}")
    assert found == f"--data: the file '{path}' is larger than 10 MB"


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("p.toml", "base_url = ", "the plan is not valid TOML"),
        ("p.json", "{", "the plan is not valid JSON"),
        ("p.json", "[" * 100_000, "the plan is nested too deeply"),
        ("p.json", "[]", "a plan must be an object"),
        ("p.yaml", "a: 1", "a plan file's name must end in .toml or .json"),
        ("p.json", '{"base_url": "http://h", "requests": [{}], "load": {"users": 0}}', "load.users: must be"),
        ("p.json", '{"base_url": "http://h", "requests": 5, "load": {"users": 1}}', "requests: "),
        ("p.json", '{"base_url": "http://h", "requests": [{}], "load": 3}', "load: "),
        ("p.json", '{"base_url": "http://h", "requests": [{}], "load": {"users": 1}, "x": 1}', "x: is not a"),
    ],
)
def test_a_bad_plan_file_is_named_with_its_field(
    tmp_path: Path, name: str, content: str, message: str
) -> None:
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    [found] = problems(str(path))
    assert found.startswith(f"{path}: {message}")


def test_a_plan_file_in_another_encoding(tmp_path: Path) -> None:
    path = tmp_path / "p.toml"
    path.write_bytes(b"name = '\xff'")
    assert problems(str(path)) == [f"{path}: the plan must be UTF-8 text"]


def test_a_missing_plan_file() -> None:
    [found] = problems("/nowhere/plan.toml")
    assert found.endswith("cannot be read: no such file or directory")


def test_a_missing_body_file(plan_file: Path) -> None:
    (plan_file.parent / "body.bin").unlink()
    [found] = problems(str(plan_file))
    assert found.startswith(f"{plan_file}: requests[0].body.path: the file ")


def test_one_request_flags_on_a_plan_with_several(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    requests = [{"path": "/a"}, {"path": "/b"}]
    path.write_text(json.dumps({"base_url": "http://h", "requests": requests, "load": {"users": 1}}))
    assert problems(str(path), data="x") == ["--data: the plan has 2 requests; set it in the file instead"]
    made = plan_of(str(path), PlanFlags(headers=("A: b",)))
    assert [request.headers for request in made.requests] == [{"A": "b"}, {"A": "b"}]


def test_file_bodies_may_be_carried_inside(tmp_path: Path) -> None:
    body = {"type": "file", "filename": "f", "content_base64": base64.b64encode(b"x").decode()}
    document = {"base_url": "http://h", "requests": [{"method": "POST", "body": body}], "load": {"users": 1}}
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(document))
    made = plan_of(str(path), PlanFlags()).requests[0].body
    assert made is not None
    assert made.encode() == b"x"

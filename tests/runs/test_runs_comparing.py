"""Runs read for a comparison: what of them is shown."""

from __future__ import annotations

from tests.exports.samples import PLAN, SECRET, run
from webui.runs.comparing import compare_views

OTHER = "s0mething-else"


def test_secrets_that_differ_are_said_and_never_shown() -> None:
    first, second = PLAN["requests"]
    changed = {**first, "path": f"/items?api_key={OTHER}", "headers": {**first["headers"], "X-Own": OTHER}}
    views = [
        run(secrets=["X-Own"]),
        run(run_id="r_b", secrets=["X-Own"], requests=[changed, second], note=""),
    ]
    found = compare_views(views)
    told = found.model_dump_json()
    assert SECRET not in told
    assert OTHER not in told
    differ = {part.label: part.values for part in found.settings if part.differs}
    assert differ["Path, request 1"] == ("/items?api_key=%5Bhidden%5D",) * 2
    assert differ["Header X-Own, request 1"] == (None, "[hidden]")
    assert not {label for label in differ if label.startswith(("Header Cookie", "Parameter"))}


def test_every_setting_has_a_name() -> None:
    auth = {"type": "basic", "user": "u", "password": SECRET}
    found = compare_views([run(http={"auth": auth}), run(run_id="r_b", http={"auth": auth | {"user": "v"}})])
    assert [part.label for part in found.settings if part.differs] == ["Login, user"]
    assert not [part.label for part in found.settings if part.label == part.key]

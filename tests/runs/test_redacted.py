"""Plans are gone through for secrets once, however often their runs are shown."""

from __future__ import annotations

import gc
import time

from tests.runs.fakes import plan
from webui.runs import redacted as module
from webui.runs.live import LiveRun, utc_now
from webui.runs.redacted import redacted


def live_run(secret: str) -> LiveRun:
    requests = [{"path": "/items", "headers": {"Authorization": secret}}]
    made = plan(name=f"with {secret}", requests=requests)
    return LiveRun("r_1", made, clock=time.monotonic, now=utc_now)


def test_a_plans_secrets_are_looked_for_once_and_forgotten_with_it() -> None:
    gc.collect()
    before = set(module._PLANS)
    run, other = live_run("correct-horse"), live_run("battery-staple")
    shown = redacted(run.view())
    assert shown.name == "with [hidden]"
    assert redacted(run.view()).plan is shown.plan
    assert redacted(other.view()).name == "with [hidden]"
    assert len(set(module._PLANS) - before) == 2
    del run, other
    gc.collect()
    assert set(module._PLANS) <= before

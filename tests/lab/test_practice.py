"""The practice targets beside a dashboard."""

from __future__ import annotations

import logging
import socket

import pytest

from webui.errors import TargetFailed
from webui.lab import practice
from webui.lab.manager import LabManager
from webui.lab.practice import practice_targets, start_practice_targets
from webui.settings import Settings

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("light")]


async def test_a_taken_port_is_passed_over(lab: LabManager, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ports = {"async-io": taken.getsockname()[1], "threads": 0}
        monkeypatch.setattr(practice, "PREFERRED_PORTS", ports)
        await start_practice_targets(lab, Settings())
        first, second = practice_targets(lab)
    assert (first.name, second.name) == ("async-io", "threads")
    assert first.port != ports["async-io"]


async def test_one_of_each_name_is_offered_and_no_other(
    lab: LabManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(practice, "PREFERRED_PORTS", {"async-io": 0})
    first = await lab.start("async-io")
    await lab.start("async-io")
    await lab.start("lock")
    assert practice_targets(lab) == (first,)
    await lab.stop(first.id)
    assert len(practice_targets(lab)) == 1


async def test_settings_can_switch_them_off(lab: LabManager) -> None:
    await start_practice_targets(lab, Settings(practice_target=False))
    assert lab.running() == ()


async def test_a_dashboard_does_without_those_that_do_not_start(
    lab: LabManager, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def fails(*_: object, **__: object) -> None:
        raise TargetFailed("it ended")

    monkeypatch.setattr(LabManager, "start", fails)
    with caplog.at_level(logging.WARNING):
        await start_practice_targets(lab, Settings())
    assert [record.getMessage() for record in caplog.records] == [
        "A practice target is not there: it ended"
    ] * 2

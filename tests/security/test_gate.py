"""What every plan passes before it runs. Names are looked up in a table: nothing leaves this process."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from webui.errors import InvalidInput, TargetRefused, Unconfirmed
from webui.plan.documents import plan_from_data
from webui.plan.model import Plan
from webui.security.gate import Admitted, Gate
from webui.security.targets import TargetPolicy
from webui.settings import Settings

pytestmark = pytest.mark.anyio

NAMES = {
    "shop.example": ["203.0.113.9", "10.0.0.5"],
    "public.example": ["8.8.8.8"],
    "inside.example": ["10.0.0.5", "169.254.169.254"],
    "rebound.example": ["169.254.169.254"],
    "proxy.example": ["10.0.0.9"],
    "bad-proxy.example": ["169.254.1.1"],
}


async def table(host: str, port: int) -> Sequence[str]:
    return NAMES.get(host, [host] if host[0].isdigit() else [])


def plan_of(base_url: str, **changes: Any) -> Plan:
    load = {"users": 1, "duration_s": 1}
    return plan_from_data({"base_url": base_url, "requests": [{}], "load": load} | changes)


async def admit(
    base_url: str, *, may_test: bool = False, settings: dict[str, Any] | None = None, **changes: Any
) -> Admitted:
    made = Gate.of(Settings(**(settings or {})))
    gate = Gate(made.policy, made.ceilings, made.allowed_env, made.practice, table, {"TOKEN": "t0ken"})
    return await gate.admit(plan_of(base_url, **changes), may_test=may_test)


async def test_the_checked_addresses_are_those_that_engines_get() -> None:
    admitted = await admit("http://inside.example/")
    assert admitted.addresses == {"inside.example": ["10.0.0.5"]}
    assert TargetPolicy.from_data(admitted.policy).confirmed is False


async def test_a_name_that_leads_to_a_metadata_service_is_refused() -> None:
    with pytest.raises(TargetRefused, match=r"base_url: rebound\.example \(169\.254\.169\.254\)"):
        await admit("http://rebound.example/")


async def test_every_request_is_looked_at() -> None:
    requests = [{"path": "/"}, {"path": "http://169.254.169.254/latest"}]
    with pytest.raises(TargetRefused) as caught:
        await admit("http://127.0.0.1:9", requests=requests)
    assert [problem.field for problem in caught.value.problems] == ["requests[1].path"]


async def test_a_public_address_is_asked_about() -> None:
    with pytest.raises(Unconfirmed, match=r"8\.8\.8\.8.*public address"):
        await admit("http://public.example")
    admitted = await admit("http://public.example", may_test=True)
    assert TargetPolicy.from_data(admitted.policy).confirmed is True


async def test_an_exposed_dashboard_refuses_what_is_not_listed_even_a_name_that_leads_nowhere() -> None:
    for target in ("http://127.0.0.1:9", "http://nowhere.example"):
        with pytest.raises(TargetRefused, match="practice targets"):
            await admit(target, settings={"host": "0.0.0.0"})
    await admit("http://inside.example", settings={"host": "0.0.0.0", "allow_target": "10.0.0.0/8"})


async def test_a_proxys_own_address_is_checked_and_its_targets_by_name() -> None:
    admitted = await admit("http://localhost:9", http={"proxy": "http://proxy.example:3128"})
    assert admitted.addresses == {"proxy.example": ["10.0.0.9"]}
    with pytest.raises(TargetRefused, match=r"http\.proxy: bad-proxy\.example"):
        await admit("http://localhost:9", http={"proxy": "http://bad-proxy.example:3128"})
    with pytest.raises(Unconfirmed, match="the proxy looks it up itself"):
        await admit("http://inside.example", http={"proxy": "http://proxy.example:3128"})


async def test_names_that_are_looked_up_for_each_connection_are_checked_there_too() -> None:
    admitted = await admit("http://inside.example", http={"dns": "per-connection"})
    assert admitted.addresses == {}
    assert admitted.policy["allow"] is None


async def test_variables_of_the_environment() -> None:
    header = [{"headers": {"X": "${env:TOKEN}"}}]
    assert (await admit("http://127.0.0.1:9", requests=header)).plan.requests[0].headers == {
        "X": "${env:TOKEN}"
    }
    with pytest.raises(
        InvalidInput, match=r"requests\[0\]\.headers: the environment variable NOPE is not set"
    ):
        await admit("http://127.0.0.1:9", requests=[{"headers": {"X": "${env:NOPE}"}}])
    exposed = {"host": "0.0.0.0", "allow_target": "127.0.0.1"}
    with pytest.raises(InvalidInput, match="--allow-env TOKEN"):
        await admit("http://127.0.0.1:9", requests=header, settings=exposed)
    await admit("http://127.0.0.1:9", requests=header, settings={**exposed, "allow_env": "TOKEN,OTHER"})


def test_a_wrong_pattern_is_named_by_its_setting() -> None:
    with pytest.raises(InvalidInput, match="deny_target: 'a b' names no target"):
        Gate.of(Settings(deny_target=("a b",)))


def test_a_dashboard_behind_a_proxy_is_exposed_as_well() -> None:
    assert Gate.of(Settings()).policy.allow is None
    assert Gate.of(Settings(allowed_host=("katydid.example",))).policy.allow == ()

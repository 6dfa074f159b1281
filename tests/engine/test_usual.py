"""The shortcut for responses that are byte for byte as before changes no figure."""

from __future__ import annotations

import asyncio
from itertools import count
from typing import Any

import pytest

from tests.engine.drive import run
from tests.targets import Respond, Seen, Target, always, reply

USUAL = reply(b'{"state": "fine"}')
OTHER = reply(b'{"state": "broken", "why": "many words"}')
BAD = reply(b"no", 503)
TEXT = {"on": "body", "is": "contains fine"}


def cycle(*answers: bytes) -> Respond:
    """Each answer a hundred times in a row, again and again."""
    numbers = count()

    async def respond(seen: Seen, writer: asyncio.StreamWriter) -> None:
        writer.write(answers[next(numbers) // 100 % len(answers)])

    return respond


@pytest.mark.parametrize("checks", [[], [TEXT]], ids=["no check", "check"])
def test_answers_that_repeat_and_change_are_counted_one_by_one(checks: list[Any]) -> None:
    with Target(cycle(USUAL, OTHER, BAD)) as target:
        result = run(target.url, users=4, iterations=3000, requests=[{"checks": checks}])
    assert target.requests == 3000
    endpoint = result.total.endpoints[0]
    assert endpoint.status_codes == {200: 2000, 503: 1000}
    assert endpoint.totals.successes == (1000 if checks else 2000)
    assert endpoint.totals.bytes_received == 1000 * sum(map(len, (USUAL, OTHER, BAD)))
    assert endpoint.response.total == endpoint.totals.successes
    assert endpoint.first_byte.total == endpoint.totals.completed == 3000


def test_requests_with_different_answers_share_nothing() -> None:
    async def by_path(seen: Seen, writer: asyncio.StreamWriter) -> None:
        writer.write(USUAL if seen.path == "/a" else BAD)

    with Target(by_path) as target:
        result = run(target.url, users=3, iterations=2000, requests=[{"path": "/a"}, {"path": "/b"}])
    good, bad = result.total.endpoints
    assert good.status_codes == {200: target.paths["/a"]}
    assert bad.status_codes == {503: target.paths["/b"]}
    assert (good.totals.failures, bad.totals.successes) == (0, 0)


def test_a_check_on_time_looks_at_every_answer() -> None:
    numbers = count()

    async def sometimes_slow(seen: Seen, writer: asyncio.StreamWriter) -> None:
        if next(numbers) % 50 == 49:
            await asyncio.sleep(0.06)
        writer.write(USUAL)

    with Target(sometimes_slow) as target:
        checks = [{"on": "time", "is": "< 50ms"}]
        result = run(target.url, users=1, iterations=500, requests=[{"checks": checks}])
    assert result.totals.failures >= 10


def test_the_first_byte_of_a_usual_answer_is_its_end() -> None:
    with Target(always(USUAL)) as target:
        result = run(target.url, users=2, iterations=1000)
    endpoint = result.total.endpoints[0]
    assert endpoint.first_byte.total == endpoint.response.total == 1000
    assert endpoint.first_byte.max_ns <= endpoint.response.max_ns

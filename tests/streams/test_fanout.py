"""One renderer, many viewers: the newest frame, never a queue."""

from __future__ import annotations

import asyncio

import pytest

from webui.streams.fanout import Board, Renderer, RendererFailed, html_event, named_event

pytestmark = pytest.mark.anyio


def test_a_viewer_is_sent_what_changed_since_it_looked() -> None:
    board = Board()
    board.publish({"a": "A1", "b": "B1"})
    board.publish({"a": "A1", "b": "B2"})
    assert board.changed_since(0) == "A1\nB2"
    assert board.changed_since(1) == "B2"
    assert board.changed_since(2) == ""


def test_a_slow_viewer_gets_the_newest_of_everything_it_missed() -> None:
    board = Board()
    board.publish({"a": "A1", "b": "B1"})
    for number in range(2, 500):
        board.publish({"a": f"A{number}", "b": "B2"})
    assert board.changed_since(1) == "A499\nB2"


async def test_waiting_ends_with_the_next_version() -> None:
    board = Board()
    waiting = [asyncio.ensure_future(board.newer_than(0)) for _ in range(3)]
    await asyncio.sleep(0)
    assert not any(task.done() for task in waiting)
    board.publish({"a": "A"})
    assert await asyncio.gather(*waiting) == [1, 1, 1]
    assert await board.newer_than(0) == 1


async def test_a_failed_renderer_ends_the_waiting() -> None:
    board = Board()
    waiting = asyncio.ensure_future(board.newer_than(0))
    await asyncio.sleep(0)
    board.fail()
    with pytest.raises(RendererFailed):
        await waiting


async def test_the_renderer_runs_while_there_are_viewers() -> None:
    running = []

    async def render() -> None:
        running.append("on")
        try:
            await asyncio.Event().wait()
        finally:
            running.append("off")

    renderer = Renderer(render)
    async with renderer.watched():
        async with renderer.watched():
            await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert running == ["on"]
    await asyncio.sleep(0)
    assert running == ["on", "off"]
    async with renderer.watched():
        await asyncio.sleep(0)
        assert running == ["on", "off", "on"]


def test_events_as_they_go_over_the_wire() -> None:
    assert html_event("<p>\n</p>") == b"data: <p>\r\ndata: </p>\r\n\r\n"
    assert named_event("rows", "[1]", id="10-0") == b"id: 10-0\r\nevent: rows\r\ndata: [1]\r\n\r\n"

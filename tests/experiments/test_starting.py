"""Services that a command starts: ready when they answer, and never left behind."""

from __future__ import annotations

import sys
from pathlib import Path

import httpx
import pytest

from tests.processes import below_this_process, remember
from webui.errors import TargetFailed
from webui.experiments import StartCommand
from webui.experiments.starting import started

pytestmark = pytest.mark.anyio

SERVICE = """
import http.server, pathlib, signal, subprocess, sys
def end(*_):
    pathlib.Path("ended").touch()
    sys.exit()
signal.signal(signal.SIGTERM, end)
subprocess.Popen(["sleep", "60"])
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), http.server.SimpleHTTPRequestHandler).serve_forever()
"""


def python(script: str, timeout_s: float = 20) -> StartCommand:
    return StartCommand((sys.executable, "-c", script, "{port}"), timeout_s)


@pytest.fixture(autouse=True)
def only_its_own_processes() -> None:
    remember()


async def test_it_runs_here_answers_and_ends_by_itself_with_its_workers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with started(python(SERVICE), "/") as base_url:
        assert httpx.get(f"{base_url}/no-such-file").status_code == 404
        # the guard and its watcher, the service and what that started
        assert len(below_this_process()) == 4
        assert not (tmp_path / "ended").exists()
    assert below_this_process() == []
    assert (tmp_path / "ended").exists()


@pytest.mark.parametrize(
    ("script", "timeout_s", "words"),
    [
        ("import time; time.sleep(60)", 0.3, "did not answer at http://127.0.0.1:"),
        ("raise SystemExit('no database here')", 20, "its last words: no database here"),
    ],
)
async def test_one_that_does_not_come_up_says_why_and_is_gone(
    script: str, timeout_s: float, words: str
) -> None:
    with pytest.raises(TargetFailed, match=words):
        async with started(python(script, timeout_s), "/"):
            raise AssertionError("it never answered")
    assert below_this_process() == []


async def test_a_command_is_split_as_a_shell_does_and_told_its_port() -> None:
    command = StartCommand.parse("sh -c 'exec serve --bind 127.0.0.1:{port} \"a b\"'")
    assert command.on(8001) == ["sh", "-c", 'exec serve --bind 127.0.0.1:8001 "a b"']


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("sleep 60", "has no {port}"),
        ("no-such-command-here {port}", "no command 'no-such-command-here'"),
        ("sleep '{port}", "no closing quotation"),
        ("", "has no {port}"),
    ],
)
async def test_a_command_that_cannot_be(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        StartCommand.parse(text)

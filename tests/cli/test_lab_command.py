"""`katydid lab` as a process: what it prints, what it refuses, and how it ends."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil
import pytest

from tests.cli.conftest import Katydid, alive, start, wait_for
from webui.lab.registry import TARGETS, find


@contextmanager
def serving(data_dir: Path, *arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A target in the foreground, and what it printed until it was ready."""
    process = start(data_dir, "lab", *arguments)
    try:
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            lines.append(line)
            if line.startswith("Ready"):
                break
        yield process, "".join(lines)
    finally:
        process.kill()
        process.communicate(timeout=10)


def url_in(text: str) -> str:
    found = re.match(r"http://\S+", text)
    assert found is not None, text
    return found[0]


def test_a_learner_predicts_measures_and_gets_the_answer(tmp_path: Path) -> None:
    question = find("threads").question
    with serving(tmp_path, "threads", "--port", "0", "--workers", "2", "-o", "threads=7") as (process, text):
        url = url_in(text)
        assert httpx.get(url).json() == {"slept_ms": 50}
        assert f"katydid run {url} --sweep 1..256 --canary /ping" in text
        assert "uvicorn with 2 workers, threads=7" in text
        assert question.text in text
        assert question.because not in text
        children = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=5)
        assert (process.returncode, err) == (0, "")
        assert question.because in out
        assert "as it was started here: 14." in out
        assert len(children) >= 4
        wait_for(lambda: not alive(children), 2)


def test_the_answer_can_be_had_at_once(tmp_path: Path) -> None:
    with serving(tmp_path, "lock", "--port", "0", "--spoil") as (process, text):
        assert find("lock").question.because in text
        process.send_signal(signal.SIGTERM)
        out, _ = process.communicate(timeout=5)
        assert (process.returncode, out) == (0, "")


def test_a_target_that_ends_by_itself_ends_the_command(tmp_path: Path) -> None:
    with serving(tmp_path, "lock", "--port", "0") as (process, _):
        psutil.Process(process.pid).children()[0].kill()
        _, err = process.communicate(timeout=5)
    assert process.returncode == 2
    assert err.startswith("katydid: the practice target ended by itself")


@pytest.mark.parametrize("arguments", [[], ["--list"]])
def test_it_lists_them(katydid_here: Katydid, arguments: list[str]) -> None:
    done = katydid_here("lab", *arguments)
    assert done.returncode == 0
    for target in TARGETS:
        assert re.search(rf"^{target.name} +{re.escape(target.teaches)}$", done.stdout, re.MULTILINE)


def test_the_source_can_be_read(katydid_here: Katydid) -> None:
    done = katydid_here("lab", "semaphore", "--source")
    assert done.stdout.strip() == find("semaphore").source.strip()


def test_a_port_in_use(katydid_here: Katydid) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = katydid_here("lab", "lock", "--port", str(port))
    assert done.returncode == 2
    assert done.stderr == f"katydid: port {port} is in use or not allowed; choose another\n"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["theads"], "there is no practice target 'theads'; there are gather, "),
        (["lock", "--workers", "9"], "--workers: must be from 1 to 8, not 9"),
        (["lock", "--server", "nginx"], "--server: lock runs under uvicorn or gunicorn, not 'nginx'"),
        (["backlog", "--server", "gunicorn"], "--server: backlog runs under uvicorn, not 'gunicorn'"),
        (["lock", "-o", "threads"], "--option: is NAME=N, such as threads=10, not 'threads'"),
        (["threads", "-o", "threads=0"], "--option: threads must be from 1 to 500, not 0"),
        (["threads", "-o", "admit=1"], "--option: threads has no such option as admit; it has threads"),
    ],
)
def test_wrong_usage_is_one_sentence(katydid_here: Katydid, arguments: list[str], words: str) -> None:
    done = katydid_here("lab", *arguments)
    assert done.returncode == 2
    assert done.stderr.startswith(f"katydid: {words}")
    assert len(done.stderr.splitlines()) == 1

"""`katydid serve` where others could reach it: what it refuses, the link that it prints, TLS."""

from __future__ import annotations

import ssl
from pathlib import Path

import httpx
import pytest

from tests.cli.conftest import Katydid
from tests.server import dashboard
from tests.targets import certificate

EVERYWHERE = "0.0.0.0"
OPERATORS = "operators-token-1"


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        (["--access-token", "short"], "--access-token: must have 16 characters or more, not 5"),
        (["--access-token-file", "missing"], "--access-token-file: cannot read missing: no such file"),
        (["--access-token", OPERATORS, "--no-access-control"], "--no-access-control: goes without a token"),
        (["--access-token", OPERATORS, "--viewer-token", OPERATORS], "--viewer-token: must be another"),
        (["--access-token", OPERATORS, "--access-token-file", "x"], "--access-token: is given twice"),
        (["--tls-cert", "missing"], "--tls-cert: no usable certificate and key: no such file"),
        (["--tls-key", "missing"], "--tls-key: goes with --tls-cert"),
        (["--session-hours", "0"], "--session-hours: should be greater than 0"),
    ],
)
def test_what_cannot_be_is_refused_in_one_sentence(
    katydid_here: Katydid, flags: list[str], sentence: str
) -> None:
    done = katydid_here("serve", "--host", EVERYWHERE, "--port", "0", *flags)
    assert done.returncode == 2
    assert sentence in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert OPERATORS not in done.stderr


def test_exposed_it_prints_a_link_that_logs_in(tmp_path: Path) -> None:
    with dashboard(tmp_path, practice=False, environment={"KATYDID_HOST": EVERYWHERE}) as started:
        link = httpx.URL(started.url)
        own = link.copy_with(host="127.0.0.1")
        with httpx.Client(follow_redirects=True) as browser:
            assert browser.get(own.copy_with(path="/runs", query=None)).status_code == 401
            page = browser.get(own)
        assert page.status_code == 200
        assert page.url.path == "/"
        assert not page.url.query
        log = started.log.read_text()
    assert len(link.params["token"]) == 43
    assert log.count(link.params["token"]) == 1


def test_a_given_token_is_not_printed_and_tls_is_served(tmp_path: Path) -> None:
    own = tmp_path / "own.pem"
    own.write_bytes(b"".join(certificate()))
    given = {"KATYDID_ACCESS_TOKEN": OPERATORS, "KATYDID_TLS_CERT": str(own)}
    with dashboard(tmp_path / "data", practice=False, environment=given) as started:
        assert started.url.startswith("https://127.0.0.1:")
        assert started.url.endswith("/login")
        assert OPERATORS not in started.log.read_text()
        trusting = ssl.create_default_context(cafile=str(own))
        with httpx.Client(verify=trusting) as browser:
            answer = browser.get(started.url, params={"token": OPERATORS})
    assert answer.headers["set-cookie"].startswith("__Host-katydid_")
    assert "; Secure" in answer.headers["set-cookie"]

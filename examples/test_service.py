"""A load test of your service among its other tests, with Katydid's client.

Needs a running dashboard (`katydid serve`) and the service. Run it with

    KATYDID_URL=http://127.0.0.1:8090 SERVICE_URL=http://127.0.0.1:8000 pytest examples/test_service.py
"""

import os
from collections.abc import Iterator

import pytest

from webui.analysis.document import RunDocument
from webui.client import Katydid

SERVICE = os.environ.get("SERVICE_URL", "http://127.0.0.1:8000")
PATH = os.environ.get("SERVICE_PATH", "/")


@pytest.fixture(scope="module")
def katydid() -> Iterator[Katydid]:
    url = os.environ.get("KATYDID_URL", "http://127.0.0.1:8090")
    with Katydid(url, token=os.environ.get("KATYDID_TOKEN")) as client:
        yield client


@pytest.fixture(scope="module")
def result(katydid: Katydid) -> RunDocument:
    """Twenty users for two seconds."""
    plan = {
        "name": "Service under load",
        "tags": ["ci"],
        "base_url": SERVICE,
        "requests": [{"path": PATH}],
        "load": {"shape": "constant-users", "users": 20, "duration_s": 2},
        "thresholds": ["p95<2s", "success>99%"],
    }
    return katydid.run(plan, timeout_s=60)


def test_it_keeps_its_promises(result: RunDocument) -> None:
    if result.audit.trustworthy is False:  # a busy CI machine says nothing about the service
        pytest.skip(" ".join(result.audit.reasons))
    assert result.status == "passed", [each for each in result.thresholds if not each.passed]


def test_the_report_is_kept_beside_the_build(katydid: Katydid, result: RunDocument) -> None:
    report = katydid.export(result.id, "html")
    assert b"Service under load" in report
    # Path("report.html").write_bytes(report)

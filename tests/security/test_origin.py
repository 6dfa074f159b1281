"""Who may ask for what, without a login."""

import pytest

from webui.errors import Forbidden
from webui.security.origin import check_request

OWN = {"host": "127.0.0.1:8090"}


@pytest.mark.parametrize(
    "host", ["127.0.0.1:8090", "localhost", "localhost:1", "[::1]:8090", "127.0.0.2:8090"]
)
def test_this_machines_names_are_answered(host: str) -> None:
    check_request("GET", {"host": host}, "127.0.0.2")


@pytest.mark.parametrize("host", ["", "evil.example", "127.0.0.1.evil.example:8090", "[::1", "10.0.0.1"])
def test_other_names_are_not_for_they_may_be_pointed_here(host: str) -> None:
    with pytest.raises(Forbidden, match="does not answer"):
        check_request("GET", {"host": host}, "127.0.0.1")


@pytest.mark.parametrize(
    "headers",
    [
        {},  # a program
        {"origin": "http://127.0.0.1:8090", "sec-fetch-site": "same-origin"},
        {"sec-fetch-site": "none"},
    ],
)
def test_own_pages_and_programs_may_change_things(headers: dict[str, str]) -> None:
    check_request("POST", {**OWN, **headers}, "127.0.0.1")


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:9999"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site", "origin": "http://127.0.0.1:8090"},
    ],
)
@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE"])
def test_other_sites_pages_may_not(method: str, headers: dict[str, str]) -> None:
    with pytest.raises(Forbidden, match="Another site"):
        check_request(method, {**OWN, **headers}, "127.0.0.1")
    check_request("GET", {**OWN, **headers}, "127.0.0.1")

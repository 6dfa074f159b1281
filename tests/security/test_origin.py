"""Which requests are answered at all: by name, and changes by where they come from."""

import pytest

from webui.errors import Forbidden
from webui.pages.login import own_path
from webui.security.origin import Hosts, check_change, check_host, is_loopback

OWN = {"host": "127.0.0.1:8090"}
EVERYWHERE = "0.0.0.0"


@pytest.mark.parametrize(
    "host", ["127.0.0.1:8090", "localhost", "LOCALHOST:1", "[::1]:8090", "127.0.0.2:8090", "localhost."]
)
def test_this_machines_names_are_answered(host: str) -> None:
    check_host({"host": host}, Hosts.of("127.0.0.2"))


@pytest.mark.parametrize(
    "host",
    [
        "",
        "evil.example",
        "127.0.0.1.evil.example:8090",
        "[::1",
        "10.0.0.1",
        "x@localhost",
        "localhost/x",
        "localhost:8090, evil.example",
        "localhost:evil.example",
        ".",
    ],
)
def test_other_names_are_not_for_they_may_be_pointed_here(host: str) -> None:
    with pytest.raises(Forbidden, match="does not answer"):
        check_host({"host": host}, Hosts.of("127.0.0.1", own_names=["evil.example"]))


@pytest.mark.parametrize("host", ["10.0.0.1:8090", "[fd00::1]:8090", "box:8090", "box.local", "127.0.0.1"])
def test_an_exposed_dashboard_answers_for_addresses_and_its_own_name(host: str) -> None:
    check_host({"host": host}, Hosts.of(EVERYWHERE, own_names=["Box", "Box.local"]))


@pytest.mark.parametrize("host", ["box.evil.example", "xbox", "katydid.example.evil"])
def test_and_for_no_other_name(host: str) -> None:
    with pytest.raises(Forbidden):
        check_host({"host": host}, Hosts.of(EVERYWHERE, own_names=["box"]))


@pytest.mark.parametrize(
    ("allowed", "host", "known"),
    [
        ("Katydid.example", "katydid.example:443", True),
        ("katydid.example:8443", "katydid.example:8443", True),
        ("katydid.example", "a.katydid.example", False),
        ("*.example", "a.b.example", True),
        ("*.example", "example", False),
        ("*.example", "aexample", False),
        ("*", "anything.at.all", True),
        ("*", "", False),
    ],
)
def test_an_operator_may_allow_names(allowed: str, host: str, known: bool) -> None:
    assert Hosts.of("127.0.0.1", [allowed]).knows(host) is known


@pytest.mark.parametrize(
    "headers",
    [
        {},  # a program
        {"origin": "http://127.0.0.1:8090", "sec-fetch-site": "same-origin"},
        {"sec-fetch-site": "none"},
    ],
)
def test_own_pages_and_programs_may_change_things(headers: dict[str, str]) -> None:
    check_change("POST", {**OWN, **headers})


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
        check_change(method, {**OWN, **headers})
    check_change("GET", {**OWN, **headers})


def test_where_a_cookie_is_all_there_is_the_browser_must_say_where_from() -> None:
    with pytest.raises(Forbidden, match="needs the header Origin"):
        check_change("POST", OWN, proof=True)
    check_change("POST", {**OWN, "origin": "http://127.0.0.1:8090"}, proof=True)
    check_change("POST", {**OWN, "sec-fetch-site": "same-origin"}, proof=True)


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("localhost", True), (EVERYWHERE, False),
     ("::", False), ("192.168.1.5", False), ("example", False), ("127.0.0.1.evil.example", False)],
)  # fmt: skip
def test_what_counts_as_loopback(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback


@pytest.mark.parametrize("address", ["http://[", "http://[::1", "//[x]", "http://a]b"])
def test_what_is_no_address_is_no_fault(address: str) -> None:
    with pytest.raises(Forbidden):
        check_change("POST", {"host": "127.0.0.1:8090", "origin": address})
    assert own_path(address) == "/"

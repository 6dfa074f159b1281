"""Which targets the policy names, allows and refuses. No name is looked up and nothing is connected to."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address

import pytest

from webui.security.patterns import forms, is_public, parse_pattern
from webui.security.targets import ANYWHERE, TargetPolicy, policy_of

HERE_ONLY = policy_of((), (), exposed=False)
EXPOSED = policy_of((), (), exposed=True, practice=[8201])


def refusal(policy: TargetPolicy, host: str, port: int = 80, address: str | None = None) -> str | None:
    return policy.refusal(host, ip_address(address or host), port)


@pytest.mark.parametrize(
    ("pattern", "host", "port", "named"),
    [
        ("api.example.com", "API.example.com.", 80, True),
        ("api.example.com", "xapi.example.com", 80, False),
        ("*.example.com", "a.b.example.com", 80, True),
        ("*.example.com", "example.com", 80, False),
        ("*.example.com", "evilexample.com", 80, False),
        ("*.example.com:8000-8010", "a.example.com", 8010, True),
        ("*.example.com:8000-8010", "a.example.com", 8011, False),
        ("*:443", "anything", 443, True),
        ("*:443", "anything", 80, False),
    ],
)
def test_patterns_of_hosts(pattern: str, host: str, port: int, named: bool) -> None:
    assert parse_pattern(pattern).names_host(host, port) is named


@pytest.mark.parametrize(
    ("pattern", "address", "port", "held"),
    [
        ("10.0.0.0/8", "10.255.0.1", 9, True),
        ("10.0.0.0/8", "11.0.0.1", 9, False),
        ("10.1.2.3", "10.1.2.3", 9, True),
        ("10.1.2.3:80", "10.1.2.3", 81, False),
        ("fd00::/8", "fd12::1", 9, True),
        ("[fd00::/8]:443", "fd12::1", 443, True),
        ("[fd00::/8]:443", "fd12::1", 80, False),
        ("10.0.0.0/8", "::ffff:10.0.0.1", 9, True),
        ("10.0.0.0/8", "64:ff9b::a00:1", 9, True),
        ("127.0.0.0/8", "0.0.0.0", 9, True),
        ("::1", "::", 9, True),
    ],
)
def test_patterns_of_networks(pattern: str, address: str, port: int, held: bool) -> None:
    assert parse_pattern(pattern).holds(ip_address(address), port) is held


@pytest.mark.parametrize(
    "text", ["", "a b", "10.0.0.0/33", "host:0", "host:70000", "host:9-8", "1.2.3", "[::1", "-x"]
)
def test_what_is_no_pattern_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match="write"):
        parse_pattern(text)


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("169.254.169.254", None),
        ("fe80::1", None),
        ("fd00:ec2::254", None),
        ("100.100.100.200", None),
        ("::ffff:169.254.169.254", None),
        ("::a9fe:a9fe", None),  # 169.254.169.254, as IPv4-compatible
        ("64:ff9b::a9fe:a9fe", None),
        ("2002:a9fe:a9fe::1", None),
        ("innocent.example", "169.254.1.1"),
        ("metadata.google.internal", "10.0.0.1"),
        ("Metadata.Google.Internal.", "10.0.0.1"),
    ],
)
@pytest.mark.parametrize("policy", [HERE_ONLY, ANYWHERE, policy_of(["*"], [], exposed=True)])
def test_link_local_and_metadata_services_are_refused(
    host: str, address: str | None, policy: TargetPolicy
) -> None:
    found = refusal(policy, host, 80, address)
    assert found is not None
    assert "hands out secrets" in found


def test_a_rule_that_names_just_them_allows_them() -> None:
    policy = policy_of(["169.254.10.0/24", "fd00:ec2::254", "metadata.google.internal"], [], exposed=False)
    assert refusal(policy, "169.254.10.9") is None
    assert refusal(policy, "fd00:ec2::254") is None
    assert refusal(policy, "metadata.google.internal", 80, "169.254.169.254") is None
    assert refusal(policy, "169.254.169.254") is not None
    assert refusal(policy_of(["0.0.0.0/0"], [], exposed=False), "169.254.10.9") is not None


@pytest.mark.parametrize("address", ["127.0.0.1", "0.0.0.0", "::1", "10.0.0.1", "192.168.1.1", "8.8.8.8"])
def test_a_dashboard_of_this_machine_may_test_the_rest(address: str) -> None:
    assert refusal(HERE_ONLY, address) is None


def test_an_exposed_dashboard_tests_the_practice_targets_only() -> None:
    assert refusal(EXPOSED, "127.0.0.1", 8201) is None
    assert "practice targets" in str(refusal(EXPOSED, "127.0.0.1", 8202))
    assert "--allow-target" in str(refusal(EXPOSED, "10.0.0.1", 8201))


def test_the_rule_that_refused_is_named() -> None:
    policy = policy_of(["10.0.0.0/8"], ["10.1.0.0/16", "*.prod.example"], exposed=False)
    assert "--deny-target 10.1.0.0/16" in str(refusal(policy, "10.1.2.3"))
    assert "--deny-target *.prod.example" in str(refusal(policy, "db.prod.example", 80, "10.2.0.1"))
    assert refusal(policy, "10.2.0.1") is None
    assert "no rule --allow-target allows 11.0.0.1 on port 80" in str(refusal(policy, "11.0.0.1"))


def test_public_addresses_need_somebodys_word() -> None:
    assert (
        HERE_ONLY.unconfirmed("dns.example", ip_address("8.8.8.8"))
        == "dns.example (8.8.8.8) is a public address"
    )
    assert HERE_ONLY.unconfirmed("10.0.0.1", ip_address("10.0.0.1")) is None
    assert ANYWHERE.unconfirmed("8.8.8.8", ip_address("8.8.8.8")) is None


@pytest.mark.parametrize(
    ("address", "public"),
    [("8.8.8.8", True), ("::ffff:8.8.8.8", True), ("2606:4700::1", True), ("10.0.0.1", False), ("::1", False),
     ("0.0.0.0", False), ("fd00::1", False), ("::ffff:10.0.0.1", False), ("64:ff9b::808:808", True)],
)  # fmt: skip
def test_which_addresses_are_public(address: str, public: bool) -> None:
    assert is_public(ip_address(address)) is public


def test_an_address_is_looked_at_as_it_is_reached() -> None:
    assert [str(each) for each in forms(ip_address("::"))] == ["::1"]
    assert "10.0.0.1" in [str(each) for each in forms(ip_address("2002:a00:1::"))]


CARRIERS = [
    "::ffff:{a}",  # mapped
    "::{a}",  # compatible
    "::ffff:0:{a}",  # translated, RFC 2765
    "2002:{hex}::1",  # 6to4
    "2001:0:{hex}::1",  # Teredo's server
    "2001:0:808:808:0:0:{inverted}",  # Teredo's client
    "fd00::5efe:{a}",  # ISATAP
    "2606:4700::200:5efe:{a}",
    "64:ff9b::{a}",  # NAT64
    "64:ff9b:1::{a}",  # RFC 8215, with each layout of RFC 6052
    "/48",
    "/56",
    "/64",
]


def carried_in(form: str, text: str) -> IPv6Address:
    """The IPv6 address that carries an IPv4 one in that way."""
    digits = ip_address(text).packed.hex()
    inverted = f"{int(ip_address(text)) ^ 0xFFFFFFFF:08x}"
    layouts = {
        "/48": f"64:ff9b:1:{digits[:4]}:00{digits[4:6]}:{digits[6:]}00::",
        "/56": (f"64:ff9b:1:ab{digits[:2]}:00{digits[2:4]}:{digits[4:]}::"),
        "/64": (f"64:ff9b:1:abcd:00{digits[:2]}:{digits[2:6]}:{digits[6:]}00::"),
    }
    spread = f"{digits[:4]}:{digits[4:]}"
    plain = {"a": text, "hex": spread, "inverted": f"{inverted[:4]}:{inverted[4:]}"}
    return IPv6Address(layouts[form] if form in layouts else form.format(**plain))


@pytest.mark.parametrize("form", CARRIERS)
def test_an_address_inside_another_is_judged_too(form: str) -> None:
    metadata, private = carried_in(form, "169.254.169.254"), carried_in(form, "10.1.2.3")
    for policy in (
        HERE_ONLY,
        ANYWHERE,
        policy_of(["*"], [], exposed=True),
        policy_of(["::/0"], [], exposed=True),
    ):
        assert "hands out secrets" in str(policy.refusal("x.example", metadata, 80))
    denying = policy_of([], ["10.0.0.0/8"], exposed=False)
    assert "--deny-target 10.0.0.0/8" in str(denying.refusal("x.example", private, 80))
    assert is_public(carried_in(form, "8.8.8.8"))


@pytest.mark.parametrize("form", CARRIERS)
def test_no_carried_address_leads_to_the_practice_targets(form: str) -> None:
    address = carried_in(form, "127.0.0.1")
    assert (EXPOSED.refusal(str(address), address, 8201) is None) is (form == "::ffff:{a}")


def test_an_address_that_may_carry_several_is_allowed_if_all_of_them_are() -> None:
    both = ip_address("64:ff9b:1:a00:1:a00:a00:1")
    carried = {str(each) for each in forms(both)[1:]}
    assert len(carried) > 1
    assert policy_of(["10.0.0.0/8"], [], exposed=False).refusal("x", both, 80) is not None
    assert policy_of(sorted(carried), [], exposed=False).refusal("x", both, 80) is not None  # no rule for all
    assert policy_of(["64:ff9b:1::/48"], [], exposed=False).refusal("x", both, 80) is None
    assert policy_of(["10.0.0.0/8"], [], exposed=False).refusal("x", ip_address("64:ff9b::a00:1"), 80) is None


def test_only_the_addresses_that_are_allowed_are_kept() -> None:
    policy = policy_of(["10.0.0.0/8"], [], exposed=False)
    kept, why = policy.allowing(["10.0.0.1", "169.254.169.254", "11.0.0.1"], "two.example", 80)
    assert kept == ["10.0.0.1"]
    assert "169.254.169.254" in why


def test_what_a_proxy_is_asked_for_is_allowed_by_name() -> None:
    listed = policy_of(["*.example", "10.0.0.0/8"], [], exposed=False)
    assert listed.proxied_refusal("a.example", 80) is None
    assert "looks up other.test itself" in str(listed.proxied_refusal("other.test", 80))
    assert listed.proxied_refusal("10.0.0.1", 80) is None
    assert listed.proxied_refusal("169.254.169.254", 80) is not None
    assert "may be a public address" in str(HERE_ONLY.why_not_proxied("a.example", 80))
    assert HERE_ONLY.why_not_proxied("localhost", 80) is None


def test_a_policy_reaches_an_engine_whole() -> None:
    policy = TargetPolicy(
        allow=(parse_pattern("*.x:80"),),
        deny=(parse_pattern("10.0.0.0/8"),),
        exposed=True,
        practice=frozenset({9}),
    )
    assert TargetPolicy.from_data(policy.to_data()) == policy
    assert TargetPolicy.from_data(HERE_ONLY.to_data()) == HERE_ONLY

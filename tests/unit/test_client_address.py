"""Who is calling: the socket's word, and a proxy's only where it is trusted."""

from __future__ import annotations

from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.web.server.proxies import Networks, caller, counted, is_trusted, parsed

PROXIES: Networks = [ip_network(text) for text in ("10.0.0.0/8", "127.0.0.1/32", "2001:db8:1::/48")]


def told(peer: str | None, forwarded: str = "", trusted: Networks = PROXIES, by_nginx: bool = False) -> str | None:
    found = caller(peer, forwarded, trusted, by_nginx=by_nginx)
    return None if found is None else str(found)


def test_without_a_trusted_proxy_only_the_socket_counts():
    assert told("203.0.113.9", "198.51.100.1") == "203.0.113.9"
    assert told("127.0.0.1", "198.51.100.1", trusted=[]) == "127.0.0.1"


def test_the_nearest_address_that_is_no_proxy_counts():
    assert told("10.0.0.1", "203.0.113.1") == "203.0.113.1"
    assert told("10.0.0.1", "203.0.113.1, 10.1.2.3,127.0.0.1") == "203.0.113.1"
    assert told("10.0.0.1", "198.51.100.7, 203.0.113.1, 10.1.2.3") == "203.0.113.1"


def test_without_an_address_the_proxy_itself_is_the_caller():
    assert told("10.0.0.1") == "10.0.0.1"
    assert told("10.0.0.1", "10.0.0.2, 10.0.0.3") == "10.0.0.2"


def test_what_our_own_nginx_passed_on_is_believed():
    assert told("", "203.0.113.1", trusted=[], by_nginx=True) == "203.0.113.1"
    assert told(None, "198.51.100.7, 203.0.113.1", trusted=[], by_nginx=True) == "203.0.113.1"
    assert told("", "", trusted=[], by_nginx=True) is None
    assert is_trusted("", [], by_nginx=True)


def test_the_unix_socket_alone_proves_nothing():
    assert told("", "203.0.113.1") is None
    assert told(None, "203.0.113.1") is None
    assert not is_trusted("", PROXIES, by_nginx=False)


@pytest.mark.parametrize(
    "garbage", ["", ",", ",,,", "unknown", "_hidden", "1.2.3", "999.1.1.1", "::::", "[", "[]:80", "x" * 9000]
)
def test_garbage_ends_the_reading_and_is_never_believed(garbage):
    assert told("10.0.0.1", garbage) == "10.0.0.1"
    assert told("10.0.0.1", f"203.0.113.1, {garbage}, 10.0.0.2") == "10.0.0.2"
    assert told(garbage or "x", "203.0.113.1") is None


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("203.0.113.1:443", "203.0.113.1"),
        ("[2001:db8::1]:443", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ('"[2001:db8::1]:443"', "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("::ffff:203.0.113.1", "203.0.113.1"),
        (" 203.0.113.1 ", "203.0.113.1"),
    ],
)
def test_an_address_is_read_however_proxies_write_it(text, address):
    assert str(parsed(text)) == address


def test_a_mapped_address_is_the_proxy_it_maps_to():
    assert told("::ffff:10.0.0.1", "203.0.113.1") == "203.0.113.1"


def test_all_addresses_of_one_network_count_as_one_caller():
    addresses = [parsed(text) for text in ("2001:db8:2::1", "2001:db8:2::ffff:1", "203.0.113.1", "::1")]
    assert [counted(each) for each in addresses if each] == ["2001:db8:2::/64", "2001:db8:2::/64", "203.0.113.1", "::1"]


@given(st.text(), st.text())
def test_nothing_that_can_be_sent_breaks_it(peer, forwarded):
    caller(peer, forwarded, PROXIES, by_nginx=False)

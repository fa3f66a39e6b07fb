from __future__ import annotations

from ipaddress import ip_network

import pytest

from lipwright.media.addresses import is_public, may_fetch, parse_address

PUBLIC = ["1.1.1.1", "93.184.216.34", "172.15.0.1", "172.32.0.1", "100.63.255.255", "100.128.0.1"]
PUBLIC += ["2606:4700:4700::1111", "2a00:1450:4001:81b::200e", "::ffff:8.8.8.8", "64:ff9b::808:808"]

PRIVATE = ["0.0.0.0", "0.1.2.3", "10.0.0.1", "127.0.0.1", "127.255.255.254", "172.16.0.1"]
PRIVATE += ["172.31.255.255", "192.168.1.1", "100.64.0.1", "100.100.100.200", "169.254.169.254"]
PRIVATE += ["192.0.0.192", "192.0.2.1", "192.88.99.1", "198.18.0.1", "198.51.100.7", "203.0.113.9"]
PRIVATE += ["224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "168.63.129.16"]
PRIVATE += ["::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "fe80::1", "fc00::1"]
PRIVATE += ["fd00:ec2::254", "fec0::1", "ff02::1", "2001::1", "2001:db8::1", "2002:7f00:1::1"]
PRIVATE += ["64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "100::1", "3fff::1", "5f00::1"]


@pytest.mark.parametrize("text", PUBLIC)
def test_public_addresses_may_be_fetched(text: str) -> None:
    assert is_public(parse_address(text))
    assert may_fetch(parse_address(text), ())


@pytest.mark.parametrize("text", PRIVATE)
def test_addresses_of_private_and_special_networks_may_not(text: str) -> None:
    assert not is_public(parse_address(text))
    assert not may_fetch(parse_address(text), ())


def test_an_allowed_network_may_be_fetched_and_only_that() -> None:
    allow = (ip_network("10.1.0.0/16"), ip_network("fd00::/8"))
    assert may_fetch(parse_address("10.1.2.3"), allow)
    assert may_fetch(parse_address("::ffff:10.1.2.3"), allow)
    assert may_fetch(parse_address("fd12::5"), allow)
    assert not may_fetch(parse_address("10.2.0.1"), allow)
    assert not may_fetch(parse_address("127.0.0.1"), allow)


@pytest.mark.parametrize("text", ["fe80::1%eth0", "2606:4700::1%1", "localhost", "", "1.2.3"])
def test_what_is_no_plain_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_address(text)

"""Addresses of clients, as limits count them."""

from __future__ import annotations

import ipaddress


def neighbourhood(address: str) -> str:
    """What limits count by: the address, of IPv6 its /64, since one host has all of that."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, 64), strict=False))

"""Where a webhook may lead: to receivers on the internet, and to what the operator opened inside.

An address comes from whoever adds a webhook, and the server would call it from inside the network. So the
scheme, the host and every address that the host's name stands for are judged, each time something is sent.
"""

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

import httpx

from gql_approvals.settings import Settings, is_secure

MAX_LENGTH = 2000
MAX_PORT = 65535
_HOST = re.compile(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*")
_NUMBER = re.compile(r"\d+|0x[0-9a-f]*")
_SETTING = "GQL_APPROVALS_WEBHOOK_ALLOW_HOSTS"
_UNICAST = ipaddress.ip_network("2000::/3")  # the only IPv6 addresses that are given out
# What the standard library of some release takes for public, and is not, or leads to something else:
_CLOSED = tuple(
    ipaddress.ip_network(text)
    for text in (
        "168.63.129.16/32",  # Azure's own services, seen from its machines
        "192.0.0.0/24",  # for protocols
        "192.88.99.0/24",  # relays of 6to4
        "2001::/23",  # for protocols, Teredo included, which wraps IPv4 addresses
        "2002::/16",  # 6to4, which does too
        "3fff::/20",  # documentation
    )
)


class Unreachable(Exception):  # an answer, as a refusal is
    """A webhook may not lead there; says why, and what would help."""


@dataclass(frozen=True, slots=True)
class Place:
    """An address to post to. `host`: its name or IP address, in the form that a resolver takes."""

    url: httpx.URL
    host: str
    port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """`hosts`, `networks`: what is opened beside the internet. `plain`: http to this machine is fine, too."""

    hosts: frozenset[str] = frozenset()
    networks: tuple[IPv4Network | IPv6Network, ...] = ()
    plain: bool = False

    def place(self, text: str) -> Place:
        """Read an address.

        Raises:
            Unreachable: when no webhook may lead there, whatever its name stands for.
        """
        try:
            url = httpx.URL(text)
        except httpx.InvalidURL:
            raise Unreachable("is no address: it takes the form https://receiver.example/path") from None
        host = url.raw_host.decode("ascii").removesuffix(".")
        self._check_form(text, url, host)
        literal = _literal(host)
        if literal is not None:
            self.check(host, literal)
        return Place(url=url.copy_with(host=host), host=host, port=url.port or _PORTS[url.scheme])

    def check(self, host: str, address: IPv4Address | IPv6Address) -> None:
        """Judge one address that the host's name stands for.

        Raises:
            Unreachable: when it is no public one, and not opened.
        """
        opened = host in self.hosts or any(address in network for network in self.networks)
        here = self.plain and host in _HERE and address.is_loopback
        if not (opened or here or _is_public(address)):
            raise Unreachable(f"leads to {address}, which is not on the internet: {_SETTING} can open it")

    def _check_form(self, text: str, url: httpx.URL, host: str) -> None:
        allowed = url.scheme == "https" or (self.plain and url.scheme == "http" and is_secure(str(url)))
        if not allowed:
            raise Unreachable("must begin with https://, so that nobody on the way reads or changes it")
        if url.userinfo:
            raise Unreachable("must not hold a name or password: the signature tells who sends")
        if url.fragment or len(text) > MAX_LENGTH or not text.isprintable() or " " in text:
            raise Unreachable(f"must be an address of at most {MAX_LENGTH} letters, without `#` and blanks")
        if url.port is not None and not 1 <= url.port <= MAX_PORT:
            raise Unreachable(f"must have a port from 1 to {MAX_PORT}")
        is_name = _HOST.fullmatch(host) and not _NUMBER.fullmatch(host.rpartition(".")[2])
        if not is_name and _literal(host) is None:
            raise Unreachable("must name a host, or an IP address in its usual form")


_PORTS = {"https": 443, "http": 80}
_HERE = frozenset({"localhost", "127.0.0.1", "::1"})


def reach_of(settings: Settings) -> Reach:
    """What the settings allow."""
    hosts, networks = _opened(settings.webhook_allow_hosts)
    return Reach(hosts=hosts, networks=networks, plain=not settings.production)


def _opened(items: Iterable[str]) -> tuple[frozenset[str], tuple[IPv4Network | IPv6Network, ...]]:
    hosts: set[str] = set()
    networks: list[IPv4Network | IPv6Network] = []
    for item in items:
        try:
            networks.append(ipaddress.ip_network(item))
        except ValueError:
            hosts.add(item)
    return frozenset(hosts), tuple(networks)


def _literal(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether it is a single machine's on the internet; forms that wrap IPv4 addresses are none."""
    if isinstance(address, IPv6Address) and (address not in _UNICAST or address.scope_id):
        return False
    closed = any(address in network for network in _CLOSED)
    return address.is_global and not address.is_multicast and not closed

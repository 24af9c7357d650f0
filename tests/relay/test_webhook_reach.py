"""Where webhooks may lead: every form of an inside address is refused before anything connects.

Names are resolved and connections made by the test's own resolver and connector, so even the control that has
no guard cannot leave loopback.
"""

import asyncio
import ipaddress
import ssl
import subprocess
from datetime import UTC, datetime

import httpx
import pytest
from tests.relay.misbehaving import Leash, Names, receiving, status

from gql_approvals.persistence.webhooks import Webhook
from gql_approvals.relay.outcome import Delivered, Failed
from gql_approvals.relay.webhook import Poster, client
from gql_approvals.service.reach import Reach, Unreachable, reach_of
from gql_approvals.settings import Settings

NOW = datetime.now(UTC)
SECRET = "whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
PUBLIC, PUBLIC_6 = "93.184.215.14", "2606:2800:220:1:248:1893:25c8:1946"
INTERNET = Reach()

# Addresses, by what they are; each is tried as a literal and as what a name stands for.
INSIDE = {
    "this network": "0.0.0.1", "loopback": "127.0.0.1", "loopback, another": "127.255.255.254",
    "private 10": "10.0.0.5", "private 172": "172.16.0.1", "private 192": "192.168.1.1",
    "shared": "100.64.0.1", "Alibaba's metadata": "100.100.100.200", "link-local": "169.254.0.1",
    "metadata": "169.254.169.254", "Azure's services": "168.63.129.16", "protocols": "192.0.0.192",
    "documentation": "192.0.2.1", "6to4 relays": "192.88.99.1", "benchmarks": "198.18.0.1",
    "documentation 2": "198.51.100.7", "documentation 3": "203.0.113.9", "multicast": "224.0.0.1",
    "multicast, wide": "239.255.255.250", "reserved": "240.0.0.1", "broadcast": "255.255.255.255",
    "unspecified": "0.0.0.0",  # noqa: S104  # not bound to, but called
    "unspecified 6": "::", "loopback 6": "::1", "mapped loopback": "::ffff:127.0.0.1",
    "mapped private": "::ffff:10.0.0.5", "mapped public": "::ffff:93.184.215.14",
    "mapped, in hex": "::ffff:7f00:1", "compatible": "::127.0.0.1", "translated": "::ffff:0:127.0.0.1",
    "NAT64": "64:ff9b::7f00:1", "NAT64, local": "64:ff9b:1::a00:5", "6to4": "2002:7f00:1::1",
    "Teredo": "2001:0:4136:e378:8000:63bf:3fff:fdd2", "ORCHID": "2001:20::1",
    "documentation 6": "2001:db8::1", "documentation 6, new": "3fff::1", "unique local": "fd00:ec2::254",
    "link-local 6": "fe80::1", "site-local": "fec0::1", "multicast 6": "ff02::1", "discard": "100::1",
    "segment routing": "5f00::1",
}  # fmt: skip
# Texts whose host is no address in its usual form, or that hide where they lead.
DISGUISED = (
    "https://2130706433/", "https://0x7f000001/", "https://017700000001/", "https://0177.0.0.1/",
    "https://0x7f.0.0.1/", "https://127.1/", "https://127.0.1/", "https://127.0.0.1./", "https://0/",
    "https://127.000.000.001/", "https://256.256.256.256/", "https://[::1]./", "https://[::1/",
    "https://[fe80::1%25eth0]/", "https://[::ffff:7f00:0001]/", "https://\uff11\uff12\uff17.0.0.1/", "https://①②⑦.⓪.⓪.①/",
    "https://127。0。0。1/", "https://%31%32%37.0.0.1/", "https://user:pw@receiver.test/",
    "https://receiver.test@127.0.0.1/", "https://receiver.test\\@127.0.0.1/", "https://127.0.0.1#.receiver.test/",
    "https://receiver.test#x", "https://127.0.0.1\t/", "https://receiver.test/\r\nHost: x", " https://receiver.test/",
    "https://receiver.test:0/", "https://receiver.test:70000/", "https://receiver.test:-1/", "https:///path",
    "https:receiver.test", "//receiver.test/", "receiver.test", "", "http://receiver.test/", "http://127.0.0.1/",
    "http://localhost/", "ftp://receiver.test/", "file:///etc/passwd", "gopher://receiver.test/",
    "javascript:alert(1)", "https://..receiver.test/", "https://receiver..test/", "https://-/",
    "https://receiver.test/" + "x" * 2000, "https://exa mple.test/", "https://receiver.test/a b",
)  # fmt: skip


def webhook(url):
    return Webhook(
        id=1, account_id=1, url=url, description="", events=None, secrets=(SECRET,), created_at=NOW
    )


async def posted(url, leash, names, *, reach=INTERNET):
    async with client(leash) as http:
        return await Poster(http, reach, resolve=names, timeout_s=10)(webhook(url), "key", {"type": "x"}, NOW)


def literal(address):
    return f"https://[{address}]/" if ":" in address else f"https://{address}/"


@pytest.mark.parametrize("what", INSIDE)
@pytest.mark.sampled
async def test_no_inside_address_is_called_as_a_literal_or_by_a_name(what):
    address = INSIDE[what]
    names = Names(receiver_test=[[address]], mixed_test=[[PUBLIC, address]], turned_test=[[address, PUBLIC]])
    async with receiving() as receiver:
        for url in (literal(address), *(f"https://{name}/" for name in names.names)):
            leash = Leash(receiver.port)
            outcome = await posted(url, leash, names)

            assert isinstance(outcome, Failed), url
            assert "is not on the internet" in outcome.error
            assert leash.went == []
        assert receiver.requests == []


@pytest.mark.parametrize("url", DISGUISED)
@pytest.mark.sampled
async def test_no_disguised_address_is_resolved_or_called(url):
    names = Names(receiver_test=[["127.0.0.1"]])
    async with receiving() as receiver:
        leash = Leash(receiver.port)
        outcome = await posted(url, leash, names)

    assert isinstance(outcome, Failed)
    assert (names.asked, leash.went, receiver.requests) == ([], [], [])
    with pytest.raises(Unreachable):
        INTERNET.place(url)


def test_enough_forms_are_tried():
    assert len(INSIDE) + len(DISGUISED) >= 25


@pytest.mark.parametrize("address", [PUBLIC, "8.8.8.8", "1.1.1.1", PUBLIC_6, "2a00:1450:4001::1"])
async def test_public_addresses_are_called(address):
    async with receiving() as receiver:
        leash = Leash(receiver.port)
        INTERNET.check("receiver.test", ipaddress.ip_address(address))
        names = Names(receiver_test=[[address]])
        reach = Reach(plain=True, hosts=frozenset({"localhost"}))
        names.names["localhost"] = [[address]]
        outcome = await posted("http://localhost/take", leash, names, reach=reach)

    assert outcome == Delivered()
    assert leash.went == [address]
    assert receiver.requests[0][0]["host"] == "localhost"


@pytest.mark.parametrize("host", ["2130706433", "0x7f.1", "127.1", "[::1]", "inside.test"])
async def test_without_the_guard_the_connector_is_reached(host):
    """The control: what the tests above count would be seen."""
    async with receiving() as receiver:
        leash = Leash(receiver.port, names=Names(inside_test=[["10.0.0.5"]]))
        async with httpx.AsyncClient(transport=leash, trust_env=False) as http:
            assert (await http.post(f"http://{host}/", content=b"x")).status_code == 204

    assert len(leash.went) == len(receiver.requests) == 1
    assert not ipaddress.ip_address(leash.went[0]).is_global


async def test_without_the_check_of_addresses_a_name_leads_inside(monkeypatch):
    """The control of the guard itself: take the check away, and the request goes to the metadata address."""
    monkeypatch.setattr(Reach, "check", lambda *_: None)
    async with receiving() as receiver:
        leash = Leash(receiver.port)
        names = Names(localhost=[["169.254.169.254"]])
        outcome = await posted("http://localhost/", leash, names, reach=Reach(plain=True))

    assert (outcome, leash.went) == (Delivered(), ["169.254.169.254"])


async def test_a_name_is_resolved_once_and_what_was_judged_is_called():
    names = Names(localhost=[["127.0.0.1"], ["169.254.169.254"]])
    async with receiving() as receiver:
        leash = Leash(receiver.port)
        outcome = await posted("http://localhost/", leash, names, reach=Reach(plain=True))

    assert outcome == Delivered()
    assert (names.asked, leash.went) == (["localhost"], ["127.0.0.1"])


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed(code):
    async with (
        receiving() as inside,
        receiving(status(code, f"Location: http://127.0.0.1:{inside.port}/\r\n")) as receiver,
    ):
        leash = Leash(receiver.port)
        outcome = await posted("http://127.0.0.1/", leash, Names(), reach=Reach(plain=True))

    assert outcome == Failed(f"answered {code}: redirects are not followed")
    assert (len(leash.went), inside.requests) == (1, [])


async def test_proxies_of_the_environment_are_not_used(monkeypatch):
    async with receiving() as proxy, receiving() as receiver:
        for name in ("http_proxy", "https_proxy", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
            monkeypatch.setenv(name.upper(), f"http://127.0.0.1:{proxy.port}")
        async with client() as http:
            poster = Poster(http, Reach(plain=True), resolve=Names())
            assert await poster(webhook(receiver.url), "key", {"type": "x"}, NOW) == Delivered()

    assert (len(proxy.requests), len(receiver.requests)) == (0, 1)


async def test_the_next_address_is_tried_where_one_takes_no_connection():
    async with receiving() as receiver:
        leash = Leash(receiver.port, refusing={"::1"})
        names = Names(localhost=[["::1", "127.0.0.1"]])
        outcome = await posted("http://localhost/", leash, names, reach=Reach(plain=True))

    assert (outcome, leash.went) == (Delivered(), ["::1", "127.0.0.1"])
    assert len(receiver.requests) == 1


async def test_a_name_that_means_nothing_or_never_answers_is_a_failure():
    async def never(*_):
        await asyncio.Event().wait()

    async def nothing(*_):
        return []

    async with client(Leash(9)) as http:
        for resolve, said in (
            (Names(), "cannot be resolved"),
            (nothing, "no address"),
            (never, "no answer within"),
        ):
            poster = Poster(http, INTERNET, resolve=resolve, timeout_s=0.2)
            outcome = await poster(webhook("https://receiver.test/"), "key", {"type": "x"}, NOW)
            assert said in outcome.error


# ---------------------------------------------------------------------------------- what the operator opens
@pytest.mark.parametrize(
    ("allowed", "host", "address", "fine"),
    [
        ((), "n8n.internal", "10.1.2.3", False),
        (("n8n.internal",), "n8n.internal", "10.1.2.3", True),
        (("n8n.internal",), "other.internal", "10.1.2.3", False),
        (("n8n.internal",), "sub.n8n.internal", "10.1.2.3", False),
        (("10.1.0.0/16",), "other.internal", "10.1.2.3", True),
        (("10.1.0.0/16",), "other.internal", "10.2.2.3", False),
        (("10.1.2.3",), "other.internal", "10.1.2.3", True),
        (("fd00::/8",), "other.internal", "fd12::1", True),
        (("10.0.0.0/8",), "other.internal", "::ffff:10.0.0.5", False),
    ],
)
def test_an_allow_list_opens_hosts_and_networks(allowed, host, address, fine):
    reach = reach_of(Settings(webhook_allow_hosts=allowed, production=True))

    assert reach.place(f"https://{host}/").host == host
    if fine:
        reach.check(host, ipaddress.ip_address(address))
    else:
        with pytest.raises(Unreachable):
            reach.check(host, ipaddress.ip_address(address))


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]"])
def test_plain_http_leads_to_this_machine_only_and_never_in_production(host):
    reach = reach_of(Settings())
    assert reach.place(f"http://{host}:9000/x").port == 9000
    with pytest.raises(Unreachable):
        reach.check("receiver.test", ipaddress.ip_address("127.0.0.1"))  # a name of somebody else's
    with pytest.raises(Unreachable):
        reach.check("localhost", ipaddress.ip_address("10.0.0.5"))
    for settings in (
        Settings(production=True),
        Settings(production=True, webhook_allow_hosts=("localhost",)),
    ):
        with pytest.raises(Unreachable):
            reach_of(settings).place(f"http://{host}:9000/x")


def test_a_dot_at_the_end_of_a_name_is_no_other_name():
    reach = reach_of(Settings(webhook_allow_hosts=("n8n.internal",)))
    place = reach.place("https://N8N.internal.:8443/x?y=1")

    assert (place.host, place.port, str(place.url)) == (
        "n8n.internal",
        8443,
        "https://n8n.internal:8443/x?y=1",
    )


# --------------------------------------------------------------------------------------------- certificates
@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate of receiver.test, which is its own authority."""
    folder = tmp_path_factory.mktemp("tls")
    command = (
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 "
        "-subj /CN=receiver.test -addext subjectAltName=DNS:receiver.test -keyout key.pem -out cert.pem"
    )
    subprocess.run(command.split(), cwd=folder, check=True, capture_output=True)
    return folder


@pytest.mark.parametrize(("host", "taken"), [("receiver.test", True), ("other.test", False)])
async def test_the_certificate_must_be_the_names_though_the_address_is_called(certificate, host, taken):
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
    said = []
    serving.sni_callback = lambda _, name, __: said.append(name)
    trusting = ssl.create_default_context(cafile=certificate / "cert.pem")
    async with receiving(tls=serving) as receiver:
        leash = Leash(receiver.port, verify=trusting)
        names = Names(receiver_test=[[PUBLIC]], other_test=[[PUBLIC]])
        outcome = await posted(f"https://{host}/take", leash, names)

    assert (said, leash.went) == ([host], [PUBLIC])
    assert isinstance(outcome, Delivered) is taken
    assert [headers["host"] for headers, _ in receiver.requests] == ([host] if taken else [])
    if not taken:
        assert "certificate" in outcome.error.lower()

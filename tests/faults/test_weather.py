"""Every fault does what it says, and ends: a fault harness with mild weather proves nothing."""

import asyncio
import contextlib
import random
import signal
import smtplib
import socket
import sqlite3
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from tests.faults.weather.clock import NOTICED_S, FakeClock, NoFakeClock
from tests.faults.weather.disk import NoSmallDisk, small_disk
from tests.faults.weather.faults import FAULTS, HOUR_S, applicable, needs_of
from tests.faults.weather.place import place
from tests.faults.weather.proxy import proxy
from tests.faults.weather.sinks import handover_sink, mail_sink

KINDS = ("sqlite", "postgresql")
pytestmark = pytest.mark.alone


@pytest.fixture
def rng():
    return random.Random(1)  # noqa: S311  # no secret


@pytest.fixture(scope="module", params=KINDS)
def there(request, tmp_path_factory):
    """A place that every fault of its database can be struck at."""
    folder = tmp_path_factory.mktemp("weather")
    with place(folder, request.param, needs=needs_of(applicable(request.param))) as one:
        yield one


async def ready(there, within_s=60):
    """How long it takes until the server is ready again."""
    began = time.monotonic()
    while not await asyncio.to_thread(there.server.is_ready):
        assert time.monotonic() - began < within_s
        await asyncio.sleep(0.05)
    return time.monotonic() - began


# ---------------------------------------------------------------------------------------- the table
def test_every_fault_has_a_database_and_a_name_of_its_own():
    assert all(fault.name == name and fault.about for name, fault in FAULTS.items())
    assert {fault.name for kind in KINDS for fault in applicable(kind)} == set(FAULTS)
    assert needs_of(applicable("sqlite")) == {"clock", "disk"}
    assert needs_of(applicable("postgresql")) == {"clock", "proxy"}


# ---------------------------------------------------------------------------------------- processes
async def test_a_killed_worker_is_replaced_and_a_paused_one_goes_on(there, rng):
    before = set(there.server.worker_pids)
    await FAULTS["kill9_worker"].strike(there, rng)
    await ready(there)
    async with asyncio.timeout(90):
        while len(set(there.server.worker_pids) - before) < 1:  # noqa: ASYNC110  # the server has no event
            await asyncio.sleep(0.1)
    assert len(before - set(there.server.worker_pids)) == 1

    pausing = asyncio.create_task(FAULTS["pause_short"].strike(there, rng))
    await asyncio.sleep(0.3)
    assert "T" in states(there)
    await pausing
    assert "T" not in states(there)
    await ready(there)


def states(there):
    """What the kernel says of the workers: T is stopped."""
    found = []
    for pid in there.server.worker_pids:
        with contextlib.suppress(OSError):
            found.append(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0])
    return found


async def test_a_killed_server_and_a_terminated_one_are_started_anew(there, rng):
    for name, code in (("kill9_all", -signal.SIGKILL), ("term", 0)):
        process, pids = there.server.process, set(there.server.worker_pids)
        await FAULTS[name].strike(there, rng)
        assert process.returncode == code
        assert not pids & set(there.server.worker_pids)
        assert await asyncio.to_thread(there.server.is_ready)


# ---------------------------------------------------------------------------------------- the clock
async def test_the_clock_of_a_running_server_jumps_and_comes_back(there, rng):
    for name, seconds in (("clock_forward", HOUR_S), ("clock_back", -HOUR_S)):
        striking = asyncio.create_task(FAULTS[name].strike(there, rng))
        await asyncio.sleep(NOTICED_S + 0.4)
        await clock_becomes(there, seconds)
        await striking
        await clock_becomes(there, 0)
        await ready(there)


async def clock_becomes(there, seconds):
    """Its clock is off by this much; lines may come late, and of a worker that looks a moment later."""
    for _ in range(10):
        if abs(clock_of(there) - seconds) < 60:
            return
        await asyncio.sleep(0.1)
    assert clock_of(there) == seconds


def clock_of(there):
    """How far the server's clock is ahead, in seconds, as the lines of its log say."""
    httpx.get(f"{there.server.url}/graphql?query={{__typename}}", timeout=5, trust_env=False)  # writes a line
    time.sleep(0.2)
    last = there.server.log.read_text().splitlines()[-1]
    told = datetime.fromisoformat(last.split(" ", 1)[0])
    return (told - datetime.now(UTC)).total_seconds()


def test_without_libfaketime_the_clock_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setattr("tests.faults.weather.clock._LIBRARIES", ("/nowhere",))
    with pytest.raises(NoFakeClock, match="apt-get install libfaketime"):
        FakeClock.make(tmp_path)


# ---------------------------------------------------------------------------------------- the disk
async def test_a_full_disk_refuses_what_is_written(there, rng):
    if there.disk is None:
        assert there.kind == "postgresql"
        return
    striking = asyncio.create_task(FAULTS["disk_full"].strike(there, rng))
    await asyncio.sleep(0.5)
    with contextlib.closing(sqlite3.connect(there.disk.folder / "other.db")) as other:
        with pytest.raises(sqlite3.OperationalError, match="full"):
            other.execute("CREATE TABLE thing (id)")
        await striking
        other.execute("CREATE TABLE thing (id)")
    await ready(there)


def test_where_nothing_can_be_mounted_the_disk_says_so(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NoSmallDisk, match="which is not installed"), small_disk(tmp_path):
        raise AssertionError("there is a disk")


# ---------------------------------------------------------------------------------------- PostgreSQL
@pytest.mark.parametrize("name", ["pg_terminate", "pg_kill_backend", "pg_restart", "pg_crash"])
async def test_postgresql_loses_its_sessions_and_serves_again(there, rng, name):
    if there.cluster is None:
        assert name not in {fault.name for fault in applicable(there.kind)}
        return
    await ready(there)
    before, postmaster, said = set(await there.cluster.backends()), there.cluster.pid, len(log_of(there))
    assert before
    await FAULTS[name].strike(there, rng)
    await ready(there)
    assert not before & set(await there.cluster.backends())
    assert (there.cluster.pid != postmaster) == (name in {"pg_restart", "pg_crash"})
    recovered = "not properly shut down" in log_of(there)[said:] or "reinitializing" in log_of(there)[said:]
    assert recovered == (name in {"pg_kill_backend", "pg_crash"})


def log_of(there):
    return there.cluster.log.read_text()


@pytest.mark.parametrize("name", ["net_reset", "net_latency", "net_blackhole", "net_slice", "net_down"])
async def test_the_network_misbehaves_and_is_good_again(there, rng, name):
    if there.proxy is None:
        assert name not in {fault.name for fault in applicable(there.kind)}
        return
    await FAULTS[name].strike(there, rng)
    await ready(there)
    state = (there.proxy.latency_s, there.proxy.is_silent, there.proxy.is_sliced)
    assert state == (0, False, False)
    assert there.proxy.connections


# ---------------------------------------------------------------------------------------- the proxy
@pytest.fixture
def echo():
    """A loopback port that sends back what it gets."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve():
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    threading.Thread(target=answer, args=(connection,), daemon=True).start()

        threading.Thread(target=serve, daemon=True).start()
        yield listener.getsockname()[1]


def answer(connection):
    with contextlib.suppress(OSError), connection:
        while data := connection.recv(65_536):
            connection.sendall(data)


def test_the_proxy_passes_delays_keeps_slices_resets_and_refuses(echo):
    with proxy(echo) as between, socket.create_connection(("127.0.0.1", between.port), timeout=5) as client:
        assert echoed(client, b"good") < 3
        between.latency_s = 0.2
        assert 0.4 <= echoed(client, b"late") < 5
        between.heal()

        between.is_silent = True
        client.sendall(b"kept")
        client.settimeout(0.5)
        with pytest.raises(TimeoutError):
            client.recv(4)
        between.heal()
        client.settimeout(5)
        assert exactly(client, 4) == b"kept"

        between.is_sliced = True
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client.sendall(bytes(range(256)))
        assert exactly(client, 256) == bytes(range(256))
        between.heal()

        assert between.reset() == 1
        with pytest.raises(ConnectionResetError):
            client.recv(1)
        between.refuse()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", between.port), timeout=5)
        between.heal()
        with socket.create_connection(("127.0.0.1", between.port), timeout=5) as again:
            assert echoed(again, b"healed") < 3


def echoed(client, data):
    """How long the way there and back takes, in seconds."""
    began = time.monotonic()
    client.sendall(data)
    assert exactly(client, len(data)) == data
    return time.monotonic() - began


def exactly(client, size):
    data = b""
    while len(data) < size:
        data += client.recv(size - len(data))
    return data


# ---------------------------------------------------------------------------------------- the sinks
MAIL = "From: a@test\r\nTo: b@test\r\nSubject: s\r\nMessage-ID: <1@test>\r\n\r\ntext\r\n"


@pytest.mark.parametrize(
    ("mode", "told", "kept"),
    [("take", 250, [True]), ("451", 451, []), ("550", 550, []), ("hang", None, [False]),
     ("drop", None, [False]), ("reset", None, [])],
)  # fmt: skip
def test_the_mail_server_answers_as_it_is_told_to(mode, told, kept):
    with mail_sink() as sink:
        sink.mode = mode
        assert mailed(sink) == told
        assert [one.acknowledged for one in sink.taken] == kept
        assert sink.tried == 1


def mailed(sink):
    """The code that a mail is answered with; None when there is no answer."""
    client = smtplib.SMTP("127.0.0.1", sink.port, timeout=3)
    try:
        client.sendmail("a@test", ["b@test"], MAIL)
    except smtplib.SMTPRecipientsRefused as refusal:
        [(code, _)] = refusal.recipients.values()
        return code
    except smtplib.SMTPDataError as refusal:
        return refusal.smtp_code
    except (smtplib.SMTPServerDisconnected, OSError):
        return None
    else:
        return 250
    finally:
        client.close()


@pytest.mark.parametrize(
    ("mode", "told"),
    [("500", b"500"), ("503", b"503"), ("410", b"410"), ("hang", b""), ("drop", b""), ("reset", b""),
     ("take", b"401")],
)  # fmt: skip
def test_the_sending_system_answers_as_it_is_told_to(mode, told):
    with handover_sink() as sink:
        sink.mode = mode
        with socket.create_connection(("127.0.0.1", sink.port), timeout=0.7) as client:
            client.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}")
            answered = b""
            with contextlib.suppress(OSError):
                answered = client.recv(1024)
        assert answered[9:12] == told
        assert (b"Retry-After: 1" in answered) == (mode == "503")
        assert sink.taken == []  # it was not signed


async def test_faults_of_the_other_sides_end(there, rng):
    for name in ("mail_451", "http_hang"):
        await FAULTS[name].strike(there, rng)
    assert (there.mails.mode, there.handovers.mode) == ("take", "take")
    await ready(there)

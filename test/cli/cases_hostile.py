"""Garbage from raw sockets, while the daemon serves others."""

import os
import random
import re
import socket
import time

from bench import Pair, alone, case, serve
from program import Failure, require

MULTISTREAM = b"\x13/multistream/1.0.0\n"
NOISE = b"\x07/noise\n"
CLOSED_S = 180  # above every handshake's own limit, should there be much else to do
CONNECT_S = 60
MEMORY_MAX_MB = 256


def endpoint(node):
    return node.addresses[0].split("/")[2], int(node.addresses[0].split("/")[4])


def resident_mb(pid):
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        return int(re.search(r"VmRSS:\s+(\d+)", file.read())[1]) / 1024


def send_all(connection, data):
    try:
        connection.sendall(data)
    except OSError:
        pass  # it was closed on us already, which is what we want


def wait_for_close(connection, deadline, what):
    """Reads until the daemon ends the connection."""
    while True:
        connection.settimeout(max(0.1, deadline - time.monotonic()))
        try:
            if not connection.recv(65536):
                return
        except ConnectionError:
            return
        except TimeoutError:
            raise Failure(f"{what}: the connection is still open") from None


def garbage():
    """What a hostile or a lost program may send, by name."""
    dice = random.Random(20260101)
    yield "random bytes", dice.randbytes(100000)
    yield "an HTTP request", b"GET / HTTP/1.1\r\nHost: warren\r\n\r\n"
    yield "a TLS hello", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + dice.randbytes(600)
    yield "zeros", bytes(100000)
    yield "a huge multistream frame", b"\xff\xff\xff\xff\x7f" + dice.randbytes(100)
    yield "an endless varint", b"\xff" * 1000
    yield "no protocol that we know", MULTISTREAM + b"\x0a/nonsense\n" * 10000
    yield "an empty Noise message", MULTISTREAM + NOISE + b"\x00\x00"
    yield "a random Noise message", MULTISTREAM + NOISE + b"\x00\x20" + dice.randbytes(70000)
    yield "a large Noise message", MULTISTREAM + NOISE + b"\xff\xff" + dice.randbytes(65535)
    yield "Noise of zeros", MULTISTREAM + NOISE + b"\x00\x20" + bytes(32) + b"\x00\x40" + bytes(64)


def check_service(alice, bob, what):
    """Both directions between honest nodes still work."""
    result = alice.do("ping", bob.node_id, "-c", "1")
    print(f"    {what}: a ping took {result.seconds:.2f} s", flush=True)
    require(alice.do("request", bob.node_id, "cat", what).text() == what, f"{what}: a wrong answer")


@case
@alone
def garbage_ends_its_own_connection_only(bench):
    with Pair(bench) as (alice, bob), serve(bob, "cat", "cat"):
        for name, data in garbage():
            with socket.create_connection(endpoint(bob), CONNECT_S) as connection:
                send_all(connection, data)
                try:
                    connection.shutdown(socket.SHUT_WR)
                except OSError:
                    pass  # closed already
                wait_for_close(connection, time.monotonic() + CLOSED_S, name)
        check_service(alice, bob, "after garbage")
        require(bob.daemon.process.poll() is None, "the daemon is gone")


@case
@alone
def silent_and_slow_connections_are_closed_in_time(bench):
    """As many as a small attacker has, each of which stops at another byte of the handshake."""
    noise = MULTISTREAM + NOISE
    beginnings = [b"", b"\x13", MULTISTREAM, noise, noise + b"\x00\x20" + bytes(10)]
    with Pair(bench) as (alice, bob), serve(bob, "cat", "cat"):
        connections = []
        try:
            for number in range(200):
                connection = socket.create_connection(endpoint(bob), CONNECT_S)
                connections.append(connection)
                send_all(connection, beginnings[number % len(beginnings)])
            check_service(alice, bob, "with 200 silent connections")
            deadline = time.monotonic() + CLOSED_S
            for connection in connections:
                wait_for_close(connection, deadline, "a silent connection")
        finally:
            for connection in connections:
                connection.close()
        alice.do("connect", bob.addresses[0])
        check_service(alice, bob, "after 200 silent connections")


@case
@alone
def a_flood_of_garbage_takes_bounded_memory(bench):
    block = os.urandom(1 << 20)
    with Pair(bench) as (alice, bob), serve(bob, "cat", "cat"):
        before = resident_mb(bob.daemon.process.pid)
        for _ in range(100):
            with socket.create_connection(endpoint(bob), CONNECT_S) as connection:
                connection.settimeout(CONNECT_S)
                send_all(connection, MULTISTREAM + NOISE + block)
        check_service(alice, bob, "during a flood")
        grown = resident_mb(bob.daemon.process.pid) - before
        require(grown < MEMORY_MAX_MB, f"the daemon has grown by {grown:.0f} MiB")

"""mDNS between daemons on one Ethernet: they find each other by nothing else, and are silent where they do
not listen."""

import contextlib
import json
import os
import select
import socket
import struct
import subprocess
import sys
import time

from bench import case, wait_until
from lab import End, Lab
from nodes import beside_others, node_on
from program import COMMAND_S, ROOT, require

sys.path.append(str(ROOT / "test/interop"))
import toolchains  # noqa: E402  pylint: disable=wrong-import-position

ETH_P_ALL = 3
ETH_P_IP = 0x0800
ETH_P_IPV6 = 0x86DD
UDP = 17
MDNS_PORT = 5353
# The first two queries, and the answers to them.
SILENT_S = 3
# By the second one, another card would have had the first.
PACKETS = 2
LAN = ("--profile", "lan")


class Segment:
    """Hosts on one Ethernet: a Linux bridge on a host of its own, and a veth pair to each of the others."""

    def __init__(self, lab, *hosts, ip4=True):
        self.switch = lab.host("switch")
        self.switch.ip("link", "add", "br0", "type", "bridge")
        self.switch.ip("link", "set", "br0", "up")
        number = next(lab.subnets)
        for n, host in enumerate(hosts, 1):
            port = f"port{n}"
            end = End(host, f"net{number}", f"10.77.{number}.{n}", f"fd77:{number}::{n}")
            veth = ("type", "veth", "peer", "name", end.device, "netns", host.namespace)
            self.switch.ip("link", "add", port, *veth)
            self.switch.ip("link", "set", port, "master", "br0", "up")
            end.set_up(1500, 1000)
            if not ip4:
                host.ip("address", "delete", f"{end.ip4}/24", "dev", end.device)

    def plug(self, number, inside=True):
        """The cable of that host, counted from 1."""
        self.switch.ip("link", "set", f"port{number}", "up" if inside else "down")


class Street:
    """Alice and bob, not running, on one Ethernet. A context manager."""

    def __init__(self, bench, **options):
        self.bench = bench
        self.options = options
        self.lab = Lab()

    def __enter__(self):
        self.lab.__enter__()
        self.nodes = []
        try:
            self.a, self.b = self.lab.host("a"), self.lab.host("b")
            self.segment = Segment(self.lab, self.a, self.b, **self.options)
            self.alice = node_on(self.a, self.bench, "alice", multicasts=True)
            self.bob = node_on(self.b, self.bench, "bob", multicasts=True)
            self.nodes = [self.alice, self.bob]
        except BaseException as error:
            self.__exit__(type(error), error, None)
            raise
        return self

    def __exit__(self, *reason):
        try:
            for node in self.nodes:
                node.__exit__(*reason)
        finally:
            self.lab.__exit__(*reason)

    def expect_each_finds_the_other(self):
        for one, other in ((self.alice, self.bob), (self.bob, self.alice)):
            wait_until(lambda one=one, other=other: knows(one, other), "a neighbor was not found")


def knows(node, other):
    return any(peer["peer_id"] == other.peer_id for peer in node.do("peers", "--json").json()["peers"])


def destination_port(kind, packet):
    """Of a UDP datagram; nothing for other packets."""
    if kind == ETH_P_IP and packet[9] == UDP:
        udp = (packet[0] & 15) * 4
    elif kind == ETH_P_IPV6 and packet[6] == UDP:
        udp = 40
    else:
        return None
    return struct.unpack_from("!H", packet, udp + 2)[0]


class Ear:
    """Counts the mDNS packets that a host's card sends and gets. A context manager."""

    def __init__(self, end):
        self.socket = end.host.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_ALL))
        self.socket.bind((end.device, ETH_P_ALL))
        self.socket.setblocking(False)
        self.heard = 0

    def __enter__(self):
        return self

    def __exit__(self, *_reason):
        self.socket.close()

    def count(self, seconds=0.0):
        """All so far, after so many seconds more."""
        end = time.monotonic() + seconds
        while select.select([self.socket], [], [], max(0, end - time.monotonic()))[0]:
            packet, address = self.socket.recvfrom(2048)
            self.heard += destination_port(address[1], packet) == MDNS_PORT
        return self.heard


@case
@beside_others
def mdns_finds_a_neighbor_on_a_bridge(bench):
    with Street(bench) as street:
        street.alice.up(*LAN, listen=["/ip4/0.0.0.0/tcp/0"])
        street.bob.up(*LAN, listen=["/ip4/0.0.0.0/tcp/0"])
        street.expect_each_finds_the_other()


@case
@beside_others
def mdns_finds_a_neighbor_by_ipv6_alone(bench):
    with Street(bench, ip4=False) as street:
        street.alice.up(*LAN, listen=["/ip6/::/udp/0/quic-v1"])
        street.bob.up(*LAN, listen=["/ip6/::/udp/0/quic-v1"])
        street.expect_each_finds_the_other()


@case
@beside_others
def mdns_finds_a_neighbor_when_its_cable_is_put_in(bench):
    with Street(bench) as street:
        street.segment.plug(2, inside=False)
        street.alice.up(*LAN, listen=["/ip4/0.0.0.0/tcp/0"])
        street.bob.up(*LAN, listen=["/ip4/0.0.0.0/tcp/0"])
        with Ear(street.a.ends[0]) as ear:
            ear.count(SILENT_S)
        require(not knows(street.alice, street.bob), "they know each other without a cable")
        street.segment.plug(2)
        street.expect_each_finds_the_other()


@case
@beside_others
def mdns_is_silent_on_a_card_without_a_listener(bench):
    with Street(bench) as street:
        aside = street.lab.host("aside")
        street.lab.veth(street.a, aside)
        listening, other = street.a.ends
        with Ear(listening) as heard, Ear(other) as silent:
            street.alice.up(*LAN, listen=[f"/ip4/{listening.ip4}/tcp/0"])
            wait_until(lambda: heard.count() >= PACKETS, "it is silent where it listens, too")
            require(silent.count() == 0, f"{silent.heard} packets where it does not listen")


@case
@beside_others
def mdns_is_off_on_a_server(bench):
    with Street(bench) as street, Ear(street.a.ends[0]) as ear:
        street.alice.up("--profile", "server", listen=["/ip4/0.0.0.0/tcp/0"])
        require(ear.count(SILENT_S) == 0, f"a server sent {ear.heard} packets")


@contextlib.contextmanager
def go_neighbor(host):
    """A go-libp2p node with mDNS (test/interop/go/mdns): its peer ID, and a function that says whom it has
    found so far."""
    process = host.start(
        [toolchains.GO_MDNS, f"/ip4/{host.ip4}/tcp/0", f"/ip6/{host.ip6}/tcp/0"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    os.set_blocking(process.stdout.fileno(), False)
    said = b""

    def events():
        nonlocal said
        said += process.stdout.read() or b""
        return [json.loads(line) for line in said.split(b"\n")[:-1]]

    def found():
        return {event["peer_id"]: event["addresses"] for event in events() if event["event"] == "found"}

    try:
        wait_until(events, "Go's node is not ready")
        yield events()[0]["peer_id"], found
    finally:
        process.stdin.close()
        process.wait(COMMAND_S)
        process.stdout.close()


@case
@beside_others
def mdns_and_go_libp2p_find_each_other(bench):
    reason = toolchains.missing_go()
    if reason and os.environ.get("CI") != "true":
        print(f"skipped mDNS with Go: {reason}")
        return
    reason = reason or toolchains.build_go()
    require(not reason, reason)
    with Street(bench) as street:
        for host, other in ((street.a, street.b), (street.b, street.a)):
            host.ip("route", "add", "default", "via", other.ip4)  # without one, Go sends no multicasts
        street.alice.up(*LAN, listen=["/ip4/0.0.0.0/tcp/0"])
        with go_neighbor(street.b) as (peer_id, found):
            wait_until(lambda: street.alice.peer_id in found(), "Go has not found alice")
            [address] = found()[street.alice.peer_id]
            require(address.startswith(f"/ip4/{street.a.ip4}/tcp/"), f"Go was told of {address}")

            def connected():
                peers = street.alice.do("peers", "--json").json()["peers"]
                return any(peer["peer_id"] == peer_id for peer in peers)

            wait_until(connected, "alice has not found Go's node")

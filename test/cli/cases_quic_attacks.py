"""Floods of the UDP port of a daemon: while they last, it serves others and takes bounded memory and time.

They are sent by `warren_quic_attacker` (test/attacks), from two hundred addresses of 127.0.0.0/8.
"""

import os
import re
import time

from bench import Pair, alone, case
from cases_attacks import Memory, expect_in_time
from pace import Late, in_some_try
from program import Process, require

# How many, and how many a second. A first packet that is encrypted as it should be costs half a handshake, or
# a Retry; the others a glance.
FLOODS = {
    "noise": (250_000, 50_000),
    "short": (100_000, 50_000),
    "version": (100_000, 50_000),
    "forged": (100_000, 25_000),
    "hello": (50_000, 10_000),
}
# What the daemon may take of a core for 100,000 datagrams. Other work on the same processor makes each of its
# seconds worth less: the least of several tries counts.
CPU_S = 3
PING_S = 1
MEMORY_MAX_MIB = 16
LISTEN = "/ip4/127.0.0.1/udp/0/quic-v1"


def cpu_seconds(pid):
    """User and system time of a process."""
    with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def quic_address(node):
    """A node's address over QUIC on 127.0.0.1, and its port."""
    for address in node.addresses:
        found = re.match(r"/ip4/127\.0\.0\.1/udp/(\d+)/quic-v1", address)
        if found:
            return address, found[1]
    raise AssertionError(f"no QUIC among {node.addresses}")


class Flooded:
    """Bob, whose port is flooded; alice, who pings him, and carol, whose port nobody floods."""

    def __init__(self, bench, alice, bob, carol):
        self.alice, self.bob, self.carol = alice, bob, carol
        self.attacker = bench.program.with_name("warren_quic_attacker")
        require(self.attacker.exists(), f"{self.attacker} is not built")

    def ping(self, kind):
        def ping(node):
            self.alice.do("ping", node.node_id, "--count", "1")

        return expect_in_time(f"{kind}: a ping", lambda: ping(self.bob), lambda: ping(self.carol), PING_S)

    def flood(self, kind, count, rate):
        """Seconds of the daemon's CPU for 100,000 datagrams, and of the slowest ping."""
        pid, port = self.bob.daemon.process.pid, quic_address(self.bob)[1]
        begin = cpu_seconds(pid)
        worst = 0
        with Process([self.attacker, port, kind, count, rate]) as attack:
            while attack.lines.empty():
                require(attack.process.poll() is None, f"{kind}: the attacker has ended")
                worst = max(worst, self.ping(kind))
                time.sleep(0.1)
            require(attack.event()["sent"] >= count, f"{kind}: not all was sent")
        spent = (cpu_seconds(pid) - begin) * 100_000 / count
        if spent >= CPU_S:
            raise Late(f"{kind}: {spent:.1f} s of CPU for 100,000 datagrams")
        return spent, worst

    def enter(self):
        """Who is new gets in."""
        self.alice.down()
        self.alice.up("--listen", LISTEN)
        for node in (self.bob, self.carol):
            self.alice.do("connect", quic_address(node)[0])


@case
@alone
def floods_of_datagrams_at_the_quic_port_keep_nobody_out(bench):
    with Pair(bench, "--listen", LISTEN) as (alice, bob), bench.node("carol") as carol:
        carol.up("--listen", LISTEN)
        flooded = Flooded(bench, alice, bob, carol)
        with Memory(bob) as memory:
            for kind, (count, rate) in FLOODS.items():
                flooded.enter()
                flood = (kind, count, rate)
                spent, worst = in_some_try(lambda flood=flood: flooded.flood(*flood), of=Late)
                told = f"{spent:.2f} s of CPU for 100,000 datagrams, pings took at most {worst:.2f} s"
                print(f"    {kind}: {told}", flush=True)
                memory.check(kind, MEMORY_MAX_MIB)
            flooded.enter()

"""Floods of the UDP port of a daemon: while they last, it serves others and takes bounded memory and time.

They are sent by `warren_quic_attacker` (test/attacks), from two hundred addresses of 127.0.0.0/8.
"""

import os
import re
import time

from bench import Pair, case
from cases_attacks import Memory
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
# What the daemon may take of a core for 100,000 datagrams.
CPU_S = 3
PING_MS = 1000
MEMORY_MAX_MIB = 16


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


def ping_ms(alice, bob):
    begin = time.monotonic()
    alice.do("ping", bob.node_id, "--count", "1")
    return (time.monotonic() - begin) * 1000


@case
def floods_of_datagrams_at_the_quic_port_keep_nobody_out(bench):
    with Pair(bench, "--listen", "/ip4/127.0.0.1/udp/0/quic-v1") as (alice, bob):
        address, port = quic_address(bob)
        attacker = bench.program.with_name("warren_quic_attacker")
        require(attacker.exists(), f"{attacker} is not built")
        pid = bob.daemon.process.pid
        with Memory(bob) as memory:
            for kind, (count, rate) in FLOODS.items():
                begin = cpu_seconds(pid)
                worst = 0
                with Process([attacker, port, kind, count, rate]) as attack:
                    while attack.lines.empty():
                        require(attack.process.poll() is None, f"{kind}: the attacker has ended")
                        worst = max(worst, ping_ms(alice, bob))
                        time.sleep(0.1)
                    require(attack.event()["sent"] >= count, f"{kind}: not all was sent")
                spent = (cpu_seconds(pid) - begin) * 100_000 / count
                require(worst < PING_MS, f"{kind}: a ping took {worst:.0f} ms")
                require(spent < CPU_S, f"{kind}: {spent:.1f} s of CPU for 100,000 datagrams")
                memory.check(kind, MEMORY_MAX_MIB)
                # And who is new gets in, too.
                alice.down()
                alice.up("--listen", "/ip4/127.0.0.1/udp/0/quic-v1")
                alice.do("connect", address)

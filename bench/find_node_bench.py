#!/usr/bin/env python3
"""FIND_NODE requests a second over one connection (TCP, Noise, yamux): a DHT server on a core of its own,
with 200 peers in its table, beside the same of go-libp2p-kad-dht. Both are asked by the same program, which
has the other core and does less for each request than either of them.

find_node_bench [BLOCKS] [REQUESTS]     default 5 blocks of two samples each; 30,000 requests a sample
"""

import contextlib
import statistics
import sys
from pathlib import Path

from method import blocks, ratio
from paired import COUNTERPART, MEASURED, ask, cpu_ns, read, start
from peers import toolchains

PAIR = Path(__file__).absolute().parent / "kad_pair"
# Streams, and requests under way on each: as lookups ask, and as much at a time as there is.
LOADS = {"32 streams, one request each": (32, 1), "1 stream, 32 requests under way": (1, 32)}


class Pairing:
    """A server and who asks it."""

    def __init__(self, stack, server, load, requests):
        self.server = start(stack, MEASURED, *server)
        address = read(self.server)
        self.asker = start(stack, COUNTERPART, PAIR, "ask", address, *load)
        self.requests = requests
        self.sample()  # warms up

    def sample(self):
        """Requests a second of the clock, and of the server's CPU time."""
        before = cpu_ns(self.server)
        wall_ns = int(ask(self.asker, self.requests))
        return self.requests * 1e9 / wall_ns, self.requests * 1e9 / (cpu_ns(self.server) - before)


def measure(name, load, count, requests):
    with contextlib.ExitStack() as stack:
        servers = {"warren": [PAIR, "serve"]}
        if toolchains.build("go"):
            servers["go"] = [toolchains.BIN / "kad_server"]
        pairings = {key: Pairing(stack, words, load, requests) for key, words in servers.items()}
        samples = {key: [] for key in pairings}
        dropped = blocks({key: pairing.sample for key, pairing in pairings.items()}, count,
                         lambda _, key, sample: samples[key].append(sample))
    print(f"{name}: {requests} requests, {dropped} blocks dropped")
    for key, found in samples.items():
        by_clock, by_cpu = zip(*found)
        print(f"  {key:<8}{statistics.median(by_clock):>10.0f}/s{statistics.median(by_cpu):>12.0f}/s of CPU")
    if len(samples) == 2:
        for index, what in enumerate(("the clock", "CPU time")):
            pairs = [(ours[index], theirs[index]) for ours, theirs in zip(samples["warren"], samples["go"])]
            middle, low, high = ratio(pairs)
            print(f"  ratio by {what}: {middle:.1f} ({low:.1f} to {high:.1f})")


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    requests = int(sys.argv[2]) if len(sys.argv) > 2 else 30_000
    for name, load in LOADS.items():
        measure(name, load, count, requests)


if __name__ == "__main__":
    main()

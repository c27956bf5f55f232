#!/usr/bin/env python3
"""What it costs a gossipsub node to relay messages from one peer to eight, beside go-libp2p-pubsub: D = 8,
on a core of its own, TCP, Noise, yamux, with the same mesh, scores and ids. Who publishes and receives is the
same program for both (gossip_load.cpp), on the other core.

gossip_bench [--blocks N] [--messages N] [--rows ROW...] [--csv FILE]

Rows: signed and unsigned (StrictSign and StrictNoSign), signed-1.1 and unsigned-1.1 (the same without
IDONTWANT, which /meshsub/1.1.0 does not have); warren: broadcasts in envelopes with an SM2 signature, beside
the same node's "signed".
"""

import argparse
import contextlib
import csv
import json
import statistics
import sys
from pathlib import Path

import method
from paired import COUNTERPART, MEASURED, ask, cpu_ns, read, start
from peers import toolchains

HERE = Path(__file__).absolute().parent
RELAY = HERE / "gossip_relay"
TOPIC = "bench"
RECEIVERS = 8
ROWS = ["signed", "unsigned", "signed-1.1", "unsigned-1.1", "warren"]


def relays():
    found = {"warren": RELAY}
    if toolchains.build("go"):
        found["go"] = toolchains.BIN / "gossip_server"
    return found


class Relaying:
    """A relay, and those around it."""

    def __init__(self, stack, program, row, options):
        policy, _, version = row.partition("-")
        self.relay = start(stack, MEASURED, program, TOPIC, policy)
        self.load = start(stack, COUNTERPART, HERE / "gossip_load", read(self.relay), TOPIC, policy,
                          f"{version or '1.2'}.0", RECEIVERS, options.bytes, options.window)
        if read(self.load) != "ready":
            raise SystemExit("gossip_bench: the relay does not forward")
        self.messages = options.messages
        self.sample()  # warms up

    def sample(self):
        """Microseconds of the relay's CPU for a message, and messages a second."""
        ask(self.load, self.messages)
        before = cpu_ns(self.relay)
        wall_ns = int(ask(self.load, "go"))
        return (cpu_ns(self.relay) - before) / self.messages / 1e3, self.messages * 1e9 / wall_ns

    def sm2_us(self):
        return json.loads(ask(self.relay, ""))["sm2_ns"] / 1e3


class Broadcasting(Relaying):
    """The same of broadcasts; a sample has besides what a verification of SM2 took right after it."""

    def sample(self):
        return *super().sample(), self.sm2_us()


def take(row, relaying, options, report):
    samples = {}

    def note(block, name, sample):
        samples.setdefault(name, []).append(sample)
        report.writerow((row, name, block, *sample))

    dropped = method.blocks({name: of.sample for name, of in relaying.items()}, options.blocks, note)
    print(f"{row}: {options.messages} messages of {options.bytes} bytes a sample, {dropped} blocks dropped")
    for name, taken in samples.items():
        cost, speed = zip(*(sample[:2] for sample in taken))
        span = f"({min(cost):.1f} to {max(cost):.1f})"
        print(f"  {name:<8}{statistics.median(cost):>8.1f} µs of CPU a message {span}"
              f"{1e6 / statistics.median(cost):>9.0f} a second and core"
              f"{statistics.median(speed):>9.0f} a second as measured")
    return samples


def measure(row, options, report):
    with contextlib.ExitStack() as stack:
        samples = take(row, {name: Relaying(stack, program, row, options)
                             for name, program in relays().items()}, options, report)
    if len(samples) == 2:
        middle, low, high = method.ratio([(theirs[0], ours[0]) for ours, theirs in zip(*samples.values())])
        print(f"  go's CPU time to ours: {middle:.2f} ({low:.2f} to {high:.2f})", flush=True)


def measure_broadcasts(options, report):
    with contextlib.ExitStack() as stack:
        samples = take("warren", {"warren": Broadcasting(stack, RELAY, "warren", options),
                                  "signed": Relaying(stack, RELAY, "signed", options)}, options, report)
    share, low, high = method.ratio([(sample[2], sample[0]) for sample in samples["warren"]])
    sm2 = statistics.median(sample[2] for sample in samples["warren"])
    print(f"  one SM2 verification: {sm2:.1f} µs, {share:.3f} ({low:.3f} to {high:.3f}) of it", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--blocks", type=int, default=15, help="of two samples of each relay")
    parser.add_argument("--messages", type=int, default=10_000, help="of a sample")
    parser.add_argument("--bytes", type=int, default=1024)
    parser.add_argument("--window", type=int, default=128, help="messages on their way at any time")
    parser.add_argument("--rows", nargs="*", default=ROWS, choices=ROWS)
    parser.add_argument("--csv", type=Path, default=Path("gossip_bench.csv"))
    options = parser.parse_args()
    with options.csv.open("w", newline="") as file:
        report = csv.writer(file)
        report.writerow(("row", "relay", "block", "CPU us a message", "messages a second"))
        for row in options.rows:
            if row == "warren":
                measure_broadcasts(options, report)
            else:
                measure(row, options, report)


if __name__ == "__main__":
    sys.exit(main())

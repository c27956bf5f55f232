#!/usr/bin/env python3
"""What it costs a relay to forward bytes, over 1 and over 200 circuits, and what it holds for a reservation,
beside go-libp2p's relay: TCP, Noise, yamux, on a core of its own, limits off. Who sends, receives and
reserves is the same program for both, on the other core; each circuit is between two peers of its own.

relay_bench [--blocks N] [--mib N] [--circuits N...] [--reservations N] [--csv FILE]
"""

import argparse
import contextlib
import csv
import resource
import statistics
import sys
from pathlib import Path

import method
from paired import COUNTERPART, MEASURED, ask, cpu_ns, read, start
from peers import toolchains

PAIR = Path(__file__).absolute().parent / "relay_pair"
MIB = 1 << 20
STEPS = 5  # of the slope of memory


def memory_kib(process):
    """Anonymous and proportional, in KiB."""
    fields = {}
    for line in Path(f"/proc/{process.pid}/smaps_rollup").read_text().splitlines()[1:]:
        name, value = line.split()[:2]
        fields[name.rstrip(":")] = int(value)
    return fields["Anonymous"], fields["Pss"]


def relays():
    found = {"warren": [PAIR, "serve"]}
    if toolchains.build("go"):
        found["go"] = [toolchains.BIN / "relay_server"]
    return found


class Forwarding:
    """A relay and the ends of its circuits."""

    def __init__(self, stack, relay, circuits, amount):
        self.relay = start(stack, MEASURED, *relay)
        self.ends = start(stack, COUNTERPART, PAIR, "ends", read(self.relay), circuits)
        if read(self.ends) != "ready":
            raise SystemExit("relay_bench: the circuits could not be opened")
        self.amount = amount
        self.sample()  # warms up

    def sample(self):
        before = cpu_ns(self.relay)
        wall_ns = int(ask(self.ends, self.amount))
        return (cpu_ns(self.relay) - before) / self.amount, self.amount * 8 / wall_ns


def forward(circuits, options, report):
    samples = {}

    def note(block, name, sample):
        samples.setdefault(name, []).append(sample)
        report.writerow((f"forward-{circuits}", name, block, *sample))

    with contextlib.ExitStack() as stack:
        pairings = {name: Forwarding(stack, words, circuits, options.mib * MIB).sample
                    for name, words in relays().items()}
        dropped = method.blocks(pairings, options.blocks, note)
    print(f"forwarding over {circuits} circuit{'s' * (circuits > 1)}: {options.mib} MiB a sample, "
          f"{dropped} blocks dropped")
    for name, taken in samples.items():
        cost, speed = zip(*taken)
        span = f"({min(cost):.2f} to {max(cost):.2f})"
        print(f"  {name:<8}{statistics.median(cost):>8.2f} ns of CPU a byte {span}"
              f"{statistics.median(speed):>8.2f} Gbit/s")
    if len(samples) == 2:
        middle, low, high = method.ratio([(ours[0], theirs[0]) for ours, theirs in zip(*samples.values())])
        print(f"  ratio of CPU time: {middle:.3f} ({low:.3f} to {high:.3f})", flush=True)


def hold(options, report):
    print(f"reservations: memory of the relay, up to {options.reservations} held")
    for name, words in relays().items():
        with contextlib.ExitStack() as stack:
            relay = start(stack, MEASURED, *words)
            holders = start(stack, COUNTERPART, PAIR, "hold", read(relay))
            points = []
            first = options.reservations // 20  # what is needed once and for all is there by then
            for step in range(STEPS):
                count = first + step * (options.reservations - first) // (STEPS - 1)
                held = int(ask(holders, count))
                ask(relay, "")
                points.append((held, *memory_kib(relay)))
                report.writerow(("reservations", name, *points[-1]))
            for index, what in ((1, "anonymous"), (2, "proportional")):
                rise, width = method.slope([(point[0], point[index]) for point in points])
                line = f"  {name:<8}{rise:>8.2f} KiB each (+- {width:.2f}), {what}"
                print(f"{line}; {points[-1][index]} KiB with {points[-1][0]}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--blocks", type=int, default=15, help="of two samples of each relay")
    parser.add_argument("--mib", type=int, default=256, help="forwarded for a sample")
    parser.add_argument("--circuits", type=int, nargs="*", default=[1, 200])
    parser.add_argument("--reservations", type=int, default=2000, help="held in the end; 0: not measured")
    parser.add_argument("--csv", type=Path, default=Path("relay_bench.csv"))
    options = parser.parse_args()
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with options.csv.open("w", newline="") as file:
        report = csv.writer(file)
        report.writerow(("row", "relay", "block or reservations", "CPU ns/B or anonymous KiB",
                         "Gbit/s or PSS KiB"))
        for circuits in options.circuits:
            forward(circuits, options, report)
        if options.reservations:
            hold(options, report)


if __name__ == "__main__":
    sys.exit(main())

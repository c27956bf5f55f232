#!/usr/bin/env python3
"""Warren beside go-libp2p and rust-libp2p, in two network namespaces of this machine: bytes, requests,
handshakes, and what idle connections hold. Needs root.

libp2p_bench [--rows PART...] [--peers NAME...] [--blocks N] [--quick] [--csv FILE] [--list]

Every row measures all pairings of Warren with a peer in turn, forwards and backwards in each block. What
counts is CPU time, that of the one who dials (and sends) and that of the one who listens, over a veth pair
with an MTU of 1500; `raw` is a bare TCP connection. Rows named connect and link are over test/net's link
instead, with delay and rate, and count time. Ratios are to Warren with itself, or over links to iperf3 or
bare TCP, of neighbours in time, with the median's interval of 95 %. Blocks in which another virtual machine
took more than 2 % of this one's time are left out.
"""

import argparse
import contextlib
import csv
import dataclasses
import datetime
import resource
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

import method
from peers import toolchains
from programs import Bench, Failure, Iperf, Pairing

HERE = Path(__file__).resolve().parent
BIN = Path(__file__).absolute().parent
sys.path.insert(0, str(HERE.parent / "test/net"))
import lab as laboratory  # noqa: E402
import namespaces  # noqa: E402

TRANSPORTS = ("tcp-noise", "tcp-tls", "quic", "ws")
MIB = 1 << 20
BASE = "warren > warren"
RAW = "raw"
IPERF = "iperf3"
RTT_MS = 60
LINK_QUEUE = "1500kb"  # what is on the way when the line is full
IDLE_STEPS = (0, 1000, 3000, 5000)
IDLE_STEPS_QUICK = (0, 250, 500, 1000)
SETTLE_S = 3
FIELDS = ("row", "pairing", "block", "amount", "cpu_ns", "dialer_ns", "listener_ns", "softirq_ns", "wall_ns",
          "p50_ns", "p99_ns", "memory_kib")


@dataclasses.dataclass(frozen=True)
class Row:
    name: str
    transport: str
    operation: str
    amount: int  # bytes, requests, connections
    streams: int = 1
    link: dict | None = None  # options of the link; a veth pair without
    about: str = ""

    def value(self, sample):
        """What is compared; less is better, but for rates."""
        if self.link and self.operation == "throughput":
            return sample["amount"] * 8e3 / sample["wall_ns"]  # Mbit/s
        if self.link:
            return sample["p50_ns"] / 1e6 / RTT_MS
        return sample["cpu_ns"] / sample["amount"] / (1 if self.operation == "throughput" else 1e3)

    def beside(self, sample):
        """What is shown beside it."""
        if self.link:
            return 0
        if self.operation == "throughput":
            return sample["amount"] * 8 / sample["wall_ns"]  # Gbit/s
        if self.operation == "request":
            return sample["p50_ns"] / 1e3  # microseconds
        return sample["amount"] * 1e9 / sample["cpu_ns"]  # a second of one core

    def units(self):
        if self.link:
            return ("Mbit/s", "") if self.operation == "throughput" else ("round trips", "")
        return {"throughput": ("CPU ns/B", "Gbit/s"), "request": ("CPU us each", "p50, us"),
                "handshakes": ("CPU us each", "a core-second")}[self.operation]


def all_rows(quick):
    rows = []
    size = (64 if quick else 128) * MIB
    for transport in TRANSPORTS:
        for streams in (1, 100):
            rows.append(Row(f"{transport}-{streams}", transport, "throughput", size, streams,
                            about=f"{size // MIB} MiB over {streams} stream{'s' * (streams > 1)}"))
    for transport in TRANSPORTS:
        rows.append(Row(f"request-{transport}", transport, "request", 500 if quick else 2000,
                        about="64 bytes there and back, each on a new stream"))
    for transport in TRANSPORTS:
        rows.append(Row(f"handshakes-{transport}", transport, "handshakes", 50 if quick else 200,
                        about="connections made and closed, with identify"))
    delay = {"delay": f"{RTT_MS // 2}ms"}
    for transport in TRANSPORTS:
        rows.append(Row(f"connect-{transport}", transport, "connect", 3 if quick else 5, link=delay,
                        about=f"connection and first byte, {RTT_MS} ms"))
    bottleneck = delay | {"rate": "200mbit", "queue": LINK_QUEUE}
    for transport in ("tcp-noise", "quic"):
        rows.append(Row(f"link-{transport}", transport, "throughput", (32 if quick else 160) * MIB,
                        link=bottleneck, about=f"{RTT_MS} ms, 200 Mbit/s"))
    for transport in TRANSPORTS[:3]:
        rows.append(Row(f"idle-{transport}", transport, "idle", 0, about="memory of the one who listens"))
    return rows


class Csv:
    def __init__(self, path):
        self.path = path
        self.file = path.open("w", newline="")
        self.writer = csv.DictWriter(self.file, FIELDS, extrasaction="ignore")
        self.writer.writeheader()

    def write(self, **values):
        self.writer.writerow(values)
        self.file.flush()


def pairings(row, peers):
    """Who dials whom, by what the table calls them."""
    names = {BASE: ("warren", "warren")}
    for peer in peers:
        for pair in ((peer, peer), ("warren", peer), (peer, "warren")):
            # Over a link the two ends of a pairing have nothing to do with each other's speed.
            if not row.link or pair == (peer, peer):
                names[" > ".join(pair)] = pair
    return names


def start(row, peers, bench, soft_interrupts):
    """Each pairing's function that takes a sample; those that do not work are left out."""
    measures = {}
    if row.operation in ("throughput", "connect"):
        measures[RAW] = Pairing(bench, ("raw", "raw"), row, soft_interrupts).sample
    if row.operation == "throughput" and row.link and shutil.which("iperf3"):
        measures[IPERF] = Iperf(bench, row).sample
    for name, pair in pairings(row, peers).items():
        try:
            measures[name] = Pairing(bench, pair, row, soft_interrupts).sample
        except Failure as failure:
            print(f"  {name}: left out, {failure}", flush=True)
    for name in list(measures):
        try:
            measures[name]()  # warms up
        except Failure as failure:
            print(f"  {name}: left out, {failure}", flush=True)
            del measures[name]
    return measures


def measure(row, options, kind, report):
    """The samples of each pairing, and how many blocks were dropped."""
    samples = {}

    def note(block, name, sample):
        samples.setdefault(name, []).append(sample)
        report.write(row=row.name, pairing=name, block=block, **sample)

    with contextlib.ExitStack() as stack:
        lab = stack.enter_context(laboratory.Lab(BIN / "warren_link"))
        dialing, listening = lab.host("dial"), lab.host("listen")
        if row.link:
            lab.link(dialing, listening, **row.link)
        else:
            lab.veth(dialing, listening)
        if row.operation in ("request", "connect"):
            method.Spinners(stack)
        bench = Bench(dialing, listening, kind, BIN, stack)
        measures = start(row, options.peers, bench, method.SoftInterrupts())
        count = max(2, options.blocks // 3) if row.link else options.blocks
        dropped = method.blocks(measures, count, note)
    return samples, dropped


def show(row, samples, dropped):
    unit, beside = row.units()
    rest = f"; {dropped} blocks dropped" if dropped else ""
    print(f"\n{row.name}: {row.about}; medians of {len(next(iter(samples.values()), []))} samples{rest}")
    # Over a link, the line is what there is to reach; a first byte over bare TCP takes two round trips.
    base = BASE if not row.link else IPERF if IPERF in samples else RAW
    to_base = f"to {base.split()[0]}"
    print(f"  {'dials > listens':<18}{unit:>12}{'min - max':>20}{beside:>15}{to_base:>11}{'95 %':>15}")
    for name, taken in samples.items():
        values = [row.value(sample) for sample in taken]
        low, high = min(values), max(values)
        line = f"  {name:<18}{statistics.median(values):>12.3g}{f'{low:.3g} - {high:.3g}':>20}"
        other = statistics.median(row.beside(sample) for sample in taken)
        line += f"{other:>15.4g}" if other else " " * 15
        if base in samples and name != base:
            middle, low, high = method.ratio(list(zip(values, map(row.value, samples[base]))))
            line += f"{middle:>11.2f}{f'{low:.2f} - {high:.2f}':>15}"
        print(line, flush=True)


def measure_idle(row, options, kind, report):
    """Prints the memory of each implementation's listener, whose connections are all from Warren's peers."""
    steps = IDLE_STEPS_QUICK if options.quick else IDLE_STEPS
    print(f"\n{row.name}: {row.about}, MiB with so many connections")
    print(f"  {'listens':<18}" + "".join(f"{step:>9}" for step in steps) + f"{'KiB each':>18}")
    for name in ("warren", *options.peers):
        with contextlib.ExitStack() as stack:
            lab = stack.enter_context(laboratory.Lab(BIN / "warren_link"))
            dialing, listening = lab.host("dial"), lab.host("listen")
            lab.veth(dialing, listening)
            bench = Bench(dialing, listening, kind, BIN, stack)
            listener = bench.listener(name, row.transport)
            dialer = bench.dialer("warren", row.transport, listener.address, "--op", "idle")
            points = []
            for step in steps:
                dialer.ask(step)
                time.sleep(SETTLE_S)
                there = listener.ask("count")["connections"]
                if there < 0.98 * step:
                    raise Failure(f"{there} connections, not {step}")
                points.append((there, listener.memory_kib()))
                report.write(row=row.name, pairing=name, amount=there, memory_kib=points[-1][1])
        each, half = method.slope(points)
        line = "".join(f"{kib / 1024:>9.1f}" for _, kib in points)
        print(f"  {name:<18}{line}{f'{each:.1f} +- {half:.1f}':>18}", flush=True)


def read_options():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", nargs="+", metavar="PART",
                        help="those whose names have one of these in them")
    parser.add_argument("--peers", nargs="*", default=["go", "rust"], choices=["go", "rust"])
    parser.add_argument("--blocks", type=int, help="15, or 3 with --quick; a third for rows of links")
    parser.add_argument("--quick", action="store_true", help="to see whether it works, not what it costs")
    parser.add_argument("--csv", type=Path)
    parser.add_argument("--list", action="store_true", help="names the rows")
    options = parser.parse_args()
    options.blocks = options.blocks or (3 if options.quick else 15)
    return options


def main():
    options = read_options()
    rows = [row for row in all_rows(options.quick)
            if not options.rows or any(part in row.name for part in options.rows)]
    if options.list or not rows:
        print(*[row.name for row in rows or all_rows(False)])
        return
    problem = namespaces.missing()
    if problem:
        raise SystemExit(f"libp2p_bench: {problem}")
    options.peers = [name for name in options.peers if toolchains.build(name)]
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    now = datetime.datetime.now(datetime.timezone.utc)
    commit = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=HERE, capture_output=True,
                            text=True, check=False).stdout.strip()
    report = Csv(options.csv or BIN.parent / f"libp2p-{now:%Y%m%d-%H%M}-{commit}.csv")
    kind = method.account_kind()
    print(f"{now:%Y-%m-%d %H:%M} UTC, commit {commit}, {toolchains.versions()}")
    print(f"CPU by {kind}; samples in {report.path}")
    for row in rows:
        try:
            if row.operation == "idle":
                measure_idle(row, options, kind, report)
            else:
                show(row, *measure(row, options, kind, report))
        except Failure as failure:
            print(f"{row.name}: failed, {failure}", flush=True)


if __name__ == "__main__":
    main()

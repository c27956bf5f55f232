#!/usr/bin/env python3
"""Handshakes a second on one core, both ends together, beside go-libp2p's: Noise and TLS with Ed25519 keys.

handshake_bench [BLOCKS]     default 15; each measures every row twice

`known` are two nodes that meet again and again, `new` is a listener that meets another dialer each time. Both
programs do the same (handshake_pair.cpp, peers/go/handshake_pair) on the same core, and take turns, A B B A,
so that a machine that slows down or speeds up favours nobody. What counts is CPU time, user and system; the
ratios are those of neighbours in time, with the median's interval of 95 % by bootstrap.
"""

import contextlib
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

from method import ratio
from peers import toolchains

BIN = Path(__file__).absolute().parent
ROWS = [(security, peers) for security in ("noise", "tls") for peers in ("known", "new")]
COUNT = 200


class Program:
    def __init__(self, path, row, core, stack):
        self.process = stack.enter_context(
            subprocess.Popen([path, *row], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                             preexec_fn=lambda: os.sched_setaffinity(0, {core})))

    def measure(self):
        """CPU nanoseconds of one handshake, and wall nanoseconds."""
        self.process.stdin.write(f"{COUNT}\n")
        self.process.stdin.flush()
        sample = json.loads(self.process.stdout.readline())
        return sample["cpu_ns"], sample["wall_ns"]


def spread(samples):
    """Handshakes a second: median, smallest and largest."""
    rates = [1e9 / cpu for cpu, _ in samples]
    return f"{statistics.median(rates):.0f} ({min(rates):.0f} - {max(rates):.0f})"


def measure_row(row, core, blocks, paths):
    with contextlib.ExitStack() as stack:
        programs = [Program(path, row, core, stack) for path in paths]
        for program in programs:
            program.measure()  # warms up
        samples = [[] for _ in programs]
        for _ in range(blocks):
            for order in (1, -1):
                for number in list(range(len(programs)))[::order]:
                    samples[number].append(programs[number].measure())
        for program in programs:
            program.process.stdin.close()
    return samples


def main():
    blocks = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    core = max(os.sched_getaffinity(0))
    paths = [BIN / "handshake_pair"]
    if toolchains.build("go"):
        paths.append(toolchains.GO_HANDSHAKE_PAIR)
    title = f"handshakes a second, core {core}"
    print(f"{title:<32}{'warren':>22}{'go-libp2p':>22}{'ratio':>8}{'95 %':>14}")
    for row in ROWS:
        samples = measure_row(row, core, blocks, paths)
        line = f"{' '.join(row):<32}{spread(samples[0]):>22}"
        if len(samples) > 1:
            middle, low, high = ratio([(go[0], ours[0]) for ours, go in zip(*samples)])
            line += f"{spread(samples[1]):>22}{middle:>8.2f}"
            line += f"{f'{low:.2f} - {high:.2f}':>14}"
        print(line, flush=True)


if __name__ == "__main__":
    main()

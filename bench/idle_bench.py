#!/usr/bin/env python3
"""What an idle connection costs the one who listens: anonymous memory of `warren up`, and of a go-libp2p
node, with thousands of connections, each from a peer of its own (idle_load.cpp) that has been identified.

idle_bench [CONNECTIONS]     default 5000, in five steps

The memory of a connection is the slope of the least-squares line through the steps, with its 95 %
interval. Go's memory is read after a collection of its garbage and the return of what is free, which is the
best it can do.
"""

import contextlib
import json
import math
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

BIN = Path(__file__).resolve().parent
STEPS = 5
SETTLE_S = 3
# Limits of ours that are below what is opened; Go's are off.
RAISED = ("connections_max", "connections_inbound_max", "connections_high", "connections_low",
          "peerstore_peers_max")
# Student's t, 97.5 %, for so many points less two.
T_QUANTILE = {1: 12.71, 2: 4.30, 3: 3.18, 4: 2.78, 5: 2.57}


def anonymous_kib(pid):
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Anonymous:"):
            return int(line.split()[1])
    raise SystemExit("idle_bench: no account of the memory")


def raise_open_files():
    """Sockets at both ends, and some files."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


class Program:
    """One that answers a line with a line."""

    def __init__(self, stack, *words):
        self.process = stack.enter_context(
            subprocess.Popen([str(word) for word in words], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                             stderr=subprocess.DEVNULL, text=True))
        stack.callback(self.process.terminate)

    def read(self):
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"idle_bench: {self.process.args[0]} has ended")
        return line.strip()

    def ask(self, line):
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()
        return self.read()


class WarrenListener:
    def __init__(self, stack, security, connections):
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        subprocess.run([BIN / "warren", "init", "--data-dir", folder], check=True, stdout=subprocess.DEVNULL)
        many = "".join(f"\n{name} = {connections + 100}" for name in RAISED)
        config = Path(folder) / "warren.toml"
        config.write_text(config.read_text().replace("\n[limits]\n", f"\n[limits]{many}\n"))
        self.program = Program(stack, BIN / "warren", "up", "--data-dir", folder, "--json",
                               "--listen", "/ip4/127.0.0.1/tcp/0")
        self.address = json.loads(self.program.read())["addresses"][0]
        self.pid = self.program.process.pid

    def settle(self):
        time.sleep(SETTLE_S)


class GoListener:
    def __init__(self, stack, security, connections):
        self.program = Program(stack, BIN / "go/idle_listener", security)
        self.address = self.program.read()
        self.pid = self.program.process.pid

    def settle(self):
        time.sleep(SETTLE_S)
        self.program.ask("collect")


def measure(listen, security, connections):
    """[(connections, KiB of anonymous memory)]."""
    points = []
    with contextlib.ExitStack() as stack:
        listener = listen(stack, security, connections)
        load = Program(stack, BIN / "idle_load", security, listener.address)
        for step in range(STEPS + 1):
            wanted = connections * step // STEPS
            open_now = int(load.ask(wanted))
            listener.settle()
            if open_now < wanted:
                raise SystemExit(f"idle_bench: {open_now} connections, not {wanted}")
            points.append((wanted, anonymous_kib(listener.pid)))
    return points


def slope(points):
    """KiB a connection, and half the width of its 95 % interval."""
    count = len(points)
    mean_x = sum(x for x, _ in points) / count
    mean_y = sum(y for _, y in points) / count
    square = sum((x - mean_x) ** 2 for x, _ in points)
    rise = sum((x - mean_x) * (y - mean_y) for x, y in points) / square
    rest = sum((y - mean_y - rise * (x - mean_x)) ** 2 for x, y in points)
    return rise, T_QUANTILE[count - 2] * math.sqrt(rest / (count - 2) / square)


def main():
    connections = int(sys.argv[1]) if len(sys.argv) > 1 else 5000
    raise_open_files()
    rows = [("warren", WarrenListener)]
    if (BIN / "go/idle_listener").exists():
        rows.append(("go-libp2p", GoListener))
    print(f"{'anonymous memory, MiB, with connections':<40}", *(f"{connections * step // STEPS:>7}"
          for step in range(STEPS + 1)), f"{'KiB each':>16}")
    for name, listen in rows:
        for security in ("noise", "tls"):
            points = measure(listen, security, connections)
            each, half = slope(points)
            print(f"{name + ', ' + security:<40}", *(f"{kib / 1024:>7.1f}" for _, kib in points),
                  f"{f'{each:.1f} +- {half:.1f}':>16}", flush=True)


if __name__ == "__main__":
    main()

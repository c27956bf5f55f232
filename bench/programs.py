"""The programs that libp2p_bench starts, in the laboratory's hosts (test/net/lab.py), each with an account of
its CPU time: peers/README.md says how they are spoken to.
"""

import json
import os
import select
import subprocess
import sys
from pathlib import Path

from method import Account
from peers import toolchains

HERE = Path(__file__).resolve().parent
ANSWER_S = 180
END_S = 10


class Failure(Exception):
    """A program has not done what it was asked."""


def commands(bin_folder):
    """How the programs of each implementation are called."""
    return {
        "warren": [bin_folder / "cpp_peer"],
        "go": [toolchains.GO_PEER],
        "rust": [toolchains.RUST_PEER],
        "raw": [sys.executable, HERE / "raw_copy.py"],
    }


class Program:
    """A child that answers a line of JSON to a line, on one core."""

    def __init__(self, host, words, core, account, stack):
        def settle():
            os.sched_setaffinity(0, {core})
            account.enter()

        self.name = Path(words[0]).name
        self.pending = b""
        self.process = host.start(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0,
                                  preexec_fn=settle)
        stack.callback(self.end)
        account.pids.append(self.process.pid)
        self.account = account

    def end(self):
        self.process.stdin.close()
        self.process.kill()
        self.process.wait(END_S)
        self.process.stdout.close()

    def read(self):
        while b"\n" not in self.pending:
            ready, _, _ = select.select([self.process.stdout], [], [], ANSWER_S)
            piece = os.read(self.process.stdout.fileno(), 4096) if ready else b""
            if not piece:
                state = f"ended ({self.process.poll()})" if ready else f"said nothing for {ANSWER_S} s"
                raise Failure(f"{self.name} {state}")
            self.pending += piece
        line, _, self.pending = self.pending.partition(b"\n")
        return json.loads(line)

    def ask(self, line):
        try:
            self.process.stdin.write(f"{line}\n".encode())
        except BrokenPipeError:
            raise Failure(f"{self.name} has ended") from None
        return self.read()

    def memory_kib(self):
        """Its proportional set size."""
        for line in Path(f"/proc/{self.process.pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1])
        raise Failure(f"{self.name}: no account of the memory")


class Bench:
    """Two hosts, and how programs are started in them: dialing on the first core, listening on the last."""

    def __init__(self, dialing, listening, kind, bin_folder, stack):
        self.dialing, self.listening, self.kind, self.stack = dialing, listening, kind, stack
        self.commands = commands(bin_folder)
        cores = sorted(os.sched_getaffinity(0))
        self.cores = cores[0], cores[-1]
        self.listeners = {}

    def listener(self, name, transport):
        """The one program that listens with this transport."""
        if (name, transport) not in self.listeners:
            words = ["listen", "--transport", transport, "--address", self.listening.ip4]
            program = self.start(self.listening, [*self.commands[name], *words], self.cores[1])
            program.address = program.read()["address"]
            self.listeners[name, transport] = program
        return self.listeners[name, transport]

    def dialer(self, name, transport, address, *flags):
        words = ["dial", "--transport", transport, "--address", address, "--each-line", *flags]
        return self.start(self.dialing, [*self.commands[name], *words], self.cores[0])

    def start(self, host, words, core):
        return Program(host, words, core, Account(self.kind, self.stack), self.stack)


class Pairing:
    """One who dials and one who listens."""

    def __init__(self, bench, names, row, soft_interrupts):
        self.amount = row.amount
        self.listener = bench.listener(names[1], row.transport)
        self.dialer = bench.dialer(names[0], row.transport, self.listener.address, "--op", row.operation,
                                   "--streams", str(row.streams))
        self.soft_interrupts = soft_interrupts

    def cpu_ns(self):
        return [of.cpu_ns() for of in (self.dialer.account, self.listener.account, self.soft_interrupts)]

    def sample(self):
        before = self.cpu_ns()
        report = self.dialer.ask(self.amount)
        spent = [now - then for now, then in zip(self.cpu_ns(), before)]
        report |= zip(("dialer_ns", "listener_ns", "softirq_ns"), spent)
        report["cpu_ns"] = sum(spent)
        return report


class Iperf:
    """The same by iperf3, for which only the time counts."""

    def __init__(self, bench, row):
        self.bench, self.amount = bench, row.amount
        server = bench.listening.start(["iperf3", "-s", "--forceflush"], stdout=subprocess.PIPE,
                                       stderr=subprocess.DEVNULL)
        server.stdout.readline()  # it listens by then

    def sample(self):
        words = ["iperf3", "-c", self.bench.listening.ip4, "-n", self.amount, "-J"]
        received = json.loads(self.bench.dialing.run(words, within=ANSWER_S))["end"]["sum_received"]
        wall = int(received["bytes"] * 8e9 / received["bits_per_second"])
        return {"amount": received["bytes"], "wall_ns": wall, "p50_ns": 0, "p99_ns": 0, "cpu_ns": 0,
                "dialer_ns": 0, "listener_ns": 0, "softirq_ns": 0}

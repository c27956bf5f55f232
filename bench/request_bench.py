#!/usr/bin/env python3
"""What a large request costs from command line to command line: two daemons on loopback, `warren serve cat`,
and `warren request` with 10 MiB, which come back.

request_bench [RUNS] [PROGRAM]     default 15 requests of the `warren` next to this script, after two
"""

import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SIZE = 10 * 1024 * 1024


def anonymous_kib(process):
    for line in Path(f"/proc/{process.pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Anonymous:"):
            return int(line.split()[1])
    return 0


def cpu_ms(process):
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf("SC_CLK_TCK")


class Bench:
    def __init__(self, program, folder, stack):
        self.program, self.folder, self.stack = program, Path(folder), stack
        self.asker, _ = self.daemon("asker")
        self.server, ready = self.daemon("server")
        self.service = self.start("serve", "cat", "--exec", "cat", "--data-dir", self.folder / "server")
        self.service.stdout.readline()
        self.payload = self.folder / "payload"
        self.payload.write_bytes(os.urandom(SIZE))
        self.target = ready["addresses"][0]

    def start(self, *arguments):
        process = self.stack.enter_context(
            subprocess.Popen([self.program, *arguments], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL))
        self.stack.callback(process.terminate)
        return process

    def daemon(self, name):
        folder = self.folder / name
        subprocess.run([self.program, "init", "--data-dir", folder], check=True, stdout=subprocess.DEVNULL)
        process = self.start("up", "--data-dir", folder, "--listen", "/ip4/127.0.0.1/tcp/0", "--json")
        return process, json.loads(process.stdout.readline())

    def request(self):
        """Milliseconds of one request."""
        begin = time.monotonic()
        command = [self.program, "request", self.target, "cat", "--file", self.payload,
                   "--data-dir", self.folder / "asker"]
        answer = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout
        took = (time.monotonic() - begin) * 1000
        if answer != self.payload.read_bytes():
            raise SystemExit("request_bench: the answer is not what was sent")
        return took


def main():
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    program = Path(sys.argv[2]) if len(sys.argv) > 2 else Path(__file__).absolute().parent / "warren"
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        bench = Bench(program, folder, stack)
        for _ in range(2):
            bench.request()
        processes = {"asker": bench.asker, "server": bench.server, "warren serve": bench.service}
        before = {name: cpu_ms(process) for name, process in processes.items()}
        took = [bench.request() for _ in range(runs)]
        time.sleep(1)
        print(f"10 MiB there and back, {runs} requests: {statistics.median(took):.0f} ms each "
              f"(median; {min(took):.0f} to {max(took):.0f})")
        print(f"{'':<16}{'CPU ms a request':>20}{'anonymous KiB after':>22}")
        for name, process in processes.items():
            print(f"{name:<16}{(cpu_ms(process) - before[name]) / runs:>20.0f}{anonymous_kib(process):>22}")


if __name__ == "__main__":
    main()

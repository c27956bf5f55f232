#!/usr/bin/env python3
"""What a daemon costs before it does anything: time from exec to the `ready` line, and memory after it.

start_bench [RUNS] [PROGRAM]     default 21 runs of the `warren` next to this script
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def memory(pid):
    """Anonymous and resident memory in KiB, the first being what the process does not share with a file."""
    sizes = {}
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]:
        name, size = line.split()[:2]
        sizes[name.rstrip(":")] = int(size)
    return sizes["Anonymous"], sizes["Rss"]


def cpu_ms(pid):
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf("SC_CLK_TCK")


def start_once(program, folder):
    """One start: milliseconds to `ready`, CPU milliseconds until then, KiB anonymous, KiB resident."""
    begin = time.monotonic()
    with subprocess.Popen([program, "up", "--data-dir", folder, "--listen", "/ip4/127.0.0.1/tcp/0", "--json"],
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as daemon:
        try:
            line = daemon.stdout.readline()
            took = (time.monotonic() - begin) * 1000
            if json.loads(line)["event"] != "ready":
                raise SystemExit(f"start_bench: unexpected output: {line!r}")
            spent = cpu_ms(daemon.pid)
            time.sleep(0.2)  # what starts in the background belongs to the memory, too
            return took, spent, *memory(daemon.pid)
        finally:
            daemon.terminate()


def main():
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 21
    program = Path(sys.argv[2]) if len(sys.argv) > 2 else Path(__file__).absolute().parent / "warren"
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([program, "init", "--data-dir", folder], check=True, stdout=subprocess.DEVNULL)
        start_once(program, folder)  # its files are in the page cache now
        results = [start_once(program, folder) for _ in range(runs)]
    print(f"{'start of `warren up`, ' + str(runs) + ' runs':<40}{'median':>10}{'min':>10}{'max':>10}")
    rows = ("time to `ready`, ms", "CPU time until then, ms", "anonymous memory, KiB", "resident memory, KiB")
    for name, values in zip(rows, zip(*results)):
        print(f"{name:<40}{statistics.median(values):>10.0f}{min(values):>10.0f}{max(values):>10.0f}")


if __name__ == "__main__":
    main()

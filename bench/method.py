"""How the benchmarks measure: CPU time of both ends as the kernel accounts it, samples in turns that favour
nobody, and ratios with their intervals.
"""

import itertools
import math
import os
import random
import statistics
import subprocess
import sys
import time
from pathlib import Path

CPUACCT = Path("/sys/fs/cgroup/cpuacct")  # version 1
UNIFIED = Path("/sys/fs/cgroup")  # version 2, where it has the file below
STEAL_MAX = 0.02
BOOTSTRAPS = 2000
# Student's t, 97.5 %, for so many points less two.
T_QUANTILE = {1: 12.71, 2: 4.30, 3: 3.18, 4: 2.78, 5: 2.57, 6: 2.45, 7: 2.36}


class Account:
    """A group of processes whose CPU time is counted. Soft interrupts that come while one of them runs count
    as its own, on kernels that do not account interrupts apart."""

    numbers = itertools.count(1)

    def __init__(self, kind, stack):
        self.kind = kind
        self.pids = []
        if kind == "proc":
            return
        base = CPUACCT if kind == "cpuacct" else UNIFIED
        self.folder = base / f"warren-bench-{os.getpid()}-{next(self.numbers)}"
        self.folder.mkdir()
        # Processes that have just been waited for may need a moment to leave.
        stack.callback(self.remove)

    def remove(self):
        for _ in range(50):
            try:
                self.folder.rmdir()
                return
            except OSError:
                time.sleep(0.02)

    def enter(self):
        """In the child, before it becomes the program."""
        if self.kind != "proc":
            (self.folder / "cgroup.procs").write_text(str(os.getpid()))

    def cpu_ns(self):
        if self.kind == "cpuacct":
            return int((self.folder / "cpuacct.usage").read_text())
        if self.kind == "cpu.stat":
            return int((self.folder / "cpu.stat").read_text().split()[1]) * 1000
        return sum(schedstat_ns(task) for pid in self.pids for task in Path(f"/proc/{pid}/task").iterdir())


def schedstat_ns(task):
    return int((task / "schedstat").read_text().split()[0])


def account_kind():
    """How CPU time can be counted here, best first; says so when it is a makeshift."""
    for kind, base, file in (("cpuacct", CPUACCT, "cpuacct.usage"), ("cpu.stat", UNIFIED, "cpu.stat")):
        trial = base / f"warren-bench-{os.getpid()}"
        try:
            trial.mkdir()
            there = (trial / file).exists()
            trial.rmdir()
            if there:
                return kind
        except OSError:
            pass
    print("no cgroup can be made: CPU time is that of the programs' threads", file=sys.stderr)
    return "proc"


class SoftInterrupts:
    """The kernel's threads that take over when soft interrupts are too many; on a quiet machine, ours."""

    def __init__(self):
        self.tasks = [path.parent for path in Path("/proc").glob("[0-9]*/comm")
                      if path.read_text().startswith("ksoftirqd/")]

    def cpu_ns(self):
        return sum(schedstat_ns(task) for task in self.tasks)


def machine_jiffies():
    """(stolen, all) since the start."""
    fields = [int(field) for field in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    return fields[7], sum(fields)


class Spinners:
    """Keeps the cores awake with what runs only when nothing else wants to; for latencies."""

    def __init__(self, stack):
        for core in os.sched_getaffinity(0):
            process = stack.enter_context(
                subprocess.Popen([sys.executable, "-c", "while True: pass"],
                                 preexec_fn=lambda core=core: self.settle(core)))
            stack.callback(process.kill)

    @staticmethod
    def settle(core):
        os.sched_setaffinity(0, {core})
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))


def blocks(measures, count, note):
    """Runs each of `measures` (name: function) twice in each block, A B C C B A, and calls
    `note(block, name, sample)` for each sample of those blocks in which the machine was ours, until there are
    `count` of them or twice as many were tried. Returns how many blocks were dropped."""
    dropped = 0
    for block in range(2 * count):
        if block - dropped == count:
            break
        stolen, total = machine_jiffies()
        samples = [(name, measures[name]()) for order in (1, -1) for name in list(measures)[::order]]
        stolen_then, total_then = machine_jiffies()
        if stolen_then - stolen > STEAL_MAX * (total_then - total):
            dropped += 1
            continue
        for name, sample in samples:
            note(block, name, sample)
    return dropped


def ratio(pairs):
    """Of pairs of samples that were neighbours in time: the median of first to second, and its interval of
    95 % by bootstrap."""
    dice = random.Random(1)
    logs = [math.log(first / second) for first, second in pairs]
    medians = sorted(statistics.median(dice.choices(logs, k=len(logs))) for _ in range(BOOTSTRAPS))
    low, high = medians[BOOTSTRAPS * 25 // 1000], medians[BOOTSTRAPS * 975 // 1000]
    return tuple(math.exp(value) for value in (statistics.median(logs), low, high))


def slope(points):
    """Of the least-squares line, and half the width of its 95 % interval."""
    count = len(points)
    mean_x = sum(x for x, _ in points) / count
    mean_y = sum(y for _, y in points) / count
    square = sum((x - mean_x) ** 2 for x, _ in points)
    rise = sum((x - mean_x) * (y - mean_y) for x, y in points) / square
    rest = sum((y - mean_y - rise * (x - mean_x)) ** 2 for x, y in points)
    return rise, T_QUANTILE[count - 2] * math.sqrt(rest / (count - 2) / square)

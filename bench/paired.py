"""A program that is measured on a core of its own, and its counterpart on another: both answer a line of
stdin with a line of stdout.
"""

import os
import subprocess
from pathlib import Path

import method

CORES = sorted(os.sched_getaffinity(0))
MEASURED, COUNTERPART = CORES[-1], CORES[0]


def start(stack, core, *words):
    process = stack.enter_context(subprocess.Popen(
        [str(word) for word in words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
        preexec_fn=lambda: os.sched_setaffinity(0, {core})))
    stack.callback(process.kill)
    return process


def read(process):
    answer = process.stdout.readline().strip()
    if not answer:
        raise SystemExit(f"{Path(process.args[0]).name} has ended")
    return answer


def ask(process, line):
    process.stdin.write(f"{line}\n")
    return read(process)


def cpu_ns(process):
    return sum(method.schedstat_ns(task) for task in Path(f"/proc/{process.pid}/task").iterdir())

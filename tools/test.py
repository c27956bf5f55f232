"""`./dev test`: everything that CI runs, as stages, one line each. Whole outputs are in build/test/STAGE.log.

A failed stage does not stop the later ones; the lines that name what failed are shown, and the end of its
log. The last line is `N passed, N failed`: test cases of all stages. A runner (test/cli/run.py, ...) ends
its own output with such a line, names each failed case in a line that begins with "FAIL", and says in one
that begins with "skipped" what it left out, with "again" what it judged by a second run; a stage without a
count is one case.
"""

import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOGS = ROOT / "build" / "test"
CTEST_LOG = ROOT / "build" / "dev" / "Testing" / "Temporary" / "LastTest.log"
SYMBOLIZER = "/usr/lib/llvm-19/bin/llvm-symbolizer"  # gives the sanitizers' traces their names
MINUTE = 60
SEEDS_FULL = "200"
FUZZ_SECONDS_FULL = "60"
THREADS_ROUNDS_FULL = "20"
ONLY_FULL = ("threads", "fuzz")  # stages of --full, or when they are named
TAIL_LINES = 60
FAILURE_LINES = 100


@dataclass
class Stage:
    name: str
    commands: list
    about: str
    needs: tuple = ()  # stages that build what this one runs; --only brings them along
    limit: int = 30 * MINUTE
    present: bool = True  # its runner is in the tree
    is_case: bool = True  # counts as one test case when it does not count its own; a build does not
    env: dict = field(default_factory=dict)


@dataclass
class Counts:
    passed: int = 0
    failed: int = 0


def ctest(*selection):
    jobs = os.environ.get("WARREN_JOBS", str(os.cpu_count() or 1))
    return [
        "ctest",
        "--test-dir",
        "build/dev",
        "-j",
        jobs,
        "--output-on-failure",
        "--no-tests=ignore",
        *selection,
    ]


# ThreadSanitizer wants the address space as it knows it; kernels that randomize more of it make it give up.
def thread_sanitizer():
    program = ["build/tsan/bin/threads_test"]
    fixed = ["setarch", "--addr-no-randomize"]
    if not shutil.which("setarch") or subprocess.run([*fixed, "true"], capture_output=True).returncode != 0:
        return program  # a container may forbid it
    return fixed + program


def simulated_dht(full):
    """500 nodes, or thousands of them, whose lookups have to reach their goals (test/sim/dht)."""
    small = "--nodes 500 --lookups 200 --settle 0.5 --quiet 0 --minutes 1 --attack 24"
    large = "--nodes 10000 --no-join --lookups 1000 --settle 0.1 --quiet 0 --minutes 0"
    runs = [small, large] if full else [small]
    return [["build/release/bin/dht_sim", *run.split(), "--check"] for run in runs]


def simulated_relays(full):
    """Days of a home behind relays that fail at random: reachable 99.9 % of the time (test/sim/relay)."""
    seeds = "200" if full else "5"
    return [["build/release/bin/relay_sim", "--seeds", seeds, "--check"]]


def simulated_punches(full):
    """Pairs behind all kinds of routers, each as its tables say, a seed twice the same (test/sim/punch)."""
    seeds = "1000" if full else "10"
    return [["build/release/bin/punch_sim", "--seeds", seeds, "--check", "--twice"]]


def simulated_broadcasts(full):
    """1,000 nodes that broadcast, and two attacks; in full 10,000, churn, all attacks (test/sim/gossip)."""
    quiet = ["--nodes 1000 --sizes 1024,4096,65536 --messages 40"]
    attacks = [f"--nodes 200 --attack {name} --alone" for name in ("eclipse-one", "covert-flash")]
    long = [
        "--nodes 10000 --sizes 1024,4096,65536 --messages 40",
        "--nodes 1000 --sizes 1024,4096,65536 --churn 10",
        "--nodes 1000 --topics 4 --messages 160 --rate 8",
        "--nodes 1000 --matrix",
    ]
    runs = quiet + attacks + (long if full else [])
    return [["build/release/bin/gossip_sim", *run.split(), "--check"] for run in runs]


def sanitized_stages(full):
    """From sources to what runs under ASan and UBSan."""
    tidy = [sys.executable, "tools/tidy.py"]
    self_test = [sys.executable, "tools/tidy_test.py"]
    seeds = {"WARREN_SIM_SEEDS": os.environ.get("WARREN_SIM_SEEDS", SEEDS_FULL)} if full else {}
    return [
        Stage("tidy", [tidy, self_test], "style, layers, and the checker's own tests"),
        Stage(
            "format",
            [["./dev", "fmt", "--check"]],
            "clang-format",
            present=bool(shutil.which("clang-format-19")),
        ),
        Stage(
            "build",
            [["./dev", "build", "dev"]],
            "everything, with ASan and UBSan",
            limit=90 * MINUTE,
            is_case=False,
        ),
        Stage("headers", [tidy + ["--headers"]], "each header compiles alone", ("build",)),
        Stage("unit", [ctest("-L", "^unit$")], "beside the code", ("build",)),
        Stage(
            "sim",
            [ctest("-L", "^sim$")],
            "several nodes in virtual time",
            ("build",),
            180 * MINUTE,
            env=seeds,
        ),
        Stage("corpus", [ctest("-L", "^fuzz$")], "every decoder on its corpus", ("build",)),
    ]


def release_stages(full):
    """What the program as it is installed does."""

    def runner(path):
        return [[sys.executable if path.endswith(".py") else "bash", path]], (ROOT / path).exists()

    install, has_install = runner("test/install/run.sh")
    cli, has_cli = runner("test/cli/run.py")
    interop, has_interop = runner("test/interop/run.py")
    net, has_net = runner("test/net/run.py")
    demo, has_demo = runner("test/demo/demo.py")
    return [
        Stage(
            "release",
            [["./dev", "build", "release"]],
            "the program as it is installed",
            limit=90 * MINUTE,
            is_case=False,
        ),
        Stage("dht", simulated_dht(full), "a simulated DHT with the dead, churn and sybils", ("release",)),
        Stage(
            "relays",
            simulated_relays(full),
            "a day behind relays that fail, in virtual time",
            ("release",),
            60 * MINUTE,
        ),
        Stage(
            "punches",
            simulated_punches(full),
            "pairs behind routers of all kinds, in virtual time",
            ("release",),
            60 * MINUTE,
        ),
        Stage(
            "gossip",
            simulated_broadcasts(full),
            "broadcast among many, and under attack, in virtual time",
            ("release",),
            120 * MINUTE,
        ),
        Stage("install", install, "a consumer of find_package(Warren)", ("release",), present=has_install),
        Stage("cli", cli, "daemons and the command line", ("release",), present=has_cli),
        Stage("interop", interop, "other implementations", ("release",), present=has_interop),
        Stage("net", net, "daemons in network namespaces", ("release",), present=has_net),
        Stage(
            "demo",
            [*demo, [*demo[0], "--loopback"]],
            "the demonstration, and that on loopback",
            ("release",),
            3 * MINUTE,
            present=has_demo,
        ),
    ]


def long_stages(full):
    """Of --full."""
    seconds = os.environ.get("WARREN_FUZZ_SECONDS", FUZZ_SECONDS_FULL)
    return [
        Stage(
            "threads",
            [["bash", "-c", './dev build tsan && exec "$@"', "threads", *thread_sanitizer()]],
            "many threads, under ThreadSanitizer",
            limit=90 * MINUTE,
            present=full,
            env={
                "TSAN_OPTIONS": "second_deadlock_stack=1",
                "WARREN_THREADS_ROUNDS": os.environ.get("WARREN_THREADS_ROUNDS", THREADS_ROUNDS_FULL),
            },
        ),
        Stage(
            "fuzz",
            [["./dev", "fuzz", "all", seconds]],
            "libFuzzer, every target",
            limit=600 * MINUTE,
            present=full,
        ),
    ]


def stages(full):
    return [*sanitized_stages(full), *release_stages(full), *long_stages(full)]


def selected(all_stages, names):
    """All stages, or those named and what they need. Another name is part of a ctest test's name."""
    if not names:
        return [stage for stage in all_stages if stage.present]
    known = {stage.name: stage for stage in all_stages}
    wanted = set()
    for name in names:
        wanted |= {name, *known[name].needs} if name in known else {"build"}
    chosen = [stage for stage in all_stages if stage.name in wanted]
    for name in names:
        if name not in known:
            chosen.append(Stage(name.replace("/", "_"), [ctest("-R", name, "--no-tests=error")], "by name"))
    return chosen


def ctest_counts(output):
    """Verdicts are in ctest's own output, the cases of a doctest program in the full log that ctest keeps.
    A program without doctest's summary is one case, one that was left out (its skip code) none."""
    log = CTEST_LOG.read_text(errors="replace") if CTEST_LOG.exists() else ""
    cases = {}
    for block in re.split(r"^\d+/\d+ Test: ", log, flags=re.M)[1:]:
        found = re.search(r"test cases:\s+\d+ \|\s+(\d+) passed \|\s+(\d+) failed", block)
        if found:
            cases[block.split("\n", 1)[0].strip()] = (int(found[1]), int(found[2]))
    counts = Counts()
    for name, verdict in re.findall(r"^ *\d+/\d+ Test +#\d+: (\S+) \.+ *(\*{0,3}[A-Z][a-z]+)", output, re.M):
        if verdict == "***Skipped":
            continue
        passed, failed = cases.get(name, (int(verdict == "Passed"), 0))
        counts.passed += passed
        counts.failed += failed if verdict == "Passed" else max(1, failed)
    return counts


def own_counts(output):
    """The last `N passed, N failed` line of a command's output, or doctest's summary, if it has one."""
    counts = r"^(?:\[doctest\] test cases:\s+\d+ \|\s+)?(\d+) passed[,\s|]+(\d+) failed"
    lines = re.findall(counts, output, re.M)
    return Counts(int(lines[-1][0]), int(lines[-1][1])) if lines else None


def run_command(command, log, limit, env):
    """Runs in a process group of its own, so that nothing is left behind after a time-out or Ctrl-C.
    Returns the exit status and the output."""
    started = log.tell()
    try:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env={**os.environ, **env},
            start_new_session=True,
        )
    except OSError as error:
        log.write(f"{command[0]} could not be started: {error}\n".encode())
        return 127, ""
    try:
        status = process.wait(limit)
    except (subprocess.TimeoutExpired, KeyboardInterrupt) as stop:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        if isinstance(stop, KeyboardInterrupt):
            raise
        log.seek(0, os.SEEK_END)
        log.write(f"\ntimed out after {limit} s\n".encode())
        log.flush()
        status = 124
    log.flush()
    log.seek(started)
    output = log.read().decode(errors="replace")
    log.seek(0, os.SEEK_END)
    return status, output


def show_failure(log_path):
    """The lines that name what failed, then the end of the log, which on a CI machine may be all there is."""
    lines = log_path.read_text(errors="replace").splitlines()
    # Words of a runner or of ninja; ctest's list at its end; a failed check; a sanitizer's verdict.
    names = r"FAIL|\s*\d+ - \S+ \((Failed|Not Run|Timeout|SEGFAULT|Subprocess aborted|Child aborted)\b"
    names += r"|\S+:\d+: (FATAL )?ERROR: |SUMMARY: "
    failures = []
    named = False
    for line in lines:
        # A runner tells the reason below the name, behind a bar.
        named = bool(re.match(names, line)) or (named and line.startswith("    | "))
        if named:
            failures.append(line)
    shown = failures[:FAILURE_LINES]
    if len(failures) > len(shown):
        shown.append(f"... and {len(failures) - len(shown)} more")
    shown += ["", *lines[-TAIL_LINES:]]
    print("\n".join(f"    | {line}" for line in shown))
    print(f"    the whole output: {log_path.relative_to(ROOT)}", flush=True)


def run_stage(stage, total):
    print(f"{stage.name:<9} {stage.about:<46}", end="", flush=True)
    begin = time.monotonic()
    counts = Counts()
    remarks = []
    log_path = LOGS / f"{stage.name}.log"
    with open(log_path, "wb+") as log:
        for command in stage.commands:
            if command[0] == "ctest":
                CTEST_LOG.unlink(missing_ok=True)
            status, output = run_command(command, log, stage.limit, stage.env)
            part = ctest_counts(output) if command[0] == "ctest" else own_counts(output)
            if part is None:
                part = Counts(passed=int(stage.is_case and status == 0))
            if status != 0 and part.failed == 0:
                part.failed = 1
            counts.passed += part.passed
            counts.failed += part.failed
            remarks += re.findall(r"^(?:skipped|again) .*", output, re.M)
    seconds = time.monotonic() - begin
    verdict = f"{counts.passed} passed" if stage.is_case or counts.failed else "built"
    print(f"{seconds:7.1f} s  {verdict}" + (f", {counts.failed} FAILED" if counts.failed else ""))
    for line in remarks:
        print(f"          {line}")
    if counts.failed:
        show_failure(log_path)
    total.passed += counts.passed
    total.failed += counts.failed


def main():
    parser = argparse.ArgumentParser(prog="./dev test")
    parser.add_argument("--full", action="store_true", help="adds many seeds and minutes of fuzzing")
    parser.add_argument(
        "--only", action="append", default=[], metavar="NAME", help="a stage, or part of a test's name"
    )
    arguments = parser.parse_args()
    LOGS.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("UBSAN_OPTIONS", "print_stacktrace=1")
    for sanitizer in ("ASAN", "UBSAN"):
        os.environ.setdefault(f"{sanitizer}_SYMBOLIZER_PATH", SYMBOLIZER)
    os.environ.setdefault("CTEST_COLOR_OUTPUT", "0")

    total = Counts()
    begin = time.monotonic()
    try:
        full = arguments.full or any(name in ONLY_FULL for name in arguments.only)
        for stage in selected(stages(full), arguments.only):
            run_stage(stage, total)
    except KeyboardInterrupt:
        print("\ninterrupted")
        total.failed += 1
    print(f"{'':<9} {'all stages':<46}{time.monotonic() - begin:7.1f} s\n")
    print(f"{total.passed} passed, {total.failed} failed")
    return 1 if total.failed else 0


if __name__ == "__main__":
    sys.exit(main())

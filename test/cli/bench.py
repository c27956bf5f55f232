"""What the cases share: a registry, and fresh nodes in a temporary folder."""

import concurrent.futures
import contextlib
import functools
import re
import time
import traceback
from pathlib import Path

from program import READY_S, RUNS, Failure, Node, require, scratch

CASES = []

POLL_MIN_S, POLL_MAX_S = 0.01, 0.2

NODE_ID = re.compile(r"zEPJ[1-9A-HJ-NP-Za-km-z]{45}")
PEER_ID = re.compile(r"12D3KooW[1-9A-HJ-NP-Za-km-z]{44}")

# A well-formed PeerID and NodeID of keys that nobody here has.
STRANGER = "12D3KooWAn77DQ4Xz3BcoEE8yA5nX6xTGNmD7EnsRmNuXmcF1chE"
STRANGER_NODE = "zEPJcGHUVYyrGAXXGQhLF39KAny4ojC9RPmA777H2iVztKwBd"

COMMANDS = (
    "init up id status addrs netcheck relays peers connect ping why bench send inbox serve request "
    "broadcast subscribe topics events limits metrics allow deny access completion find"
).split()
GROUPS = {"dht": "put get provide providers stats".split(), "bootstrap": "add rm ls zone".split()}
# With those in groups: "dht put"...
ALL_COMMANDS = COMMANDS + [f"{group} {name}" for group, names in GROUPS.items() for name in names]


# More than these that fail beside each other are not haste.
AGAIN_MAX = 3


def case(function):
    CASES.append(function)
    return function


def alone(function):
    """For cases that measure memory, or keep a processor busy: nothing runs beside them."""
    function.alone = True
    return function


def run(case, program):
    """What went wrong, or nothing, and how many seconds it took."""
    begin = time.monotonic()
    problem = None
    with scratch(prefix="warren-test-") as folder:
        try:
            case(Bench(program, folder))
        except Failure as failure:
            problem = "\n".join([str(failure), *getattr(failure, "__notes__", [])])
        except Exception:  # a bug in a case is a failed case
            problem = traceback.format_exc()
    return problem, time.monotonic() - begin


def run_together(program, *groups):
    """Cases, and how many of these run at a time: all groups beside each other. They are reported in their
    order. How many failed. That cases run beside each other is our haste and not what they are about: a few
    that fail so run once more, each by itself, and are judged by that; the first reason is told as well."""
    failed, hurried, results = 0, [], []
    with contextlib.ExitStack() as stack:
        for cases, at_once in groups:
            pool = stack.enter_context(concurrent.futures.ThreadPoolExecutor(at_once))
            stack.push(functools.partial(give_up, results))  # before the pool waits
            results += [(case, pool.submit(run, case, program), at_once > 1) for case in cases]
        for case, result, beside_others in results:
            problem, seconds = result.result()
            if problem is not None and beside_others and len(results) > 1 and len(hurried) < AGAIN_MAX:
                hurried.append((case, problem))
            else:
                failed += report(case, problem, seconds)
    for case, problem in hurried:
        print(f"again  {case.__name__.replace('_', ' ')}, by itself; beside others it said:", flush=True)
        show(problem)
        failed += report(case, *run(case, program))
    return failed


def give_up(results, kind, *_error):
    """After Ctrl-C, or when the time is over: the cases that run tidy up, and no other begins."""
    if kind is not None:
        for _, result, _ in results:
            result.cancel()
        RUNS.give_up()


def show(problem):
    print("\n".join(f"    | {line}" for line in problem.splitlines()), flush=True)


def report(case, problem, seconds):
    """Prints the case's line. Whether it failed."""
    verdict = "ok    " if problem is None else "FAILED"
    print(f"{verdict} {case.__name__.replace('_', ' ')} ({seconds:.1f} s)", flush=True)
    if problem:
        show(problem)
    return problem is not None


class Bench:
    """The program under test, and a folder for one case."""

    def __init__(self, program, folder):
        self.program = Path(program)
        self.folder = Path(folder)

    def node(self, name="node", *words):
        """A node that `warren init` has made; not running."""
        node = Node(self.program, self.folder / name)
        node.init(*words)
        return node

    def bare(self, name="node"):
        """A node that nothing has been done for."""
        return Node(self.program, self.folder / name)


class Pair:
    """Two running nodes, the first of which has connected to the second."""

    def __init__(self, bench, *words, init=()):
        self.alice = bench.node("alice", *init)
        self.bob = bench.node("bob", *init)
        self.words = words

    def __enter__(self):
        try:
            for node in (self.alice, self.bob):
                node.up(*self.words)
            self.alice.do("connect", self.bob.addresses[0])
        except BaseException as error:
            self.__exit__(type(error), error, None)
            raise
        return self.alice, self.bob

    def __exit__(self, *reason):
        self.alice.__exit__(*reason)
        self.bob.__exit__(*reason)


def configure(node, *lines, section="[limits]"):
    """Puts lines at the head of a section of warren.toml."""
    config = node.path / "warren.toml"
    text = config.read_text()
    head = f"\n{section}\n"
    require(head in text, f"warren.toml has no {section}")
    config.write_text(text.replace(head, head + "\n".join(lines) + "\n"))


@contextlib.contextmanager
def trio(bench, *limits):
    """Alice, bob and carol, all running. `limits`: lines for bob's [limits]."""
    alice, bob, carol = (bench.node(name) for name in ("alice", "bob", "carol"))
    configure(bob, *limits)
    with alice, bob, carol:
        for node in (alice, bob, carol):
            node.up()
        yield alice, bob, carol


def serve(node, name, command, *words):
    """Starts `warren serve` and waits until others can ask."""
    process = node.start("serve", name, "--exec", command, *words)
    line = process.line()
    require(line.startswith(f"Serving {name}"), f"unexpected: {line!r}")
    return process


def expect_status(result, status, *texts):
    """The exit status, and what its one sentence on standard error has to name."""
    require(
        result.status == status,
        f"`{result.line()[:100]}` ended with {result.status}, not {status}: {result.stderr}",
    )
    if status != 0:
        lines = result.stderr.splitlines()
        require(len(lines) == 1, f"`{result.line()[:100]}`: not one sentence: {result.stderr!r}")
        require(lines[0].startswith("warren: "), f"not prefixed: {lines[0]!r}")
    for text in texts:
        require(text in result.stderr, f"`{result.line()[:100]}` does not say {text!r}: {result.stderr!r}")


def inbox(node, *words):
    return node.do("inbox", "--json", *words).jsons()


def wait_until(condition, what, within=READY_S):
    """For what has no line to wait for. `condition` runs a command or looks at the kernel's tables."""
    end = time.monotonic() + within
    pause = POLL_MIN_S
    while not condition():
        require(not RUNS.given_up, "the run was given up")
        if time.monotonic() > end:
            raise Failure(f"{what}: not within {within} s")
        time.sleep(pause)  # who asks all the time keeps the machine from what it is asked for
        pause = min(2 * pause, POLL_MAX_S)

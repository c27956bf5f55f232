"""What two nodes behind routers keep when things change: streams that began on a relay, paths that die while
the relay still lives, routers that forget, and hosts that move to another network."""

import contextlib
import hashlib
import itertools
import os
import subprocess
import time

from bench import Bench, case, serve
from country import Country, Resident, request
from nodes import beside_few
from pace import Late, in_some_try
from pairs import Story
from program import COMMAND_S, Failure, environment, require

DELAY = "40ms"
# This machine may have other work: these happen by themselves, and how soon is printed.
DIRECT_S = STANDBY_S = REBOOTED_S = SETTLED_S = MOVED_S = 90
# Promised are half of these, in the best of a few tries.
RELAYED_AGAIN_S = 4
DIRECT_AGAIN_S = 10
TRIES = 3
# What was first sent within this time after the start of who is asked may have run before that start, by a
# clock that is wrong: when it is asked again, its outcome is unknown (docs/wire.md, "Requests").
DOUBT_S = 30
REQUEST_BYTES = (16 << 20) - (64 << 10)  # as many as a message can carry, and a little less


class Two:
    """Asker and asked, on hosts of homes of their own, and a spare home. A context manager; both run."""

    def __init__(self, bench, asker="port-restricted", asked="port-restricted", **link):
        self.bench = bench
        self.kinds = asker, asked
        self.link = {"delay": DELAY, **link}
        self.stack = contextlib.ExitStack()

    def __enter__(self):
        try:
            self.country = self.stack.enter_context(Country(self.bench))
            self.asker, self.asked = (self.new(f"{number}", kind) for number, kind in enumerate(self.kinds))
            self.spare = self.country.net.home("spare", "port-restricted", **self.link)
            self.stories = {}
            self.country.each(self.start, (self.asker, self.asked))
        except BaseException as error:
            self.__exit__(type(error), error, None)
            raise
        return self

    def __exit__(self, *reason):
        return self.stack.__exit__(*reason)

    def new(self, name, kind):
        home = self.country.net.home(f"home{name}", kind, **self.link)
        host = home.host(f"host{name}")
        resident = Resident(self.country.new_node(host, f"node{name}"), home)
        resident.host = host
        return resident

    def start(self, resident):
        self.country.start_here(resident)
        resident.story = Story(resident.node)
        self.stack.callback(resident.story.close)
        found = resident.story.until_relayed(SETTLED_S)
        require(found is not None, "no relay is held")
        end = time.monotonic() + SETTLED_S
        while "unknown" in (resident.netcheck()["udp4"][name] for name in ("mapping", "filtering")):
            require(time.monotonic() < end, "its NAT is not known")
            time.sleep(0.2)

    def serve(self, name, command):
        """It notes each time that it is asked."""
        noted = f"echo asked >> {self.bench.folder}/asked; {command}"
        self.stack.enter_context(self.country.pool.submit(serve, self.asked.node, name, noted).result())

    def times_asked(self):
        log = self.bench.folder / "asked"
        return len(log.read_text().splitlines()) if log.exists() else 0

    def ask(self):
        return request(self.asker, self.asked)

    def until_direct(self, since, within=DIRECT_S):
        """Seconds from then (Unix time) until the asker's path is direct."""
        took = self.asker.story.until_direct(self.asked.node.peer_id, within, since)
        if took is None:
            report = self.why()
            raise Failure(f"not direct within {within} s: {report['reason']}: {report['why']}")
        return took

    def meet(self):
        self.serve("upper", "tr a-z A-Z")
        begin = time.time()
        self.ask()
        took = self.until_direct(begin)
        other = self.asked.story.until_direct(self.asker.node.peer_id, DIRECT_S, begin)
        require(other is not None, "the other side's path is not direct")
        return took

    def why(self):
        return self.asker.node.do("why", self.asked.node.node_id, "--json").json()

    def asked_until_answered(self, within):
        """Seconds until an answer comes, by asking with patience for a second, again and again."""
        begin = time.monotonic()
        words = ("request", self.asked.node.node_id, "upper", "again", "--timeout", "1")
        while time.monotonic() - begin < within:
            if self.asker.node.run(*words, within=COMMAND_S).status == 0:
                return time.monotonic() - begin
        raise Failure(f"not answered within {within} s: {self.why()['why']}")

    def move(self, resident, home):
        """It takes its cable from one home to the other."""
        resident.home.release(resident.host)
        home.admit(resident.host)
        resident.home = home

    def cut_directly(self):
        """Packets between the two routers vanish; all others pass."""
        one, other = self.asker.home.outside, self.asked.home.outside
        for source, target in ((one, other), (other, one)):
            self.country.net.core.ip("rule", "add", "from", source, "to", target, "blackhole")

    def start_request(self, name, path, timeout=60):
        """A blocking request with that file, under way."""
        node = self.asker.node
        words = ["request", self.asked.node.node_id, name, "--file", path, "--timeout", str(timeout)]
        process = subprocess.Popen(
            [*node.within, node.program, *words, "--data-dir", node.path],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment(),
        )
        self.stack.callback(end, process)
        return process


def part(bench, name):
    """The same with a folder of its own."""
    folder = bench.folder / name
    folder.mkdir()
    return Bench(bench.program, folder)


def end(process):
    if process.poll() is None:
        process.kill()
    process.communicate()


def outcome_of(process, within=90):
    answer, error = process.communicate(timeout=within)
    return process.returncode, answer, error.decode().strip()


@case
@beside_few
def a_request_that_began_on_the_relay_ends_there_unharmed(bench):
    with Two(bench) as two:
        two.serve("slow", "sleep 6; sha256sum")
        data = os.urandom(64 << 10)
        path = bench.folder / "data"
        path.write_bytes(data)
        begin = time.time()
        process = two.start_request("slow", path)
        took = two.until_direct(begin)
        require(process.poll() is None, "the request ended before the path was direct")
        status, answer, error = outcome_of(process)
        require(status == 0, f"it failed after the path became direct: {error}")
        require(answer.split()[0].decode() == hashlib.sha256(data).hexdigest(), f"the answer is {answer!r}")
        require(two.times_asked() == 1, f"asked {two.times_asked()} times")
        print(f"    direct after {took:.2f} s, answered after {time.time() - begin:.2f} s", flush=True)


@case
@beside_few
def the_relay_takes_over_when_the_direct_path_is_cut(bench):
    with Two(bench) as two:
        direct = two.meet()
        two.cut_directly()
        begin = time.time()
        answered = two.asked_until_answered(STANDBY_S)
        relayed = two.asker.story.until_path(two.asked.node.peer_id, "relayed", STANDBY_S, begin)
        require(relayed is not None, "no event tells that the path is relayed")
        figures = f"direct after {direct:.2f} s; cut: answered after {answered:.2f} s"
        print(f"    {figures}, told after {relayed:.2f} s", flush=True)


@case
@beside_few
def a_router_forgets_all_mappings_and_the_path_is_back(bench):
    for kind in ("port-restricted", "symmetric-random"):
        with Two(part(bench, kind), asker="full-cone", asked=kind) as two:
            two.meet()
            begin = time.time()
            two.asked.home.reboot()
            answered = two.asked_until_answered(REBOOTED_S)
            left = max(1, int(begin + REBOOTED_S - time.time()))
            words = ("ping", two.asked.node.node_id, "--until-direct", "--timeout", str(left))
            pinged = two.asker.node.run(*words, within=COMMAND_S)
            require(pinged.status == 0, f"not direct again: {pinged.stderr}")
            back = time.time() - begin
            print(f"    {kind}: answered after {answered:.2f} s, direct after {back:.2f} s", flush=True)


@case
@beside_few
def after_a_move_the_relayed_path_is_soon_there_and_then_the_direct_one(bench):
    numbers = itertools.count()
    in_some_try(lambda: expect_a_good_move(part(bench, f"try{next(numbers)}")), TRIES, of=Late)


def expect_a_good_move(bench):
    with Two(bench) as two:
        two.meet()
        begin = time.time()
        two.move(two.asked, two.spare)
        moved = time.time()
        answered = two.asked_until_answered(MOVED_S)
        words = ("ping", two.asked.node.node_id, "--until-direct", "--timeout", str(MOVED_S))
        two.asker.node.do(*words, within=COMMAND_S)
        direct = time.time() - moved
        figures = f"answered after {answered:.2f} s, direct after {direct:.2f} s"
        print(f"    moved within {moved - begin:.2f} s: {figures}", flush=True)
        if answered > RELAYED_AGAIN_S or direct > DIRECT_AGAIN_S:
            raise Late(f"too late: {figures}")


class LargeRequest:
    """The largest one, under way; its service takes a while, so that there is time to move."""

    RUNS_S = 4
    TIMEOUT_S = 60

    def __init__(self, two, data):
        self.two = two
        self.data = data
        self.before = two.times_asked()
        path = two.bench.folder / "data"
        path.write_bytes(data)
        self.process = two.start_request("slow-echo", path, self.TIMEOUT_S)

    def wait_for(self, moment):
        if moment != "it is sent":
            end = time.monotonic() + self.TIMEOUT_S
            while self.two.times_asked() == self.before:
                require(time.monotonic() < end, "the service was not asked")
                time.sleep(0.1)
        if moment == "the answer comes":
            time.sleep(self.RUNS_S)
        time.sleep(1.5)  # of more than three seconds that each way takes
        if self.process.poll() is not None:
            raise Failure(f"over before the move: {outcome_of(self.process)[2]}")

    def check(self):
        """What went wrong, in a sentence, when it did not complete. Never both an answer and an error, and
        never executed twice."""
        status, answer, error = outcome_of(self.process)
        executed = self.two.times_asked() - self.before
        require(executed <= 1, f"{executed} executions")
        if status == 0:
            require(answer == self.data, f"{len(answer)} bytes, which are not those that were sent")
            require(error == "" and executed == 1, f"an answer, {executed} executions, and: {error!r}")
            return None
        said_why = answer == b"" and len(error.splitlines()) == 1
        require(said_why, f"{len(answer)} bytes, and not one sentence: {error!r}")
        return error


def move_during(two, who, moment, spare):
    """How long the request took from the move on, and why it failed, if it did."""
    request = LargeRequest(two, os.urandom(REQUEST_BYTES))
    request.wait_for(moment)
    two.move(getattr(two, who), spare)
    begin = time.monotonic()
    error = request.check()
    took = time.monotonic() - begin
    told = "completed" if error is None else f"failed: {error}"
    print(f"    the {who} moves while {moment}: {told}, {took:.2f} s after the move", flush=True)
    return error


@case
@beside_few
def the_largest_request_completes_while_one_side_moves_to_another_network(bench):
    errors = []
    moments = ("it is sent", "it runs", "the answer comes")
    for who in ("asker", "asked"):
        with Two(part(bench, who), rate="40mbit") as two:
            two.serve("slow-echo", f"sleep {LargeRequest.RUNS_S}; cat")
            two.meet()
            time.sleep(max(0, two.asked.started + DOUBT_S + 1 - time.time()))
            for number, moment in enumerate(moments):
                spare = two.country.net.home(f"spare{number}", "port-restricted", **two.link)
                errors.append(move_during(two, who, moment, spare))
                two.until_direct(time.time(), SETTLED_S)
    failed = [error for error in errors if error is not None]
    print(f"    {len(errors) - len(failed)} of {len(errors)} completed", flush=True)
    require(not failed, "; ".join(failed))

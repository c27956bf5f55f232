"""The link does what it is set to. What chance decides has limits that it breaks once in millions of runs;
what is measured in time is tried again, since a busy machine spoils some tries, and a fault spoils all."""

import errno
import functools
import socket
import subprocess
import sys
import time
from pathlib import Path

from bench import case, wait_until
from flow import Flow
from lab import Lab
from namespaces import NAMESPACES, LabError, remove_leftovers
from nodes import beside_others
from pace import in_some_try
from precision import expect_precision
from program import Failure, require

HERE = Path(__file__).resolve().parent


class Pair:
    """Two hosts and a link. A context manager."""

    def __init__(self, **options):
        self.lab = Lab()
        self.options = options

    def __enter__(self):
        self.lab.__enter__()
        try:
            self.a, self.b = self.lab.host("a"), self.lab.host("b")
            self.link = self.lab.link(self.a, self.b, **self.options)
        except BaseException:
            self.lab.__exit__()
            raise
        return self

    def __exit__(self, *reason):
        self.lab.__exit__(*reason)


def delays_of(flow, link, count=100):
    flow.send(count, pause=0.002)
    arrivals = flow.arrivals(link)
    require(len(arrivals) == count, f"{len(arrivals)} of {count} packets arrived")
    return [arrival.delay for arrival in arrivals]


@case
def each_way_has_its_own_delay(_bench):
    with Pair() as pair:
        for family in (socket.AF_INET, socket.AF_INET6):
            with Flow(pair.a, pair.b, family) as there, Flow(pair.b, pair.a, family) as back:
                for flow, way, delay, other in ((there, "a->b", 0.040, 0.015), (back, "b->a", 0.015, 0.040)):
                    pair.link.set("both", delay=f"{other * 1000:g}ms")

                    def set_delay(seconds, way=way):
                        pair.link.set(way, delay=f"{seconds * 1000:g}ms")

                    measure = functools.partial(delays_of, flow, pair.link)
                    expect_precision(f"{family.name} {way}", measure, set_delay, delay)


@case
@beside_others
def loss_is_the_fraction_that_was_set(_bench):
    with Pair(delay="1ms", loss="5%", queue="100mb") as pair, Flow(pair.a, pair.b) as flow:
        flow.send(4000, pause=0.0001)
        lost = 4000 - len(flow.arrivals(pair.link))
        # 200 are expected, with a standard deviation of 14.
        require(120 <= lost <= 280, f"{lost} of 4000 packets were lost at 5 %")
        stats = pair.link.stats()["a->b"]
        require(stats["lost"] == lost, f"the link says {stats}")


@case
def the_rate_is_the_lines(_bench):
    with Pair(delay="5ms", rate="20mbit", queue="10mb") as pair, Flow(pair.a, pair.b) as flow:

        def measure():
            took = flow.send(1000, size=1250)
            arrivals = flow.arrivals(pair.link)
            require(len(arrivals) == 1000, f"{len(arrivals)} of 1000 packets arrived")
            # 1250 bytes are 0.5 ms of 20 Mbit/s. The first and the last can be late, which is 1 % of the
            # whole at 5 ms; should the packets not have been sent at once, the line may have stood still.
            span = arrivals[-1].at - arrivals[0].at
            require(0.49 <= span, f"1000 packets took {span:.3f} s, not 0.5 s: the line is too fast")
            told = f"1000 packets took {span:.3f} s, not 0.5 s (sent in {took:.3f} s)"
            require(span <= max(0.51, took), told)

        in_some_try(measure)


@case
def the_queue_drops_what_does_not_fit(_bench):
    with Pair(delay="5ms", rate="8mbit", queue="100kb") as pair, Flow(pair.a, pair.b) as flow:

        def measure():
            took = flow.send(400, size=1000)
            arrivals = flow.arrivals(pair.link)
            # 100 fit, and one goes each millisecond.
            most = 100 + took * 1000 + 5
            require(100 <= len(arrivals) <= most, f"{len(arrivals)} packets arrived, not 100 to {most:.0f}")
            numbers = [arrival.number for arrival in arrivals[:100]]
            require(numbers == list(range(100)), "the tail is not what drops")
            waited = arrivals[-1].delay
            require(0.100 <= waited <= 0.125, f"a full queue delayed by {waited * 1000:.0f} ms, not 105 ms")

        in_some_try(measure)


@case
def jitter_delays_and_reordering_overtakes(_bench):
    with Pair(delay="10ms", jitter="20ms") as pair, Flow(pair.a, pair.b) as flow:
        # Farther apart than the jitter, packets do not wait for one another.
        flow.send(60, pause=0.021)
        delays = sorted(arrival.delay for arrival in flow.arrivals(pair.link))
        require(len(delays) == 60 and delays[0] >= 0.010, "a packet was lost, or faster than the link")
        # All of 60 even draws of 0 to 20 ms are in one half once in 2^59 runs.
        require(delays[0] < 0.020 < delays[-1], f"the delays are {delays[0]:.4f} to {delays[-1]:.4f} s")
        flow.send(300, pause=0.001)
        numbers = [arrival.number for arrival in flow.arrivals(pair.link)]
        require(numbers == sorted(numbers) and len(numbers) == 300, "jitter reordered packets")
        pair.link.set("a->b", jitter="0", reordering="20%", held_back="8ms")
        flow.send(300, pause=0.001)
        numbers = [arrival.number for arrival in flow.arrivals(pair.link)]
        overtaken = sum(1 for here, later in zip(numbers, numbers[1:]) if later < here)
        require(len(numbers) == 300 and overtaken >= 10, f"{overtaken} of 300 packets were overtaken")


@case
@beside_others
def a_cut_link_loses_what_is_on_its_way(_bench):
    with Pair(delay="1s") as pair, Flow(pair.a, pair.b) as flow:

        def way():
            return pair.link.stats()["a->b"]

        flow.send(10)
        wait_until(lambda: way()["on_the_way"] == 10, "the packets are not on their way")
        pair.link.cut()
        require(way()["on_the_way"] == 0, "packets go on along a cut link")
        cut = way()["cut"]
        flow.send(10)
        wait_until(lambda: way()["cut"] == cut + 10, "packets are not cut off")
        pair.link.mend()
        flow.send(5)
        require(len(flow.arrivals(pair.link)) == 5, "the link is not whole again, or was not cut")


@case
@beside_others
def an_interface_that_was_down_has_its_addresses_again(_bench):
    with Pair(delay="1ms") as pair:
        for end in (pair.link.first, pair.link.second):
            with Flow(pair.a, pair.b) as flow:
                end.down()
                try:
                    flow.send(5)
                except OSError as error:
                    require(end is pair.link.first and error.errno == errno.ENETUNREACH, f"{error}")
                require(flow.arrivals(pair.link) == [], "a host hears without its interface")
            end.up()
            for family in (socket.AF_INET, socket.AF_INET6):
                with Flow(pair.a, pair.b, family) as flow:
                    flow.send(5)
                    arrived = len(flow.arrivals(pair.link))
                    require(arrived == 5, f"not all packets arrived after it ({family.name})")


@case
@beside_others
def large_packets_vanish_behind_a_smaller_mtu(_bench):
    with Pair(delay="1ms", path_mtu="1300b") as pair, Flow(pair.a, pair.b) as flow:
        flow.send(5, size=1301)
        flow.send(5, size=1300)
        require(len(flow.arrivals(pair.link)) == 5, "path_mtu is not where packets begin to vanish")


@case
@beside_others
def a_host_has_no_way_out(_bench):
    with Pair() as pair:
        for family, address in (("-4", "192.0.2.1"), ("-6", "2001:db8::1")):
            try:
                route = pair.a.ip(family, "route", "get", address)
            except LabError as error:
                require("unreachable" in str(error), str(error))
            else:
                raise Failure(f"there is a route out: {route}")
        chosen = pair.a.setting("ipv4/tcp_congestion_control")
        require(chosen == "cubic", f"TCP's congestion control is {chosen}")


@case
@beside_others
def a_link_says_what_it_does_not_understand(_bench):
    with Pair(loss="5%") as pair:
        for which, options in (
            ("a->c", {"loss": "1%"}),
            ("both", {"loss": "101%"}),
            ("both", {"delay": "-1ms"}),
            ("both", {"rate": "1furlong"}),
            ("both", {"luck": "1%"}),
        ):
            try:
                pair.link.set(which, **options)
            except LabError as error:
                require("error: " in str(error), str(error))
            else:
                raise Failure(f"the link took {which} {options}")
        with Flow(pair.a, pair.b) as flow:
            flow.send(5)
            require(pair.link.stats()["a->b"]["sent"] == 5, "the link is not as it was")


LABORATORY = """
import subprocess, sys, time
sys.path[:0] = sys.argv[1:]
from lab import Lab
with Lab() as lab:
    a, b = lab.host("a"), lab.host("b")
    link = lab.link(a, b)
    tied = a.start(["sh", "-c", "echo; exec sleep 600"], stdout=subprocess.PIPE)
    tied.stdout.readline()
    loose = subprocess.Popen(["ip", "netns", "exec", b.namespace, "sh", "-c", "echo; exec sleep 600"],
                             stdout=subprocess.PIPE)
    loose.stdout.readline()
    print(lab.prefix, link.process.pid, tied.pid, loose.pid, flush=True)
    time.sleep(600)
"""


def is_running(pid):
    time.sleep(0.01)  # it is asked again and again
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@case
@beside_others
def a_killed_run_ends_its_programs_and_the_next_one_tidies_up(_bench):
    with subprocess.Popen(
        [sys.executable, "-c", LABORATORY, HERE, HERE.parent], stdout=subprocess.PIPE, text=True
    ) as killed:
        try:
            prefix, *pids, loose = killed.stdout.readline().split()
        finally:
            killed.kill()
    wait_until(lambda: not any(is_running(pid) for pid in pids), "its programs run on")
    require(is_running(loose), "nothing is left: this tests nothing")
    left = list(NAMESPACES.glob(f"{prefix}-*"))
    require(len(left) == 2, f"the killed run left {left}: this tests nothing")
    with Lab() as lab:
        host = lab.host("here")
        wait_until(lambda: not is_running(loose), "a program in its namespace runs on")
        require(not list(NAMESPACES.glob(f"{prefix}-*")), "its namespaces are still there")
        remove_leftovers()
        require((NAMESPACES / host.namespace).exists(), "a living laboratory was removed, too")
    require(not (NAMESPACES / host.namespace).exists(), "a laboratory that ended is still there")

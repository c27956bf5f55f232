"""A link keeps its time, its loss and its speed with a router at its end."""

import json
import re
import shutil
import statistics
import subprocess

from bench import case
from flow import Flow
from homes import Internet
from program import Failure, require

CORE = "31.0.0.1"
LATE_MS = 0.5
MBITS = 500
LOST = 0.10
PACKETS = 20_000
PINGS = 50
ROUNDS = 6


def lateness(host, wanted_ms):
    said = host.run(["ping", "-n", "-c", str(PINGS), "-i", "0.02", CORE])
    times = [float(text) for text in re.findall(r"time=([\d.]+)", said)]
    require(len(times) == PINGS, f"{len(times)} of {PINGS} came back")
    require(min(times) >= wanted_ms, f"{min(times)} ms is faster than the link")
    return statistics.median(times) - wanted_ms


@case
def a_ping_through_a_router_takes_what_is_set(_bench):
    with Internet() as net:
        for delay in (5, 20):
            home = net.home(f"home{delay}", "port-restricted", delay=f"{delay}ms")
            host = home.host(f"host{delay}")
            # What the machine is busy with besides delays some rounds, the link would delay them all.
            rounds = 1
            late = lateness(host, 2 * delay)
            while late > LATE_MS and rounds < ROUNDS:
                rounds += 1
                late = min(late, lateness(host, 2 * delay))
            print(f"    {2 * delay} ms: the median of {PINGS} is {late:.2f} ms late", flush=True)
            require(late <= LATE_MS, f"the median is {late:.2f} ms late")


@case
def loss_behind_a_router_is_what_is_set(_bench):
    with Internet() as net:
        server = net.public("server", delay="1ms", queue="100mb")
        home = net.home("home", "symmetric-random", delay="1ms", loss=LOST, queue="100mb")
        with Flow(home.router, server) as flow:
            flow.send(PACKETS, pause=0.00005)
            came = len(flow.arrivals())
        lost = 1 - came / PACKETS
        print(f"    {lost:.2%} of {PACKETS} were lost at {LOST:.0%}", flush=True)
        stats = home.link.stats()["home->internet"]
        # A busy receiver may drop a few.
        dropped = PACKETS - came - stats["lost"]
        require(0 <= dropped <= PACKETS // 1000, f"{came} came, and the link says {stats}")
        # The standard deviation is 0.21 %, and chance has a seed.
        require(abs(lost - LOST) <= LOST / 10, f"{lost:.2%} were lost at {LOST:.0%}")


@case
def tcp_is_fast_through_a_router(_bench):
    if shutil.which("iperf3") is None:
        raise Failure("iperf3 is not installed")
    with Internet() as net:
        server = net.public("server", delay="1ms", queue="4mb")
        home = net.home("home", "port-restricted", delay="1ms", queue="4mb")
        host = home.host("host")
        for words in ([], ["-R"]):
            listener = server.start(["iperf3", "-s", "-1", "--forceflush"], stdout=subprocess.PIPE, text=True)
            while "listening" not in listener.stdout.readline():
                require(listener.poll() is None, "iperf3 does not listen")
            done = json.loads(host.run(["iperf3", "-c", server.ip4, "-t", "1", "-O", "1", "-J", *words]))
            listener.stdout.close()
            reached = done["end"]["sum_received"]["bits_per_second"] / 1e6
            print(f"    {'in' if words else 'out'}: {reached:.0f} Mbit/s", flush=True)
            require(reached >= MBITS, f"{reached:.0f} Mbit/s")

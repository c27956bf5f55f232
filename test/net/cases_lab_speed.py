"""A link keeps its time, its loss and its speed with a router at its end."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

from bench import case
from flow import Flow
from homes import Internet
from pace import in_some_try, slowness
from precision import expect_precision
from program import Failure, require

CORE = "31.0.0.1"
MBITS = 500
# What else runs may leave so much of it.
MBITS_LEFT = 100
LOST = 0.10
PACKETS = 20_000
PINGS = 50


def ping_times(host):
    said = host.run(["ping", "-n", "-c", str(PINGS), "-i", "0.02", CORE])
    times = [float(text) / 1000 for text in re.findall(r"time=([\d.]+)", said)]
    require(len(times) == PINGS, f"{len(times)} of {PINGS} came back")
    return times


@case
def a_ping_through_a_router_takes_what_is_set(_bench):
    with Internet() as net:
        home = net.home("home", "port-restricted")
        host = home.host("host")
        for delay in (0.005, 0.020):

            def set_delay(seconds):
                home.link.set("both", delay=f"{seconds * 1000:g}ms")

            expect_precision("a ping", lambda: ping_times(host), set_delay, delay, ways=2)


def lose_a_tenth(flow, first, last):
    """What is lost, as the link's own count has it and as the receiver has."""
    before = first.link.stats()["home->internet"]
    flow.send(PACKETS, pause=0.00005)
    came = len(flow.arrivals(first.link, last.link))
    after = first.link.stats()["home->internet"]
    sent, lost = (after[name] - before[name] for name in ("sent", "lost"))
    # A busy machine drops some before the link, and behind it.
    require(sent >= 0.95 * PACKETS, f"the machine lost {PACKETS - sent} of {PACKETS} packets before the link")
    behind = sent - lost - came
    require(0 <= behind <= 0.05 * PACKETS, f"the machine lost {behind} of {PACKETS} packets behind the link")
    print(f"    {lost} of {sent} were lost at {LOST:.0%}, and {behind} by the machine", flush=True)
    # The standard deviation is 0.21 %, and chance has a seed.
    require(abs(lost / sent - LOST) <= LOST / 10, f"{lost / sent:.2%} were lost at {LOST:.0%}")


@case
def loss_behind_a_router_is_what_is_set(_bench):
    with Internet() as net:
        server = net.public("server", delay="1ms", queue="100mb")
        home = net.home("home", "symmetric-random", delay="1ms", loss=LOST, queue="100mb")
        with Flow(home.router, server) as flow:
            in_some_try(lambda: lose_a_tenth(flow, home, server.uplink))


def cpu_seconds(pid):
    """User and system time of a process."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def transfer(host, server, words, links):
    """Mbit/s that were reached, and those that the busiest link could have carried in a whole second of a
    processor."""
    listener = server.start(["iperf3", "-s", "-1", "--forceflush"], stdout=subprocess.PIPE, text=True)
    while "listening" not in listener.stdout.readline():
        require(listener.poll() is None, "iperf3 does not listen")
    before = [cpu_seconds(link.process.pid) for link in links]
    done = json.loads(host.run(["iperf3", "-c", server.ip4, "-t", "1", "-O", "1", "-J", *words]))
    spent = max(cpu_seconds(link.process.pid) - was for link, was in zip(links, before, strict=True))
    listener.stdout.close()
    # The processor's time is of the omitted second, too.
    bits = done["end"]["sum_received"]["bits_per_second"]
    return bits / 1e6, 2 * bits / 1e6 / max(spent, 0.01)


@case
def tcp_is_fast_through_a_router(_bench):
    if shutil.which("iperf3") is None:
        raise Failure("iperf3 is not installed")
    with Internet() as net:
        server = net.public("server", delay="1ms", queue="4mb")
        home = net.home("home", "port-restricted", delay="1ms", queue="4mb")
        host = home.host("host")
        for way, words in (("out", []), ("in", ["-R"])):

            def expect_speed(way=way, words=words):
                reached, possible = transfer(host, server, words, (home.link, server.uplink.link))
                slower = slowness()
                told = f"{way}: {reached:.0f} Mbit/s, of {possible:.0f} in a link's own time"
                told += f", on a processor that is {slower:.1f} times slower" if slower > 1.2 else ""
                enough, left = MBITS / slower, MBITS_LEFT / slower
                require(reached >= enough or (reached >= left and possible >= enough), told)
                print(f"    {told}", flush=True)

            in_some_try(expect_speed)

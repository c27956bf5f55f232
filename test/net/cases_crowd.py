"""Thirty daemons, a namespace each, that know one of them: what remains of their network when that one, and
then a third of them, are killed."""

import concurrent.futures
import json
import time

from bench import case, wait_until
from nodes import forget_peers
from pace import Late, expect_soon, in_some_try
from program import require
from town import SERVER, Town, events, up

NODES = 30
KILLED = 10
# So many daemons and their commands at a time: there may be two cores for all.
AT_ONCE = 6
# That the bootstrap node is gone need not be said thirty times.
QUIETLY = ("--log-level", "error")
ALIVE_S = 120
# What is promised of a newcomer's first search.
FIRST_S = 1
# Where the machine has nothing else to do, those who were killed are forgotten within 60 s, and those who
# come back are found within 10 s.
FORGOTTEN_S = 180
BACK_S = 60


def search(asker, wanted, *words):
    """What the node finds, by target."""
    result = asker.run("find", *wanted, "--json", "--afresh", "--timeout", "30", *words)
    return {report["target"]: report for report in map(json.loads, result.text().splitlines())}


def lost(asker, others):
    """Those of the others that the node does not find by their NodeIDs, where they are now."""
    reports = search(asker, [node.node_id for node in others])

    def is_found(node):
        report = reports[node.node_id]
        return report["peer_id"] == node.peer_id and plain(node.addresses[0]) in report["addresses"]

    return [node for node in others if not is_found(node)]


def plain(address):
    return address.split("/p2p/")[0]


def known_peers(node):
    return sum(dht["peers"] for dht in node.do("dht", "stats", "--json").json()["dhts"])


class Crowd(Town):
    """All of them running, but for the last one; the first one is everybody's bootstrap peer."""

    def __init__(self, bench, pool):
        super().__init__(bench, [f"n{number}" for number in range(NODES)])
        self.pool = pool

    def each(self, action, nodes):
        """What it returns of each; it runs for several at a time. Daemons end with the thread that started
        them, and those of the pool live as long as the case."""
        return list(self.pool.map(action, nodes))

    def start(self, nodes, transport="/tcp/4001"):
        words = ("--bootstrap", self.address, *QUIETLY)
        self.each(lambda node: up(node, *words, transport=transport), nodes)

    def kill(self, nodes):
        for node in nodes:
            node.daemon.kill()

    def expect_each_finds_each(self, nodes):
        def missed(asker):
            return lost(asker, [node for node in nodes if node is not asker])

        begin = time.monotonic()
        missing = dict(zip((node.host.name for node in nodes), self.each(missed, nodes), strict=True))
        print(f"    {len(nodes)} found each other in {time.monotonic() - begin:.1f} s", flush=True)
        names = {name: [node.host.name for node in who] for name, who in missing.items() if who}
        require(not names, f"not found: {names}")


def expect_a_lookup_within_a_second(crowd, newcomer, wanted):
    """Counted from the newcomer's first connection to the end of its first search that succeeds. The
    machine's pace is that of a search by who knows others already."""
    newcomer.down()
    forget_peers(newcomer)
    crowd.start([newcomer])
    end = time.time() + ALIVE_S
    while newcomer.run("find", wanted.node_id, "--timeout", "5").status != 0:
        require(time.time() < end, "the first search fails")
    took = time.time() - min(event["at_ms"] for event in events(newcomer, "connected")) / 1000
    asker, other = crowd.nodes[1:3]
    usual = asker.do("find", other.node_id, "--afresh", "--timeout", "60").seconds
    print(f"    found {took:.2f} s after the first peer; another search took {usual:.2f} s", flush=True)
    expect_soon("the first search", took, FIRST_S, usual)


def is_any_asked(asker, dead):
    """Whether others still name one of the dead to who looks for them: then it is asked in vain."""
    reports = search(asker, [node.peer_id for node in dead]).values()
    asked = {step["peer_id"] for report in reports for step in report.get("steps", [])}
    return not asked.isdisjoint(node.peer_id for node in dead)


@case
def a_crowd_outlives_its_bootstrap_node_and_a_third_of_itself(bench):
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool, Crowd(bench, pool) as crowd:
        crowd.each(lambda node: node.init(*SERVER), crowd.nodes)
        boot, *others = crowd.nodes
        *early, newcomer = others
        crowd.address = pool.submit(up, boot, *QUIETLY).result()
        crowd.start(early)
        for node in early:
            wait_until(lambda node=node: known_peers(node) >= NODES // 3, "a node is alone", within=ALIVE_S)
        in_some_try(lambda: expect_a_lookup_within_a_second(crowd, newcomer, early[0]), of=Late)

        crowd.kill([boot])
        crowd.expect_each_finds_each(others)

        killed, alive = others[:KILLED], others[KILLED:]
        crowd.kill(killed)
        begin = time.monotonic()

        def forgotten():
            return not any(crowd.each(lambda node: is_any_asked(node, killed), alive))

        require(not forgotten(), "the dead were forgotten before anybody could notice")
        wait_until(forgotten, "the dead are still asked", within=FORGOTTEN_S)
        print(f"    the dead were forgotten after {time.monotonic() - begin:.1f} s", flush=True)

        # They come back at other ports, so that what was known of them is of no use.
        begin = time.monotonic()
        crowd.start(killed, "/tcp/4002")
        started = time.monotonic() - begin
        for asker in (alive[0], alive[-1]):
            wait_until(lambda asker=asker: not lost(asker, killed), "who came back is not found", BACK_S)
        took = time.monotonic() - begin - started
        print(f"    started again in {started:.1f} s, found {took:.1f} s later", flush=True)

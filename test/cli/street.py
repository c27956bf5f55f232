"""Several daemons that find each other by the network's DHT alone: each knows the address of the first."""

import contextlib

from bench import wait_until


def known_peers(node):
    """How many peers are in the routing table of the network's DHT."""
    [dht] = node.do("dht", "stats", "--dht", "own", "--json").json()["dhts"]
    return dht["peers"]


def join(bench, count, words=()):
    """Nodes that `warren init` has made, none of them running."""
    return [bench.node(f"node{number}", "--profile", "lan", *words) for number in range(count)]


def start(nodes):
    """Starts all, the first one as the others' bootstrap node, and waits until each has met another."""
    first = nodes[0]
    first.up()
    for node in nodes[1:]:
        node.up("--bootstrap", first.addresses[0])
    for node in nodes:
        wait_until(lambda node=node: known_peers(node) > 0, "the DHT is empty")


@contextlib.contextmanager
def street(bench, count):
    """So many nodes, running."""
    with contextlib.ExitStack() as stack:
        nodes = [stack.enter_context(node) for node in join(bench, count)]
        start(nodes)
        yield nodes


def find(asker, wanted, *words):
    """The report of a search that has to succeed, tried until it does: who has just come is known soon."""
    reports = []

    def found():
        result = asker.run("find", wanted, "--json", *words)
        reports.append(result.json())
        return result.status == 0

    wait_until(found, f"{wanted} is not found: {reports[-1:]}")
    return reports[-1]

"""Daemons on hosts of one Ethernet, who find each other without multicasts."""

import json

from cases_mdns import Segment
from lab import Lab
from program import Node

SERVER = ("--profile", "server")


class Town:
    """So many hosts on a bridge, and a node on each, not running. A context manager."""

    def __init__(self, bench, names):
        self.bench = bench
        self.names = names
        self.lab = Lab()

    def __enter__(self):
        self.lab.__enter__()
        self.nodes = []
        try:
            self.hosts = [self.lab.host(name) for name in self.names]
            self.segment = Segment(self.lab, *self.hosts)
            for host in self.hosts:
                node = Node(self.bench.program, self.bench.folder / host.name, host.within())
                node.host = host
                self.nodes.append(node)
        except BaseException as error:
            self.__exit__(type(error), error, None)
            raise
        return self

    def __exit__(self, *reason):
        try:
            # All at once, instead of one after the other's goodbyes.
            for node in self.nodes:
                if node.daemon is not None:
                    node.daemon.process.terminate()
            for node in self.nodes:
                node.__exit__(*reason)
        finally:
            self.lab.__exit__(*reason)


def up(node, *words, transport="/tcp/4001"):
    """Runs it at a port that others know. Its address."""
    node.up(*words, listen=[f"/ip4/{node.host.ip4}{transport}"])
    return node.addresses[0]


def is_connected(node, other):
    peers = node.do("peers", "--json").json()["peers"]
    return any(peer["peer_id"] == other.peer_id for peer in peers)


def events(node, *names):
    """Those so far that are called so."""
    lines = node.do("events", "--json").text().splitlines()
    return [event for event in map(json.loads, lines) if event["event"] in names]

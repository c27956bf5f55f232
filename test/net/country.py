"""Daemons in an internet of homes: public ones that serve STUN and relay, and those behind routers."""

import concurrent.futures
import contextlib
import time
from dataclasses import dataclass

from bench import serve
from homes import Internet
from program import COMMAND_S, Node, require
from town import SERVER, events

LISTEN_TCP = ("/ip4/0.0.0.0/tcp/4001",)
LISTEN = (*LISTEN_TCP, "/ip4/0.0.0.0/udp/4001/quic-v1")
LISTEN_IP6 = ("/ip6/::/tcp/4001", "/ip6/::/udp/4001/quic-v1")
# So many wait for daemons and commands at a time.
AT_ONCE = 8
QUIETLY = ("--log-level", "error")
SERVICE = "upper"
# An answer takes a second or two; a busy machine has this long.
REQUEST_S = 30


@dataclass
class Resident:
    """A node, where it is, where it listens, and when it was started (Unix time)."""

    node: object
    home: object = None
    started: float = 0.0
    listen: tuple = LISTEN

    def netcheck(self):
        return self.node.do("netcheck", "--json").json()

    def relays(self, state="held"):
        """PeerIDs of those in that state."""
        found = self.node.do("relays", "--json").json()
        return {relay["peer_id"] for relay in found if relay["state"] == state}

    def since_start(self, name, state):
        """When an event was told for the first time, in s after the start; nothing when it was not."""
        times = (event["at_ms"] for event in events(self.node, name) if event.get("state") == state)
        first = min(times, default=None)
        return None if first is None else first / 1000 - self.started


class Country:
    """A context manager. `publics`: how many public nodes run, all of which know the first one, and listen
    there."""

    def __init__(self, bench, publics=2, delay="1ms", listen=LISTEN):
        self.bench = bench
        self.count = publics
        self.delay = delay
        self.listen = listen
        self.net = Internet()
        self.publics = []
        self.nodes = []
        self.stack = contextlib.ExitStack()

    def __enter__(self):
        self.stack.enter_context(self.net)
        try:
            # Daemons end with the thread that started them.
            self.pool = self.stack.enter_context(concurrent.futures.ThreadPoolExecutor(AT_ONCE))
            self.publics = [self.new_public(f"p{number}") for number in range(self.count)]
            for public in self.publics:
                self.start(public)
        except BaseException as error:
            self.__exit__(type(error), error, None)
            raise
        return self

    def __exit__(self, *reason):
        # All at once, instead of one after the other's goodbyes.
        for node in self.nodes:
            if node.daemon is not None:
                node.daemon.process.terminate()
        return self.stack.__exit__(*reason)

    def new_node(self, host, name, *words):
        node = Node(self.bench.program, self.bench.folder / name, host.within())
        node.init(*words)
        self.stack.push(node)
        self.nodes.append(node)
        return node

    def new_public(self, name):
        host = self.net.public(name, delay=self.delay)
        return Resident(self.new_node(host, name, *SERVER), host, listen=self.listen)

    def new_resident(self, name, kind, **options):
        """Behind a router of that kind; not running."""
        home = self.net.home(name, kind, **options)
        return Resident(self.new_node(home.router, f"node-{name}"), home)

    def start(self, resident, *words, bootstrap=None):
        """With the public nodes as bootstrap peers, if no others are named."""
        self.pool.submit(self.start_here, resident, *words, bootstrap=bootstrap).result()

    def start_here(self, resident, *words, bootstrap=None):
        """The same for threads of the pool."""
        if bootstrap is None:
            bootstrap = [it for it in self.publics if it is not resident and it.node.addresses]
        known = [word for other in bootstrap for word in bootstrap_words(other, resident)]
        resident.started = time.time()
        resident.node.up(*known, *QUIETLY, *words, listen=resident.listen)

    def serve(self, resident):
        """It answers with the text in capitals."""
        self.pool.submit(self.serve_here, resident).result()

    def serve_here(self, resident):
        self.stack.enter_context(serve(resident.node, SERVICE, "tr a-z A-Z"))

    def each(self, action, residents):
        """What it returns of each; it runs for several at a time."""
        return list(self.pool.map(action, residents))


def address_of(public):
    found = [it for it in public.node.addresses if it.startswith(f"/ip4/{public.home.ip4}/tcp/")]
    require(found, f"no public address among {public.node.addresses}")
    return found[0]


def bootstrap_words(public, resident):
    """Of each family in which both are."""
    found = [address_of(public)]
    if any(it.startswith("/ip6/") for it in resident.listen):
        found += [it for it in public.node.addresses if it.startswith(f"/ip6/{public.home.ip6}/tcp/")]
    return [word for address in found for word in ("--bootstrap", address)]


def replace(node, old, new):
    """A line of warren.toml."""
    config = node.path / "warren.toml"
    text = config.read_text()
    require(f"\n{old}\n" in text, f"warren.toml has no line {old!r}")
    config.write_text(text.replace(f"\n{old}\n", f"\n{new}\n"))


def request(asker, resident, text="hello", timeout=REQUEST_S):
    """Asks by NodeID; the seconds that it took, the command's own start included."""
    words = ("request", resident.node.node_id, SERVICE, text, "--timeout", str(timeout))
    result = asker.node.run(*words, within=COMMAND_S)
    require(result.status == 0, f"a request failed after {result.seconds:.1f} s: {result.stderr}")
    require(result.text().strip() == text.upper(), f"the answer is {result.text()!r}")
    return result.seconds


def paths(asker, resident):
    peers = asker.node.do("peers", "--json").json()["peers"]
    return [peer["path"] for peer in peers if peer["peer_id"] == resident.node.peer_id]


def relayed_path(asker, resident):
    """The one over a relay. There may be a direct path beside it already."""
    found = paths(asker, resident)
    relayed = [path for path in found if "/p2p-circuit" in path]
    require(len(relayed) == 1, f"connected by {found}")
    return relayed[0]

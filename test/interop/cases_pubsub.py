"""Peers of topics: stock go-libp2p-pubsub and js-libp2p's gossipsub, and ours, on loopback. Signatures are
strict and peers are scored everywhere."""

import base64
import collections
import contextlib
import dataclasses
import hashlib
import pathlib
import random
import sys
import tempfile
import time

from peers import Failure, Peer, Program, require

sys.path.insert(1, str(pathlib.Path(__file__).resolve().parents[1]))
import program as daemons  # noqa: E402  (the daemon of `warren up`, for all runners under test/)

TOPIC = "interop"
POLL_S = 0.05
# Subscriptions are told at once; grafts wait for a heartbeat of one second.
MESH_S = 90
# A message that nobody should have, or a second copy, would be there by then.
QUIET_S = 1.0

PROTOCOLS = {
    "1.3": "/meshsub/1.3.0",
    "1.2": "/meshsub/1.2.0",
    "1.1": "/meshsub/1.1.0",
    "1.0": "/meshsub/1.0.0",
    "floodsub": "/floodsub/1.0.0",
}
# What the implementations speak, unless told otherwise.
NEWEST = {"warren": "1.3", "go": "1.3", "js": "1.2"}
SIZES = (0, 1, 1024, 64 * 1024, 512 * 1024)

# The mixed mesh: who is there, and of go's peers in which version.
MIXED = (
    *(("warren", "1.3"),) * 10,
    *(("go", version) for version in ("1.3", "1.3", "1.2", "1.2", "1.1")),
    *(("js", "1.2"),) * 3,
)
MIXED_MESSAGES = 500
MIXED_BYTES = 1024
NEIGHBORS_MIN, NEIGHBORS_MAX = 4, 6


class TopicPeer(Peer):
    """A running peer of topics; `version` is the newest that it speaks."""

    def __init__(self, program, words, version):
        super().__init__(program, words)
        self.version = version

    def ready(self):
        event = self.expect("ready")
        self.id, self.addresses = event["peer_id"], event["addresses"]
        require(self.addresses, f"{self.name} listens nowhere")
        return self

    def connect(self, to):
        event = self.ask("connected", "connect", to.addresses[0])
        require(event["peer_id"] == to.id, f"{self.name} connected to {event['peer_id']}")

    def subscribe(self):
        self.ask("subscribed", "subscribe", TOPIC)

    def publish(self, size):
        """The message's hash."""
        return self.ask("published", "publish", TOPIC, size)["hash"]

    def take(self, count):
        """Waits for so many messages; those that came since the last time, as (author, hash)."""
        messages = self.ask("received", "received", count)["messages"]
        return [(message["from"], message["hash"]) for message in messages]

    def sees(self, other):
        """What it tells of another peer of the topic, or nothing."""
        peers = self.ask("peers", "peers", TOPIC)["peers"]
        return next((peer for peer in peers if peer["peer_id"] == other.id), None)

    def wait_for(self, other, wanted, what):
        """Until `wanted` is true of what it tells of the other."""
        end = time.monotonic() + MESH_S
        while not ((seen := self.sees(other)) and wanted(seen)):
            require(time.monotonic() < end, f"{self.name}: {other.name} {what}: {seen}")
            time.sleep(POLL_S)
        return seen

    def counters(self):
        return self.ask("counters", "counters")


@dataclasses.dataclass(frozen=True)
class Implementations:
    """The programs of each; in the self-test Go plays Warren's part."""

    warren: Program
    go: Program
    js: Program

    def start(self, name, *flags, version=None):
        """`version` is one of Go's."""
        words = ["listen", *flags]
        if not version or name != "go":
            version = NEWEST[name]
        else:
            words += ["--version", version]
        return TopicPeer(getattr(self, name), words, version)


@contextlib.contextmanager
def running(peers):
    """The peers when they are ready; they end well unless the body fails."""
    with contextlib.ExitStack() as stack:
        for peer in peers:
            stack.enter_context(peer)
        for peer in peers:
            peer.ready()
        yield peers
        for peer in peers:
            peer.end()


def common_protocol(one, other):
    """The newest that both speak."""
    order = list(PROTOCOLS)
    return PROTOCOLS[order[max(order.index(one.version), order.index(other.version))]]


def know_each_other(one, other, mesh=True):
    """Each has the other among the topic's peers, over a stream of the version that both speak."""
    protocol = common_protocol(one, other)
    mesh = mesh and protocol != PROTOCOLS["floodsub"]
    for peer, seen in ((one, other), (other, one)):
        told = peer.wait_for(seen, lambda told: told["mesh"] or not mesh, "is not in the mesh")
        named = told["protocol"]
        require(named == protocol, f"{peer.name} speaks {named} with {seen.name}, not {protocol}")


def delivered(author, size, receivers):
    """A message of that author comes to all, once, and to the author itself."""
    message = (author.id, author.publish(size))
    for receiver in (author, *receivers):
        got = receiver.take(1)
        require(got == [message], f"{receiver.name}: {got} of {size} bytes from {author.name}")


def silence(peers):
    """Nobody gets anything any more."""
    time.sleep(QUIET_S)
    for peer in peers:
        got = peer.take(0)
        require(not got, f"{peer.name} got {got}, which is one too many")


def unscathed(peers, slow=()):
    """Nobody thinks ill of Warren's peers, nor they of anybody, but for peers with so much to do that they
    break promises. Go does of js, which returns messages to their authors."""
    names = {peer.id: peer.name for peer in peers}
    scores = [
        (peer.name, names.get(seen["peer_id"], "another"), seen["score"])
        for peer in peers
        for seen in peer.ask("peers", "peers", TOPIC)["peers"]
    ]
    blamed = [
        f"{who} scores {whom} with {score}"
        for who, whom, score in scores
        if score < 0 and "warren" in who + whom and not whom.startswith(tuple(slow))
    ]
    require(not blamed, "; ".join(blamed))


def pair(implementations, dialer, listener, flags=(), version=None):
    """Two peers: what either publishes comes to the other, of any size."""
    starts = [
        implementations.start(name, *(flags if name == "js" else ()), version=version)
        for name in (dialer, listener)
    ]
    with running(starts) as (one, other):
        for peer in (one, other):
            peer.subscribe()
        one.connect(other)
        know_each_other(one, other)
        for size in SIZES:
            delivered(one, size, [other])
            delivered(other, size, [one])
        silence((one, other))
        unscathed((one, other))


def fanout(implementations, name):
    """Who is not subscribed can publish."""
    with running([implementations.start(which) for which in ("warren", name)]) as (one, other):
        one.connect(other)
        for author, receiver in ((one, other), (other, one)):
            receiver.subscribe()
            author.wait_for(receiver, lambda _: True, "is not among its peers")
            message = (author.id, author.publish(1024))
            require(receiver.take(1) == [message], f"{receiver.name} got another message")
            # From now on both are subscribed, and the second author's message comes to itself, too.
        require(other.take(1) == [message], f"{other.name} got not its own message")


def gossip_only(implementations, name):
    """Nobody is in a mesh: messages are told of at heartbeats (IHAVE), asked for (IWANT), and come once."""
    starts = [implementations.start(which, "--gossip-only") for which in ("warren", name)]
    with running(starts) as (one, other):
        for peer in (one, other):
            peer.subscribe()
        one.connect(other)
        know_each_other(one, other, mesh=False)
        # A peer that had taken us into its mesh has been told of our refusal.
        one.wait_for(other, lambda told: not told["mesh"], "stays in the mesh")
        for size in (1, 64 * 1024):
            delivered(one, size, [other])
            delivered(other, size, [one])
        counters = one.counters()
        require(counters["iwant"] >= 2, f"no IWANT came: {counters}")
        # Js sends to somebody even if its mesh is to be empty.
        require(name == "js" or counters["ihave"] >= 2, f"no IHAVE came: {counters}")
        silence((one, other))
        unscathed((one, other))


def idontwant(implementations):
    """Two of go's peers and ours between them: what is large is announced to who would send it again."""
    with running([implementations.start(which) for which in ("go", "warren", "go")]) as everybody:
        one, middle, other = everybody
        for peer in everybody:
            peer.subscribe()
        one.connect(middle)
        other.connect(middle)
        one.connect(other)
        for pair_of in ((one, middle), (other, middle), (one, other)):
            know_each_other(*pair_of)
        for author, receivers in ((one, (middle, other)), (other, (middle, one)), (middle, (one, other))):
            delivered(author, 64 * 1024, receivers)
        silence(everybody)
        for peer in everybody:
            counters = peer.counters()
            require(counters["idontwant"] >= 1, f"{peer.name} was not told: {counters}")
        unscathed(everybody)


FAULTS = ("signature", "data", "author", "key", "unsigned")


def forged(implementations):
    """What is not its author's is neither delivered nor passed on, and its bearer pays for it."""
    with running([implementations.start(which) for which in ("warren", "go")]) as (one, other):
        for peer in (one, other):
            peer.subscribe()
        other.connect(one)
        know_each_other(one, other)
        for fault in FAULTS:
            with running([implementations.start("go", "--raw")]) as (forger,):
                forger.connect(one)
                # The way is open: a good message comes through it.
                good = forger.ask("forged", "forge", one.id, TOPIC, 100, "good")["hash"]
                for peer in (one, other):
                    require(peer.take(1) == [(forger.id, good)], f"{peer.name}: not the good message")
                forger.ask("forged", "forge", one.id, TOPIC, 100, fault)
                one.wait_for(forger, lambda told: told["score"] < 0, f"pays nothing for a wrong {fault}")
        silence((one, other))
        unscathed((one, other))


@contextlib.contextmanager
def daemon(program):
    """A node of `warren up`."""
    try:
        with tempfile.TemporaryDirectory(prefix="warren-interop-") as folder:
            node = daemons.Node(program, pathlib.Path(folder) / "node")
            node.init()
            with node:
                node.up()
                yield node
    except daemons.Failure as error:
        failure = Failure(str(error))
        for note in getattr(error, "__notes__", []):
            failure.add_note(note)
        raise failure from None


def plain_topic_of_daemon(implementations, name, program):
    """`warren subscribe --plain` and `warren broadcast --plain` are on the same topic as a stock peer."""
    with running([implementations.start(name)]) as (other,), daemon(program) as node:
        other.subscribe()
        node.do("connect", other.addresses[0])
        with node.start("subscribe", TOPIC, "--plain", "--json") as subscriber:
            event = subscriber.event()
            require(event.get("event") == "subscribed", f"not subscribed: {event}")
            end = time.monotonic() + MESH_S
            seen = {}
            while not seen.get("mesh"):
                require(time.monotonic() < end, f"{other.name} has the daemon not in its mesh: {seen}")
                peers = other.ask("peers", "peers", TOPIC)["peers"]
                seen = next((peer for peer in peers if peer["peer_id"] == node.peer_id), {})
            theirs = other.publish(1024)
            message = subscriber.event()
            data = base64.b64decode(message["base64"])
            require(message["from_peer_id"] == other.id, f"from another: {message}")
            require(hashlib.sha256(data).hexdigest() == theirs, f"another message: {message}")
            node.do("broadcast", TOPIC, "--plain", "from Warren")
            ours = (node.peer_id, hashlib.sha256(b"from Warren").hexdigest())
            got = other.take(2)
            require(got == [(other.id, theirs), ours], f"{other.name} got {got}")
            own = subscriber.event()
            require(own.get("text") == "from Warren", f"not the node's own message: {own}")


# --- the mixed mesh ---


def sparse(count, seed):
    """Who dials whom: a ring, so that all are reached, and more, until each has enough neighbors."""
    draw = random.Random(seed)
    order = list(range(count))
    draw.shuffle(order)
    edges = {frozenset((order[i], order[i - 1])) for i in range(count)}
    degrees = collections.Counter(node for edge in edges for node in edge)
    while min(degrees.values()) < NEIGHBORS_MIN:
        neediest = min(order, key=degrees.__getitem__)
        others = [
            node
            for node in order
            if node != neediest and degrees[node] < NEIGHBORS_MAX and {node, neediest} not in edges
        ]
        chosen = draw.choice(others)
        edges.add(frozenset((neediest, chosen)))
        degrees.update((neediest, chosen))
    return [draw.sample(sorted(edge), 2) for edge in sorted(map(sorted, edges))]


def join_sparsely(peers, seed):
    """Pairs of who is connected."""
    edges = [(peers[one], peers[other]) for one, other in sparse(len(peers), seed)]
    for dialer, listener in edges:
        dialer.send("connect", listener.addresses[0])
    for dialer, listener in edges:
        event = dialer.expect("connected")
        require(event["peer_id"] == listener.id, f"{dialer.name} connected to {event['peer_id']}")
    return edges


def mixed_mesh(implementations):
    """Ten of ours, five of go's and three of js's, each with few neighbors: all that anybody publishes comes
    to everybody, once."""
    draw = random.Random(1)
    starts = [implementations.start(name, version=version) for name, version in MIXED]
    with running(starts) as everybody:
        for number, peer in enumerate(everybody):
            peer.name = f"{peer.name} {number} ({peer.version})"
            peer.subscribe()
        for edge in join_sparsely(everybody, seed=2):
            know_each_other(*edge, mesh=False)
        for peer in everybody:
            end = time.monotonic() + MESH_S
            while not any(seen["mesh"] for seen in peer.ask("peers", "peers", TOPIC)["peers"]):
                require(time.monotonic() < end, f"{peer.name} has no mesh")
                time.sleep(POLL_S)
        authors = [draw.choice(everybody) for _ in range(MIXED_MESSAGES)]
        for author in authors:
            author.send("publish", TOPIC, MIXED_BYTES)
        wanted = collections.Counter((author.id, author.expect("published")["hash"]) for author in authors)
        require(len(wanted) == MIXED_MESSAGES, "two messages are the same")
        for peer in everybody:
            peer.send("received", MIXED_MESSAGES)
        got = {peer: peer.expect("received")["messages"] for peer in everybody}
        for peer, messages in got.items():
            came = collections.Counter((message["from"], message["hash"]) for message in messages)
            missing, surplus = (wanted - came).total(), (came - wanted).total()
            require(came == wanted, f"{peer.name}: {missing} missing, {surplus} too many")
        silence(everybody)
        unscathed(everybody, slow=("js",))
        for peer in everybody:
            scores = [seen["score"] for seen in peer.ask("peers", "peers", TOPIC)["peers"]]
            require(max(scores) > 0, f"{peer.name} values nobody: {scores}")


def all_cases(implementations, program=None):
    """Name -> (case, the toolchains that it needs); `program` is `warren`, none in the self-test."""
    table = {}
    self_test = program is None

    def add(name, case, *arguments, needed=("go",), **options):
        if self_test and "go" not in needed:
            needed = ("go", *needed)
        table[f"pubsub_{name}"] = (lambda: case(implementations, *arguments, **options), needed)

    for name in ("go", "js"):
        add(f"{name}_dials_warren", pair, name, "warren", needed=(name,))
        add(f"warren_dials_{name}", pair, "warren", name, needed=(name,))
        add(f"fanout_{name}", fanout, name, needed=(name,))
        add(f"gossip_only_{name}", gossip_only, name, needed=(name,))
    for version in list(PROTOCOLS)[1:]:
        add(f"go_of_{version}", pair, "go", "warren", version=version)
    # Its messages have other names than ours: the meshes work, gossip does not.
    add("js_with_its_own_ids", pair, "js", "warren", flags=("--own-ids",), needed=("js",))
    if program:
        for name in ("go", "js"):
            add(f"daemon_and_{name}", plain_topic_of_daemon, name, program, needed=(name,))
    add("idontwant", idontwant)
    add("forged", forged)
    add("mixed_mesh", mixed_mesh, needed=("go", "js"))
    return table

"""Peers of a DHT: stock go-libp2p-kad-dht and js-libp2p's kad-dht, and ours, in one network on loopback."""

import contextlib
import dataclasses
import time

from peers import Peer, Program, require

NETWORK = "interop"
POLL_S = 0.1
# Identify tells who serves the DHT; then a peer enters the other's routing table.
ENTER_S = 90
# What is put under /warren-node is published by the node itself, soon after it has met the first peer.
PUBLISHED_S = 90
MIXED = (("warren", 10), ("go", 5), ("js", 2))
# Multihashes that somebody provides.
PROVIDED = ["1220" + f"{number:02x}" * 32 for number in (0xA1, 0xB2)]


class KadPeer(Peer):
    """A running peer with a DHT; `facts` is what it said of itself at its start."""

    def ready(self):
        self.facts = self.expect("ready")
        self.id, self.addresses = self.facts["peer_id"], self.facts["addresses"]
        require(self.addresses, f"{self.name} listens nowhere")
        return self

    def connect(self, to):
        event = self.ask("connected", "connect", to.addresses[0])
        require(event["peer_id"] == to.id, f"{self.name} connected to {event['peer_id']}")

    def has_in_table(self, peers):
        """Waits until these are in its routing table."""
        wanted = {peer.id for peer in peers}
        end = time.monotonic() + ENTER_S
        while not wanted <= (table := set(self.ask("table", "table")["peers"])):
            missing = len(wanted - table)
            require(time.monotonic() < end, f"{self.name}: {missing} peers are not in its table")
            time.sleep(POLL_S)

    def finds(self, peer):
        """Asks for it; again, while there is a connection but no address: who has just dialed us may not have
        said yet where it listens."""
        end = time.monotonic() + ENTER_S
        while not self.names(peer, self.ask("found", "find", peer.id)):
            require(time.monotonic() < end, f"{self.name} found {peer.name} at no address")
            time.sleep(POLL_S)

    def names(self, peer, event):
        """Whether this answer to a `find` has addresses; they have to be the right ones."""
        if event["event"] == "error":
            return False
        require(event["peer_id"] == peer.id, f"{self.name} found {event['peer_id']}")
        bare = {address.partition("/p2p/")[0] for address in event["addresses"]}
        good = not bare or bare & peer.bare_addresses()
        require(good, f"{self.name} found {peer.name} at {event['addresses']}")
        return bool(bare)

    def attempt(self, *words):
        """The event that answers, whichever it is."""
        self.send(*words)
        return self.next()


@dataclasses.dataclass(frozen=True)
class Implementations:
    """The programs of each; in the self-test Go plays Warren's part."""

    warren: Program
    go: Program
    js: Program

    def start(self, name, *flags):
        return KadPeer(getattr(self, name), ["listen", *flags])


@contextlib.contextmanager
def peers(implementations, names, *flags):
    """Running peers, in that order; they end well unless the body fails."""
    with contextlib.ExitStack() as stack:
        running = [stack.enter_context(implementations.start(name, *flags)) for name in names]
        for peer in running:
            peer.ready()
        yield running
        for peer in running:
            peer.end()


def join(hub, others):
    """All know the hub, and it knows all."""
    for peer in others:
        peer.connect(hub)
    hub.has_in_table(others)
    for peer in others:
        peer.has_in_table([hub])


# --- the cases ------------------------------------------------------------------------------------


def public(implementations, hub, first, second):
    """Two that know only the hub find each other, what each provides, and public keys, through it."""
    with peers(implementations, (hub, first, second)) as (middle, one, other):
        join(middle, (one, other))
        one.finds(other)
        other.finds(one)
        for (provider, seeker), multihash in zip(((one, other), (other, one)), PROVIDED, strict=True):
            provider.ask("provided", "provide", multihash)
            found = seeker.ask("providers", "providers", multihash)["peers"]
            require(provider.id in found, f"{seeker.name} found the providers {found}")
        for owner, reader in ((one, other), (other, one)):
            key, value = owner.facts["pk_key"], owner.facts["pk_value"]
            owner.ask("put", "put", key, value)
            for peer in (reader, middle):
                got = peer.ask("value", "get", key)["value"]
                require(got == value, f"{peer.name} got another key")


def wrong_public_key(implementations, hub, asker):
    """A key that is not the one of its PeerID is refused by who is asked to publish it."""
    with peers(implementations, (hub, asker)) as (middle, peer):
        join(middle, (peer,))
        event = peer.attempt("put", peer.facts["pk_key"], middle.facts["pk_value"])
        require(event["event"] == "error", f"{peer.name} published another's key: {event}")
        event = peer.attempt("get", middle.facts["pk_key"])
        if event["event"] == "value":
            require(event["value"] == middle.facts["pk_value"], "a key that nobody put")


def ipns(implementations, hub, reader):
    """A name that a go peer signs is kept and found; the record that came later in the sequence stays."""
    with peers(implementations, (hub, "go", reader)) as (middle, owner, other):
        join(middle, (owner, other))
        older, newer = (owner.ask("ipns", "ipns", sequence) for sequence in (7, 8))
        key = older["key"]
        for record in (older, newer):
            owner.ask("put", "put", key, record["value"])
            for peer in (other, middle):
                require(peer.ask("value", "get", key)["value"] == record["value"], f"{peer.name}: another")
        for peer in (middle, other):
            event = peer.attempt("put", key, older["value"])
            # Go's is content when those who have the newer one refuse.
            refused = event["event"] == "error" or not peer.name.startswith("warren")
            require(refused, f"{peer.name} goes back to the older record")
            forged = newer["value"][:-2] + f"{int(newer['value'][-2:], 16) ^ 1:02x}"
            event = peer.attempt("put", key, forged)
            require(event["event"] == "error", f"{peer.name} takes a forged record")
        require(other.ask("value", "get", key)["value"] == newer["value"], "the newer record is gone")


def value_of(peer, key):
    """The value as soon as it is published."""
    end = time.monotonic() + PUBLISHED_S
    while (event := peer.attempt("get", key))["event"] != "value":
        require(time.monotonic() < end, f"{peer.name} found no value: {event}")
        time.sleep(POLL_S)
    return event["value"]


def warren_records(implementations):
    """A go peer with a validator for bindings keeps, serves and finds them; by them nodes are found."""
    with peers(implementations, ("go", "warren", "warren"), "--network", NETWORK) as (hub, one, other):
        join(hub, (one, other))
        for owner, reader in ((one, other), (other, one)):
            key = owner.facts["node_key"]
            binding = value_of(hub, key)  # which it has checked, SM2 signature and all
            require(value_of(reader, key) == binding, f"{reader.name} got another binding")
            event = reader.ask("found", "find", owner.facts["node_id"])
            require(event["peer_id"] == owner.id, f"found {event['peer_id']}")
            hub.ask("put", "put", key, binding)


def forged_warren_records(implementations):
    """What a go peer that checks nothing serves in place of a binding is not believed, nor is it kept."""
    flags = ("--network", NETWORK)
    with contextlib.ExitStack() as stack:
        one, other, late, forger = (
            stack.enter_context(implementations.start(*words))
            for words in (
                ("warren", *flags),
                ("go", *flags),
                ("warren", *flags),
                ("go", *flags, "--blind"),
            )
        )
        for peer in (one, other, late, forger):
            peer.ready()
        join(other, (one,))
        key = one.facts["node_key"]
        binding = value_of(other, key)
        one.end()
        other.end()
        join(forger, (late,))
        for forged in ("00", binding[:200], binding[:-2] + f"{int(binding[-2:], 16) ^ 1:02x}"):
            forger.attempt("put", key, forged)
            require(value_of(forger, key) == forged, "the forger has not what it is to serve")
            event = late.attempt("get", key)
            require(event["event"] == "error", f"{late.name} believes {event}")
        # The true one, from the same peer, is.
        forger.ask("put", "put", key, binding)
        require(value_of(late, key) == binding, "not the binding")
        late.end()
        forger.end()


def mixed_network(implementations):
    """Ten of ours, five of go's and two of js's, who all know one of us only: each finds each."""
    names = [name for name, count in MIXED for _ in range(count)]
    with peers(implementations, names) as everybody:
        join(everybody[0], everybody[1:])
        for seeker in everybody:
            for peer in everybody:
                if peer is not seeker:
                    seeker.send("find", peer.id)
        again = []
        for seeker in everybody:
            for peer in everybody:
                if peer is not seeker and not seeker.names(peer, seeker.next()):
                    again.append((seeker, peer))
        # js's is one thread for all who dial it now, and go leaves who did not answer alone for some seconds.
        end = time.monotonic() + ENTER_S
        for seeker, peer in again:
            while not seeker.names(peer, event := seeker.attempt("find", peer.id)):
                require(time.monotonic() < end, f"{seeker.name} finds {peer.name} not: {event}")
                time.sleep(POLL_S)


# Who is in the middle, and who asks through it. Each implementation is asked by each other.
PUBLIC = (
    ("go", "warren", "go"),
    ("warren", "go", "go"),
    ("js", "warren", "js"),
    ("warren", "js", "js"),
    ("go", "warren", "js"),
    ("js", "warren", "go"),
    ("warren", "go", "js"),
    ("warren", "warren", "go"),
)


def all_cases(implementations, self_test=False):
    """Name -> (case, the toolchains that it needs)."""
    table = {}
    for trio in PUBLIC:
        needed = tuple(name for name in ("go", "js") if name in trio or (self_test and name == "go"))
        name = f"kad_{trio[1]}_and_{trio[2]}_through_{trio[0]}"
        table[name] = (lambda trio=trio: public(implementations, *trio), needed)
    for trio in (("warren", "go"), ("go", "warren")):
        name = f"kad_wrong_public_key_of_{trio[1]}"
        table[name] = (lambda trio=trio: wrong_public_key(implementations, *trio), ("go",))
    for pair in (("warren", "go"), ("go", "warren"), ("warren", "warren")):
        name = f"kad_ipns_of_go_for_{pair[1]}_through_{pair[0]}"
        table[name] = (lambda pair=pair: ipns(implementations, *pair), ("go",))
    if not self_test:  # only Warren's nodes publish these
        table["kad_warren_records"] = (lambda: warren_records(implementations), ("go",))
        table["kad_forged_warren_records"] = (lambda: forged_warren_records(implementations), ("go",))
    table["kad_mixed_network"] = (lambda: mixed_network(implementations), ("go", "js"))
    return table

"""What brings peers behind routers together: circuit relay v2 and AutoNAT v1 and v2, among stock go-libp2p
and js-libp2p and ours, on loopback. What go-libp2p refuses to private addresses is for test/net, where
addresses look public."""

import contextlib
import dataclasses

from peers import Peer, Program, require

TCP = "/ip4/127.0.0.1/tcp/0"
QUIC = "/ip4/127.0.0.1/udp/0/quic-v1"
CLOSED_PORT = "/ip4/127.0.0.1/tcp/1"
# Nobody asks from there: who wants it dialed has to pay with data.
FOREIGN = "/ip4/127.0.0.2/tcp/1"
DIAL_DATA_MIN = 30_000

LIMITS = {"circuit-seconds": 90, "circuit-bytes": 300_000}
WITHIN, BEYOND = 100_000, 400_000


class NatPeer(Peer):
    """A running peer that relays, or is relayed, or speaks AutoNAT."""

    def ready(self):
        event = self.expect("ready")
        self.id, self.addresses = event["peer_id"], event["addresses"]
        require(self.addresses, f"{self.name} listens nowhere")
        return self

    def attempt(self, *words):
        """The event that answers, whichever it is."""
        self.send(*words)
        return self.next()

    def connect(self, address):
        return self.ask("connected", "connect", address)

    def echoes(self, peer, streams, size):
        event = self.ask("echo", "echo", peer.id, streams, size)
        require(event["ok"] and event["peer_id"] == peer.id, f"{self.name}: {event}")

    def judge(self, version, server, *addresses):
        """What that peer says of these addresses. go-libp2p chooses by itself whom it asks by version 2."""
        chooses = version == 2 and self.name.startswith("go")
        command = f"autonat{version}"
        return self.ask(command, command, *([] if chooses else [server.id]), *addresses)


@dataclasses.dataclass(frozen=True)
class Implementations:
    """The programs of each; in the self-test Go plays Warren's part."""

    warren: Program
    go: Program
    js: Program

    def start(self, name, *flags, private=True):
        private = ["--private"] if private and name != "js" else []
        return NatPeer(getattr(self, name), ["listen", *private, *flags])


@contextlib.contextmanager
def running(*peers):
    """These, ready; they end well unless the body fails."""
    with contextlib.ExitStack() as stack:
        for peer in peers:
            stack.enter_context(peer)
            peer.ready()
        yield
        for peer in peers:
            peer.end()


@contextlib.contextmanager
def relayed(implementations, names, address=TCP, limits=None):
    """A relay, one that holds a reservation there, one that will dial it, and its address through it."""
    limits = limits or {}
    flags = [word for name, value in limits.items() for word in (f"--{name}", value)]
    relay = implementations.start(names[0], "--relay", "--addr", address, *flags)
    with running(relay):
        at = relay.addresses[0]
        if names[1] == "js":  # which reserves at its start, and says nothing of it
            held = implementations.start("js", "--reserve-at", at)
        else:
            held = implementations.start(names[1], "--circuits")
        dialer = implementations.start(names[2], "--circuits")
        with running(held, dialer):
            if names[1] != "js":
                granted = held.ask("reserved", "reserve", at)
                wanted = (relay.id, limits.get("circuit-seconds", 0), limits.get("circuit-bytes", 0))
                got = (granted["peer_id"], granted["seconds"], granted["bytes"])
                require(got == wanted, f"{held.name}: reserved {got}, not {wanted}")
            yield relay, held, dialer, f"{at}/p2p-circuit/p2p/{held.id}"


# --- the cases ------------------------------------------------------------------------------------


def circuit(implementations, names, address=TCP):
    """One dials the other through the relay, and both are sent what they have sent."""
    with relayed(implementations, names, address) as (relay, held, dialer, through):
        event = dialer.connect(through)
        require(event["peer_id"] == held.id, f"{dialer.name} connected to {event['peer_id']}")
        require("/p2p-circuit" in event["address"], f"not through a relay: {event['address']}")
        require(relay.id in event["address"], f"through another relay: {event['address']}")
        require(not event.get("limited"), f"{dialer.name}: this relay has no limits")
        dialer.ask("ping", "ping", held.id)
        dialer.echoes(held, 5, WITHIN)
        held.echoes(dialer, 5, WITHIN)


def limited_circuit(implementations, names):
    """Limits are told to both sides, and what is beyond them ends the circuit, and not the reservation."""
    with relayed(implementations, names, limits=LIMITS) as (_, held, dialer, through):
        event = dialer.connect(through)
        require(event.get("limited"), f"{dialer.name} knows of no limit: {event}")
        dialer.echoes(held, 1, WITHIN)
        event = dialer.attempt("echo", held.id, 1, BEYOND)
        require(event["event"] == "error", f"{BEYOND} bytes went through: {event}")
        event = dialer.connect(through)
        require(event["peer_id"] == held.id, f"{dialer.name} connected to {event['peer_id']}")
        dialer.echoes(held, 1, WITHIN)


def no_reservation(implementations, names):
    """A peer that is connected to the relay, but holds no reservation, is not reached through it."""
    relay, connected, dialer = (
        implementations.start(name, flag)
        for name, flag in zip(names, ("--relay", "--circuits", "--circuits"), strict=True)
    )
    with running(relay, connected, dialer):
        connected.connect(relay.addresses[0])
        event = dialer.attempt("connect", f"{relay.addresses[0]}/p2p-circuit/p2p/{connected.id}")
        require(event["event"] == "error", f"{dialer.name}: {event}")


def private_refused(implementations, names):
    """Our relay serves nobody at loopback addresses unless it is told to."""
    relay = implementations.start(names[0], "--relay", private=False)
    held = implementations.start(names[1], "--circuits")
    with running(relay, held):
        event = held.attempt("reserve", relay.addresses[0])
        require(event["event"] == "error", f"{held.name}: {event}")


def expect_reachability(event, wanted, asked):
    require(event["reachability"] == wanted, f"not {wanted}: {event}")
    if event["event"] == "autonat2" and event["address"]:
        require(event["address"] in asked, f"another address: {event}")


def autonat(implementations, names, version):
    """The server is asked for an address that leads to who asks, and for one that does not."""
    server_name, asker_name = names
    for address in (None, CLOSED_PORT):
        server = implementations.start(server_name, "--autonat")
        # Version 1 of go-libp2p dials no private address, and says so.
        wanted = "Unknown" if version == 1 and server.name.startswith("go") else "Public"
        asker = implementations.start(asker_name, "--autonat")
        with running(server, asker):
            asker.connect(server.addresses[0])
            asked = [address] if address else list(asker.bare_addresses())
            event = asker.judge(version, server, *asked)
            expect_reachability(event, "Private" if address and wanted == "Public" else wanted, asked)
            require(event["refused"] == (wanted == "Unknown"), f"{server.name}: {event}")


def autonat_over_quic(implementations, names):
    server, asker = (implementations.start(name, "--autonat", "--addr", QUIC) for name in names)
    with running(server, asker):
        asker.connect(server.addresses[0])
        asked = list(asker.bare_addresses())
        expect_reachability(asker.judge(2, server, *asked), "Public", asked)


def autonat_paid(implementations, names):
    """An address whose IP is another than the asker's is dialed when that has sent enough data."""
    server, asker = (implementations.start(name, "--autonat") for name in names)
    with running(server, asker):
        asker.connect(server.addresses[0])
        event = asker.judge(2, server, FOREIGN)
        expect_reachability(event, "Private", [FOREIGN])
        sent = event.get("data_sent", DIAL_DATA_MIN)  # go-libp2p does not tell
        require(sent >= DIAL_DATA_MIN, f"{sent} bytes were enough")


# The relay, who holds the reservation, and who dials.
TRIOS = (
    ("warren", "go", "go"),
    ("warren", "go", "warren"),
    ("warren", "warren", "go"),
    ("go", "warren", "go"),
    ("go", "go", "warren"),
    ("go", "warren", "warren"),
    ("warren", "js", "js"),
    ("warren", "js", "warren"),
    ("warren", "warren", "js"),
)
QUIC_TRIOS = (("warren", "go", "warren"), ("go", "warren", "go"))
LIMITED = (("warren", "go", "go"), ("go", "warren", "go"), ("go", "go", "warren"))
PAIRS = (("warren", "go"), ("go", "warren"))  # the server, and who asks


def all_cases(implementations, self_test=False):
    """Name -> (case, the toolchains that it needs)."""
    table = {}

    def add(name, among, case, *arguments):
        needed = tuple(other for other in ("go", "js") if other in among or (self_test and other == "go"))
        table[name] = (lambda: case(implementations, among, *arguments), needed)

    def through(trio):
        return f"{trio[0]}_for_{trio[1]}_dialed_by_{trio[2]}"

    for trio in TRIOS:
        add(f"relay_{through(trio)}", trio, circuit)
    for trio in QUIC_TRIOS:
        add(f"relay_over_quic_{through(trio)}", trio, circuit, QUIC)
    for trio in LIMITED:
        add(f"relay_with_limits_{through(trio)}", trio, limited_circuit)
    for trio in (("warren", "go", "go"), ("go", "go", "warren")):
        add(f"relay_without_reservation_{through(trio)}", trio, no_reservation)
    if not self_test:  # go-libp2p's serves them, and tells them no address
        add("relay_warren_refuses_loopback_of_go", ("warren", "go"), private_refused)
    for pair in PAIRS:
        for version in (1, 2):
            add(f"autonat_v{version}_{pair[1]}_asks_{pair[0]}", pair, autonat, version)
        add(f"autonat_v2_over_quic_{pair[1]}_asks_{pair[0]}", pair, autonat_over_quic)
        add(f"autonat_v2_paid_{pair[1]}_asks_{pair[0]}", pair, autonat_paid)
    return table

"""Three nodes on this machine: a bootstrap, alice and bob. A message, a request with its reply, and a forgery
that is refused."""

import time

from forgery import forge
from program import Node, require
from story import short
from topic import broadcast

NAMES = ("bootstrap", "alice", "bob")
POEM = "Two nodes walk into a network."


def make_nodes(story, program, folder):
    story.step("Three nodes are made")
    story.tell(
        "Each has two keys: an SM2 key, which is who it is (NodeID), and an Ed25519 key, which is its libp2p "
        "peer (PeerID). A binding signed by both ties them together."
    )
    nodes = []
    for name in NAMES:
        node = Node(program, folder / name)
        node.init()
        story.fact(name, node.node_id)
        story.fact("", node.peer_id)
        nodes.append(node)
    return nodes


def start(story, bootstrap, alice, bob):
    story.step("Their daemons start, all on loopback")
    for name, node in zip(NAMES, (bootstrap, alice, bob)):
        words = [] if node is bootstrap else ["--bootstrap", bootstrap.addresses[0]]
        begin = time.monotonic()
        node.up(*words)
        story.fact(name, f"{node.addresses[0].split('/p2p/')[0]}  ready in {time.monotonic() - begin:.2f} s")
    for name, node in (("alice", alice), ("bob", bob)):
        reached = node.do("connect", bootstrap.addresses[0], "--json").json()
        require(reached["node_id"] == bootstrap.node_id, f"the bootstrap proved to be {reached['node_id']}")
        story.fact("", f"{name} is connected to the bootstrap, which proved to be {short(bootstrap)}")


def connect(story, alice, bob):
    story.step("alice connects to bob")
    reached = alice.do("connect", bob.addresses[0], "--json").json()
    require(reached["peer_id"] == bob.peer_id, f"another peer answered: {reached['peer_id']}")
    require(reached["node_id"] == bob.node_id, f"another node answered: {reached['node_id']}")
    replies = alice.do("ping", bob.node_id, "-c", "3", "-i", "0.05", "--json").jsons()
    best = min(reply["rtt_ms"] for reply in replies)
    path = replies[-1]["path"]
    story.fact("path", f"{path['kind']} {path['transport']} {path['address']}: Noise, yamux")
    story.fact("round trip", f"{best:.2f} ms, the best of {len(replies)}")
    story.fact("proved", f"that peer is bob, {short(bob)}: a binding signed by his SM2 and his Ed25519 key")


def message(story, alice, bob):
    story.step("alice sends bob a message")
    begin = time.monotonic()
    alice.do("send", bob.node_id, POEM)
    took = time.monotonic() - begin
    [received] = bob.do("inbox", "--json").jsons()
    require(received["text"] == POEM, f"bob read {received['text']!r}")
    require(received["from_node_id"] == alice.node_id, f"it came from {received['from_node_id']}")
    require(received["verified"] is True, "it is not verified")
    story.fact("bob reads", f"\"{received['text']}\"")
    story.fact("from", f"{received['from_node_id']} (alice)")
    story.fact("verified", "with the SM2 key inside that NodeID")
    story.fact("kept", f"on bob's disk before alice was told, after {took * 1000:.0f} ms")


def request(story, alice, bob):
    story.step("bob serves `upper`, and alice asks")
    with bob.start("serve", "upper", "--exec", "tr a-z A-Z") as service:
        service.line()
        story.fact("bob runs", "warren serve upper --exec 'tr a-z A-Z'")
        begin = time.monotonic()
        answer = alice.do("request", bob.node_id, "upper", POEM).text()
        took = time.monotonic() - begin
        require(answer == POEM.upper(), f"the answer is {answer!r}")
        story.fact("alice asks", f"warren request {short(bob)} upper '{POEM}'")
        story.fact("the answer", f'"{answer}"')
        story.fact("verified", f"bob's signature, by his SM2 key; {took * 1000:.0f} ms")


def stop(story, nodes):
    story.step("All daemons stop")
    for name, node in zip(NAMES, nodes):
        status = node.daemon.stop()
        require(status == 0, f"{name} ended with {status}: {node.daemon.errors()}")
    story.tell("In good order, with exit status 0.")


def show(story, program, tamper, folder):
    nodes = make_nodes(story, program, folder)
    bootstrap, alice, bob = nodes
    with bootstrap, alice, bob:
        start(story, bootstrap, alice, bob)
        connect(story, alice, bob)
        message(story, alice, bob)
        request(story, alice, bob)
        story.step("alice broadcasts to all who subscribed to a topic")
        broadcast(story, dict(zip(NAMES, nodes)), "alice")
        story.step("mallory sends bob an envelope with one flipped bit")
        forge(story, tamper, [], bob, "bob", bob.addresses[0])
        stop(story, nodes)

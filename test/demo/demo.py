#!/usr/bin/env python3
"""Three Warren nodes on this machine: a bootstrap, alice and bob. A message, a request with its reply, and a
forgery that is refused.

As root the nodes live in network namespaces of their own, on a bridge that leads nowhere else; otherwise on
loopback. Exit status: 0 when every step did what it says, 1 otherwise.
"""

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from network import Loopback, Namespaces  # noqa: E402
from program import ROOT, Failure, Node, require  # noqa: E402

TAMPER_S = 25
NAMES = ("bootstrap", "alice", "bob")
POEM = "Two nodes walk into a network."


class Story:
    """What happened, as a person wants to read it."""

    def __init__(self):
        self.begin = time.monotonic()
        self.steps = 0

    def step(self, title):
        self.steps += 1
        print(f"\n{self.steps}. {title}", flush=True)

    def tell(self, text):
        print(textwrap.fill(text, 100, initial_indent="   ", subsequent_indent="   "), flush=True)

    def fact(self, name, value):
        print(f"   {name:<12} {value}", flush=True)

    def end(self):
        print(f"\nEvery step did what it says ({time.monotonic() - self.begin:.1f} s).", flush=True)


def make_nodes(story, program, folder, network):
    story.step("Three nodes are made")
    story.tell(
        "Each has two keys: an SM2 key, which is who it is (NodeID), and an Ed25519 key, which is its libp2p "
        "peer (PeerID). A binding signed by both ties them together."
    )
    nodes = []
    for name in NAMES:
        node = Node(program, folder / name, network.within(name))
        node.init()
        story.fact(name, node.node_id)
        story.fact("", node.peer_id)
        nodes.append(node)
    return nodes


def start(story, network, bootstrap, alice, bob):
    story.step(f"Their daemons start, {network.about}")
    for name, node in zip(NAMES, (bootstrap, alice, bob)):
        words = [] if node is bootstrap else ["--bootstrap", bootstrap.addresses[0]]
        begin = time.monotonic()
        node.up(*words, listen=(network.listen(name),))
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
    kind = "relayed" if replies[-1]["relayed"] else "direct"
    path = replies[-1]["path"]
    story.fact("path", f"{path['transport']} {path['address']} ({kind}): Noise, yamux")
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


def forgery(story, tamper, network, bob):
    story.step("mallory sends bob an envelope with one flipped bit")
    try:
        done = subprocess.run(
            [*network.within("bootstrap"), tamper, bob.addresses[0]],
            capture_output=True,
            timeout=TAMPER_S,
            text=True,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise Failure(f"mallory did not end within {TAMPER_S} s") from None
    events = [json.loads(line) for line in done.stdout.splitlines()]
    require(done.returncode == 0, f"the forgery was not refused: {events} {done.stderr.strip()}")
    connected, refused, accepted = events
    require(refused["event"] == "refused" and accepted["event"] == "accepted", f"mallory saw {events}")
    story.fact("mallory", f"{connected['node_id']}, a stranger with a valid key")
    story.fact("sends", f"\"{refused['payload']}\", signed as \"pay 100 to mallory\"")
    story.fact("bob refuses", refused["reason"])
    texts = {message["text"]: message["from_node_id"] for message in bob.do("inbox", "--json").jsons()}
    require(refused["payload"] not in texts, "bob has the forgery in his inbox")
    require(texts.get(accepted["payload"]) == connected["node_id"], "the honest message did not arrive")
    story.fact("and takes", f"\"{accepted['payload']}\" over the same connection: its signature verifies")


def stop(story, nodes):
    story.step("All daemons stop")
    for name, node in zip(NAMES, nodes):
        status = node.daemon.stop()
        require(status == 0, f"{name} ended with {status}: {node.daemon.errors()}")
    story.tell("In good order, with exit status 0.")


def short(node):
    return f"{node.node_id[:12]}..."


def run(program, tamper, folder, network):
    story = Story()
    nodes = make_nodes(story, program, folder, network)
    bootstrap, alice, bob = nodes
    with bootstrap, alice, bob:
        start(story, network, bootstrap, alice, bob)
        connect(story, alice, bob)
        message(story, alice, bob)
        request(story, alice, bob)
        forgery(story, tamper, network, bob)
        stop(story, nodes)
    story.end()


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that everything is cleaned up then, too
    parser = argparse.ArgumentParser(prog="./dev demo", description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--build", type=Path, default=ROOT / "build/release", help="where bin/warren is")
    parser.add_argument("--loopback", action="store_true", help="no namespaces, although this is root")
    arguments = parser.parse_args()
    program, tamper = (arguments.build.resolve() / "bin" / name for name in ("warren", "warren_tamper"))
    for path in (program, tamper):
        if not path.exists():
            print(f"demo: {path} is not there; build it with ./dev build", file=sys.stderr)
            return 1

    namespaces = os.geteuid() == 0 and shutil.which("ip") and not arguments.loopback
    try:
        with tempfile.TemporaryDirectory(prefix="warren-demo-") as folder:
            with Namespaces.or_loopback(NAMES) if namespaces else Loopback() as network:
                run(program, tamper, Path(folder), network)
    except Failure as failure:
        print("\ndemo: " + "\n".join([str(failure), *getattr(failure, "__notes__", [])]), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\ndemo: interrupted", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

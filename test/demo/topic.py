"""A broadcast, and that all who subscribed have it, verified."""

import contextlib
import time
from datetime import datetime

from program import require

TOPIC = "weather"
NEWS = "Rain at noon."
MEET_S = 20
LOOK_S = 0.1


def peers_of(node):
    rows = node.do("topics", "--json").json()["topics"]
    return [peer for row in rows if row["topic"] == TOPIC for peer in row["peers"]]


def broadcast(story, nodes, origin):
    """Of `nodes`, by their names, one broadcasts, and all have subscribed."""
    with contextlib.ExitStack() as stack:
        readers = {}
        for name, node in nodes.items():
            readers[name] = stack.enter_context(node.start("subscribe", TOPIC, "--json"))
            first = readers[name].event()
            require(first["event"] == "subscribed", f"{name} began with {first}")
        end = time.monotonic() + MEET_S
        for name, node in nodes.items():
            while not peers_of(node):
                require(time.monotonic() < end, f"{name} met no subscriber within {MEET_S} s")
                time.sleep(LOOK_S)
        report = nodes[origin].do("broadcast", TOPIC, NEWS, "--json").json()
        story.fact(f"{origin} runs", f"warren broadcast {TOPIC} '{NEWS}'")
        story.fact("sent to", f"{report['sent']} of the {len(nodes) - 1} others, who send it on")
        for name, reader in readers.items():
            message = reader.event()
            require(message.get("text") == NEWS and message["verified"], f"{name} read {message}")
            require(message["from_node_id"] == nodes[origin].node_id, f"{name} read {message}")
            if name == origin:
                continue
            sent, received = (datetime.fromisoformat(message[f"{what}_at"]) for what in ("sent", "received"))
            took = max(0, (received - sent).total_seconds() * 1000)
            story.fact(f"{name} reads", f"\"{message['text']}\" after {took:.0f} ms, signed by {origin}")

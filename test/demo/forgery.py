"""An envelope with one flipped bit, and whether it was refused."""

import json
import subprocess

from program import Failure, require

TAMPER_S = 25


def forge(story, tamper, within, node, name, address):
    """Mallory sends it to the node, `name`, at that address; `within` goes before a command so that it runs
    where mallory is."""
    try:
        done = subprocess.run(
            [*within, tamper, address], capture_output=True, timeout=TAMPER_S, text=True, check=False
        )
    except subprocess.TimeoutExpired:
        raise Failure(f"mallory did not end within {TAMPER_S} s") from None
    events = [json.loads(line) for line in done.stdout.splitlines()]
    require(done.returncode == 0, f"the forgery was not refused: {events} {done.stderr.strip()}")
    connected, refused, accepted = events
    require(refused["event"] == "refused" and accepted["event"] == "accepted", f"mallory saw {events}")
    story.fact("mallory", f"{connected['node_id']}, a stranger with a valid key")
    story.fact("sends", f"\"{refused['payload']}\", signed as \"pay 100 to mallory\"")
    story.fact(f"{name} refuses", refused["reason"])
    texts = {message["text"]: message["from_node_id"] for message in node.do("inbox", "--json").jsons()}
    require(refused["payload"] not in texts, f"{name} has the forgery in the inbox")
    require(texts.get(accepted["payload"]) == connected["node_id"], "the honest message did not arrive")
    story.fact("and takes", f"\"{accepted['payload']}\" over the same connection: its signature verifies")

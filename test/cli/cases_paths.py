"""Which path is taken, and why: warren ping and its --until-direct, warren why, events of paths."""

import json
import re

from bench import STRANGER, STRANGER_NODE, Pair, case, expect_status, wait_until
from cases_operator import events_of
from cases_reachability import settings
from cases_relays import behind, circuit
from program import require

REPORT_KEYS = (
    "peer_id node_id verdict reason why advice paths ours theirs candidates attempts rounds next_try_in_ms"
).split()
PATH_KEYS = "kind transport address relay best rtt_ms loss suspect age_ms".split()
POSITION_KEYS = "udp mapping filtering ports outside addresses local".split()
ATTEMPT_KEYS = "address transport means outcome ago_ms took_ms reason message".split()
ROUND_KEYS = "means begun_by ago_ms took_ms rtt_ms told heard outcome error reason message".split()
MAPPINGS = {"none", "endpoint-independent", "dependent", "unknown"}
FILTERINGS = {"open", "address", "address-and-port", "unknown"}
MEANS = {"dial", "punch", "predict", "spray"}
OUTCOMES = {"connected", "failed", "canceled", "left_out"}

NO_PUNCHING = {"punch.enabled": "false"}


def expect_keys(row, keys):
    require(list(row) == keys, f"the keys of {row} are not {keys}")


def expect_position(position):
    expect_keys(position, POSITION_KEYS)
    require(position["mapping"] in MAPPINGS and position["filtering"] in FILTERINGS, f"{position}")
    require(position["ports"] in ("sequential", "random", "unknown"), f"{position}")


def expect_attempt(attempt):
    expect_keys(attempt, ATTEMPT_KEYS)
    require(attempt["means"] in MEANS and attempt["outcome"] in OUTCOMES, f"{attempt}")


def why(node, target):
    """What `warren why --json` says, which has its form in any case."""
    report = node.do("why", target, "--json").json()
    expect_keys(report, REPORT_KEYS)
    require(report["verdict"] in ("direct", "relayed", "unconnected"), f"the report is {report}")
    for path in report["paths"]:
        expect_keys(path, PATH_KEYS)
        require(path["kind"] == ("relay" if path["relay"] else "direct"), f"the path is {path}")
    require(sum(path["best"] for path in report["paths"]) <= 1, f"two are the best of {report['paths']}")
    expect_position(report["ours"])
    if report["theirs"] is not None:
        expect_position(report["theirs"])
    for candidate in report["candidates"]:
        expect_keys(candidate, ["address", "last"])
        if candidate["last"] is not None:
            expect_attempt(candidate["last"])
    for attempt in report["attempts"]:
        expect_attempt(attempt)
    for found in report["rounds"]:
        expect_keys(found, ROUND_KEYS)
        require(found["begun_by"] in ("us", "peer") and found["means"] in MEANS, f"the round is {found}")
    return report


@case
def until_direct_ends_with_the_first_direct_reply(bench):
    with Pair(bench) as (alice, bob):
        address = bob.addresses[0].rsplit("/p2p/")[0]
        result = alice.do("ping", bob.node_id, "--until-direct")
        line = rf"1: \d+\.\d\d ms, direct tcp {re.escape(address)}\n"
        require(re.fullmatch(line, result.text()), f"ping printed {result.text()!r}")
        [reply] = alice.do("ping", bob.peer_id, "--until-direct", "--timeout", "5", "--json").jsons()
        wanted = {"kind": "direct", "transport": "tcp", "address": address}
        require(reply["path"] == wanted and reply["relayed"] is False, f"ping printed {reply}")


@case
def until_direct_connects_first(bench):
    alice, bob = bench.node("alice"), bench.node("bob")
    with alice, bob:
        alice.up()
        bob.up(listen=("/ip4/127.0.0.1/udp/0/quic-v1",))
        text = alice.do("ping", bob.addresses[0], "--until-direct").text()
        wanted = r", direct quic /ip4/127\.0\.0\.1/udp/\d+/quic-v1\n$"
        require(re.search(wanted, text), f"ping printed {text}")


@case
def until_direct_needs_somebody_there(bench):
    with bench.node() as node:
        node.up()
        nobody = f"/ip4/127.0.0.1/tcp/1/p2p/{STRANGER}"
        expect_status(node.run("ping", nobody, "--until-direct", "--timeout", "3"), 4)
        until = "--until-direct"
        for words in ([until, "-c", "1"], ["--timeout", "3"], [until, "--timeout", "0"]):
            expect_status(node.run("ping", STRANGER, *words), 2)


@case
def who_wants_no_direct_path_stays_relayed_and_says_so(bench):
    with behind(bench) as (relay, bob, alice):
        alice.down()
        settings(alice, **NO_PUNCHING)
        alice.up()
        alice.do("connect", circuit(relay, bob.peer_id))
        result = alice.run("ping", bob.node_id, "--until-direct", "--timeout", "4", "-i", "0.5")
        expect_status(result, 6, "still relayed after 4 s", "POLICY_RELAY_ONLY", "warren.toml")
        require(4 <= result.seconds < 40, f"it took {result.seconds:.1f} s")
        lines = result.text().splitlines()
        require(len(lines) >= 3, f"ping printed {lines}")
        require(all(line.endswith(f", relay via {relay.peer_id}") for line in lines), f"ping printed {lines}")

        report = why(alice, bob.node_id)
        require(report["verdict"] == "relayed", f"the report is {report}")
        require(report["reason"] == "POLICY_RELAY_ONLY" and report["advice"], f"the report is {report}")
        require(report["peer_id"] == bob.peer_id and report["node_id"] == bob.node_id, f"{report}")
        [path] = report["paths"]
        require(path["relay"] == relay.peer_id and path["best"], f"the path is {path}")
        text = alice.do("why", bob.peer_id).text()
        require(text.startswith(f"Relayed via {relay.peer_id}: POLICY_RELAY_ONLY: "), f"why: {text}")
        for word in ("Paths ", "This node ", "The peer "):
            require(f"\n{word}" in text, f"why has no {word}: {text}")


@case
def why_tells_of_a_direct_path(bench):
    with Pair(bench) as (alice, bob):
        alice.do("ping", bob.node_id, "-c", "1")
        for target in (bob.node_id, bob.peer_id, bob.addresses[0]):
            report = why(alice, target)
            require(report["verdict"] == "direct" and report["reason"] is None, f"the report is {report}")
            require(report["why"], f"nothing is said of how it came about: {report}")
            [path] = [path for path in report["paths"] if path["best"]]
            require(path["kind"] == "direct" and path["transport"] == "tcp", f"the path is {path}")
            require(path["address"] == bob.addresses[0].rsplit("/p2p/")[0], f"the path is {path}")
            require(0 <= path["age_ms"] < 60000 and path["loss"] == 0, f"the path is {path}")
        text = alice.do("why", bob.node_id).text()
        require(text.startswith("Direct over TCP for "), f"why: {text}")
        # The other side has the same path.
        require(why(bob, alice.peer_id)["verdict"] == "direct", "bob has another path")


@case
def why_knows_nothing_of_strangers(bench):
    with bench.node() as node:
        node.up()
        for target in (STRANGER, STRANGER_NODE):
            expect_status(node.run("why", target), 4)
        expect_status(node.run("why", "nobody"), 2, "nobody")


@case
def events_tell_which_path_is_taken(bench):
    with Pair(bench) as (alice, bob):
        address = bob.addresses[0].rsplit("/p2p/")[0]
        wait_until(lambda: events_of(alice, "path"), "no event of the path")
        came = events_of(alice, "path")[0]
        wanted = {"event": "path", "peer_id": bob.peer_id, "state": "direct", "address": address}
        require(wanted.items() <= came.items(), f"the event is {came}")
        line = f"what goes to {bob.peer_id}"
        text = alice.do("events").text()
        require(f"  path  {' ' * 8}{line}" in text, f"events: {text}")
        require(f"now takes the path direct tcp {address}\n" in text, f"events: {text}")
        bob.daemon.kill()

        def states():
            return [event["state"] for event in events_of(alice, "path") if event["peer_id"] == bob.peer_id]

        wait_until(lambda: states()[-1:] == ["none"], "its end is not told")
        require("there is no path to" in alice.do("events").text(), "its end is not told")


@case
def events_tell_of_a_relayed_path(bench):
    with behind(bench) as (relay, bob, alice):
        alice.do("connect", circuit(relay, bob.peer_id))
        wait_until(lambda: events_of(alice, "path"), "no event of the path")
        found = [event for event in events_of(alice, "path") if event["peer_id"] == bob.peer_id]
        require(found and found[0]["state"] == "relayed", f"the events are {json.dumps(found)}")
        text = alice.do("events").text()
        require(f"now takes the path relay via {relay.peer_id}\n" in text, f"events: {text}")

"""What the node's operator sees and sets: events, limits."""

import re
import signal

from bench import Pair, case, expect_status, wait_until
from program import require

EVENT_KEYS = {"at_ms", "event", "peer_id", "node_id", "address", "direction"}


def configure(node, *lines):
    """Puts lines at the head of the section [limits] of warren.toml."""
    config = node.path / "warren.toml"
    text = config.read_text()
    require("\n[limits]\n" in text, "warren.toml has no [limits]")
    config.write_text(text.replace("\n[limits]\n", "\n[limits]\n" + "\n".join(lines) + "\n"))


def limits_of(node):
    rows = node.do("limits", "--json").json()["limits"]
    return {row["knob"]: row for row in rows}


def events_of(node, kind):
    return [event for event in node.do("events", "--json").jsons() if event["event"] == kind]


@case
def events_tell_who_came_and_who_was_lost(bench):
    alice, bob = bench.node("alice"), bench.node("bob")
    with alice, bob:
        bob.up()
        require(bob.do("events", "--json").text() == "", "there are events before anything happened")
        require("--follow" in bob.do("events").text(), "nothing is said of that")
        with bob.start("events", "--follow", "--json") as follower:
            alice.up()
            alice.do("connect", bob.addresses[0])
            came, said = follower.event(), follower.event()
            wanted = {"event": "connected", "peer_id": alice.peer_id, "direction": "inbound"}
            require(wanted.items() <= came.items(), f"the event is {came}")
            require(came["security"] == "/noise" and came["muxer"] == "/yamux/1.0.0", f"the event is {came}")
            require(came["address"].startswith("/ip4/127.0.0.1/tcp/"), f"the event is {came}")
            wanted = {"event": "identified", "peer_id": alice.peer_id, "address": came["address"]}
            require(wanted.items() <= said.items(), f"the event is {said}")
            require(said["version"].startswith("warren/") and said["protocols"] > 3, f"the event is {said}")

            alice.do("send", bob.node_id, "a message, so that bob knows which node that is")
            alice.daemon.kill()
            lost = follower.event()
            wanted = {"event": "disconnected", "peer_id": alice.peer_id, "node_id": alice.node_id}
            require(wanted.items() <= lost.items(), f"the event is {lost}")
            require(lost["reason"] in ("reset", "closed", "end_of_stream"), f"the event is {lost}")
            require(lost["message"], f"no sentence: {lost}")
            for event in (came, said, lost):
                require(EVENT_KEYS <= set(event), f"the event is {event}")
            require(came["at_ms"] <= said["at_ms"] <= lost["at_ms"], "the events are not in order")
            follower.process.send_signal(signal.SIGINT)
            follower.process.wait(15)

        kept = bob.do("events", "--json").jsons()
        require(kept == [came, said, lost], f"kept are {kept}")
        lines = bob.do("events").text().splitlines()
        require(len(lines) == 3, f"printed {lines}")
        for line, word in zip(lines, ("connected", "identified", "disconnected")):
            require(re.match(rf"\d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d  {word} .*{alice.peer_id}", line), line)


@case
def a_daemon_that_ends_ends_its_event_readers(bench):
    with bench.node() as node:
        node.up()
        with node.start("events", "--follow", "--json") as follower:
            node.do("status")
            node.daemon.process.terminate()
            require(follower.process.wait(15) == 3, f"events ended with {follower.process.returncode}")


@case
def limits_are_listed_and_set_by_name(bench):
    node = bench.node()
    configure(node, "connections_per_peer_max = 3", "bytes_buffered_max = 100000000")
    with node:
        node.up()
        rows = limits_of(node)
        require(len(rows) >= 20, f"only {len(rows)} limits are listed")
        require(rows["connections_per_peer_max"]["max"] == 3, "the file's limit is not the node's")
        require(rows["bytes_buffered_max"]["max"] == 100_000_000, "the file's limit is not the node's")
        for row in rows.values():
            require(set(row) == {"knob", "used", "max", "refused", "about"}, f"the row is {row}")
            require(row["about"] and row["max"] > 0 and row["refused"] == 0, f"the row is {row}")
        table = node.do("limits").text().splitlines()
        require(table[0].split() == ["knob", "used", "max", "refused", "about"], f"the head is {table[0]}")
        require([line.split()[0] for line in table[1:]] == list(rows), "the table and --json differ")


@case
def wrong_limits_and_securities_are_told(bench):
    wrong = {
        "strems_max = 7": ["limits.strems_max", "`streams_max`"],
        "connections = 7": ["limits.connections", "`connections_max`"],
        "frobnicate = 7": ["limits.frobnicate", "remove it"],
        "streams_max = 0": ["limits.streams_max", "whole number"],
        "streams_max = 1.5": ["limits.streams_max", "whole number"],
        'streams_max = "7"': ["limits.streams_max", "whole number"],
        "connections_low = 1000": ["limits.connections_low", "connections_high"],
    }
    for index, (line, texts) in enumerate(wrong.items()):
        node = bench.node(f"node{index}")
        configure(node, line)
        expect_status(node.run("up"), 1, "warren.toml:", *texts)
    for index, value in enumerate(('"/noise"', "[]", '["/noise", "/noise"]', '["/plaintext/2.0.0"]', "[1]")):
        node = bench.node(f"security{index}")
        config = node.path / "warren.toml"
        config.write_text(re.sub(r"(?m)^securities = .*", f"securities = {value}", config.read_text()))
        expect_status(node.run("up"), 1, "`securities`", '"/noise", "/tls/1.0.0"')


@case
def securities_of_the_file_are_those_of_the_node(bench):
    alice, bob = bench.node("alice"), bench.node("bob")
    config = bob.path / "warren.toml"
    config.write_text(re.sub(r"(?m)^securities = .*", 'securities = ["/tls/1.0.0"]', config.read_text()))
    with alice, bob:
        alice.up()
        bob.up()
        alice.do("connect", bob.addresses[0])
        wait_until(lambda: events_of(bob, "connected"), "no event")
        [came] = events_of(bob, "connected")
        require(came["security"] == "/tls/1.0.0", f"secured by {came['security']}")

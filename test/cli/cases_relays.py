"""Circuit relays on loopback, in a network that is said to be private: held, used, limited, refused, lost."""

import contextlib

from bench import STRANGER, case, expect_status, inbox, serve, wait_until
from cases_operator import events_of, parse_metrics
from cases_reachability import details, settings, status
from pace import expect_soon
from program import Failure, require

RELAY_KEYS = (
    "peer_id node_id state configured rtt_ms held_at_ms expires_at_ms next_try_at_ms limits addresses "
    "reason message"
).split()


def relay_node(bench, name="relay", **values):
    """A node that relays for others; not running."""
    node = bench.node(name)
    settings(node, **{"relay.enabled": "true"}, private_network="true", **values)
    return node


def up_behind(node, *relays):
    """Starts a node that listens nowhere, so that it is reached through relays or not at all."""
    settings(node, private_network="true", use="false")
    file = node.path / "warren.toml"
    text = file.read_text()
    begin, end = text.index("listen = ["), text.index("]\n", text.index("listen = ["))
    file.write_text(text[:begin] + "listen = [" + text[end:])
    words = [word for relay in relays for word in ("--relay", relay.addresses[0])]
    node.daemon = node.start("up", "--json", *words)
    ready = node.daemon.event()
    require(ready["addresses"] == [], f"it listens at {ready['addresses']}")


def relays_of(node):
    rows = node.do("relays", "--json").json()
    for row in rows:
        require(list(row) == RELAY_KEYS, f"the relay is {row}")
    return rows


def wait_until_held(node, relay):
    def held():
        return [row for row in relays_of(node) if row["peer_id"] == relay.peer_id and row["state"] == "held"]

    wait_until(held, "the relay is not held")
    return held()[0]


def circuit(relay, peer_id):
    return f"{relay.addresses[0]}/p2p-circuit/p2p/{peer_id}"


@contextlib.contextmanager
def behind(bench, **values):
    """A relay, bob who is reached through it only, and alice."""
    relay, bob, alice = relay_node(bench, **values), bench.node("bob"), bench.node("alice")
    settings(alice, private_network="true")
    with relay, bob, alice:
        relay.up()
        up_behind(bob, relay)
        alice.up()
        wait_until_held(bob, relay)
        yield relay, bob, alice


@case
def a_relay_is_held_and_shown(bench):
    with behind(bench) as (relay, bob, _):
        row = wait_until_held(bob, relay)
        require(row["configured"] and row["rtt_ms"] > 0, f"the relay is {row}")
        require(row["limits"] == {"bytes": 131072, "time_ms": 120000}, f"its limits are {row['limits']}")
        require(3000000 < row["expires_at_ms"] - row["held_at_ms"] <= 3660000, f"the relay is {row}")
        require(row["reason"] is None and row["next_try_at_ms"] is None, f"the relay is {row}")
        require(row["addresses"] == [circuit(relay, bob.peer_id)], f"the addresses are {row['addresses']}")
        text = bob.do("relays").text()
        require(relay.peer_id in text and "held" in text and "128 KiB each way" in text, f"relays: {text}")

        mine = details(bob)[circuit(relay, bob.peer_id)]
        require(mine["source"] == "relay" and mine["announced"], f"the address is {mine}")
        require(mine["expires_at_ms"] is not None, f"the address is {mine}")
        [seen] = bob.do("netcheck", "--json").json()["relays"]
        require(seen["peer_id"] == relay.peer_id and seen["state"] == "held", f"netcheck has {seen}")
        told = status(bob)
        require([entry["state"] for entry in told["relays"]] == ["held"], f"status is {told}")
        require("1 of 1 held" in bob.do("status").text(), "status does not count the relay")
        metrics = parse_metrics(bob.do("metrics").text())
        require(metrics['warren_relays{state="held"}'] == 1, "the metrics do not count the relay")

        service = status(relay)["relay_service"]
        require(service["offered"] and service["reservations"] == 1, f"the relay says {service}")
        require("reservations 1," in relay.do("status").text(), "the relay's status does not tell")
        used = {row["knob"]: row["used"] for row in relay.do("limits", "--json").json()["limits"]}
        require(used["relay_reservations_max"] == 1, "the limit does not count the reservation")


@case
def all_words_work_through_a_relay(bench):
    with behind(bench) as (relay, bob, alice):
        there = circuit(relay, bob.peer_id)
        result = alice.do("connect", there, "--json").json()
        require(result["relayed"] and result["relay"] == relay.peer_id, f"connected over {result}")
        require(result["node_id"] == bob.node_id, f"connected to {result}")
        with serve(bob, "upper", "tr a-z A-Z"):
            answer = alice.do("request", bob.node_id, "upper", "hello")
            require(answer.text() == "HELLO", f"the answer is {answer.text()!r}")
        alice.do("send", bob.peer_id, "through a relay")
        [message] = inbox(bob)
        require(message["from_node_id"] == alice.node_id, f"the message is {message}")

        text = alice.do("ping", bob.node_id, "-c", "1").text()
        require(f", relay via {relay.peer_id}\n" in text, f"ping printed {text}")
        [reply] = alice.do("ping", bob.node_id, "-c", "1", "--json").jsons()
        require(reply["relayed"] and reply["path"]["relay"] == relay.peer_id, f"ping printed {reply}")
        require(reply["path"]["transport"] == "p2p-circuit", f"ping printed {reply}")
        require(reply["path"]["kind"] == "relay", f"ping printed {reply}")
        result = alice.run("ping", bob.node_id, "-c", "1", "--direct")
        require(result.status == 6, f"ping --direct ended with {result.status}")

        [peer] = [row for row in alice.do("peers", "--json").json()["peers"] if row["peer_id"] == bob.peer_id]
        require(peer["relayed"] and peer["relay"] == relay.peer_id, f"the peer is {peer}")
        require(peer["budget"]["bytes_max"] == 131072, f"the budget is {peer['budget']}")
        require(0 < peer["budget"]["sent"] < 131072, f"the budget is {peer['budget']}")
        require(0 < peer["budget"]["ends_in_ms"] <= 120000, f"the budget is {peer['budget']}")
        text = alice.do("peers").text()
        require(f"relay via {relay.peer_id}" in text and "128 KiB each way" in text, f"peers: {text}")
        [came] = [event for event in events_of(bob, "connected") if event["peer_id"] == alice.peer_id]
        require("/p2p-circuit" in came["address"] and came["direction"] == "inbound", f"the event is {came}")
        require(f"relay via {relay.peer_id}" in bob.do("events").text(), "events do not tell of the relay")

        service = status(relay)["relay_service"]
        require(service["circuits"] == 1 and service["bytes"] > 0, f"the relay says {service}")
        metrics = parse_metrics(relay.do("metrics").text())
        require(metrics["warren_relay_bytes_total"] > 0, "the metrics do not count the bytes")
        require(inbox(relay) == [], "the relay got a message")


@case
def direct_only_means_that(bench):
    with behind(bench) as (relay, bob, alice):
        there = circuit(relay, bob.peer_id)
        expect_status(alice.run("connect", there, "--direct-only"), 6, "direct")
        alice.do("connect", there)
        for words in (
            ["connect", bob.peer_id],
            ["ping", bob.peer_id, "-c", "1"],
            ["send", bob.peer_id, "text"],
            ["request", bob.peer_id, "upper", "text"],
        ):
            expect_status(alice.run(*words, "--direct-only"), 6, "direct")
        alice.do("send", bob.peer_id, "text", "--prefer-direct")
        require(len(inbox(bob)) == 1, "a message came that should not have")


@case
def a_direct_path_is_taken_when_it_is_preferred(bench):
    relay, bob, alice = relay_node(bench), bench.node("bob"), bench.node("alice")
    for node in (bob, alice):
        settings(node, private_network="true")
    with relay, bob, alice:
        relay.up()
        alice.up()
        bob.up("--relay", relay.addresses[0])
        wait_until_held(bob, relay)
        # All that alice knows is the circuit; over it bob tells where else he is.
        first = alice.do("connect", circuit(relay, bob.peer_id), "--json").json()
        require(first["relayed"], f"connected over {first}")

        def direct():
            [reply] = alice.do("ping", bob.peer_id, "-c", "1", "--prefer-direct", "--json").jsons()
            return not reply["relayed"]

        wait_until(direct, "there is no direct path")
        for words in (["ping", "-c", "1"], ["send", "--file", "/dev/null"], ["connect"]):
            alice.do(*words, bob.peer_id, "--direct-only")
        [reply] = alice.do("ping", bob.peer_id, "-c", "1", "--json").jsons()
        require(not reply["relayed"], "the direct path is not the better one")


@case
def a_circuit_ends_in_its_time(bench):
    with behind(bench, circuit_time_max="4") as (relay, bob, alice):
        there = circuit(relay, bob.peer_id)
        budget = alice.do("connect", there, "--json").json()["budget"]
        require(0 < budget["ends_in_ms"] <= 4000, f"the budget is {budget}")
        wait_until(lambda: events_of(bob, "disconnected"), "it goes on")
        lost = events_of(bob, "disconnected")[0]
        require(lost["peer_id"] == alice.peer_id and "/p2p-circuit" in lost["address"], f"lost is {lost}")
        # Both know by now where alice is, and find another way.
        wait_until(lambda: status(relay)["relay_service"]["circuits"] == 0, "the relay still forwards")
        ended = status(relay)["relay_service"]["circuits_ended_by_limit"]
        require(ended >= 1, f"{ended} ended by their limit")
        require(wait_until_held(bob, relay), "the reservation is lost, too")
        alice.do("ping", bob.peer_id, "-c", "1")


@case
def what_a_circuit_cannot_carry_is_told_at_once(bench):
    with behind(bench) as (relay, bob, alice):
        alice.do("connect", circuit(relay, bob.peer_id))
        with serve(bob, "size", "wc -c"):
            result = alice.run("request", bob.node_id, "size", stdin=bytes(1 << 20))
            expect_status(result, 6, "LIMITED_BY_BUDGET", "direct path")
            small = alice.do("request", bob.node_id, "size", "hello")
            require(small.text().strip() == "5", f"the answer is {small.text()!r}")
            expect_soon("to be told", result.seconds, 5, small.seconds)


@case
def a_relay_of_ones_own_has_no_limits(bench):
    with behind(bench, circuit_bytes_max="0", circuit_time_max="0") as (relay, bob, alice):
        require(wait_until_held(bob, relay)["limits"] == {"bytes": None, "time_ms": None}, "it has limits")
        require("no limits" in bob.do("relays").text(), "relays does not say so")
        result = alice.do("connect", circuit(relay, bob.peer_id), "--json").json()
        require(result["relayed"] and "budget" not in result, f"connected over {result}")
        with serve(bob, "size", "wc -c"):
            answer = alice.do("request", bob.node_id, "size", stdin=bytes(1 << 20))
            require(answer.text().strip() == str(1 << 20), f"the answer is {answer.text()!r}")


@case
def without_a_reservation_nobody_is_reached(bench):
    relay, bob, alice = relay_node(bench), bench.node("bob"), bench.node("alice")
    settings(alice, private_network="true")
    with relay, bob, alice:
        for node in (relay, bob, alice):
            node.up()
        bob.do("connect", relay.addresses[0])  # connected, but no more than that
        result = alice.run("connect", circuit(relay, bob.peer_id))
        expect_status(result, 4, "reservation")
        expect_status(alice.run("connect", circuit(relay, STRANGER)), 4, "reservation")
        service = status(relay)["relay_service"]
        require(service["circuits_refused"] >= 2 and service["circuits_opened"] == 0, f"{service}")


@case
def who_does_not_relay_is_no_relay(bench):
    plain, bob, alice = bench.node("plain"), bench.node("bob"), bench.node("alice")
    settings(plain, **{"relay.enabled": "false"}, private_network="true")
    with plain, bob, alice:
        plain.up()
        alice.up()
        up_behind(bob, plain)
        wait_until(lambda: relays_of(bob)[0]["state"] == "backoff", "it is not tried, or it is held")
        [row] = relays_of(bob)
        require(row["message"] and row["next_try_at_ms"] and row["limits"] is None, f"the relay is {row}")
        require("the last try failed" in bob.do("relays").text(), "relays does not say why")
        require(status(plain)["relay_service"]["offered"] is False, "it says that it relays")
        result = alice.run("connect", circuit(plain, bob.peer_id))
        require(result.status in (1, 4), f"connect ended with {result.status}: {result.stderr}")


@case
def a_relay_that_returns_is_held_again(bench):
    with behind(bench) as (relay, bob, alice):
        there = relay.addresses[0].rsplit("/p2p/")[0]
        relay.daemon.kill()
        wait_until(lambda: relays_of(bob)[0]["state"] != "held", "its loss is not noticed")
        require(details(bob) == {}, f"it is still announced: {details(bob)}")
        with contextlib.suppress(Failure):
            alice.run("connect", circuit(relay, bob.peer_id), "--timeout", "3")
        relay.up(listen=(there,))
        wait_until_held(bob, relay)
        result = alice.do("connect", circuit(relay, bob.peer_id), "--json").json()
        require(result["relayed"], f"connected over {result}")


@case
def the_word_relay_names_no_path_of_others(bench):
    """A relay that is not in the private network serves nobody at loopback."""
    relay, bob = bench.node("relay"), bench.node("bob")
    settings(relay, **{"relay.enabled": "true"})
    with relay, bob:
        relay.up()
        up_behind(bob, relay)
        wait_until(lambda: relays_of(bob)[0]["state"] == "backoff", "it is held, or not tried")
        require(status(relay)["relay_service"]["reservations"] == 0, "a peer at loopback has a reservation")

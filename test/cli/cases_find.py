"""Nodes that find each other by their IDs: warren find, events of who came and left, restarts."""

from bench import STRANGER, STRANGER_NODE, case, expect_status, wait_until
from cases_operator import events_of, parse_metrics
from program import require
from street import find, known_peers, street

# Keep-alives need most of a minute.
LOST_S = 180
STEP_KEYS = ["peer_id", "hop", "state", "common_prefix", "ms", "for"]


def plain(addresses):
    return {address.rsplit("/p2p/")[0] for address in addresses}


@case
def a_node_is_found_through_a_third_one(bench):
    with street(bench, 3) as (_, alice, bob):
        # Alice knows the first node only.
        report = find(alice, bob.node_id, "--afresh")
        require(report["peer_id"] == bob.peer_id and report["node_id"] == bob.node_id, f"found {report}")
        require(plain(bob.addresses) <= set(report["addresses"]), f"found at {report['addresses']}")
        require(report["target"] == bob.node_id and report["source"] == "dht", f"found {report}")
        require(0 < report["took_ms"] < 30000 and report["hops"] >= 0, f"found {report}")
        require(report["steps"], "no question was asked")
        for step in report["steps"]:
            require(list(step) == STEP_KEYS, f"the step is {step}")
            require(step["state"] in ("answered", "failed", "waiting"), f"the step is {step}")
            require((step["ms"] is None) == (step["state"] == "waiting"), f"the step is {step}")
            require(0 <= step["common_prefix"] <= 256, f"the step is {step}")
        require("answered" in {step["state"] for step in report["steps"]}, f"{report['steps']}")
        text = alice.do("find", bob.node_id, "--afresh").text()
        require(bob.peer_id in text and "hop 0" in text and " bits" in text, f"printed {text}")
        sent = alice.do("send", bob.node_id, "by its ID alone")
        require(sent.status == 0, "the message was not sent")


@case
def several_are_found_at_once(bench):
    with street(bench, 4) as (_, alice, bob, carol):
        for node in (bob, carol):
            find(alice, node.node_id)
        reports = alice.do("find", bob.node_id, carol.peer_id, "--json").jsons()
        wanted = {bob.node_id: bob.peer_id, carol.peer_id: carol.peer_id}
        require({report["target"]: report["peer_id"] for report in reports} == wanted, f"found {reports}")

        result = alice.run("find", bob.node_id, STRANGER_NODE, "--json")
        expect_status(result, 4, "1 of 2", STRANGER_NODE)
        lost = [report for report in result.jsons() if report["target"] == STRANGER_NODE]
        require(lost and lost[0]["peer_id"] is None and lost[0]["reason"] == "not_found", f"{result.text()}")
        text = alice.do("find", bob.node_id, carol.node_id).text()
        require(bob.peer_id in text and carol.peer_id in text, f"printed {text}")


@case
def who_is_nowhere_is_not_found(bench):
    with street(bench, 2) as (_, alice):
        expect_status(alice.run("find", STRANGER), 4, STRANGER)
        expect_status(alice.run("find", STRANGER_NODE), 4, STRANGER_NODE)
        expect_status(alice.run("find", "nobody"), 2, "nobody")
        own = alice.do("find", alice.node_id, "--json").json()
        require(own["source"] == "self" and own["peer_id"] == alice.peer_id, f"found {own}")
    with bench.node("alone") as alone:
        alone.up("--profile", "lan")
        expect_status(alone.run("find", STRANGER), 4, STRANGER)
        expect_status(alone.run("find", STRANGER_NODE), 4)


@case
def events_and_metrics_tell_who_arrived_and_left(bench):
    with street(bench, 3) as (first, alice, bob):
        came = lambda: {event["peer_id"] for event in events_of(first, "arrived")}  # noqa: E731
        wait_until(lambda: {alice.peer_id, bob.peer_id} <= came(), "nobody arrived")
        alice.down()
        wait_until(lambda: events_of(first, "left"), "no goodbye")
        [left] = events_of(first, "left")
        require(left["peer_id"] == alice.peer_id and left["reason"] == "closed", f"the event is {left}")
        line = next(line for line in first.do("events").text().splitlines() if "  left " in line)
        require(alice.peer_id in line and line.endswith("it said goodbye"), line)
        bob.daemon.kill()
        wait_until(lambda: len(events_of(first, "left")) == 2, "a crash is not noticed", within=LOST_S)
        lost = events_of(first, "left")[1]
        require(lost["peer_id"] == bob.peer_id and lost["reason"] != "closed", f"the event is {lost}")

        metrics = parse_metrics(first.do("metrics").text())
        require(metrics["warren_nodes_arrived_total"] >= 2, "arrivals are not counted")
        require(metrics['warren_nodes_left_total{how="goodbye"}'] == 1, "the goodbye is not counted")
        require(metrics['warren_nodes_left_total{how="lost"}'] == 1, "the crash is not counted")
        label = '{dht="/warren/main/kad/1.0.0"}'
        require(metrics[f"warren_dht_requests_served_total{label}"] > 0, "nothing was served")
        require(metrics[f"warren_dht_server{label}"] == 1, "it is no server")
        require(f"warren_dht_table_peers{label}" in metrics, "the table is not told")
        require("warren_address_cache_hits_total" in metrics, "the address cache is not told")


@case
def a_restarted_node_needs_no_bootstrap_node(bench):
    with street(bench, 4) as (first, alice, bob, _):
        find(alice, bob.node_id)
        wait_until(lambda: known_peers(alice) > 1, "alice knows the first node only")
        alice.down()
        first.down()
        alice.up()
        wait_until(lambda: known_peers(alice) > 0, "nobody is known any more")
        report = find(alice, bob.node_id, "--afresh")
        require(report["peer_id"] == bob.peer_id, f"found {report}")


@case
def peers_are_sorted(bench):
    with street(bench, 4) as (first, *others):
        wait_until(lambda: len(first.do("peers", "--json").json()["peers"]) >= 3, "somebody is missing")
        for node in others:
            first.do("ping", node.peer_id, "-c", "1")

        def column(by, key):
            return [peer[key] for peer in first.do("peers", "--sort", by, "--json").json()["peers"]]

        names = column("name", "node_id")
        require(names == sorted(names) or None in names, f"by name: {names}")
        times = column("latency", "rtt_ms")
        measured = [time for time in times if time > 0]
        require(times[: len(measured)] == sorted(measured), f"by latency: {times}")
        ages = column("time", "connected_ms")
        require(ages == sorted(ages, reverse=True), f"by time: {ages}")
        require(first.do("peers", "--sort", "latency").text().count("\n") >= 9, "the text is short")


@case
def profiles_decide_who_serves(bench):
    nodes = {name: bench.node(name, "--profile", name) for name in ("home", "server", "lan")}
    for name, node in nodes.items():
        with node:
            node.up()
            [dht] = node.do("dht", "stats", "--json").json()["dhts"]
            require(dht["mode"] == ("client" if name == "home" else "server"), f"{name} is a {dht['mode']}")
    with nodes["home"] as node:
        node.up("--profile", "server")
        [dht] = node.do("dht", "stats", "--json").json()["dhts"]
        require(dht["mode"] == "server", "--profile is not heard")

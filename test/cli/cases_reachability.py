"""What the network sees of a node: warren addrs, netcheck, status through a node's life, and the settings."""

import signal
import threading

from bench import STRANGER, case, configure, expect_status, wait_until
from cases_operator import parse_metrics
from pace import in_some_try
from program import END_S, require
from street import street

DETAIL_KEYS = (
    "address source reachable verified confidence verified_by verified_at_ms expires_at_ms announced".split()
)
SOURCES = {"interface", "observed", "stun", "port-mapping", "configured", "relay"}
BEHAVIORS = {"endpoint-independent", "address-dependent", "address-and-port-dependent", "unknown"}
UDP_KEYS = set(
    "reachable answered mapping filtering mapped_address local_address nat servers rtt_ms at_ms".split()
)
NETCHECK_KEYS = "udp ipv4 ipv6 udp4 udp6 tcp4 tcp6 hairpin relays".split()
STAGES = "starting listening bootstrapping joined announced leaving stopped".split()

FORWARDED = "/ip4/203.0.113.7/tcp/4001"


def section_at(lines, number):
    """Which one that line is in."""
    heads = [line[1:-1] for line in lines[:number] if line.startswith("[") and line.endswith("]")]
    return heads[-1] if heads else ""


def settings(node, **values):
    """Changes settings of warren.toml, which has a line for each. One whose name is not the only one is
    called by its section, too: "relay.enabled"."""
    file = node.path / "warren.toml"
    lines = file.read_text().splitlines()
    for full_name, value in values.items():
        section, _, name = full_name.rpartition(".")
        found = [
            number
            for number, line in enumerate(lines)
            if line.startswith(f"{name} = ") and (not section or section_at(lines, number) == section)
        ]
        require(len(found) == 1, f"warren.toml has {len(found)} lines for {full_name}")
        lines[found[0]] = f"{name} = {value}"
    file.write_text("\n".join(lines) + "\n")


def details(node):
    """The own addresses of `warren addrs --json`, by address."""
    rows = node.do("addrs", "--json").json()["details"]
    for row in rows:
        require(list(row) == DETAIL_KEYS, f"the row is {row}")
        require(row["source"] in SOURCES, f"the row is {row}")
        require(row["reachable"] in (True, False, None), f"the row is {row}")
        require(0 <= row["confidence"] <= 1, f"the row is {row}")
        require(row["address"].endswith(f"/p2p/{node.peer_id}"), f"not ours: {row}")
    return {row["address"]: row for row in rows}


def status(node):
    return node.do("status", "--json").json()


@case
def addrs_tells_where_each_address_comes_from(bench):
    with bench.node() as node:
        node.up()
        rows = details(node)
        for address in node.addresses:
            require(address in rows, f"{address} is not among {list(rows)}")
            require(rows[address]["source"] == "interface", f"the row is {rows[address]}")
            require(rows[address]["verified"] is False, f"nobody has verified {rows[address]}")
        lines = node.do("addrs").text().splitlines()
        at = lines.index(node.addresses[0])
        require("interface" in lines[at + 1] and "not verified" in lines[at + 1], f"addrs: {lines[at + 1]}")


@case
def a_forwarded_port_is_announced_and_believed(bench):
    node = bench.node()
    settings(node, reachable='"yes"', announce=f'["{FORWARDED}"]')
    with node:
        node.up()
        wait_until(lambda: f"{FORWARDED}/p2p/{node.peer_id}" in details(node), "it is not listed")
        row = details(node)[f"{FORWARDED}/p2p/{node.peer_id}"]
        require(row["source"] == "configured" and row["announced"], f"the row is {row}")
        require(status(node)["reachability"] == "reachable", "the owner's word does not count")
    settings(node, reachable='"no"')
    with node:
        node.up()
        require(status(node)["reachability"] == "unreachable", "the owner's word does not count")


@case
def netcheck_has_its_keys_whatever_is_known(bench):
    with bench.node() as node:
        node.up()
        for words in ((), ("--afresh",)):
            check = node.do("netcheck", "--json", *words).json()
            require(list(check) == NETCHECK_KEYS, f"netcheck is {check}")
            for family in ("udp4", "udp6"):
                require(UDP_KEYS == set(check[family]), f"{family} is {check[family]}")
                require(check[family]["mapping"] in BEHAVIORS, f"{family} is {check[family]}")
                require(check[family]["filtering"] in BEHAVIORS, f"{family} is {check[family]}")
            for family in ("udp4", "udp6", "tcp4", "tcp6"):
                require(check[family]["reachable"] in (True, False, None), f"{family} is {check[family]}")
            # Nobody is there who could tell.
            require(check["udp4"]["mapped_address"] is None, f"udp4 is {check['udp4']}")
            require(check["udp4"]["mapping"] == "unknown", f"udp4 is {check['udp4']}")
            require(check["hairpin"] is None and check["relays"] == [], f"netcheck is {check}")
        text = node.do("netcheck").text()
        for word in ("UDP", "IPv4", "IPv6", "Hairpin", "Relays"):
            require(f"{word} " in text, f"netcheck does not tell of {word}: {text}")


@case
def a_peer_that_offers_stun_tells_the_mapping(bench):
    server, node = bench.node("server"), bench.node()
    settings(server, private_network="true")
    with server, node:
        quic = ("/ip4/127.0.0.1/udp/0/quic-v1",)
        server.up(listen=quic)
        port = server.addresses[0].split("/")[4]
        settings(node, private_network="true", stun_servers=f'["127.0.0.1:{port}"]')
        node.up(listen=quic)
        own = "127.0.0.1:" + node.addresses[0].split("/")[4]

        def answered():
            """It is asked for three seconds, in which a busy machine may do other things."""
            found = node.do("netcheck", "--afresh", "--json").json()
            require(found["udp"] is True and found["udp4"]["answered"], f"netcheck is {found}")
            return found

        check = in_some_try(answered)
        require(check["udp4"]["mapped_address"] == own, f"{own} is seen as {check['udp4']}")
        require(check["udp4"]["mapping"] == "endpoint-independent", f"udp4 is {check['udp4']}")
        require(check["udp4"]["nat"] is False and check["udp4"]["rtt_ms"] > 0, f"udp4 is {check['udp4']}")
        require(f"127.0.0.1:{port}" in check["udp4"]["servers"], f"udp4 is {check['udp4']}")
        text = node.do("netcheck").text()
        require(f"others see {own}" in text and "endpoint-independent" in text, f"netcheck: {text}")


def watch_stages(node, stages, ended):
    """Notes each stage that `warren status` tells, as soon as it is another one."""
    while not ended.is_set():
        result = node.run("status", "--json")
        if result.status == 3 and not result.stdout:
            continue  # the daemon left in the middle of the call
        told = result.json()
        require(result.status == (0 if told["running"] else 3), f"status {result.status} with {told}")
        if not stages or stages[-1] != told["stage"]:
            stages.append(told["stage"])


@case
def status_tells_where_a_node_is_in_its_life(bench):
    with street(bench, 2) as (first, _):
        node = bench.node("alice", "--profile", "lan")
        result = node.run("status", "--json")
        expect_status(result, 3, "warren up")
        stopped = {"running": False, "stage": "stopped", "process_id": None}
        require(result.json() == stopped, f"before its start: {result.text()}")
        stages, ended = [], threading.Event()
        watcher = threading.Thread(target=watch_stages, args=(node, stages, ended), daemon=True)
        with node:
            watcher.start()
            node.up("--bootstrap", first.addresses[0])
            wait_until(lambda: status(node)["stage"] == "announced", "it does not get so far")
            told = status(node)
            require(told["running"] and told["process_id"] == node.daemon.process.pid, f"status is {told}")
            text = node.do("status").text()
            require("announced" in text and "Reachable " in text and "Relays " in text, f"status is {text}")
            metrics = parse_metrics(node.do("metrics").text())
            verdict = told["reachability"]
            require(metrics[f'warren_reachability{{verdict="{verdict}"}}'] == 1, "the metrics differ")
            require(metrics["warren_relay_service"] in (0, 1), "the relay service has no metric")
            node.daemon.process.send_signal(signal.SIGTERM)
            require(node.daemon.process.wait(END_S) == 0, "it did not end in good order")
            wait_until(lambda: stages[-1] == "stopped", "it is not told that it has stopped")
            ended.set()
            watcher.join()
        order = [STAGES.index(stage) for stage in stages if stage != "stopped"]
        require(order == sorted(order), f"the stages were {stages}")
        require(order and stages[-1] == "stopped", f"the stages were {stages}")
        require("stopped" not in stages[1:-1], f"the stages were {stages}")


@case
def status_says_what_would_help(bench):
    node = bench.node()
    settings(node, reachable='"no"', use="false")
    with node:
        node.up()
        told = status(node)
        require(told["reachability"] == "unreachable" and told["relays"] == [], f"status is {told}")
        require(told["advice"] and all(told["advice"]), "there is no advice")
        text = node.do("status").text()
        require(told["advice"][0] in text, f"status has no advice: {text}")


@case
def settings_of_reachability_are_read_strictly(bench):
    node = bench.node()
    file = node.path / "warren.toml"
    original = file.read_text()

    def refused(texts, exit_status=1, **values):
        settings(node, **values)
        expect_status(node.run("up"), exit_status, *texts)
        file.write_text(original)

    relay = f"/ip4/192.0.2.1/tcp/4001/p2p/{STRANGER}"
    refused(["reachability.reachable", "auto"], reachable='"maybe"')
    refused(["reachability.announce", "multiaddr"], exit_status=2, announce='["203.0.113.7"]')
    refused(["reachability.announce", "/p2p"], exit_status=2, announce=f'["{relay}"]')
    no_servers = "stun.example.com :3478 192.0.2.1:0 192.0.2.1:65536 [2001:db8::1:3478 a_b!:1".split()
    for server in no_servers:
        refused(["reachability.stun_servers", "port"], stun_servers=f'["{server}"]')
    refused(["reachability.stun_server", "true"], stun_server='"yes"')
    refused(["reachability.autonat_server", "true"], autonat_server="1")
    refused(["relay.relays", "/p2p/"], exit_status=2, relays='["/ip4/192.0.2.1/tcp/4001"]')
    refused(["relay.relays", "relay"], exit_status=2, relays=f'["{relay}/p2p-circuit/p2p/{STRANGER}"]')
    refused(["relay.enabled", "auto"], **{"relay.enabled": '"yes"'})
    refused(["relay.use", "true"], use='"auto"')
    refused(["relay.circuit_bytes_max", "bytes"], circuit_bytes_max='"much"')
    refused(["relay.circuit_bytes_max", "bytes"], circuit_bytes_max="-1")
    refused(["relay.circuit_time_max", "from 0 to"], circuit_time_max="-1")
    refused(["relay.reservation_life", "from 1 to"], reservation_life="0")
    refused(["relay.private_network", "true"], private_network='"lan"')
    refused(["punch.enabled", "true"], **{"punch.enabled": '"yes"'})
    refused(["punch.spray", "true"], spray="600")
    configure(node, "circuits = 3", section="[relay]")
    expect_status(node.run("up"), 1, "relay.circuits")
    file.write_text(original)
    # And what it takes.
    settings(
        node,
        reachable='"auto"',
        stun_servers='["stun.example.com:3478", "192.0.2.1:3478", "[2001:db8::1]:3478"]',
        **{"relay.enabled": "false"},
        use="false",
        circuit_bytes_max="0",
        circuit_time_max="0.5",
        reservation_life="60",
    )
    node.do("id")


@case
def limits_name_what_relays_and_helpers_may_use(bench):
    with bench.node() as node:
        node.up()
        knobs = {row["knob"] for row in node.do("limits", "--json").json()["limits"]}
        wanted = {
            "relay_reservations_max",
            "relay_reservations_per_ip_max",
            "relay_circuits_max",
            "relay_circuits_per_peer_max",
            "autonat_dials_max",
            "stun_answers_max",
            "punches_max",
            "punch_flows_per_second_max",
            "spray_entries_max",
        }
        require(wanted <= knobs, f"limits does not list {wanted - knobs}")

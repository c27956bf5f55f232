"""The daemon's life: ready line, socket, lock, restart, status, peers, connect, ping."""

import re
import signal
import stat

from bench import STRANGER, STRANGER_NODE, Pair, case, expect_status, wait_until
from program import END_S, Process, require

NEEDS_DAEMON = [
    ["status"],
    ["addrs"],
    ["netcheck"],
    ["relays"],
    ["peers"],
    ["connect", STRANGER],
    ["ping", STRANGER],
    ["send", STRANGER, "text"],
    ["inbox"],
    ["serve", "name", "--exec", "cat"],
    ["request", STRANGER, "name", "text"],
    ["events"],
    ["limits"],
    ["metrics"],
    ["allow", STRANGER],
    ["deny", STRANGER],
    ["access"],
    ["peers", "--sort", "name"],
    ["find", STRANGER],
    ["dht", "put", f"/pk/{STRANGER}"],
    ["dht", "get", f"/pk/{STRANGER}"],
    ["dht", "provide", "--text", "text"],
    ["dht", "providers", "--text", "text"],
    ["dht", "stats"],
    ["bootstrap", "zone", "example.com"],
]


def check_addresses(addresses, peer_id):
    for address in addresses:
        wanted = rf"/(ip4/[0-9.]+|ip6/[0-9a-f:]+)/tcp/[1-9][0-9]*/p2p/{re.escape(peer_id)}"
        require(re.fullmatch(wanted, address), f"not a dialable address: {address}")
        require("/ip4/0.0.0.0/" not in address and "/ip6/::/" not in address, f"unspecified: {address}")


@case
def without_a_daemon_the_status_is_3(bench):
    node = bench.node()
    for words in NEEDS_DAEMON:
        expect_status(node.run(*words), 3, "warren up")
    expect_status(bench.bare("nothing").run("status"), 3, "warren init")


@case
def the_ready_line_has_concrete_addresses(bench):
    with bench.node() as node:
        ready = node.up(listen=("/ip4/0.0.0.0/tcp/0", "/ip4/127.0.0.1/tcp/0"))
        require(set(ready) == {"event", "node_id", "peer_id", "addresses"}, f"the ready line is {ready}")
        check_addresses(ready["addresses"], ready["peer_id"])
        ports = {address.split("/")[4] for address in ready["addresses"]}
        require(len(ports) == 2, f"two listeners have the ports {ports}")
        listed = node.do("addrs", "--json").json()["addresses"]
        require(sorted(listed) == sorted(ready["addresses"]), "addrs and the ready line differ")
        lines = [line for line in node.do("addrs").text().splitlines() if line.startswith("/")]
        require(set(listed) <= set(lines), "addrs and addrs --json differ")


@case
def for_people_the_daemon_says_who_and_where(bench):
    node = bench.node()
    with node.start("up", "--listen", "/ip4/127.0.0.1/tcp/0") as daemon:
        lines = [daemon.line()]
        while not lines[-1].startswith("Ready"):
            lines.append(daemon.line())
        text = "\n".join(lines)
        require(node.node_id in text and node.peer_id in text, f"no IDs in {text}")
        require("/ip4/127.0.0.1/tcp/" in text, f"no address in {text}")


@case
def signals_end_the_daemon_in_good_order(bench):
    node = bench.node()
    for number in (signal.SIGINT, signal.SIGTERM):
        with node:
            node.up()
            daemon = node.daemon
            daemon.process.send_signal(number)
            status = daemon.process.wait(END_S)
            require(status == 0, f"{number.name} ended it with {status}")
            expect_status(node.run("status"), 3)


@case
def the_socket_is_the_owners_and_a_stale_one_is_replaced(bench):
    with bench.node() as node:
        node.up()
        socket = node.path / "control.sock"
        require(stat.S_IMODE(socket.stat().st_mode) == 0o600, "others can open the control socket")
        node.daemon.kill()
        require(socket.exists(), "kill -9 removed the socket: this tests nothing")
        for words in NEEDS_DAEMON:
            expect_status(node.run(*words), 3, "warren up")
    with node:
        node.up()
        node.do("status")


@case
def a_data_directory_has_one_daemon(bench):
    with bench.node() as node:
        node.up()
        second = node.run("up", "--listen", "/ip4/127.0.0.1/tcp/0")
        expect_status(second, 1, str(node.daemon.process.pid))
        running = node.do("status", "--json").json()["process_id"]
        require(running == node.daemon.process.pid, f"process {running} answers")


@case
def a_port_in_use_is_told(bench):
    with bench.node("alice") as alice:
        alice.up()
        taken = alice.addresses[0].rsplit("/p2p/")[0]
        expect_status(bench.node("bob").run("up", "--listen", taken), 1, taken)


@case
def a_long_path_is_no_obstacle(bench):
    with bench.node("x" * 120 + "/" + "y" * 120) as node:
        node.up()
        require(node.do("status", "--json").json()["node_id"] == node.node_id, "another node answers")


@case
def status_peers_and_connect_tell_what_is(bench):
    with Pair(bench) as (alice, bob):
        status = bob.do("status", "--json").json()
        wanted = {
            "node_id": bob.node_id,
            "peer_id": bob.peer_id,
            "network": "main",
            "mode": "bound",
            "process_id": bob.daemon.process.pid,
            "addresses": len(bob.addresses),
            "peers": 1,
            "services": [],
        }
        require(wanted.items() <= status.items(), f"status is {status}")
        require(status["uptime_ms"] >= 0 and status["version"], f"status is {status}")

        again = alice.do("connect", bob.node_id, "--json").json()
        require(again["peer_id"] == bob.peer_id and again["node_id"] == bob.node_id, f"connected to {again}")
        require(again["relayed"] is False, "a direct path is said to be relayed")

        [peer] = alice.do("peers", "--json").json()["peers"]
        require(peer["peer_id"] == bob.peer_id and peer["node_id"] == bob.node_id, f"the peer is {peer}")
        require(peer["path"] == bob.addresses[0].rsplit("/p2p/")[0], f"the path is {peer['path']}")
        require(peer["direction"] == "outbound", f"the direction is {peer['direction']}")
        [peer] = bob.do("peers", "--json").json()["peers"]
        require(peer["node_id"] == alice.node_id and peer["direction"] == "inbound", f"the peer is {peer}")
        require(alice.node_id in bob.do("peers").text(), "peers does not name the peer")
        require("1 connected" in bob.do("status").text(), "status does not count the peer")


@case
def ping_measures_round_trips(bench):
    with Pair(bench) as (alice, bob):
        replies = alice.do("ping", bob.node_id, "-c", "3", "-i", "0.01", "--json").jsons()
        require([reply["number"] for reply in replies] == [1, 2, 3], f"replies: {replies}")
        for reply in replies:
            require(0 < reply["rtt_ms"] < 60000, f"rtt_ms is {reply['rtt_ms']}")
            wanted = {"kind": "direct", "transport": "tcp", "address": bob.addresses[0].rsplit("/p2p/")[0]}
            require(reply["path"] == wanted, f"path is {reply['path']}")
        for target in (bob.peer_id, bob.addresses[0]):
            text = alice.do("ping", target, "-c", "1", "--direct").text()
            require(" ms, direct tcp /ip4/127.0.0.1/tcp/" in text, f"ping printed {text}")


@case
def who_cannot_be_reached_is_status_4(bench):
    with Pair(bench) as (alice, bob):
        address = bob.addresses[0]
        bob.daemon.kill()
        expect_status(alice.run("ping", STRANGER, "-c", "1"), 4)
        expect_status(alice.run("send", STRANGER_NODE, "text"), 4)
        for words in (["ping", bob.node_id, "-c", "1"], ["connect", address], ["send", bob.peer_id, "text"]):
            result = alice.run(*words)
            expect_status(result, 4)


@case
def another_peer_at_the_address_is_status_5(bench):
    with Pair(bench) as (alice, bob):
        address = bob.addresses[0].replace(bob.peer_id, STRANGER)
        expect_status(alice.run("connect", address), 5)
        expect_status(alice.run("send", address, "text"), 5)
        require(not alice.run("ping", bob.node_id, "-c", "1").status, "the connection suffered")


@case
def another_network_is_status_5(bench):
    alice, bob = bench.node("alice"), bench.node("bob", "--network", "lab")
    with alice, bob:
        alice.up()
        bob.up()
        expect_status(alice.run("send", bob.addresses[0], "text"), 5, "network")
        require(bob.do("inbox", "--json").text() == "", "a message of another network arrived")


def psk_file(bench, name, digit):
    path = bench.folder / name
    path.write_text("/key/swarm/psk/1.0.0/\n/base16/\n" + digit * 64 + "\n")
    return path


@case
def a_private_network_admits_members_only(bench):
    ours, theirs = psk_file(bench, "ours.key", "a"), psk_file(bench, "theirs.key", "b")
    alice, bob = bench.node("alice", "--psk-file", ours), bench.node("bob", "--psk-file", ours)
    stranger, outside = bench.node("stranger", "--psk-file", theirs), bench.node("outside")
    mode = stat.S_IMODE((alice.path / "swarm.key").stat().st_mode)
    require(mode == 0o600, f"swarm.key has mode {mode:o}")
    with alice, bob, stranger, outside:
        for node in (alice, bob, stranger, outside):
            node.up()
        alice.do("send", bob.addresses[0], "among us")
        for node in (stranger, outside):
            result = node.run("connect", bob.addresses[0], "--timeout", "60")
            require(result.status in (1, 4, 5), f"a stranger's connect ended with {result.status}")
            require(result.stderr.strip() != "", "and said nothing")
        require(len(bob.do("peers", "--json").json()["peers"]) == 1, "a stranger is connected")


@case
def a_bad_psk_file_is_told_and_makes_nothing(bench):
    bad = bench.folder / "bad.key"
    bad.write_text("secret")
    node = bench.bare()
    expect_status(node.run("init", "--psk-file", bad), 1, "swarm", "psk")
    expect_status(node.run("init", "--psk-file", bench.folder / "none"), 1, "cannot be read")
    require(not (node.path / "node.key").exists(), "a key was made all the same")


@case
def bootstrap_nodes_are_connected_to(bench):
    boot, alice = bench.node("boot"), bench.node("alice")
    with boot, alice:
        boot.up()
        alice.up("--bootstrap", boot.addresses[0])
        wait_until(lambda: boot.do("status", "--json").json()["peers"] == 1, "nobody connected")
        require(boot.do("peers", "--json").json()["peers"][0]["peer_id"] == alice.peer_id, "who is that?")


@case
def a_daemon_that_ends_ends_its_commands(bench):
    node = bench.node()
    with node:
        node.up()
        with node.start("inbox", "--follow") as follower, serve_cat(node) as service:
            node.daemon.kill()
            require(follower.process.wait(END_S) == 3, f"inbox ended with {follower.process.returncode}")
            require(service.process.wait(END_S) == 3, f"serve ended with {service.process.returncode}")
    with node:
        node.up()
        with serve_cat(node) as service:
            node.daemon.process.terminate()
            require(node.daemon.process.wait(END_S) == 0, "the daemon did not end in good order")
            require(service.process.wait(END_S) == 3, f"serve ended with {service.process.returncode}")


def serve_cat(node) -> Process:
    process = node.start("serve", "cat", "--exec", "cat")
    process.line()
    return process

"""The peers to begin with: warren bootstrap add, rm, ls, zone."""

import stat

from bench import STRANGER, case, expect_status, wait_until
from program import require
from street import known_peers

NOBODY = f"/ip4/127.0.0.1/tcp/1/p2p/{STRANGER}"


def listed(node):
    entries = node.do("bootstrap", "ls", "--json").json()["bootstrap"]
    for entry in entries:
        require(list(entry) == ["address", "source", "connected", "error"], f"the entry is {entry}")
    return {entry["address"]: entry for entry in entries}


@case
def an_added_peer_is_connected_now_and_after_restarts(bench):
    alice, bob = (bench.node(name, "--profile", "lan") for name in ("alice", "bob"))
    with alice, bob:
        alice.up()
        bob.up()
        address = bob.addresses[0]
        require(listed(alice) == {}, "there is somebody already")
        require("warren bootstrap add" in alice.do("bootstrap", "ls").text(), "nothing is said of that")
        added = alice.do("bootstrap", "add", address, "--json").json()
        require(added == {"address": address, "changed": True, "daemon": True}, f"add printed {added}")
        again = alice.do("bootstrap", "add", address, "--json").json()
        require(not again["changed"], "added twice")
        wait_until(lambda: listed(alice)[address]["connected"], "not connected")
        require(listed(alice)[address]["source"] == "list", f"{listed(alice)}")
        require(f"connected      {address}" in alice.do("bootstrap", "ls").text(), "ls says nothing of it")
        alice.down()
        require(listed(alice)[address]["connected"] is None, "connected without a daemon")
        require("no daemon" in alice.do("bootstrap", "ls").text(), "ls does not say that none runs")
        alice.up()
        wait_until(lambda: listed(alice)[address]["connected"], "not connected after a restart")
        require(known_peers(alice) >= 0, "no DHT")

        file = alice.path / "bootstrap.list"
        require(stat.S_IMODE(file.stat().st_mode) == 0o600, "others can read the list")
        require(file.read_text().splitlines()[-1] == address, f"the file is {file.read_text()}")
        alice.do("bootstrap", "rm", address)
        require(address not in file.read_text(), "it is still in the file")
        require(listed(alice).get(address, {}).get("source") != "list", "still listed")
        expect_status(alice.run("bootstrap", "rm", address), 1, "bootstrap ls")


@case
def the_list_is_kept_without_a_daemon(bench):
    node = bench.node()
    require("from its next start" in node.do("bootstrap", "add", NOBODY).text(), "it does not say when")
    require(not node.do("bootstrap", "add", NOBODY, "--json").json()["changed"], "added twice")
    require(listed(node)[NOBODY]["source"] == "list", f"{listed(node)}")
    with node:
        node.up()
        wait_until(lambda: listed(node)[NOBODY]["error"], "the failure is not told")
        require(listed(node)[NOBODY]["connected"] is False, f"{listed(node)}")
        require("failed" in node.do("bootstrap", "ls").text(), "ls does not say that it failed")
    node.do("bootstrap", "rm", NOBODY)
    require(listed(node) == {}, f"{listed(node)}")
    expect_status(node.run("bootstrap", "rm", NOBODY), 1, "bootstrap ls")
    expect_status(bench.bare("nothing").run("bootstrap", "ls"), 1, "warren init")
    (node.path / "bootstrap.list").write_text("# a comment\n\nnowhere\n")
    expect_status(node.run("up"), 1, "bootstrap.list:3")


@case
def what_the_configuration_names_is_taken_out_there(bench):
    node = bench.node()
    config = node.path / "warren.toml"
    config.write_text(config.read_text().replace("bootstrap = []", f'bootstrap = ["{NOBODY}"]'))
    require(listed(node)[NOBODY]["source"] == "config", f"{listed(node)}")
    expect_status(node.run("bootstrap", "rm", NOBODY), 1, "warren.toml")
    with node:
        node.up()
        require(listed(node)[NOBODY]["source"] == "config", f"{listed(node)}")
        expect_status(node.run("bootstrap", "rm", NOBODY), 1, "warren.toml")
        require(NOBODY in listed(node), "it was taken out anyway")


@case
def the_zone_has_what_others_need(bench):
    node = bench.node()
    words = ["bootstrap", "zone", "example.com", "--address", "/ip4/192.0.2.7/udp/4001/quic-v1"]
    text = node.do(*words).text()
    require("_warren._udp.example.com." in text and "SRV" in text and " 4001 " in text, f"printed {text}")
    require("dnsaddr=" in text and node.peer_id in text, f"the TXT does not name the peer: {text}")
    lines = node.do(*words, "--json").json()["lines"]
    require(lines == text.splitlines(), f"--json has {lines}")
    both = node.do(*words, "--address", "/dns/boot.example.com/tcp/4001").text()
    require("_warren._tcp.example.com." in both and "boot.example.com" in both, f"printed {both}")
    with node:
        node.up()
        result = node.run("bootstrap", "zone", "example.com")
        expect_status(result, 1, "--address")  # of loopback, nothing is of use

"""The words themselves: help, usage, init, id, the configuration file."""

import os
import re
import stat
import subprocess

from bench import ALL_COMMANDS, GROUPS, NODE_ID, PEER_ID, STRANGER, case, expect_status
from program import COMMAND_S, environment, require


@case
def every_command_has_help_with_examples(bench):
    node = bench.bare()
    for command in ALL_COMMANDS:
        text = node.do(*command.split(), "--help").text()
        require("Examples:" in text and f"warren {command}" in text, f"{command} --help has no example")
        require("--data-dir" in text, f"{command} --help does not name --data-dir")
    for group, names in GROUPS.items():
        text = node.do(group, "--help").text()
        require("Examples:" in text, f"{group} --help has no example")
        require(all(f"\n  {name} " in text for name in names), f"{group} --help does not list all: {text}")
        expect_status(node.run(group), 2, f"`warren {group} --help`")
        expect_status(node.run(group, "frobnicate"), 2, f"`warren {group} --help`")
    require("Exit status" in node.do("--help").text(), "--help does not say what the exit status is")


@case
def version_is_told(bench):
    text = bench.bare().do("--version").text()
    require(re.fullmatch(r"warren \d+\.\d+\.\d+\n", text), f"--version printed {text!r}")


@case
def wrong_usage_is_status_2(bench):
    node = bench.node()
    wrong = [
        [],
        ["frobnicate"],
        ["ping"],
        ["id", "--frobnicate"],
        ["serve", "name"],
        ["serve", "name", "--exec", "cat", "--jobs", "0"],
        ["serve", "name", "--exec", "cat", "--size-limit", "16777217"],
        ["send", STRANGER, "text", "--file", "name"],
        ["up", "--listen", "/ip4/nowhere"],
        ["up", "--bootstrap", "/ip4/127.0.0.1/tcp/1"],
        ["up", "--relay", "/ip4/127.0.0.1/tcp/1"],
        ["up", "--relay", f"/ip4/127.0.0.1/tcp/1/p2p/{STRANGER}/p2p-circuit"],
        ["ping", STRANGER, "--prefer-direct", "--direct-only"],
        ["up", "--log-level", "loud"],
        ["up", "--profile", "office"],
        ["peers", "--sort", "colour"],
        ["find"],
        ["find", *[STRANGER] * 101],
        ["dht", "get", "pk"],
        ["dht", "get", "/pk/"],
        ["dht", "get", "0xabc"],
        ["dht", "get", "/warren-node/zEPJ1234"],
        ["dht", "provide"],
        ["dht", "provide", "bafy"],
        ["dht", "provide", "0x1220"],
        ["dht", "provide", "bafkqaaa", "--text", "text"],
        ["bootstrap", "add", "/ip4/127.0.0.1/tcp/1"],
        ["bootstrap", "add", "nowhere"],
        ["bootstrap", "zone", "no such domain"],
    ]
    for words in wrong:
        expect_status(node.run(*words), 2)
    expect_status(bench.bare("other").run("init", "--network", "No Such"), 2, "network")
    require(not (bench.folder / "other").exists(), "a refused init leaves a folder behind")


@case
def targets_that_mean_nothing_are_status_2(bench):
    with bench.node() as node:
        node.up()
        expect_status(node.run("ping", "nobody"), 2, "nobody")
        expect_status(node.run("connect", "/ip4/127.0.0.1/tcp/1"), 2, "/p2p/")
        expect_status(node.run("send", "zEPJ1234", "text"), 2)


@case
def init_makes_a_private_folder(bench):
    node = bench.bare("a/b/c")
    text = node.do("init").text()
    require(NODE_ID.search(text) and PEER_ID.search(text), f"init printed no IDs: {text}")
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in node.path.iterdir()}
    wanted = {"node.key": 0o600, "peer.key": 0o600, "warren.toml": 0o600}
    require(modes == wanted, f"the folder has {modes}")
    require(stat.S_IMODE(node.path.stat().st_mode) == 0o700, "others can enter the folder")
    config = (node.path / "warren.toml").read_text()
    require(config.count("#") >= 6, "warren.toml has no comments")


@case
def init_never_overwrites(bench):
    node = bench.node()
    before = {path.name: path.read_bytes() for path in node.path.iterdir()}
    expect_status(node.run("init"), 1, "never overwritten", "warren up")
    for name in ("node.key", "warren.toml"):
        partial = bench.bare("partial-" + name)
        partial.path.mkdir()
        (partial.path / name).write_bytes(before[name])
        expect_status(partial.run("init"), 1)
        require([path.name for path in partial.path.iterdir()] == [name], "init wrote beside other files")
    require(before == {path.name: path.read_bytes() for path in node.path.iterdir()}, "init changed files")


@case
def init_takes_an_empty_folder_and_no_other(bench):
    empty = bench.bare("empty")
    empty.path.mkdir(mode=0o755)
    empty.do("init", "--network", "lab")
    require(empty.do("id", "--json").json()["network"] == "lab", "the network's name was lost")
    require(stat.S_IMODE(empty.path.stat().st_mode) == 0o700, "others can enter the folder")
    full = bench.bare("full")
    full.path.mkdir()
    (full.path / "letter.txt").write_text("dear reader")
    expect_status(full.run("init"), 1, "not empty")
    require(len(list(full.path.iterdir())) == 1, "init wrote into somebody's folder")


@case
def id_needs_no_daemon(bench):
    node = bench.node("alice", "--network", "lab")
    identity = node.do("id", "--json").json()
    wanted = {"node_id": node.node_id, "peer_id": node.peer_id, "network": "lab", "mode": "bound"}
    require(identity == wanted, f"id --json printed {identity}")
    require(NODE_ID.fullmatch(identity["node_id"]), "not a NodeID")
    require(PEER_ID.fullmatch(identity["peer_id"]), "not a PeerID")
    text = node.do("id").text()
    require(all(value in text for value in wanted.values()), f"id printed {text}")
    with node:
        ready = node.up()
        require(ready["node_id"] == identity["node_id"], "the daemon is another node")
        require(ready["peer_id"] == identity["peer_id"], "the daemon is another peer")


@case
def init_makes_a_node_of_one_key(bench):
    node = bench.node("native", "--identity", "sm2")
    files = {path.name for path in node.path.iterdir()}
    require(files == {"node.key", "warren.toml"}, f"the folder has {files}")
    identity = node.do("id", "--json").json()
    wanted = {"node_id": node.node_id, "peer_id": node.peer_id, "network": "main", "mode": "sm2"}
    require(identity == wanted, f"id --json printed {identity}")
    require(identity["peer_id"].startswith("Qm"), "the PeerID of an SM2 key is a hash")
    require("sm2" in node.do("id").text(), "id does not say the mode")
    require('mode = "sm2"' in (node.path / "warren.toml").read_text(), "warren.toml has another mode")
    expect_status(bench.bare("other").run("init", "--identity", "none"), 2, "--identity", "sm2")
    # What is missing for another mode is told.
    config = node.path / "warren.toml"
    config.write_text(config.read_text().replace('mode = "sm2"', 'mode = "bound"'))
    expect_status(node.run("id"), 1, "peer.key")
    config.write_text(config.read_text().replace('mode = "bound"', 'mode = "both"'))
    expect_status(node.run("id"), 1, "identity.mode", "sm2")


@case
def the_data_directory_comes_from_the_environment_too(bench):
    node = bench.node()


    def run(words, variables):
        command = [bench.program, *words]
        return subprocess.run(command, capture_output=True, timeout=COMMAND_S, check=False, env=variables)

    done = run(["id", "--json"], {**environment(), "WARREN_DATA_DIR": str(node.path)})
    made = run(["init"], {"HOME": str(bench.folder / "home"), "PATH": os.environ["PATH"]})
    require(node.node_id.encode() in done.stdout, f"$WARREN_DATA_DIR is not heard: {done.stderr}")
    require(made.returncode == 0, f"init in the default folder: {made.stderr}")
    require((bench.folder / "home/.local/share/warren/node.key").exists(), "the default folder is elsewhere")


@case
def the_configuration_is_read_strictly(bench):
    node = bench.node()
    file = node.path / "warren.toml"
    original = file.read_text()
    line = len(original.splitlines()) + 1

    def refused(change, *texts):
        file.write_text(change(original))
        expect_status(node.run("up"), 1, *texts)
        expect_status(node.run("id"), 1, *texts)

    refused(lambda text: text + 'colour = "red"\n', f"warren.toml:{line}", "log.colour")
    refused(lambda text: text + "[colours]\nred = 1\n", f"warren.toml:{line}", "colours")
    refused(lambda text: text.replace('network = "main"', "network = 7"), "network", "warren.toml:4")
    refused(lambda text: text.replace('mode = "bound"', 'mode = "loose"'), "identity.mode")
    refused(lambda text: text.replace("dial_seconds = 15", "dial_seconds = -1"), "timeouts.dial_seconds")
    refused(lambda text: text + "x = = 1\n", f"warren.toml:{line}")
    refused(lambda text: text + "[[[\n", "warren.toml")
    discovery = "[discovery]\n"
    refused(lambda text: text.replace('profile = "home"', 'profile = "office"'), "`profile`", "lan")
    refused(lambda text: text.replace("dht = true", "dh = true"), "discovery.dh", "`dht`")
    refused(lambda text: text.replace("mdns = false", 'mdns = "no"'), "discovery.mdns", "auto")
    mode = "dht_mode = "
    refused(lambda text: text.replace(f'{mode}"auto"', f'{mode}"both"'), "discovery.dht_mode", "server")
    refused(lambda text: text.replace("public_dht = false", "public_dht = 1"), "discovery.public_dht", "true")
    domains = "bootstrap_domains = "
    refused(lambda text: text.replace(f"{domains}[]", f'{domains}["a b"]'), "discovery.bootstrap_domains")
    require(discovery in original, "warren.toml has no [discovery]")
    file.write_text(original.replace("bootstrap = []", 'bootstrap = ["/ip4/127.0.0.1/tcp/1"]'))
    expect_status(node.run("up"), 2, "bootstrap", "/p2p/")


@case
def a_damaged_key_is_told(bench):
    node = bench.node()
    (node.path / "node.key").write_text("not a key\n")
    expect_status(node.run("up"), 1, "node.key")
    (node.path / "node.key").unlink()
    expect_status(node.run("up"), 1, "node.key")
    expect_status(bench.bare("nothing").run("up"), 1, "warren init")

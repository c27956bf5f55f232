"""Records and providers: warren dht put, get, provide, providers, stats."""

import base64
import hashlib

from bench import STRANGER, case, configure, expect_status, wait_until
from program import require
from street import find, street

RESULT_KEYS = {"took_ms", "hops", "steps"}
STATS_KEYS = (
    "protocol mode peers buckets network_size records record_bytes providers "
    "served refused sent failed lookups"
).split()


def b58decode(text):
    alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
    number = 0
    for character in text:
        number = number * 58 + alphabet.index(character)
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def public_key(peer_id):
    """The key that an Ed25519 PeerID inlines, as libp2p's protobuf."""
    multihash = b"\x00" + b58decode(peer_id).lstrip(b"\x00")
    require(multihash[1] == len(multihash) - 2, f"not an inlined key: {multihash.hex()}")
    return multihash, multihash[2:]


@case
def a_record_is_put_and_got(bench):
    with street(bench, 3) as (_, alice, bob):
        multihash, key = public_key(alice.peer_id)
        name = f"/pk/{alice.peer_id}"
        put = alice.do("dht", "put", name, "--json", stdin=key).json()
        require(put["key"] == "0x" + (b"/pk/" + multihash).hex(), f"put {put}")
        require(put["taken"] >= 1 and RESULT_KEYS <= set(put), f"put {put}")
        require(bob.do("dht", "get", name).stdout == key, "bob got another value")
        got = bob.do("dht", "get", put["key"], "--json").json()
        require(base64.b64decode(got["value"]) == key and RESULT_KEYS <= set(got), f"got {got}")
        file = bench.folder / "key"
        file.write_bytes(key)
        text = alice.do("dht", "put", f"/pk/0x{multihash.hex()}", "--file", file).text()
        require(text.startswith("Taken by "), f"printed {text}")


@case
def bindings_are_records(bench):
    with street(bench, 3) as (_, alice, bob):
        find(alice, bob.node_id, "--afresh")
        binding = alice.do("dht", "get", f"/warren-node/{bob.node_id}").stdout
        require(len(binding) > 100, f"the binding has {len(binding)} bytes")
        record = alice.do("dht", "get", f"/warren-peer/{bob.peer_id}").stdout
        require(b"libp2p-peer-record" in record or len(record) > 64, f"the record has {len(record)} bytes")
        # Nobody takes the binding for another node's.
        result = alice.run("dht", "put", f"/warren-node/{alice.node_id}", stdin=binding)
        expect_status(result, 5)


@case
def wrong_records_are_refused(bench):
    with street(bench, 2) as (_, alice):
        _, key = public_key(alice.peer_id)
        expect_status(alice.run("dht", "put", f"/pk/{STRANGER}", stdin=key), 5)
        expect_status(alice.run("dht", "put", "/pk/abc", stdin=b"text"), 5)
        expect_status(alice.run("dht", "put", "/colours/red", stdin=b"text"), 1, "/colours")
        result = alice.run("dht", "get", f"/pk/{STRANGER}", "--json")
        expect_status(result, 4, "nobody has a value")
        require(result.json()["value"] is None, f"got {result.text()}")
        expect_status(alice.run("dht", "get", "/colours/red"), 1, "/colours")
        expect_status(alice.run("dht", "put", f"/pk/{alice.peer_id}", "--file", bench.folder / "none"), 1)


@case
def providers_are_found(bench):
    with street(bench, 4) as (first, alice, bob, carol):
        multihash = "0x1220" + hashlib.sha256(b"weather in Oslo").hexdigest()
        made = alice.do("dht", "provide", "--text", "weather in Oslo", "--json").json()
        require(made["multihash"] == multihash and made["taken"] >= 1, f"provided {made}")
        require(RESULT_KEYS <= set(made) and made["cid"].startswith("b"), f"provided {made}")
        text = bob.do("dht", "provide", multihash).text()
        require(made["cid"] in text and "Taken by " in text and " ms" in text, f"printed {text}")

        def providers(*words):
            reply = carol.do("dht", "providers", *words, "--json").json()
            return {provider["peer_id"]: provider["addresses"] for provider in reply["providers"]}

        both = {alice.peer_id, bob.peer_id}
        wait_until(lambda: set(providers(multihash)) == both, f"found {providers(multihash)}")
        require(set(providers(made["cid"])) == both, "by CID others are found")
        require(set(providers("--text", "weather in Oslo")) == both, "by text others are found")
        require(len(providers(multihash, "--count", "1")) == 1, "--count is not heard")
        text = carol.do("dht", "providers", multihash).text()
        require(alice.peer_id in text and bob.peer_id in text, f"printed {text}")
        result = first.run("dht", "providers", "--text", "weather in Ulm", "--json")
        expect_status(result, 4, "nobody")
        require(result.json()["providers"] == [], f"printed {result.text()}")
        # A CIDv0 is the same multihash.
        alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
        number, old = int(multihash, 16), ""
        while number:
            number, digit = divmod(number, 58)
            old = alphabet[digit] + old
        require(old.startswith("Qm") and set(providers(old)) == both, f"{old} is something else")


@case
def stats_tell_how_the_dht_is_doing(bench):
    with street(bench, 3) as (first, alice, _):
        find(alice, first.node_id, "--afresh")
        [dht] = first.do("dht", "stats", "--json").json()["dhts"]
        require(list(dht) == STATS_KEYS, f"stats are {dht}")
        require(dht["protocol"] == "/warren/main/kad/1.0.0" and dht["mode"] == "server", f"{dht}")
        require(dht["peers"] == sum(dht["buckets"]) and dht["peers"] >= 1, f"{dht}")
        require(dht["served"] > 0 and dht["lookups"] > 0 and dht["records"] > 0, f"{dht}")
        head, line = first.do("dht", "stats").text().splitlines()
        require(head.split()[:3] == ["protocol", "mode", "peers"], f"the head is {head}")
        require(len(line.split()) == len(head.split()) and line.startswith(dht["protocol"]), line)
        expect_status(first.run("dht", "stats", "--dht", "public"), 1, "public_dht = true")
        expect_status(first.run("dht", "get", f"/pk/{STRANGER}", "--dht", "pubic"), 1, '"public"')


@case
def dhts_are_joined_by_configuration(bench):
    node = bench.node("several", "--profile", "lan")
    config = node.path / "warren.toml"
    config.write_text(config.read_text().replace("public_lan_dht = false", "public_lan_dht = true"))
    off = bench.node("off")
    config = off.path / "warren.toml"
    config.write_text(config.read_text().replace("\ndht = true", "\ndht = false"))
    with node, off:
        node.up()
        protocols = [dht["protocol"] for dht in node.do("dht", "stats", "--json").json()["dhts"]]
        require(protocols == ["/warren/main/kad/1.0.0", "/ipfs/lan/kad/1.0.0"], f"it is in {protocols}")
        for name in ("lan", "/ipfs/lan/kad/1.0.0"):
            [dht] = node.do("dht", "stats", "--dht", name, "--json").json()["dhts"]
            require(dht["protocol"] == "/ipfs/lan/kad/1.0.0", f"{name} is {dht['protocol']}")
        off.up()
        require(off.do("dht", "stats", "--json").json()["dhts"] == [], "it is in a DHT")
        require("dht = true" in off.do("dht", "stats").text(), "it is not told how to join")
        expect_status(off.run("dht", "get", f"/pk/{STRANGER}"), 1, "dht = true")
    configure(node, "dht_streams_max = 7")
    with node:
        node.up()
        rows = {row["knob"]: row["max"] for row in node.do("limits", "--json").json()["limits"]}
        require(rows["dht_streams_max"] == 7, "the DHT's limit is not listed")

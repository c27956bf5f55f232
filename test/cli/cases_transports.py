"""Every way to reach a node: QUIC, TCP, WebSocket in the open and over TLS."""

import subprocess

from bench import case, expect_status, inbox
from program import require

QUIC = "/ip4/127.0.0.1/udp/0/quic-v1"
TCP = "/ip4/127.0.0.1/tcp/0"
WS = "/ip4/127.0.0.1/tcp/0/ws"
WSS = "/ip4/127.0.0.1/tcp/0/tls/ws"


def make_certificate(folder, names):
    """An authority of its own: cert.pem and key.pem."""
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=test"
    files = ["-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")]
    names = ["-addext", f"subjectAltName={names}"]
    subprocess.run([*command.split(), *files, *names], check=True, capture_output=True)


def secure_pair(bench, names):
    """Alice, who trusts the authority of bob's certificate, which is for `names`."""
    alice, bob = bench.node("alice"), bench.node("bob")
    make_certificate(bob.path, names)
    replace(bob, 'certificate = ""', 'certificate = "cert.pem"')
    replace(bob, '\nkey = ""', '\nkey = "key.pem"')
    replace(alice, "authorities = []", f'authorities = ["{bob.path / "cert.pem"}"]')
    return alice, bob


def replace(node, old, new):
    """In warren.toml."""
    config = node.path / "warren.toml"
    text = config.read_text()
    require(old in text, f"warren.toml has no {old}")
    config.write_text(text.replace(old, new))


@case
def a_node_is_reached_over_every_transport_that_it_listens_on(bench):
    alice, bob = secure_pair(bench, "IP:127.0.0.1")
    with alice, bob:
        bob.up(listen=(QUIC, TCP, WS, WSS))
        names = {"/quic-v1/": "quic-v1", "/tls/ws/": "wss", "/ws/": "ws", "/tcp/": "tcp"}
        seen = set()
        for address in bob.addresses:
            transport = next(name for part, name in names.items() if part in address)
            alice.up()  # anew: an open connection would be used again
            made = alice.do("connect", address, "--json").json()
            require(made["transport"] == transport, f"{address} is reached over {made}")
            alice.do("send", bob.node_id, transport)
            ping = alice.do("ping", bob.node_id, "--json", "--count", "1").jsons()[0]
            path = {"kind": "direct", "transport": transport, "address": address.rsplit("/p2p/")[0]}
            require(ping["path"] == path, f"{ping}, not over {path}")
            alice.down()
            for file in alice.path.glob("*.db*"):  # it would connect to whom it knows
                file.unlink()
            seen.add(transport)
        require(seen == set(names.values()), f"reached over {seen}")
        texts = sorted(message["text"] for message in inbox(bob))
        require(texts == sorted(seen), f"the inbox has {texts}")


@case
def what_is_wrong_with_a_certificate_is_said(bench):
    alice, bob = secure_pair(bench, "DNS:elsewhere.example")
    with alice, bob:
        alice.up()
        bob.up(listen=(WSS,))
        expect_status(alice.run("connect", bob.addresses[0]), 5, "another name")
    with bench.node("carol") as carol, bob:
        carol.up()
        bob.up(listen=(WSS,))
        expect_status(carol.run("connect", bob.addresses[0]), 5, "no authority")


@case
def secure_websockets_without_a_certificate_are_refused_with_the_setting(bench):
    node = bench.node()
    expect_status(node.run("up", "--listen", WSS), 1, "[websocket]")
    replace(node, 'certificate = ""', 'certificate = "cert.pem"')
    expect_status(node.run("up", "--listen", WSS), 1, "a certificate needs its key")


@case
def a_private_network_leaves_quic_out_and_says_so(bench):
    key = bench.folder / "swarm.key"
    key.write_text("/key/swarm/psk/1.0.0/\n/base16/\n" + "42" * 32 + "\n")
    with bench.node("private", "--psk-file", key) as node:
        node.up(listen=(QUIC, TCP))
        require(len(node.addresses) == 1 and "/tcp/" in node.addresses[0], f"it listens on {node.addresses}")
        require("no QUIC" in node.daemon.errors(), "it does not say why")

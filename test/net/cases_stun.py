"""STUN with coturn, behind routers of each kind: its server tells our nodes what their NAT does, and its
client, `turnutils_natdiscovery`, finds the same out from ours. Without coturn there is nothing to do, and the
output says so."""

import functools
import os
import shutil
import socket
import time

from bench import case, wait_until
from cases_lab import KINDS
from country import Country, replace
from nat_probe import ADDRESS, INDEPENDENT, PORT
from nodes import beside_others
from pace import in_some_try
from program import require

COTURN = "turnserver"
DISCOVERY = "turnutils_natdiscovery"
STUN_PORT = 3478
NODE_PORT = 4001
DELAY = "20ms"
# It gives up on who does not answer after 3 s.
SURVEY_S = 30
# Ten answers, and no more, are for one address until then.
ANSWERS_AGAIN_S = 1
FLOOD = 20_000
BARE = bytes.fromhex("000100002112a442") + bytes(12)
# A header, and SOFTWARE of 700 bytes: with so much a request pays for answers to those that are short.
PAYING = bytes.fromhex("000102c02112a442") + bytes(12) + bytes.fromhex("802202bc") + b"x" * 700
# With RESPONSE-PORT, which no server of ours does: it is told so.
NOT_UNDERSTOOD = bytes.fromhex("000100082112a442") + bytes(12) + bytes.fromhex("0027000400350000")
# What natdiscovery prints.
SAYS = {
    INDEPENDENT: "NAT with Endpoint Independent {}!",
    ADDRESS: "NAT with Address Dependent {}!",
    PORT: "NAT with Address and Port Dependent {}!",
}


def coturn_is_missing():
    missing = [name for name in (COTURN, DISCOVERY) if shutil.which(name) is None]
    if missing:
        require(os.environ.get("CI") != "true", f"{missing[0]} is not there (package coturn)")
        print(f"    skipped: {missing[0]} is not there (package coturn)", flush=True)
    return bool(missing)


def second_address(host):
    """A STUN server needs two."""
    address = host.ip4[:-1] + "2"
    host.batch(f"address add {address}/24 dev {host.ends[0].device}")
    return address


def answered(host, server, port):
    """Whether a request of ours gets an answer."""
    with host.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(0.5)
        sock.sendto(PAYING, (server, port))
        try:
            return sock.recv(2048)[:2] == b"\x01\x01"
        except OSError:
            return False


def asking(host, server):
    return lambda: answered(host, server, NODE_PORT)


def start_coturn(country):
    host = country.net.public("coturn", delay="1ms")
    listeners = ["-L", host.ip4, "-L", second_address(host)]
    quietly = ["--no-cli", "--stun-only", "--no-auth", "--no-tls", "--no-dtls", "--log-file", "stdout"]
    files = ["--pidfile", country.bench.folder / "coturn.pid", "--userdb", country.bench.folder / "turndb"]
    words = [COTURN, "-n", "-p", STUN_PORT, *listeners, *quietly, *files]
    with open(country.bench.folder / "coturn.log", "w", encoding="utf-8") as log:
        country.pool.submit(host.start, words, stdout=log, stderr=log).result()
    wait_until(lambda: answered(host, host.ip4, STUN_PORT), "coturn does not answer")
    return host


@case
@beside_others
def coturn_tells_our_node_what_its_nat_does(bench):
    if coturn_is_missing():
        return
    with Country(bench, publics=0) as country:
        host = start_coturn(country)

        def examine(entry):
            number, kind = entry
            resident = country.new_resident(f"home{number}", kind, delay=DELAY)
            replace(resident.node, "stun_servers = []", f'stun_servers = ["{host.ip4}:{STUN_PORT}"]')
            country.start(resident, bootstrap=[])
            begin = time.monotonic()
            found = resident.node.do("netcheck", "--afresh", "--json").json()["udp4"]
            took = time.monotonic() - begin
            expected = ("unknown", "unknown") if kind == "udp-blocked" else KINDS[kind]
            require(
                (found["mapping"], found["filtering"]) == expected, f"{kind}: not {expected}, but {found}"
            )
            if kind != "udp-blocked":
                mapped = found["mapped_address"]
                require(resident.home.outside in mapped, f"{kind}: mapped to {mapped}")
            require(took <= SURVEY_S, f"{kind}: netcheck took {took:.1f} s")
            print(f"    {kind}: {' x '.join(expected)}, after {took:.2f} s", flush=True)

        for entry in enumerate(KINDS):
            examine(entry)


def expect_to_say(router, server, flag, text):
    """Coturn's client, behind that router."""
    time.sleep(ANSWERS_AGAIN_S)
    said = router.run([DISCOVERY, flag, "-p", NODE_PORT, server], check=False)
    require(text in said, f"not {text!r}, but:\n{said}")


@case
@beside_others
def coturns_client_finds_the_same_out_from_our_node(bench):
    if coturn_is_missing():
        return
    with Country(bench, publics=0) as country:
        public = country.new_public("public")
        server = public.home.ip4
        second_address(public.home)
        country.start(public, bootstrap=[])
        for number, (kind, (mapping, filtering)) in enumerate(KINDS.items()):
            if kind == "udp-blocked":
                continue
            home = country.net.home(f"home{number}", kind, delay=DELAY)
            wait_until(asking(home.router, server), f"{kind}: no answer")
            for flag, what, expected in (("-m", "Mapping", mapping), ("-f", "Filtering", filtering)):
                text = SAYS[expected].format(what)
                # Its client waits for each answer for a moment only.
                in_some_try(functools.partial(expect_to_say, home.router, server, flag, text))
            print(f"    {kind}: as it says itself", flush=True)


@case
@beside_others
def a_flood_of_stun_requests_gets_fewer_bytes_than_it_sends(bench):
    with Country(bench, publics=0) as country:
        public = country.new_public("public")
        server = (public.home.ip4, NODE_PORT)
        country.start(public, bootstrap=[])
        attacker = country.net.public("attacker", delay="1ms")
        other = country.net.public("other", delay="1ms")
        wait_until(asking(other, server[0]), "no answer")
        for request in (BARE, PAYING, NOT_UNDERSTOOD):
            sent = received = answers = 0
            begin = time.monotonic()
            with attacker.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
                sock.setblocking(False)
                while sent < FLOOD * len(request) or time.monotonic() < begin + 1:
                    try:
                        sent += sock.sendto(request, server)
                    except BlockingIOError:
                        pass
                    try:
                        received += len(sock.recv(2048))
                        answers += 1
                    except BlockingIOError:
                        pass
            seconds = time.monotonic() - begin
            require(received <= sent, f"{sent} bytes were answered by {received}")
            require(answers <= 10 * (seconds + 2), f"{answers} answers in {seconds:.1f} s")
            wait_until(asking(other, server[0]), "others get no answer any more")
            print(f"    {sent} bytes sent, {received} received in {seconds:.1f} s", flush=True)

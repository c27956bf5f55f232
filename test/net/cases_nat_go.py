"""Stock go-libp2p beside our daemons in an internet of homes: as relay for us and as client of our relays;
and AutoNAT v1 and v2, each as server and as client."""

import contextlib

import go_peer
from bench import case, wait_until
from country import Country, address_of, relayed_path, request
from go_peer import GoPeer
from nodes import beside_others
from program import require

DELAY = "10ms"


def skips():
    reason = go_peer.missing()
    if reason:
        print(f"skipped go-libp2p in the laboratory: {reason}")
    return bool(reason)


def circuit(relay_address, peer_id):
    return f"{relay_address}/p2p-circuit/p2p/{peer_id}"


@case
@beside_others
def go_relays_for_us(bench):
    if skips():
        return
    with Country(bench, publics=0) as country:
        with GoPeer(country.net.public("go", delay="1ms"), "--relay", "--autonat") as go:
            home = country.new_resident("home", "port-restricted", delay=DELAY)
            asker = country.new_resident("asker", "symmetric-random", delay=DELAY)
            country.start(home, "--relay", go.address, bootstrap=[])
            country.start(asker, bootstrap=[])
            country.serve(home)
            wait_until(lambda: home.relays() == {go.peer_id}, "Go's relay is not held")
            print(f"    held {home.since_start('relay', 'held'):.2f} s after the start", flush=True)
            asker.node.do("connect", circuit(go.address, home.node.peer_id))
            path = relayed_path(asker, home)
            require(go.peer_id in path, f"connected by {path}")
            request(asker, home)


@case
@beside_others
def our_relay_serves_go(bench):
    if skips():
        return
    with Country(bench, publics=1) as country:
        relay = address_of(country.publics[0])
        relay_id = country.publics[0].node.peer_id
        asker = country.new_resident("asker", "symmetric-random", delay=DELAY)
        country.start(asker)
        inner = country.net.home("inner", "port-restricted", delay=DELAY)
        outer = country.net.home("outer", "port-restricted", delay=DELAY)
        with GoPeer(inner.router, "--circuits") as go, GoPeer(outer.router, "--circuits") as other:
            reserved = go.do("reserve", relay, expect="reserved")
            require(reserved["peer_id"] == relay_id and reserved["voucher"], f"{reserved}")
            target = circuit(relay, go.peer_id)
            asker.node.do("connect", target)
            pong = asker.node.do("ping", target, "-c", "3", "-i", "0.05", "--json").jsons()
            require(len(pong) == 3, f"pings through the relay: {pong}")
            other.do("connect", target, expect="connected")


@case
@beside_others
def go_learns_from_us_whether_it_is_reachable(bench):
    if skips():
        return
    with Country(bench, publics=1) as country:
        server = country.publics[0]
        home = country.net.home("home", "port-restricted", delay=DELAY)
        public = country.net.public("public", delay="1ms")
        for host, wanted in ((home.router, "Private"), (public, "Public")):
            seen = home.outside if wanted == "Private" else host.ip4
            with GoPeer(host, "--autonat") as go:
                go.do("connect", address_of(server), expect="connected")
                for words in (("autonat1", server.node.peer_id), ("autonat2",)):
                    answer = go.do(*words, f"/ip4/{seen}/tcp/4001", expect=words[0])
                    require(answer["reachability"] == wanted, f"{words[0]} of {wanted}: {answer}")


@case
@beside_others
def we_learn_from_go_whether_we_are_reachable(bench):
    if skips():
        return
    with Country(bench, publics=0) as country, contextlib.ExitStack() as stack:
        # What one peer alone says of our address is not believed.
        hosts = [country.net.public(name, delay="1ms") for name in ("go", "other")]
        gos = [stack.enter_context(GoPeer(host, "--autonat")) for host in hosts]
        known = [word for go in gos for word in ("--bootstrap", go.address)]
        home = country.new_resident("home", "port-restricted", delay=DELAY)
        public = country.new_public("public")
        for resident, wanted in ((home, False), (public, True)):
            country.start(resident, *known, bootstrap=[])

            def is_told(resident=resident, wanted=wanted):
                details = resident.node.do("addrs", "--json").json()["details"]
                return any(it["reachable"] is wanted and it["verified_by"] for it in details)

            wait_until(is_told, f"not told that it is reachable: {wanted}")

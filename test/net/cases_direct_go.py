"""Stock go-libp2p and our node, each behind a router, get a direct path by DCUtR: either dials the other over
a relay, ours or Go's, and then whoever was dialed begins; over QUIC and over TCP."""

import time

import go_peer
from bench import case, wait_until
from country import Country
from go_peer import QUIC, TCP, GoPeer
from nodes import beside_few, forget_peers
from pairs import without_publics
from program import Failure, require

DELAY = "40ms"
HELD_S = 60
PINGS = 3


class Meeting:
    """A home of ours and one of Go's, a relay of ours and one of Go's."""

    def __init__(self, country, go_relay, kind, listen):
        self.country = country
        self.kind = kind
        self.listen = listen
        self.go_relay = go_relay
        self.ours = country.new_resident("ours", kind, delay=DELAY)
        self.ours.listen = (listen,)
        self.theirs = country.net.home("theirs", kind, delay=DELAY)

    def relay_of(self, owner):
        """Its address for who has this transport."""
        if owner == "Go's":
            return self.go_relay.address_at(self.listen)
        [public] = self.country.publics[:1]
        return f"{self.listen.replace('0.0.0.0', public.home.ip4)}/p2p/{public.node.peer_id}"

    def hold(self, owner):
        """Both run, and whoever is to be dialed has reserved."""
        for router in (self.ours.home, self.theirs):
            router.reboot()
        forget_peers(self.ours.node)
        relay = self.relay_of(owner)
        words = ("--relay", relay) if owner == "Go's" else ()
        self.country.start(self.ours, *words)
        relay_id = relay.rpartition("/")[2]
        wait_until(lambda: relay_id in self.ours.relays(), f"{owner} relay is not held", within=HELD_S)
        if self.listen == QUIC:
            # By STUN. Go's node, where it begins, gives up for good when it is told no address.
            wait_until(self.is_seen, "no address outside is known", within=HELD_S)
        go = GoPeer(self.theirs.router, "--circuits", "--punch", listen=(self.listen,))
        try:
            go.do("reserve", relay, expect="reserved")
            go.do("punches", expect="punches")
        except BaseException:
            go.__exit__(None, None, None)
            raise
        return go, relay

    def is_seen(self):
        details = self.ours.node.do("addrs", "--json").json()["details"]
        return any(it["address"].startswith(f"/ip4/{self.ours.home.outside}/udp/") for it in details)

    def try_it(self, owner, we_dial):
        """The seconds from the relayed connection to the direct one."""
        go, relay = self.hold(owner)
        with go:
            node = self.ours.node
            if we_dial:
                node.do("connect", f"{relay}/p2p-circuit/p2p/{go.peer_id}")
            else:
                met = go.do("connect", f"{relay}/p2p-circuit/p2p/{node.peer_id}", expect="connected")
                require(met.get("relayed"), f"not relayed at first: {met}")
            begin = time.monotonic()
            found = go.do("direct", node.peer_id, expect="direct")
            took = time.monotonic() - begin
            require(found["address"], f"not direct within {took:.1f} s; Go says {found['steps']}")
            name = "quic-v1" if self.listen == QUIC else "tcp"
            require(f"/{name}" in found["address"], f"direct by {found['address']}")
            self.prove(go)
            self.ours.node.down()
            return took

    def prove(self, go):
        """Both talk to each other where no relay answers."""
        with without_publics(self.country, self.go_relay.host):
            go.do("ping", self.ours.node.peer_id, PINGS, expect="ping")
            words = ("ping", go.peer_id, "-c", PINGS, "-i", "0.05", "--json")
            pongs = self.ours.node.do(*words).jsons()
            require(len(pongs) == PINGS and not any(it["relayed"] for it in pongs), f"pings: {pongs}")


def meet_in_every_way(bench, kind, listen):
    reason = go_peer.missing()
    if reason:
        print(f"skipped direct paths to go-libp2p: {reason}")
        return
    wrong = []
    with Country(bench, publics=1) as country:
        host = country.net.public("go-relay", delay="1ms")
        with GoPeer(host, "--relay", listen=(TCP, QUIC)) as go_relay:
            meeting = Meeting(country, go_relay, kind, listen)
            for owner in ("our", "Go's"):
                for we_dial in (True, False):
                    name = f"{'we dial' if we_dial else 'Go dials'} through {owner} relay"
                    try:
                        took = meeting.try_it(owner, we_dial)
                        print(f"    {name}: direct after {took:.2f} s", flush=True)
                    except Failure as failure:
                        meeting.ours.node.down()
                        wrong.append(f"{name}: {failure}")
    require(not wrong, "\n".join(wrong))


@case
@beside_few
def go_behind_a_port_restricted_router_over_quic(bench):
    meet_in_every_way(bench, "port-restricted", QUIC)


@case
@beside_few
def go_behind_a_port_restricted_router_over_tcp(bench):
    meet_in_every_way(bench, "port-restricted", TCP)


@case
@beside_few
def go_behind_a_full_cone_over_quic(bench):
    meet_in_every_way(bench, "full-cone", QUIC)


@case
@beside_few
def go_behind_a_full_cone_over_tcp(bench):
    meet_in_every_way(bench, "full-cone", TCP)

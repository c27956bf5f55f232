"""Daemons behind routers of each kind: what they find out of it, how soon relays make them reachable, and
what happens when relays go and come."""

import contextlib
import functools
import time

from bench import case, wait_until
from cases_lab import KINDS
from country import Country, paths, relayed_path, replace, request
from nat_probe import INDEPENDENT, PORT
from nodes import beside_others
from program import Failure, require

# A dozen daemons start at once here, on a machine that may have two cores and other work: it is proved that
# each gets there by itself, and printed how soon. In virtual time warren/node/reachability_test.cpp holds
# nodes to what is promised: 5 s to know, 2 s more to hold a relay, 1.5 s to answer.
PATIENCE_S = 90
DELAY = "40ms"
POLL_S = 0.2
# One try to ask, of many.
ASK_S = 10


def wait_for(look, wanted, what, within):
    """What `look` returns once it is as wanted, and when that was."""
    end = time.monotonic() + within
    while True:
        found = look()
        if wanted(found):
            return found, time.time()
        require(time.monotonic() < end, f"{what}: not within {within} s, but {found}")
        time.sleep(POLL_S)


def is_classed(udp, mapping, filtering):
    """Where UDP is blocked, it is said that nobody answered."""
    if udp["answered"] is None:
        return False
    return (udp["mapping"], udp["filtering"]) == (mapping, filtering)


class Row:
    """What was found out by a node behind a router, and how soon: in seconds after its start."""

    def __init__(self, country, resident, name, mapping, filtering):
        self.name = name
        self.resident = resident
        country.start_here(resident)
        found, at = wait_for(
            resident.netcheck,
            lambda it: is_classed(it["udp4"], mapping, filtering),
            f"{name}: {mapping}, {filtering}",
            PATIENCE_S,
        )
        self.known = at - resident.started
        self.kind = f"{found['udp4']['mapping']:28} {found['udp4']['filtering']:28}"
        self.verdict = "reachable" if filtering == INDEPENDENT else "unreachable"
        self.told = self.happened("reachability", self.verdict)
        self.held = self.happened("relay", "held")
        self.answered = self.path = self.tcp = None

    def happened(self, event, state):
        look = functools.partial(self.resident.since_start, event, state)
        what = f"{self.name}: {event} {state}"
        return wait_for(look, lambda it: it is not None, what, PATIENCE_S)[0]

    def ask(self, asker):
        self.tcp = self.resident.netcheck()["tcp4"]["reachable"]
        require(self.verdict == "reachable" or not self.tcp, f"{self.name} believes it is reachable over TCP")
        self.answered = request(asker, self.resident)
        found = paths(asker, self.resident)
        self.path = "relay" if all("/p2p-circuit" in path for path in found) else "direct"

    def __str__(self):
        return (
            f"{self.name:22} {self.kind} {self.known:5.2f}  {self.verdict:11} {self.told:5.2f}  "
            f"TCP {self.tcp!s:5}  held {self.held:5.2f}  answered {self.answered:5.2f} {self.path}"
        )


@case
def each_nat_is_recognised_and_made_reachable_by_a_relay(bench):
    with Country(bench) as country:
        asker = country.new_resident("asker", "port-restricted", delay=DELAY)
        country.start(asker)
        carrier = country.net.carrier("carrier", delay="1ms")
        residents = {"cgn": country.new_resident("cgn", "full-cone", behind=carrier, delay=DELAY)}
        for number, kind in enumerate(KINDS):
            residents[kind] = country.new_resident(f"home{number}", kind, delay=DELAY)
        expected = {**KINDS, "cgn": (INDEPENDENT, PORT), "udp-blocked": ("unknown", "unknown")}

        def measure(entry):
            name, resident = entry
            row = Row(country, resident, name, *expected[name])
            country.serve_here(resident)
            return row

        rows = country.each(measure, residents.items())
        for row in rows:
            row.ask(asker)
            print(f"    {row}", flush=True)


def settled(country, *residents):
    """All of them run, answer, and hold all relays that there are."""
    relays = {public.node.peer_id for public in country.publics}
    for resident in residents:
        country.start(resident)
        country.serve(resident)
    for resident in residents:
        wait_until(lambda one=resident: one.relays() == relays, "not every relay is held", within=PATIENCE_S)


@case
@beside_others
def another_relay_takes_over_and_the_old_one_comes_back(bench):
    with Country(bench) as country:
        asker = country.new_resident("asker", "port-restricted", delay=DELAY)
        home = country.new_resident("home", "symmetric-random", delay=DELAY)
        country.start(asker)
        settled(country, home)
        asked_until_answered(asker, home)
        path = relayed_path(asker, home)
        dead = next((public for public in country.publics if public.node.peer_id in path), None)
        require(dead is not None, f"connected by {path}")
        dead.node.daemon.kill()
        begin = time.monotonic()
        asked_until_answered(asker, home)
        print(f"    answered {time.monotonic() - begin:.2f} s after the relay died", flush=True)

        dead.node.daemon = None
        country.start(dead)
        begin = time.monotonic()
        wait_until(lambda: dead.node.peer_id in home.relays(), "it is not held again", within=PATIENCE_S)
        print(f"    held again {time.monotonic() - begin:.2f} s after it came back", flush=True)


def asked_until_answered(asker, resident):
    """The seconds that the answered one of these requests took."""
    end = time.monotonic() + PATIENCE_S
    while True:
        require(time.monotonic() < end, f"not answered within {PATIENCE_S} s")
        with contextlib.suppress(Failure):
            return request(asker, resident, timeout=ASK_S)


@case
@beside_others
def who_starts_before_all_relays_recovers_by_itself(bench):
    with Country(bench) as country:
        home = country.new_resident("home", "port-restricted", delay=DELAY)
        asker = country.new_resident("asker", "address-restricted", delay=DELAY)
        for public in country.publics:
            public.node.down()
        for resident in (home, asker):
            country.start(resident, bootstrap=country.publics)
        country.serve(home)
        require(home.relays() == set(), "a dead relay is held")
        for public in country.publics:
            country.start(public)
        begin = time.monotonic()
        wait_until(home.relays, "no relay is held", within=PATIENCE_S)
        print(f"    a relay is held {time.monotonic() - begin:.2f} s after there is one", flush=True)
        asked_until_answered(asker, home)


@case
@beside_others
def a_relay_is_found_through_the_dht_alone(bench):
    with Country(bench, publics=0) as country:
        country.publics = [country.new_public(name) for name in ("guide", "relay", "third")]
        guide, relay, third = country.publics
        for one in (guide, third):
            replace(one.node, 'enabled = "auto"', "enabled = false")
        for public in country.publics:
            country.start(public)
        home = country.new_resident("home", "port-restricted", delay=DELAY)
        asker = country.new_resident("asker", "symmetric-random", delay=DELAY)
        country.start(home, bootstrap=[guide])
        country.start(asker, bootstrap=[third])
        country.serve(home)
        wait_until(lambda: relay.node.peer_id in home.relays(), "the relay is not held", within=PATIENCE_S)
        held = home.since_start("relay", "held")
        asked_until_answered(asker, home)
        print(f"    held {held:.2f} s after the start, and answers", flush=True)


@case
@beside_others
def the_first_public_node_of_a_network_relays(bench):
    with Country(bench, publics=1) as country:
        [first] = country.publics
        home = country.new_resident("home", "port-restricted", delay=DELAY)
        asker = country.new_resident("asker", "port-restricted", delay=DELAY)
        country.start(asker)
        settled(country, home)
        took = asked_until_answered(asker, home)
        path = relayed_path(asker, home)
        require(first.node.peer_id in path, f"connected by {path}")
        print(f"    held {home.since_start('relay', 'held'):.2f} s, asked {took:.2f} s", flush=True)

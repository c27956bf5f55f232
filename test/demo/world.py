"""The demonstration's internet, in network namespaces: two public servers, and four homes behind routers of
different kinds."""

import time
from types import SimpleNamespace

from country import Country, address_of, replace, request
from program import require
from town import events

HUB_DELAY = "25ms"  # one way, between a server and the middle of the internet
HOME_DELAY = "15ms"
# As the picture has them, from the left to the right.
HOMES = {
    "bob": "address-restricted",
    "alice": "port-restricted",
    "carol": "symmetric-random",
    "dave": "symmetric-random",
}
NATS = {
    "address-restricted": "address-restricted NAT",
    "port-restricted": "port-restricted NAT",
    "symmetric-random": "symmetric NAT",
}
KNOWN_S = 20
LOOK_S = 0.1


class World:
    """A context manager. Hub is the bootstrap and the relay; without a second server, which answers STUN, no
    node could tell what its NAT does."""

    def __init__(self, program, folder):
        bench = SimpleNamespace(program=program, folder=folder)
        self.country = Country(bench, publics=0, delay=HUB_DELAY)
        self.pool = None

    def __enter__(self):
        self.country.__enter__()
        try:
            self.pool = self.country.pool
            self.hub = self.country.new_public("hub")
            self.second = self.country.new_public("second")
            replace(self.second.node, 'enabled = "auto"', "enabled = false")
            self.homes = {
                name: self.country.new_resident(name, kind, delay=HOME_DELAY) for name, kind in HOMES.items()
            }
        except BaseException as error:
            self.country.__exit__(type(error), error, None)
            raise
        return self

    def __exit__(self, *reason):
        return self.country.__exit__(*reason)

    def everybody(self):
        return {"hub": self.hub, "second": self.second, **self.homes}

    def start_servers(self):
        self.country.start(self.hub, bootstrap=[])
        self.country.start(self.second, bootstrap=[self.hub])

    def start_homes(self):
        """All at once. What became of each, by its name."""
        found = self.country.each(self._start_home, self.homes)
        return dict(zip(self.homes, found, strict=True))

    def _start_home(self, name):
        """Returns when its NAT is known and the relay holds a place for it: what was found, and how many
        seconds that took."""
        resident = self.homes[name]
        self.country.start_here(resident, bootstrap=[self.hub])
        self.country.serve_here(resident)
        wanted = "endpoint-independent" if not HOMES[name].startswith("symmetric") else "dependent"
        end = resident.started + KNOWN_S
        while True:
            udp, relays = resident.netcheck()["udp4"], resident.relays()
            known = wanted in udp["mapping"] and udp["filtering"] != "unknown"
            if known and self.hub.node.peer_id in relays:
                return udp, time.time() - resident.started
            require(time.time() < end, f"{name}: not known within {KNOWN_S} s: {udp}, relays {relays}")
            time.sleep(LOOK_S)

    def name_of(self, peer_id):
        names = [name for name, it in self.everybody().items() if it.node.peer_id == peer_id]
        return names[0] if names else peer_id

    def hub_address(self):
        return address_of(self.hub)


class Meeting:
    """Two homes' first minute: the first asks the second by its NodeID."""

    def __init__(self, world, asker, asked):
        self.world = world
        self.names = (asker, asked)
        self.asker, self.asked = world.homes[asker], world.homes[asked]
        self.began = time.time()

    def ask(self, text):
        """The seconds until the answer was there."""
        return request(self.asker, self.asked, text)

    def ping_until_direct(self, timeout):
        """The command's end, and its replies."""
        words = ("--until-direct", "--timeout", str(timeout), "-i", "0.25", "--json")
        result = self.asker.node.run("ping", self.asked.node.node_id, *words)
        return result, [reply for reply in result.jsons() if reply["path"]]

    def why(self):
        return self.asker.node.do("why", self.asked.node.node_id, "--json").json()

    def path_changes(self):
        """Since it began: seconds, state, address."""
        peer = self.asked.node.peer_id
        found = [event for event in events(self.asker.node, "path") if event["peer_id"] == peer]
        times = ((event["at_ms"] / 1000 - self.began, event) for event in found)
        return [(at, event["state"], event["address"]) for at, event in times if at > 0]

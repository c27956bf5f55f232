"""Four homes that cannot be dialed find each other by NodeID, talk at once through a relay, and get direct
paths where two NATs allow that; where they do not, the reason is told."""

import time
from concurrent.futures import wait

from forgery import forge
from picture import Home, Path, Server, draw
from program import require
from story import short
from topic import broadcast
from world import HOMES, NATS, Meeting, World

POEM = "Two nodes walk into a network."
PUNCH_S = 10
SPRAY_S = 45
HOPELESS_S = 4


class Show:
    def __init__(self, story, world, tamper):
        self.story = story
        self.world = world
        self.tamper = tamper
        self.paths = []
        self.meetings = []

    def make(self):
        self.story.step("An internet of namespaces, and nodes that are made")
        self.story.tell(
            "Each node has two keys: an SM2 key, which is who it is (NodeID), and an Ed25519 key, which is "
            "its libp2p peer. A home is a router with a node behind it: nobody can dial it from outside."
        )
        for name, resident in self.world.everybody().items():
            where = NATS[HOMES[name]] if name in HOMES else "public"
            address = resident.home.outside if name in HOMES else resident.home.ip4
            self.story.fact(name, f"{resident.node.node_id}  {where}, {address}")

    def start(self):
        self.story.step("All start; the homes know nothing but hub's address")
        self.world.start_servers()
        self.story.fact("warren up", f"--bootstrap {self.world.hub_address()}")
        for name, (udp, seconds) in self.world.start_homes().items():
            nat = f"mapping {udp['mapping']}, filtering {udp['filtering']}"
            self.story.fact(name, f"{seconds:.1f} s: {nat}")
        self.story.tell(
            "So long it took each to learn from two servers what its router does (RFC 4787), and to get a "
            "place at hub, which relays."
        )

    def meet(self, asker, asked, title):
        """The first request, which goes through a relay."""
        self.story.step(title)
        meeting = Meeting(self.world, asker, asked)
        self.meetings.append(meeting)
        seconds = meeting.ask(POEM)
        node = meeting.asked.node
        self.story.fact(f"{asker} asks", f"warren request {short(node)} upper '{POEM}'")
        self.story.fact("the answer", f'"{POEM.upper()}" {seconds:.2f} s later, found by NodeID, signed')
        return meeting

    def become_direct(self, meeting, kind, timeout):
        """A direct path comes about, and nothing has to be asked for it."""
        result, replies = meeting.ping_until_direct(timeout)
        require(result.status == 0, f"no direct path within {timeout} s: {result.stderr}")
        changes, report = meeting.path_changes(), meeting.why()
        require(report["verdict"] == "direct", f"the path is {report}")
        require(changes and changes[0][1] == "relayed", f"the first path was not relayed: {changes}")
        direct = next((change for change in changes if change[1] == "direct"), None)
        require(direct is not None, f"no event of a direct path: {changes}")
        relay = self.tell_path(changes[0], [p for p in report["paths"] if p["kind"] == "relay"])
        best = next(path for path in report["paths"] if path["best"])
        round_trip = best["rtt_ms"] or replies[-1]["rtt_ms"]
        transport = "quic" if best["transport"] == "quic-v1" else best["transport"]
        self.story.fact(f"{direct[0]:.2f} s", f"direct {transport} {direct[2]}, {round_trip:.0f} ms")
        self.story.fact("warren why", report["why"])
        words = "punched" if kind == "direct" else "sprayed"
        labels = (f"{words}, {round_trip:.0f} ms", f"after {direct[0]:.1f} s")
        self.paths.append(Path(meeting.names, kind, labels, first_via=relay))

    def tell_path(self, change, open_paths):
        """Of the relayed path that came first, and may still be a standby. The relay's name."""
        at, _, address = change
        relay = self.world.name_of(address.split("/p2p-circuit")[0].rpartition("/p2p/")[2])
        round_trips = [path["rtt_ms"] for path in open_paths if path["rtt_ms"]]
        measured = f", {round_trips[0]:.0f} ms" if round_trips else ""
        self.story.fact(f"{at:.2f} s", f"relayed by {relay}{measured}")
        return relay

    def stay_relayed(self, meeting):
        result, replies = meeting.ping_until_direct(HOPELESS_S)
        require(result.status == 6, f"ping --until-direct ended with {result.status}: {result.stderr}")
        report = meeting.why()
        require(report["verdict"] == "relayed" and report["reason"], f"the path is {report}")
        relay = self.tell_path(meeting.path_changes()[0], report["paths"])
        self.story.fact("warren why", f"{report['reason']}: {report['why']}")
        self.story.fact("advice", report["advice"])
        self.story.fact("exit status", f"{result.status} of `warren ping --until-direct`: relayed only")
        round_trip = min(reply["rtt_ms"] for reply in replies)
        labels = (f"relayed, {round_trip:.0f} ms", report["reason"])
        self.paths.append(Path(meeting.names, "relay", labels, via=relay))

    def broadcast(self):
        self.story.step("alice broadcasts to all who subscribed to a topic: hub and the other homes")
        names = {"hub": self.world.hub, **self.world.homes}
        broadcast(self.story, {name: it.node for name, it in names.items()}, "alice")

    def forgery(self):
        self.story.step("mallory sends alice an envelope with one flipped bit, through the relay")
        alice = self.world.homes["alice"].node
        address = f"{self.world.hub_address()}/p2p-circuit/p2p/{alice.peer_id}"
        forge(self.story, self.tamper, self.world.second.home.within(), alice, "alice", address)

    def without_relays(self):
        """The proof that a path is direct."""
        self.story.step("Both public servers are switched off")
        for server in (self.world.hub, self.world.second):
            status = server.node.down()
            require(status == 0, f"a server ended with {status}")
        for meeting in self.meetings:
            asker, asked = meeting.names
            began = time.monotonic()
            words = ("request", meeting.asked.node.node_id, "upper", "again", "--timeout", "3")
            result = meeting.asker.node.run(*words)
            path = next(path for path in self.paths if path.ends == meeting.names)
            if path.kind == "relay":
                require(result.status != 0, f"{asked} answered without a relay")
                self.story.fact(f"{asker}, {asked}", f"no answer: {result.stderr.removeprefix('warren: ')}")
            else:
                require(result.status == 0, f"{asked} does not answer {asker}: {result.stderr}")
                took = time.monotonic() - began
                answer = result.text().strip()
                self.story.fact(f"{asker}, {asked}", f'"{answer}" after {took:.2f} s: direct')

    def stop(self):
        self.story.step("All daemons stop")
        daemons = {name: it.node for name, it in self.world.homes.items()}
        ends = {name: self.world.pool.submit(node.down) for name, node in daemons.items()}
        wait(ends.values())
        for name, end in ends.items():
            require(end.result() == 0, f"{name} ended with {end.result()}")
        self.story.tell("In good order, with exit status 0.")

    def draw(self, file):
        homes = [
            Home(name, short(it.node), NATS[HOMES[name]], it.home.outside)
            for name, it in self.world.homes.items()
        ]
        servers = [
            Server("second", "STUN", self.world.second.home.ip4),
            Server("hub", "bootstrap, relay, STUN", self.world.hub.home.ip4),
        ]
        draw(
            file,
            "Four homes that cannot be dialed, and how they reach each other",
            "As ./dev demo found it; milliseconds are round trips",
            servers,
            homes,
            self.paths,
        )


def show(story, program, tamper, folder, picture):
    with World(program, folder) as world:
        it = Show(story, world, tamper)
        it.make()
        it.start()
        meeting = it.meet("alice", "bob", "alice asks bob, and the two routers let a direct path through")
        it.become_direct(meeting, "direct", PUNCH_S)
        title = "alice asks carol, whose router gives every destination another port"
        meeting = it.meet("alice", "carol", title)
        it.become_direct(meeting, "spray", SPRAY_S)
        meeting = it.meet("carol", "dave", "carol asks dave, whose router does the same: they stay relayed")
        it.stay_relayed(meeting)
        it.broadcast()
        it.forgery()
        it.without_relays()
        it.stop()
        it.draw(picture)

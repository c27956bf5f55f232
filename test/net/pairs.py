"""Two nodes behind routers that have never met: one asks the other, over a relay at once, and over a direct
path when there is one. That a path is direct is proved by cutting all public servers off and asking again."""

import contextlib
import json
import time
from dataclasses import asdict, dataclass, field

from bench import serve
from cells import KINDS
from country import SERVICE, Resident, request
from nodes import forget_peers
from program import COMMAND_S, Failure

# From the start of a daemon, on a busy machine.
SETTLED_S = 60
POLL_S = 0.25
# By then public nodes have seen one that listens for TCP only, and it has heard of it.
SEEN_S = 4
# Who is asked over a path that is not there does not answer, however long it is waited; one that is there
# has the longer time, should the machine be busy.
NO_PROOF_S, PROOF_S = 3, 30
# What is kept of a round, as `warren why` tells it.
ROUND = ("means", "begun_by", "outcome", "reason", "took_ms")


class Story:
    """What a node tells as it happens: `warren events --follow`."""

    def __init__(self, node):
        self.process = node.start("events", "--follow", "--json")
        self.told = []

    def close(self):
        self.process.stop()
        self.process.__exit__(None, None, None)

    def until(self, wanted, within):
        """The first event that is as wanted, of those before, too; nothing when there is none in time."""
        end = time.monotonic() + within
        for event in self.told:
            if wanted(event):
                return event
        while True:
            try:
                event = self.process.event(max(0.001, end - time.monotonic()))
            except Failure:
                return None
            self.told.append(event)
            if wanted(event):
                return event

    def until_relayed(self, within):
        """It holds a relay."""
        return self.until(lambda it: it["event"] == "relay" and it["state"] == "held", within)

    def until_direct(self, peer_id, within, since=0.0):
        """The seconds from `since` (Unix time) until what is sent to that peer goes there directly."""
        return self.until_path(peer_id, "direct", within, since)

    def until_path(self, peer_id, state, within, since=0.0):
        wanted = ("path", peer_id, state)

        def is_it(event):
            # Its clock counts in whole milliseconds.
            is_later = event["at_ms"] >= since * 1000 - 1
            return is_later and (event["event"], event.get("peer_id"), event.get("state")) == wanted

        if self.state_before(since, peer_id) == state:
            return 0.0
        event = self.until(is_it, within)
        return None if event is None else max(0.0, event["at_ms"] / 1000 - since)

    def state_before(self, since, peer_id):
        """Of the path to that peer: whom anybody can dial is found in the DHT, and may be known by then."""
        self.until(lambda it: it["at_ms"] > since * 1000, 0.1)
        paths = [it for it in self.told if it["event"] == "path" and it.get("peer_id") == peer_id]
        states = [it["state"] for it in paths if it["at_ms"] <= since * 1000]
        return states[-1] if states else "none"


@dataclass
class Cost:
    """What a router saw of a node from the question until the direct path: packets out, flows begun, and the
    most of them in a second; mappings at the end."""

    packets: int = 0
    flows: int = 0
    flows_per_second: int = 0
    mappings: int = 0


@dataclass
class Outcome:
    cell: str
    run: int
    asker: str
    asked: str
    settled: bool = True
    request_s: float = None  # how long the first answer took; none: there was none
    direct_s: float = None  # from asking until the path was direct; none: it did not become so
    by: str = None  # address of the direct path
    proved: bool = None  # answered without any public server
    reason: str = None  # of a relayed path, as the asker tells it
    reasons: list = field(default_factory=list)  # of both
    rounds: list = field(default_factory=list)  # means and outcome of each, as the asked node saw them
    why: str = None
    costs: list = field(default_factory=list)  # of the asker's router and of the other's
    late_ms: float = 0.0  # how late the machine was, at most, on the two links
    problem: str = None

    def tries(self):
        """Rounds that both sides took part in; a node also notes what it finds hopeless at first."""
        return sum(one["outcome"] == "connected" or one["took_ms"] > 0 for one in self.rounds)

    def means(self):
        return [one["means"] for one in self.rounds]

    def as_line(self):
        return json.dumps(asdict(self))


class Pair:
    """The two ends of a cell in a country, whose public nodes run. `name` tells it from others there."""

    def __init__(self, country, cell, name=""):
        self.country = country
        self.cell = cell
        self.name = name
        self.shared = None
        kinds = enumerate((cell.one, cell.other))
        self.ends = [self.new_end(kind, f"{name}{kind.lower()}{number}") for number, kind in kinds]
        self.stories = {}
        self.service = None

    def new_end(self, kind, name):
        country = self.country
        if kind == "PU":
            host = country.net.public(name, **self.cell.link)
            resident = Resident(country.new_node(host, f"node-{name}"), host)
        elif self.cell.family == "same":
            resident = self.new_neighbor(kind, name)
        else:
            options = {"ip6": self.cell.family == "ip6", **self.cell.link}
            if kind == "CG":
                options["behind"] = country.net.carrier(f"carrier-{name}", delay="1ms")
            resident = country.new_resident(name, KINDS[kind], **options)
        resident.listen = self.cell.listen
        resident.kind = kind
        return resident

    def new_neighbor(self, kind, name):
        """A host of the one home that both are in."""
        if self.shared is None:
            self.shared = self.country.net.home(f"{self.name}home", KINDS[kind], **self.cell.link)
            self.shared.set(hairpin="on" if self.cell.hairpin else "off")
        host = self.shared.host(name)
        return Resident(self.country.new_node(host, f"node-{name}"), self.shared)

    def routers(self):
        """Of each end, those that it is behind, from the inside."""
        for end in self.ends:
            home = None if end.kind == "PU" else end.home
            yield [router for router in (home, getattr(home, "above", None)) if router is not None]

    def begin_anew(self):
        """Nodes that know nobody, behind routers that have forgotten everything."""
        self.stop()
        for routers in self.routers():
            for router in routers:
                router.reboot()
        self.country.each(self.start, self.ends)

    def stop(self):
        self.close()
        self.country.each(lambda end: end.node.down(), self.ends)

    def close(self):
        """Nobody listens to the nodes any more, and nothing is served."""
        for story in self.stories.values():
            story.close()
        self.stories.clear()
        if self.service is not None:
            self.service.__exit__(None, None, None)
            self.service = None

    def start(self, end):
        forget_peers(end.node)
        self.country.start_here(end)
        self.stories[end.node.peer_id] = Story(end.node)

    def story(self, end):
        return self.stories[end.node.peer_id]

    def settle(self):
        """Until both know what they are behind, and can be reached."""
        return all(self.country.each(self.settle_one, self.ends))

    def settle_one(self, end):
        end_at = time.monotonic() + SETTLED_S
        if end.kind != "PU" and self.story(end).until_relayed(SETTLED_S) is None:
            return False
        if self.cell.family == "tcp":
            # Whether it can be reached is told when its addresses are known, if it ever knows any.
            self.story(end).until(lambda it: it["event"] == "reachability", SEEN_S)
            return True
        while not is_known(end):
            if time.monotonic() > end_at:
                return False
            time.sleep(POLL_S)
        return True

    def recount(self):
        for routers in self.routers():
            for router in routers:
                router.link.router(router.router, "recount")
                router.link.stats()

    def cost_of(self, routers):
        """Of the inner one: what a carrier's sees is the same, and more."""
        if not routers:
            return None, 0.0
        stats = routers[0].link.stats()
        seen = stats["nat"][routers[0].name]
        both = [part["mappings"] for part in (seen["v4"], seen["v6"]) if part]
        late = max(wire["late_max_ms"] for name, wire in stats.items() if name != "nat")
        return Cost(seen["out"], seen["flows"], seen["flows_per_second_max"], sum(both)), late

    def run(self, number, patience):
        """All of it; asks in this direction and in the other one by turns."""
        outcome = self.meet(number, patience)
        if outcome.problem is None:
            with without_publics(self.country):
                self.prove(outcome)
        return outcome

    def roles(self, number):
        """Who asks, and who is asked."""
        return self.ends if number % 2 == 0 else self.ends[::-1]

    def meet(self, number, patience):
        """All but the proof."""
        asker, asked = self.roles(number)
        outcome = Outcome(self.cell.name, number, asker.kind, asked.kind)
        try:
            self.measure(outcome, asker, asked, patience)
        except Failure as failure:
            outcome.problem = str(failure)
        return outcome

    def measure(self, outcome, asker, asked, patience):
        self.begin_anew()
        self.service = self.country.pool.submit(serve, asked.node, SERVICE, "tr a-z A-Z").result()
        outcome.settled = self.settle()
        self.recount()
        asked_at = time.time()
        outcome.request_s = request(asker, asked)
        outcome.direct_s = self.story(asker).until_direct(asked.node.peer_id, patience, asked_at)
        self.note_costs(outcome)
        for end, other in ((asker, asked), (asked, asker)):
            self.note_why(outcome, end, other, end is asker)

    def prove(self, outcome):
        """Asks again, when there are no public servers any more: who answers is there."""
        asker, asked = self.roles(outcome.run)
        patience = NO_PROOF_S if outcome.direct_s is None else PROOF_S
        words = ("request", asked.node.node_id, SERVICE, "again", "--timeout", str(patience))
        result = asker.node.run(*words, within=COMMAND_S)
        outcome.proved = result.status == 0 and result.text().strip() == "AGAIN"

    def note_costs(self, outcome):
        for routers in self.routers():
            cost, late = self.cost_of(routers)
            outcome.costs.append(asdict(cost) if cost else None)
            outcome.late_ms = max(outcome.late_ms, late)
        if outcome.asker != self.ends[0].kind:
            outcome.costs.reverse()

    def note_why(self, outcome, end, other, is_asker):
        report = end.node.do("why", other.node.node_id, "--json").json()
        outcome.reasons.append(report["reason"])
        if is_asker:
            outcome.reason, outcome.why = report["reason"], report["why"]
            outcome.by = next((path["address"] for path in report["paths"] if path["kind"] == "direct"), None)
        rounds = [{key: it[key] for key in ROUND} for it in report["rounds"]]
        if len(rounds) >= len(outcome.rounds):
            outcome.rounds = rounds


@contextlib.contextmanager
def without_publics(country, *others):
    """Nobody gets an answer from a public server, or from the other hosts, nor is told that there is none."""
    links = [host.uplink.link for host in (*others, *(public.home for public in country.publics))]
    for link in links:
        link.cut()
    try:
        yield
    finally:
        for link in links:
            link.mend()


def is_known(end):
    """Its node has found out what it is behind."""
    seen = end.netcheck()["udp4"]
    if end.kind == "UB":
        return seen["answered"] is not None
    return seen["answered"] is not None and "unknown" not in (seen["mapping"], seen["filtering"])

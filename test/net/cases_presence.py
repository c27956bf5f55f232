"""Who leaves says goodbye, and who crashes is missed: `warren events` of another tells which it was."""

from bench import case, wait_until
from nodes import beside_others
from program import require
from town import SERVER, Town, events, is_connected, up

# Probes and keep-alives need most of a minute to tell a silent machine from a slow one.
LOST_S = 180


class Village(Town):
    """Three nodes that have met: boot, watcher and leaver."""

    def __init__(self, bench):
        super().__init__(bench, ["boot", "watcher", "leaver"])

    def __enter__(self):
        super().__enter__()
        try:
            self.boot, self.watcher, self.leaver = self.nodes
            for node in self.nodes:
                node.init(*SERVER)
            address = up(self.boot)
            for node in (self.watcher, self.leaver):
                up(node, "--bootstrap", address)
            self.watcher.do("connect", self.leaver.addresses[0])
            wait_until(lambda: self.has_event("arrived"), "the arrival is not told")
        except BaseException as error:
            self.__exit__(type(error), error, None)
            raise
        return self

    def has_event(self, name):
        return self.event(name) is not None

    def event(self, name):
        """The first one that the watcher tells of the leaver."""
        found = (e for e in events(self.watcher, name) if e["peer_id"] == self.leaver.peer_id)
        return next(found, None)


@case
@beside_others
def a_goodbye_is_told(bench):
    with Village(bench) as village:
        require(is_connected(village.watcher, village.leaver), "not connected")
        status = village.leaver.down()
        require(status == 0, f"the daemon ended with {status}")
        wait_until(lambda: village.has_event("left"), "the goodbye is not told")
        left = village.event("left")
        require(left["reason"] == "closed", f"the event is {left}")
        require(left["node_id"] == village.leaver.node_id, f"the event is {left}")
        # And who comes back has arrived again.
        up(village.leaver, "--bootstrap", village.boot.addresses[0])

        def arrivals():
            told = events(village.watcher, "arrived")
            return [event for event in told if event["peer_id"] == village.leaver.peer_id]

        wait_until(lambda: len(arrivals()) == 2, f"the return is not told: {arrivals()}")


@case
@beside_others
def a_crash_is_told(bench):
    with Village(bench) as village:
        village.leaver.daemon.kill()
        wait_until(lambda: village.has_event("left"), "the crash is not told", within=LOST_S)
        left = village.event("left")
        require(left["reason"] != "closed", f"a crash passed for a goodbye: {left}")


@case
@beside_others
def a_machine_that_loses_its_power_is_told(bench):
    with Village(bench) as village:
        village.segment.plug(3, inside=False)
        village.leaver.daemon.kill()
        wait_until(lambda: village.has_event("left"), "nobody noticed", within=LOST_S)
        left = village.event("left")
        require(left["reason"] != "closed", f"a silent end passed for a goodbye: {left}")

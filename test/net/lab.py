"""Network namespaces as hosts, and links between them: one process of `warren_link` each, or a veth pair.

    with Lab() as lab:
        a, b = lab.host("a"), lab.host("b")
        link = lab.link(a, b, delay="30ms", rate="200mbit")
        a.run(["ping", "-c1", b.ip4])
        link.set("both", loss="5%")

Needs root and /dev/net/tun. Nothing leads out of these namespaces, so whatever runs in them reaches the hosts
of its laboratory only. They go when the laboratory ends, with the programs that were started in them. What a
killed run left has the process that made it in its name, so that the next run knows it and removes it.
"""

import itertools
import json
import os
import select
import subprocess
import time
from pathlib import Path

from namespaces import COMMAND_S, Host, LabError, remove_leftovers, remove_namespace, started_at
from program import scratch

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = ROOT / "build/release/bin/warren_link"


class End:
    """A host's end of a link."""

    def __init__(self, host, device, ip4, ip6):
        self.host = host
        self.device = device
        self.ip4 = ip4
        self.ip6 = ip6
        host.ends.append(self)

    def set_up(self, mtu, queue_packets):
        up = f"link set {self.device} mtu {mtu} txqueuelen {queue_packets} up"
        self.host.batch(up, *self._each_address("add"))

    def down(self):
        """The cable is pulled, and this host is told so by its interface."""
        self.host.ip("link", "set", self.device, "down")

    def up(self):
        self.host.ip("link", "set", self.device, "up")

    def change_addresses(self, ip4, ip6):
        """As another network would give them; what was bound to the old ones has no address any more."""
        old = self._each_address("delete")
        self.ip4, self.ip6 = ip4, ip6
        self.host.batch(*old, *self._each_address("add"))

    def _each_address(self, verb):
        """The commands of `ip` that do it."""
        nodad = " nodad" if verb == "add" else ""
        return [
            f"address {verb} {self.ip4}/24 dev {self.device}",
            f"address {verb} {self.ip6}/64 dev {self.device}{nodad}",
        ]


class Veth:
    """A link by the kernel alone: no delay, no loss, no limit."""

    def __init__(self, lab, first, second, mtu=1500):
        device, ends = lab.new_ends(first, second)
        self.first, self.second = ends
        first.ip("link", "add", device, "type", "veth", "peer", "name", device, "netns", second.namespace)
        for end in ends:
            end.set_up(mtu, 1000)


class Link:
    """A link by `warren_link`, both directions of which are set apart from each other."""

    def __init__(self, lab, first, second, mtu=1500, seed=1, ends=None, **options):
        device, ends = ends or lab.new_ends(first, second)
        self.first, self.second = ends
        sides = [f"{host.name}={host.namespace}:{device}" for host in (first, second)]
        self.process = subprocess.Popen(
            [lab.program, *sides, str(seed)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
        )
        try:
            self._expect("ready")
            for end in ends:
                # The model's queue is the one that counts: what waits before it only waits for the program.
                end.set_up(mtu, 5000)
            if options:
                self.set("both", **options)
        except BaseException:
            self.stop()
            raise

    def set(self, which, **options):
        """`which`: "a->b", or "both". Options as sim::LinkOptions has them, with units: delay="40ms"."""
        self._ask(f"set {which} " + " ".join(f"{name} {value}" for name, value in options.items()))

    def router(self, host, words, **settings):
        """Makes or changes the router at that host's end, behind which the host then is. `words`: "v4", "v6",
        "v4 off" or "reboot"; settings as NatOptions has them: type="full-cone", udp_timeout="30s"."""
        pairs = " ".join(f"{name} {value}" for name, value in settings.items())
        self._ask(f"nat {host.name} {words} {pairs}".rstrip())

    def cut(self):
        """Somewhere on the way: packets vanish, and neither host's interface tells."""
        self._ask("down")

    def mend(self):
        self._ask("up")

    def stats(self):
        """By direction: what was sent, delivered, lost and cut, and how late the program was."""
        self._say("stats")
        return json.loads(self._line())

    def wait_until_still(self):
        """Until all packets that came have left again, or were lost."""
        before = None
        end = time.monotonic() + COMMAND_S
        while True:
            ways = [way for name, way in self.stats().items() if name != "nat"]
            now = [(way["sent"], way["on_the_way"]) for way in ways]
            # What waits before the link is taken between two looks.
            if now == before and not any(waiting for _, waiting in now):
                return
            if time.monotonic() > end:
                raise LabError(f"packets are still on their way: {now}")
            before = now

    def stop(self):
        self.process.stdin.close()  # which ends it
        try:
            self.process.wait(COMMAND_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(COMMAND_S)
        self.process.stdout.close()

    def _ask(self, command):
        self._say(command)
        self._expect("ok")

    def _say(self, command):
        self.process.stdin.write(command.encode() + b"\n")

    def _expect(self, wanted):
        line = self._line()
        if line != wanted:
            raise LabError(f"warren_link said {line!r}, not {wanted!r}")

    def _line(self):
        line = b""
        end = time.monotonic() + COMMAND_S
        while not line.endswith(b"\n"):
            ready, _, _ = select.select([self.process.stdout], [], [], max(0, end - time.monotonic()))
            piece = os.read(self.process.stdout.fileno(), 4096) if ready else b""
            if not piece:
                raise LabError(f"warren_link is silent (status {self.process.poll()})")
            line += piece
        return line.decode().strip()


class Lab:
    """A context manager: all of it goes when it ends."""

    numbers = itertools.count(1)

    def __init__(self, program=PROGRAM):
        self.program = Path(program)
        self.prefix = f"wnet-{os.getpid()}-{started_at(os.getpid())}-{next(self.numbers)}"
        self.hosts = []
        self.links = []
        self.subnets = itertools.count(1)

    def __enter__(self):
        remove_leftovers()
        self.temporary = scratch(prefix="warren-lab-")
        self.folder = Path(self.temporary.name)
        return self

    def __exit__(self, *_reason):
        for host in self.hosts:
            host.stop()
        for link in self.links:
            link.stop()
        for host in self.hosts:
            remove_namespace(host.namespace)
        self.temporary.cleanup()

    def host(self, name):
        host = Host(self, name, f"{self.prefix}-{name}")
        self.hosts.append(host)
        return host

    def link(self, first, second, **options):
        """Options: mtu and seed, and those of Link.set for both directions."""
        link = Link(self, first, second, **options)
        self.links.append(link)
        return link

    def veth(self, first, second, **options):
        return Veth(self, first, second, **options)

    def new_ends(self, first, second):
        """A name for the device of both, and the ends of a new subnet."""
        number = next(self.subnets)
        device = f"net{number}"
        hosts = enumerate((first, second), 1)
        ends = [End(host, device, f"10.77.{number}.{n}", f"fd77:{number}::{n}") for n, host in hosts]
        return device, ends

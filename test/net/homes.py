"""An internet of namespaces: public hosts, and homes behind routers of each kind, all of which can change
while it runs.

    with Internet() as net:
        server = net.public("server", delay="5ms")
        home = net.home("home", "symmetric-random", delay="20ms")
        laptop = home.host("laptop")
        laptop.run(["ping", "-c1", server.ip4])
        home.reboot()

Addresses look public, because libp2p nodes treat private and documentation addresses apart; nothing leads out
of these namespaces, so they are nobody's. The number of a network is in its addresses: 31.7.0.1, 2a10:7::1.
"""

import itertools

from lab import End, Lab

# By the names of sim::NatOptions::of_type.
KINDS = (
    "full-cone",
    "address-restricted",
    "port-restricted",
    "symmetric-sequential",
    "symmetric-random",
    "udp-blocked",
)
LAN = "192.168.1"
MTU = 1500
QUEUE_PACKETS = 5000


class Bare(End):
    """An end that has no addresses: it routes."""

    def __init__(self, host, device):
        super().__init__(host, device, None, None)

    def _each_address(self, verb):
        return []


class Place(End):
    """A host's in a home: addresses, and the home's router as the way to all others."""

    def __init__(self, host, device, ip4, ip6=None, via=None):
        super().__init__(host, device, ip4, ip6)
        self.via = via

    def up(self):
        super().up()
        self.host.batch(*self._find_router())

    def _each_address(self, verb):
        both = super()._each_address(verb)
        return (both if self.ip6 else both[:1]) + (self._find_router() if verb == "add" else [])

    def _find_router(self):
        if self.via is None:
            return []
        ip6 = [f"route replace ::/0 via {self.via.ip6}"] if self.ip6 else []
        return [f"route replace default via {self.via.ip4}", *ip6]


class Uplink:
    """A host's link to another, which forwards packets to all its uplinks."""

    def __init__(self, net, upper, host, end, **options):
        device = f"net{next(net.subnets)}"
        self.upper = upper
        self.host = host
        self.device = device
        self.link = net.link(upper, host, ends=(device, [Bare(upper, device), end(device)]), **options)
        host.batch(f"route add default dev {device}", f"route add ::/0 dev {device}")

    def attract(self, *prefixes):
        """What all others send there comes through this link."""
        self.upper.batch(*(f"route replace {prefix} dev {self.device}" for prefix in prefixes))

    def repel(self, *prefixes):
        self.upper.batch(*(f"route delete {prefix} dev {self.device}" for prefix in prefixes))


class Routed:
    """A router and what is behind it, on an uplink. IPv4 is translated; IPv6, where there is any, passes."""

    def __init__(self, net, name, kind, behind=None, **options):
        self.net = net
        self.name = name
        self.above = behind
        self.router = net.host(name)
        forward(self.router)
        self.set_up_inside()
        upper = behind.router if behind else net.core
        self.uplink = Uplink(net, upper, self.router, lambda device: Bare(self.router, device), **options)
        self.link = self.uplink.link
        self.outside = self.kind = None
        self.renumber(type=kind)

    def set_up_inside(self):
        """Makes the first end of the router, whose addresses are its own."""

    def set(self, **settings):
        """Of the IPv4 router: type="symmetric-random", hairpin="on", udp_timeout="30s"..."""
        self.link.router(self.router, "v4", **settings)
        self.kind = settings.get("type", self.kind)

    def reboot(self):
        """All mappings are forgotten."""
        self.link.router(self.router, "reboot")

    def renumber(self, **settings):
        """Another address from the provider."""
        old = self.outside
        number = next(self.net.networks)
        self.outside = f"100.64.{number}.1" if self.above else f"31.{number}.0.1"
        self.uplink.attract(self.outside)
        if old is not None:
            self.uplink.repel(old)
        self.set(**settings, outside=self.outside)

    def mappings(self):
        return self.link.stats()["nat"][self.name]["v4"]["mappings"]


class Carrier(Routed):
    """A provider that gives its customers no public addresses: net.home(..., behind=this)."""

    def set_up_inside(self):
        self.router.batch("address add 100.64.0.1/32 dev lo")  # what its ICMP errors are from


class Home(Routed):
    """A router's network. The router itself can be used as a host of it; others are made by host()."""

    def __init__(self, net, name, kind, behind=None, ip6=False, **options):
        self.places = itertools.count(2)
        super().__init__(net, name, kind, behind, **options)
        self.prefix = f"2a10:{next(net.networks)}:1::" if ip6 else None
        if ip6:
            self.lan.ip6 = f"{self.prefix}1"
            self.router.batch(f"address add {self.prefix}1/64 dev br0 nodad")
            for uplink in [self.uplink] + ([behind.uplink] if behind else []):
                uplink.attract(f"{self.prefix}/64")
            self.link.router(self.router, "v6", type="firewall")

    def set_up_inside(self):
        # A bridge is up when one of its ports is, and has no address of IPv6 before.
        self.router.batch(
            "link add br0 type bridge forward_delay 0 mcast_snooping 0",
            "link add idle type veth peer name idle-too",
            "link set idle-too up",
            "link set idle master br0 up",
        )
        self.lan = Place(self.router, "br0", f"{LAN}.1")
        self.lan.set_up(MTU, QUEUE_PACKETS)

    def host(self, name):
        host = self.net.host(name)
        self.admit(host)
        return host

    def admit(self, host):
        """A host comes to this network: it has one cable, and addresses of here."""
        place = next(self.places)
        port = f"port{place}"
        self.router.batch(
            f"link add {port} type veth peer name eth0 netns {host.namespace}",
            f"link set {port} master br0 up",
        )
        ip6 = f"{self.prefix}{place}" if self.prefix else None
        Place(host, "eth0", f"{LAN}.{place}", ip6, via=self.lan).set_up(MTU, 1000)

    def release(self, host):
        """It leaves, and takes its cable with it; another home may admit it."""
        host.ip("link", "delete", "eth0")
        host.ends.clear()


def forward(host):
    host.setting("ipv4/ip_forward", 1)
    host.setting("ipv6/conf/all/forwarding", 1)


class Internet(Lab):
    """A context manager, as a Lab is."""

    def __init__(self, **options):
        super().__init__(**options)
        self.networks = itertools.count(1)

    def __enter__(self):
        super().__enter__()
        try:
            self.core = self.host("internet")
            forward(self.core)
            # What its ICMP errors are from.
            self.core.batch("address add 31.0.0.1/32 dev lo", "address add 2a10::1/128 dev lo nodad")
        except BaseException as error:
            self.__exit__(type(error), error, None)
            raise
        return self

    def public(self, name, **options):
        """A host that everybody reaches, at any address that it has in 31.N.0.0/16 and 2a10:N::/48."""
        host = self.host(name)
        n = next(self.networks)

        def end(device):
            return End(host, device, f"31.{n}.0.1", f"2a10:{n}::1")

        host.uplink = Uplink(self, self.core, host, end, **options)
        host.uplink.attract(f"31.{n}.0.0/16", f"2a10:{n}::/48")
        return host

    def home(self, name, kind, behind=None, ip6=False, **options):
        """`behind`: a carrier; otherwise the router has a public address. Options are those of a Link."""
        return Home(self, name, kind, behind, ip6, **options)

    def carrier(self, name, kind="port-restricted", **options):
        return Carrier(self, name, kind, **options)

"""Bootstrap peers that a domain names, from a DNS server of the laboratory: trees of /dnsaddr, SRV with TXT,
and records that change."""

from bench import case, wait_until
from dns_server import DnsServer
from nodes import beside_others
from program import require
from town import SERVER, Town, is_connected, up

UDP, TCP = "_warren._udp.example.com", "_warren._tcp.example.com"


class Domain(Town):
    """A DNS server beside alice, whose domain is example.com, boot and other. Alice does not run yet."""

    def __init__(self, bench):
        super().__init__(bench, ["names", "alice", "boot", "other"])

    def __enter__(self):
        super().__enter__()
        try:
            _, self.alice, self.boot, self.other = self.nodes
            self.alice.host.use_resolver(self.hosts[0].ip4)
            self.alice.within = self.alice.host.within()
            for node in self.nodes[1:]:
                node.init(*SERVER)
        except BaseException as error:
            self.__exit__(type(error), error, None)
            raise
        return self

    def follow_domain(self):
        """Alice begins with what the domain names."""
        config = self.alice.path / "warren.toml"
        text = config.read_text()
        require("bootstrap_domains = []" in text, "warren.toml says nothing of domains")
        config.write_text(text.replace("bootstrap_domains = []", 'bootstrap_domains = ["example.com"]'))
        up(self.alice)


def zone_of(node):
    """The lines that the node would have in the zone, with the A record that they ask for."""
    address = node.addresses[0].split("/p2p/")[0]
    lines = node.do("bootstrap", "zone", "example.com", "--address", address).text().splitlines()
    needed = [line.removeprefix("; needs: ") for line in lines if line.startswith("; needs: ")]
    require(needed, f"nothing is said of addresses: {lines}")
    return lines + needed


def of_domain(node):
    entries = node.do("bootstrap", "ls", "--json").json()["bootstrap"]
    return [entry for entry in entries if entry["source"] == "dns example.com"]


def expect_connection(node, other):
    wait_until(lambda: is_connected(node, other), "what DNS names was not connected to")


@case
@beside_others
def a_tree_of_dnsaddr_records_leads_to_peers(bench):
    with Domain(bench) as town, DnsServer(town.hosts[0]) as names:
        boot, other = up(town.boot), up(town.other, transport="/udp/4001/quic-v1")
        branches = [f"{letter}.example.com" for letter in "ab"]
        names.set("_dnsaddr.example.com", "TXT", *(f"dnsaddr=/dnsaddr/{branch}" for branch in branches))
        for branch, address in zip(branches, (boot, other), strict=True):
            names.set(f"_dnsaddr.{branch}", "TXT", f"dnsaddr={address}")
        up(town.alice, "--bootstrap", "/dnsaddr/example.com")
        for node in (town.boot, town.other):
            expect_connection(town.alice, node)
        require(("_dnsaddr.b.example.com", "TXT") in names.asked, f"the tree was not walked: {names.asked}")


@case
@beside_others
def srv_records_with_txt_beside_them_name_peers(bench):
    with Domain(bench) as town, DnsServer(town.hosts[0]) as names:
        up(town.boot)
        names.load(zone_of(town.boot))
        require((TCP, "SRV") in names.records, f"the zone has no SRV record: {names.records}")
        # The SRV and what says who it is: nothing else.
        names.records.pop(("_dnsaddr.example.com", "TXT"))
        town.follow_domain()
        expect_connection(town.alice, town.boot)
        [entry] = of_domain(town.alice)
        require(entry["connected"], f"the entry is {entry}")
        require(entry["address"] == f"/dns/example.com/tcp/4001/p2p/{town.boot.peer_id}", f"it is {entry}")
        require({(UDP, "SRV"), (TCP, "SRV")} <= set(names.asked), f"asked for {names.asked}")


@case
@beside_others
def an_srv_record_alone_is_not_dialed(bench):
    with Domain(bench) as town, DnsServer(town.hosts[0]) as names:
        up(town.boot)
        lines = zone_of(town.boot)
        names.load(line for line in lines if " TXT " not in line)
        town.follow_domain()
        wait_until(lambda: "TXT record" in of_domain(town.alice)[0]["error"], "nobody says what is missing")
        require(("example.com", "A") not in names.asked, "the host was looked up, as if to be dialed")
        require(not is_connected(town.alice, town.boot), "connected without a PeerID")


@case
@beside_others
def a_changed_record_is_followed(bench):
    with Domain(bench) as town, DnsServer(town.hosts[0]) as names:
        up(town.boot)
        up(town.other)
        names.load(zone_of(town.boot))
        town.follow_domain()
        expect_connection(town.alice, town.boot)
        names.load(zone_of(town.other))
        town.boot.down()
        # The records had five minutes to live: who loses a peer asks again.
        expect_connection(town.alice, town.other)
        named = {entry["address"].split("/")[-1] for entry in of_domain(town.alice)}
        require(named == {town.other.peer_id}, f"named are {named}")

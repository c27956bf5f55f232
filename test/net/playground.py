"""What a person does with a running laboratory: the commands of `./dev lab`."""

import topology
from homes import Home
from topology import LINK, NAT, need


class Playground:
    def __init__(self, net, tables):
        self.networks, self.hosts = topology.build(net, tables)
        self.homes = {}  # of the hosts that are in one
        for name, settings in tables.get("home", {}).items():
            self.homes.update((host, self.networks[name]) for host in settings.get("hosts", []))
        self.running = True
        self.commands = {
            "ls": self.ls,
            "where": self.where,
            "set": self.set,
            "cut": lambda name: self.change(name, lambda network: link_of(network).cut()),
            "mend": lambda name: self.change(name, lambda network: link_of(network).mend()),
            "reboot": lambda name: self.change(name, lambda network: router_of(network).reboot()),
            "renumber": lambda name: self.change(name, lambda network: router_of(network).renumber()),
            "move": self.move,
            "down": self.down,
        }

    def do(self, command, *words):
        """What is to be printed."""
        return self.commands[command](*words)

    def host(self, name):
        need(name in self.hosts, f"there is no host {name}; there are {', '.join(sorted(self.hosts))}")
        return self.hosts[name]

    def network(self, name):
        known = ", ".join(sorted(self.networks))
        need(name in self.networks, f"there is no network {name}; there are {known}")
        return self.networks[name]

    def change(self, name, action):
        action(self.network(name))
        return "done"

    def where(self, name):
        """What goes before a command so that it runs on the host. It outlives who started it."""
        return ["ip", "netns", "exec", self.host(name).namespace]

    def set(self, name, *words):
        network = self.network(name)
        pairs = dict(split(word) for word in words)
        need(pairs, "set NAME SETTING=VALUE...: which setting?")
        for key in pairs:
            need(key in LINK + NAT, f"there is no setting {key}; there are {', '.join(LINK + NAT)}")
        link, nat = topology.part(pairs, LINK), topology.part(pairs, NAT)
        if nat:
            router_of(network).set(**nat)
        if link:
            link_of(network).set("both", **link)
        return "done"

    def move(self, name, home_name):
        host, home = self.host(name), self.network(home_name)
        need(isinstance(home, Home), f"{home_name} is no home")
        need(name in self.homes, f"{name} is no host of a home")
        self.homes[name].release(host)
        home.admit(host)
        self.homes[name] = home
        return f"{name} has {addresses(host)} now"

    def down(self):
        self.running = False
        return "removed"

    def ls(self):
        lines = []
        for name, network in self.networks.items():
            if not hasattr(network, "router"):
                lines.append(("public", name, addresses(network), ""))
                continue
            kind = "home" if isinstance(network, Home) else "carrier"
            behind = f", behind {network.above.name}" if network.above else ""
            seen = f"{network.kind}, seen as {network.outside}{behind}, {network.mappings()} mappings"
            lines.append((kind, name, addresses(network.router), seen))
            inside = (host for host, home in self.homes.items() if home is network)
            lines += [("  host", host, addresses(self.hosts[host]), "") for host in inside]
        widths = [max(len(line[column]) for line in lines) for column in range(3)]
        return "\n".join(
            "  ".join(text.ljust(width) for text, width in zip(line, (*widths, 0), strict=True)).rstrip()
            for line in lines
        )


def addresses(host):
    found = [(end.ip4, end.ip6) for end in host.ends if end.ip4]
    return " ".join(address for pair in found[:1] for address in pair if address)


def split(word):
    key, equals, value = word.partition("=")
    need(equals and value, f"{word} is not SETTING=VALUE")
    return key, value


def link_of(network):
    return network.link if hasattr(network, "link") else network.uplink.link


def router_of(network):
    need(hasattr(network, "router"), f"{network.name} is not behind a router")
    return network

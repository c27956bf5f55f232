"""A laboratory as a TOML file (topologies/ has examples): what it may say, and the internet that it makes."""

import re
import tomllib

from homes import KINDS, Internet

NAME = re.compile(r"[a-z][a-z0-9-]{0,14}")
LINK = ("delay", "jitter", "loss", "reordering", "held_back", "rate", "queue", "path_mtu")
AT_THE_START = ("mtu", "seed")
NAT = (
    "type",
    "mapping",
    "filtering",
    "ports",
    "hairpin",
    "udp_blocked",
    "resets_unwanted_tcp",
    "udp_timeout",
    "tcp_timeout",
    "tcp_transitory_timeout",
    "mappings_max",
)
TABLES = {
    "public": LINK + AT_THE_START,
    "carrier": LINK + AT_THE_START + NAT,
    "home": LINK + AT_THE_START + NAT + ("behind", "hosts", "ip6"),
}


class TopologyError(Exception):
    """What is wrong with a file or a command, as a sentence."""


def need(condition, sentence):
    if not condition:
        raise TopologyError(sentence)


def read(path):
    """The file's tables, checked: {"home": {"alice": {...}}, ...}."""
    try:
        text = path.read_text()
        tables = tomllib.loads(text)
    except OSError as error:
        raise TopologyError(f"{path}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise TopologyError(f"{path} is not TOML: {error}") from None
    check(tables)
    return tables


def check(tables):
    names = ["internet"]
    for table, entries in tables.items():
        need(table in TABLES, f"there are no [{table}.NAME], only {', '.join(TABLES)}")
        need(isinstance(entries, dict), f"{table}: write [{table}.NAME]")
        for name, settings in entries.items():
            need(isinstance(settings, dict), f"{table}.{name} is not a table: write [{table}.{name}]")
            check_entry(f"{table}.{name}", TABLES[table], settings)
            hosts = settings.get("hosts", [])
            need(isinstance(hosts, list), f"{table}.{name}: hosts is a list of names")
            names += [name, *hosts]
            behind = settings.get("behind")
            known = behind is None or behind in tables.get("carrier", {})
            need(known, f"{table}.{name} is behind {behind}, and there is no [carrier.{behind}]")
    for name in names:
        good = isinstance(name, str) and NAME.fullmatch(name)
        need(good, f"{name!r} is no name: up to 15 of a to z, 0 to 9 and -, the first a letter")
    twice = {name for name in names if names.count(name) > 1}
    need(not twice, f"two are called {', '.join(sorted(twice))}")


def check_entry(where, allowed, settings):
    for key, value in settings.items():
        need(key in allowed, f"{where} has no setting {key}; there are {', '.join(allowed)}")
        if key == "type":
            need(value in KINDS, f"{where}: there is no type {value}; there are {', '.join(KINDS)}")


def word(value):
    """As warren_link reads it."""
    return {True: "on", False: "off"}.get(value, value) if isinstance(value, bool) else value


def part(settings, names):
    return {name: word(value) for name, value in settings.items() if name in names}


def build(net: Internet, tables):
    """The networks by name, and all hosts by name: those of homes, public ones, and the routers."""
    networks, hosts = {}, {}
    for name, settings in tables.get("public", {}).items():
        hosts[name] = networks[name] = net.public(name, **part(settings, LINK + AT_THE_START))
    for name, settings in tables.get("carrier", {}).items():
        kind = settings.get("type", "port-restricted")
        networks[name] = net.carrier(name, kind, **part(settings, LINK + AT_THE_START))
    for name, settings in tables.get("home", {}).items():
        behind = networks.get(settings.get("behind"))
        kind = settings.get("type", "port-restricted")
        options = part(settings, LINK + AT_THE_START)
        networks[name] = net.home(name, kind, behind, settings.get("ip6", False), **options)
        for host in settings.get("hosts", []):
            hosts[host] = networks[name].host(host)
    for name, network in networks.items():
        hosts.setdefault(name, getattr(network, "router", network))
        more = part({**tables.get("carrier", {}), **tables.get("home", {})}.get(name, {}), NAT[1:])
        if more:
            network.set(**more)
    return networks, hosts

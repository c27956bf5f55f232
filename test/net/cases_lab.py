"""The laboratory's routers do what their names say, UDP and TCP: found by probing them from both sides."""

import contextlib
import socket

from bench import case, wait_until
from homes import Internet
from nat_probe import (
    ADDRESS,
    INDEPENDENT,
    PORT,
    Prober,
    ask,
    connected,
    echo,
    is_connected,
    listening,
    new_socket,
)
from nodes import beside_others
from program import require

KINDS = {
    "full-cone": (INDEPENDENT, INDEPENDENT),
    "address-restricted": (INDEPENDENT, ADDRESS),
    "port-restricted": (INDEPENDENT, PORT),
    "symmetric-sequential": (PORT, PORT),
    "symmetric-random": (PORT, PORT),
    "udp-blocked": (INDEPENDENT, PORT),
}
DELAY = "2ms"
# So long nobody is heard who says nothing.
SILENT_S = 0.3


def expect(name, found, mapping, filtering, outside):
    require(found.mapping == mapping, f"{name}: the mapping is {found.mapping}: {found.mapped}")
    require(found.filtering == filtering, f"{name}: the filtering is {found.filtering}")
    seen = {address for address, _ in found.mapped}
    require(seen == {outside}, f"{name}: seen at {seen}, not {outside}")


def expect_ports(kind, found):
    """Symmetric routers give each destination another port, the next one or any."""
    ports = [port for _, port in found.mapped]
    steps = [later - earlier for earlier, later in zip(ports, ports[1:])]
    if kind == "symmetric-sequential":
        require(steps[-2:] == [1, 1] or 1024 in ports, f"{kind}: the ports are {ports}")
    elif kind == "symmetric-random":
        require(steps[-2:] != [1, 1], f"{kind}: the ports are {ports}")
    else:
        require(found.local[1] in ports, f"{kind}: port {found.local[1]} became {ports}")


@case
@beside_others
def each_kind_of_router_maps_and_filters_as_its_name_says(_bench):
    with Internet() as net, Prober(net.public("server", delay=DELAY)) as prober:
        for number, (kind, (mapping, filtering)) in enumerate(KINDS.items()):
            home = net.home(f"home{number}", kind, delay=DELAY)
            if kind == "udp-blocked":
                require(prober.is_udp_blocked(home.router), "UDP passes")
            else:
                udp = prober.udp_behavior(home.router)
                expect(f"{kind} UDP", udp, mapping, filtering, home.outside)
                expect_ports(kind, udp)
            tcp = prober.tcp_behavior(home.router)
            expect(f"{kind} TCP", tcp, mapping, filtering, home.outside)
            expect_ports(kind, tcp)


@case
@beside_others
def behind_a_carrier_both_routers_count(_bench):
    with Internet() as net, Prober(net.public("server", delay=DELAY)) as prober:
        carrier = net.carrier("carrier", "port-restricted", delay=DELAY)
        home = net.home("home", "full-cone", behind=carrier, delay=DELAY)
        host = home.host("host")
        expect("UDP", prober.udp_behavior(host), INDEPENDENT, PORT, carrier.outside)
        expect("TCP", prober.tcp_behavior(host), INDEPENDENT, PORT, carrier.outside)
        carrier.set(type="symmetric-random")
        expect("UDP", prober.udp_behavior(host), PORT, PORT, carrier.outside)
        carrier.set(type="full-cone")
        home.set(type="address-restricted")
        expect("UDP", prober.udp_behavior(host), INDEPENDENT, ADDRESS, carrier.outside)
        require(home.mappings() > 0 and carrier.mappings() > 0, "one of them was not asked")


@case
@beside_others
def ipv6_is_filtered_while_ipv4_is_translated(_bench):
    with Internet() as net:
        server = net.public("server", delay=DELAY)
        carrier = net.carrier("carrier", delay=DELAY)
        homes = [net.home("home", "symmetric-random", ip6=True, delay=DELAY)]
        homes.append(net.home("below", "full-cone", behind=carrier, ip6=True, delay=DELAY))
        hosts = [home.host(f"host{number}") for number, home in enumerate(homes)]
        with Prober(server, socket.AF_INET6) as prober:
            for host in hosts:
                for found in (prober.udp_behavior(host, host.ip6), prober.tcp_behavior(host, host.ip6)):
                    expect("IPv6", found, INDEPENDENT, PORT, host.ip6)
                    require(found.local in found.mapped, f"{found.local} became {found.mapped}")
        with Prober(server) as prober:
            expect("IPv4", prober.udp_behavior(hosts[0]), PORT, PORT, homes[0].outside)


@case
@beside_others
def two_hosts_of_a_home_share_its_address(_bench):
    with Internet() as net, Prober(net.public("server", delay=DELAY)) as prober:
        home = net.home("home", "port-restricted", delay=DELAY)
        hosts = [home.host(name) for name in ("one", "two")]
        with contextlib.ExitStack() as stack:
            socks = [new_socket(host, socket.SOCK_DGRAM, (host.ip4, 4001)) for host in hosts]
            for sock in socks:
                stack.enter_context(sock)
            server = prober.udp[0]
            mapped = [ask(sock, server) for sock in socks]
            require(mapped[0][1] == 4001, f"the first one's port became {mapped[0]}")
            require(mapped[1][0] == home.outside and mapped[1] != mapped[0], f"they share {mapped}")
            for sock, endpoint, text in zip(socks, mapped, (b"one", b"two"), strict=True):
                server.sendto(text, endpoint)
                require(sock.recv(100) == text, "an answer came to the other one")


def hairpins_udp(prober, one, two):
    with contextlib.ExitStack() as stack:
        socks = [new_socket(host, socket.SOCK_DGRAM, (host.ip4, 0)) for host in (one, two)]
        for sock in socks:
            stack.enter_context(sock)
        server = prober.udp[0]
        mapped = [ask(sock, server) for sock in socks]
        socks[0].sendto(b"neighbor", mapped[1])
        ask(socks[0], server)  # the router has seen the other one then
        server.sendto(b"server", mapped[1])
        came, source = socks[1].recvfrom(100)
        if came == b"server":
            return False
        require(source == mapped[0], f"it came from {source}, not {mapped[0]}")
        return True


def hairpins_tcp(prober, one, two):
    with contextlib.ExitStack() as stack:
        sock, peer, mapped = connected(two, (two.ip4, 0), prober.tcp[0], stack)
        stack.enter_context(listening(two, sock.getsockname()))
        own, server, _ = connected(one, (one.ip4, 0), prober.tcp[0], stack)
        dial = stack.enter_context(new_socket(one, socket.SOCK_STREAM, (one.ip4, 0)))
        dial.setblocking(False)
        dial.connect_ex(mapped)
        # The router has seen the SYN; its target has answered; the answer has come back.
        for near, far in ((own, server), (sock, peer), (own, server)):
            echo(near, far)
        return is_connected(dial)


@case
@beside_others
def a_router_hairpins_when_it_is_told_to(_bench):
    with Internet() as net, Prober(net.public("server", delay=DELAY)) as prober:
        home = net.home("home", "full-cone", delay=DELAY)
        one, two = (home.host(name) for name in ("one", "two"))
        for wanted in (False, True, False):
            home.set(hairpin="on" if wanted else "off")
            require(hairpins_udp(prober, one, two) == wanted, f"UDP does not do what is set ({wanted})")
            require(hairpins_tcp(prober, one, two) == wanted, f"TCP does not do what is set ({wanted})")


@case
@beside_others
def a_closed_port_is_silent_or_refuses_as_set(_bench):
    with Internet() as net:
        server = net.public("server", delay=DELAY)
        home = net.home("home", "port-restricted", delay=DELAY)
        home.set(resets_unwanted_tcp="on")
        with new_socket(server, socket.SOCK_STREAM, (server.ip4, 0)) as dial:
            try:
                dial.connect((home.outside, 4001))
                require(False, "a closed port took a connection")
            except ConnectionRefusedError:
                pass
        home.set(resets_unwanted_tcp="off")
        with new_socket(server, socket.SOCK_STREAM, (server.ip4, 0)) as dial:
            dial.settimeout(SILENT_S)
            try:
                dial.connect((home.outside, 4001))
                require(False, "a closed port took a connection")
            except TimeoutError:
                pass


@case
@beside_others
def mappings_end_by_time_and_by_a_reboot(_bench):
    with Internet() as net, Prober(net.public("server", delay=DELAY)) as prober:
        home = net.home("home", "full-cone", delay=DELAY)
        server, other = prober.udp[0], prober.udp[3]
        with new_socket(home.router, socket.SOCK_DGRAM, (home.lan.ip4, 0)) as sock:
            mapped = ask(sock, server)
            other.sendto(b"open", mapped)
            require(sock.recv(100) == b"open", "it is no full cone")
            # Shorter now, but not so short that a question of the second socket is not answered in time.
            home.set(udp_timeout="2s")
            with new_socket(home.router, socket.SOCK_DGRAM, (home.lan.ip4, 0)) as second:

                def is_forgotten():
                    ask(second, server)  # time passes with packets
                    return home.mappings() == 1

                wait_until(is_forgotten, "the mapping is still there")
                other.sendto(b"late", mapped)
                server.sendto(b"fence", ask(second, server))
                require(second.recv(100) == b"fence", "the fence did not come")
            require(ask(sock, server) == mapped, "the port was not preserved")
            other.sendto(b"anew", mapped)
            require(sock.recv(100) == b"anew", "what came late was not dropped")
            home.set(udp_timeout="120s")
            home.reboot()
            require(home.mappings() == 0, f"{home.mappings()} mappings outlived the reboot")


@case
@beside_others
def a_home_changes_its_address_and_a_host_its_home(_bench):
    with Internet() as net, Prober(net.public("server", delay=DELAY)) as prober:
        home = net.home("home", "port-restricted", delay=DELAY)
        other = net.home("other", "symmetric-random", delay=DELAY)
        host = home.host("host")
        before = home.outside
        expect("before", prober.udp_behavior(host), INDEPENDENT, PORT, before)
        home.renumber()
        require(home.outside != before, "the address is the old one")
        expect("renumbered", prober.udp_behavior(host), INDEPENDENT, PORT, home.outside)
        home.release(host)
        other.admit(host)
        expect("moved", prober.udp_behavior(host), PORT, PORT, other.outside)
        other.link.cut()
        with new_socket(host, socket.SOCK_DGRAM, (host.ip4, 0)) as sock:
            sock.sendto(b"lost", prober.udp[0].getsockname())
            lost = other.link
            wait_until(lambda: lost.stats()["other->internet"]["cut"] > 0, "nothing was cut off")
            lost.mend()
            ask(sock, prober.udp[0])


@case
@beside_others
def errors_come_through_a_router(_bench):
    with Internet() as net:
        server, narrow = net.public("server", delay=DELAY), net.public("narrow", delay=DELAY)
        net.core.ip("link", "set", narrow.uplink.device, "mtu", "1300")
        home = net.home("home", "port-restricted", ip6=True, delay=DELAY)
        host = home.host("host")
        for ip in ("ip4", "ip6"):
            with new_socket(host, socket.SOCK_DGRAM, (getattr(host, ip), 0)) as sock:
                sock.connect((getattr(server, ip), 9))
                sock.send(b"is anybody there?")
                try:
                    sock.recv(100)
                    require(False, "a closed port answered")
                except ConnectionRefusedError:
                    pass
            # The way is narrower than the host's link: it is told, and its TCP sends smaller segments.
            with contextlib.ExitStack() as stack:
                door = stack.enter_context(listening(narrow, (getattr(narrow, ip), 80)))
                sock, peer, _ = connected(host, (getattr(host, ip), 0), door, stack)
                sock.sendall(bytes(100_000))
                got = 0
                while got < 100_000:
                    got += len(peer.recv(100_000))

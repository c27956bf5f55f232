"""QUIC over the link: a connection outlives a pulled cable and a new address of its client."""

import socket
import time

from bench import case, wait_until
from nodes import NEW_IP4, NEW_IP6, Net, Request, beside_others
from program import require

ETH_P_IP = 0x0800
LISTEN = "/udp/0/quic-v1"
PULLED_S = 20
# After the cable is back: the connection's next probe, which a sign from the interface brings forward.
BACK_S = 15


def connected_since(net):
    """A time at which both ends have their only connection."""
    net.connect()
    for node in (net.alice, net.bob):
        wait_until(lambda: len(net.connections(node)) == 1, "there is not one connection")
    return time.monotonic()


def expect_the_connection_of(net, since):
    """Both ends have one connection, the one that there was at `since`."""
    for node in (net.alice, net.bob):
        # Before the question: what the command takes to start and to end is not part of the age.
        at_least = time.monotonic() - since
        peers = net.connections(node)
        require(len(peers) == 1, f"there are {len(peers)} connections: {peers}")
        age = peers[0]["connected_ms"] / 1000
        require(age >= at_least, f"the connection is {age:.3f} s old, not {at_least:.3f} s: another one")


@case
@beside_others
def a_quic_connection_outlives_a_pulled_cable(bench):
    with Net(bench, LISTEN, delay="10ms") as net, net.serve_slowly(2):
        since = connected_since(net)
        with Request(net, "patience", 60) as request:
            wait_until(lambda: net.times_asked() == 1, "bob was not asked")
            net.link.first.down()
            time.sleep(PULLED_S)
            require(request.process.poll() is None, "the request ended while the cable was pulled")
            net.link.first.up()
            back = time.monotonic()
            require(request.outcome(), f"the request failed: {request.error}")
            took = time.monotonic() - back
        print(f"    answered {took:.2f} s after the cable was back", flush=True)
        require(took <= BACK_S, f"the answer came {took:.1f} s after the cable was back")
        require(net.times_asked() == 1, f"bob was asked {net.times_asked()} times")
        expect_the_connection_of(net, since)


def correspondents(end, action):
    """The IPv4 addresses that a host exchanged packets with on a link while `action` ran."""
    with end.host.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_IP)) as sniffer:
        sniffer.bind((end.device, ETH_P_IP))
        sniffer.setblocking(False)
        action()
        found = set()
        while True:
            try:
                packet = sniffer.recv(2048)
            except BlockingIOError:
                return found - {end.ip4}
            found |= {socket.inet_ntoa(packet[12:16]), socket.inet_ntoa(packet[16:20])}


@case
@beside_others
def a_quic_connection_moves_to_the_clients_new_address(bench):
    with Net(bench, LISTEN, delay="10ms") as net, net.serve_slowly(2):
        since = connected_since(net)
        with Request(net, "before", 60) as request:
            wait_until(lambda: net.times_asked() == 1, "bob was not asked")
            net.link.first.change_addresses(NEW_IP4, NEW_IP6)
            require(request.outcome(), f"the request failed: {request.error}")

        def ask_again():
            with Request(net, "after", 60) as later:
                require(later.outcome(), f"the request failed: {later.error}")

        found = correspondents(net.link.second, ask_again)
        require(found == {NEW_IP4}, f"bob's packets come from and go to {found}")
        [peer] = net.connections(net.bob)
        require(f"/ip4/{NEW_IP4}/" in peer["path"], f"bob sees alice at {peer['path']}")
        expect_the_connection_of(net, since)
        require(net.times_asked() == 2, f"bob's service ran {net.times_asked()} times")


@case
@beside_others
def a_server_that_moves_dials_back_who_had_dialed_it(bench):
    with Net(bench, LISTEN, delay="10ms") as net, net.serve_slowly(0):
        net.connect()
        net.link.second.change_addresses(NEW_IP4, NEW_IP6)

        # What is asked before the old connection is given up may be lost with it: bob, who has just started,
        # cannot tell then whether he has done it.
        def dialed_back():
            paths = [peer["path"] for peer in net.connections(net.alice)]
            return paths and all(f"/{NEW_IP4}/" in path or f"/{NEW_IP6}/" in path for path in paths)

        wait_until(dialed_back, "bob did not dial, or the old connection stays")
        with Request(net, "there", 60) as request:
            require(request.outcome(), f"the request failed: {request.error}")
        require(net.times_asked() == 1, f"bob was asked {net.times_asked()} times")

"""What a router does, as seen from both sides of it: mapping and filtering by the names of RFC 4787, found by
the tests of RFC 5780 (over TCP by the same with connections).

Packets of one way keep their order, so what has not come before a later packet that had to come was dropped:
nothing waits for silence.
"""

import contextlib
import select
import socket
from dataclasses import dataclass

INDEPENDENT = "endpoint-independent"
ADDRESS = "address-dependent"
PORT = "address-and-port-dependent"
PATIENCE_S = 60


@dataclass
class Behavior:
    mapping: str
    filtering: str
    local: tuple  # the client's endpoint
    mapped: list  # what the servers saw, in the order in which they were asked


def name_of(other_port, other_address):
    """By whether another port, and another address, made no difference."""
    if not other_port:
        return PORT
    return INDEPENDENT if other_address else ADDRESS


def new_socket(host, kind, endpoint):
    """Bound, and ready to share its port with others of the same host."""
    family = socket.AF_INET6 if ":" in endpoint[0] else socket.AF_INET
    sock = host.socket(family, kind)
    sock.settimeout(PATIENCE_S)
    if kind == socket.SOCK_STREAM:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    sock.bind(endpoint)
    return sock


def listening(host, endpoint):
    sock = new_socket(host, socket.SOCK_STREAM, endpoint)
    sock.listen(16)
    return sock


class Prober:
    """Servers at two addresses of a public host, two ports each. A context manager."""

    def __init__(self, host, family=socket.AF_INET):
        self.host = host
        first = host.ip4 if family == socket.AF_INET else host.ip6
        second = first[:-1] + "2"
        prefix = 16 if family == socket.AF_INET else 48
        device = host.ends[0].device
        nodad = ["nodad"] if ":" in first else []
        host.ip("address", "replace", f"{second}/{prefix}", "dev", device, *nodad)
        self.stack = contextlib.ExitStack()
        places = [(address, port) for address in (first, second) for port in (3478, 3479)]
        self.udp = [self._open(new_socket(host, socket.SOCK_DGRAM, place)) for place in places]
        self.tcp = [self._open(listening(host, place)) for place in places]

    def _open(self, sock):
        return self.stack.enter_context(sock)

    def __enter__(self):
        return self

    def __exit__(self, *_reason):
        self.stack.close()

    def udp_behavior(self, client, address=None):
        address = address or client.ip4
        same, port, other, both = self.udp
        with new_socket(client, socket.SOCK_DGRAM, (address, 0)) as sock:
            mapped = [ask(sock, server) for server in (same, port, other)]
            mapping = name_of(mapped[1] == mapped[0], mapped[2] == mapped[0])
        with new_socket(client, socket.SOCK_DGRAM, (address, 0)) as sock:
            local = sock.getsockname()[:2]
            asked = ask(sock, same)
            for server, text in ((both, b"both"), (port, b"port"), (same, b"same")):
                server.sendto(text, asked)
            came = set()
            while b"same" not in came:
                came.add(sock.recv(100))
            filtering = name_of(b"port" in came, b"both" in came)
            return Behavior(mapping, filtering, local, [asked, *mapped])

    def tcp_behavior(self, client, address=None):
        address = address or client.ip4
        same, port, other, _ = self.tcp
        with contextlib.ExitStack() as stack:
            first, peer, mapped = connected(client, (address, 0), same, stack)
            local = first.getsockname()[:2]
            seen = [mapped] + [connected(client, local, server, stack)[2] for server in (port, other)]
            mapping = name_of(seen[1] == seen[0], seen[2] == seen[0])
        with contextlib.ExitStack() as stack:
            first, peer, mapped = connected(client, (address, 0), same, stack)
            stack.enter_context(listening(client, first.getsockname()[:2]))
            dials = []
            for server in (other, port):
                dial = new_socket(self.host, socket.SOCK_STREAM, (server.getsockname()[0], 0))
                stack.enter_context(dial).setblocking(False)
                dial.connect_ex(mapped)
                dials.append(dial)
            echo(peer, first)
            open_to_other, open_to_port = map(is_connected, dials)
            filtering = name_of(open_to_port, open_to_other)
            return Behavior(mapping, filtering, local, seen)

    def is_udp_blocked(self, client):
        """Nothing comes, though a connection that begins later does."""
        with contextlib.ExitStack() as stack:
            sock = stack.enter_context(new_socket(client, socket.SOCK_DGRAM, (client.ip4, 0)))
            sock.sendto(b"anybody?", self.udp[0].getsockname())
            connected(client, (client.ip4, 0), self.tcp[0], stack)
            return not select.select([self.udp[0]], [], [], 0)[0]


def ask(sock, server):
    """The endpoint that the server sees."""
    sock.sendto(b"who am I?", server.getsockname())
    return server.recvfrom(100)[1][:2]


def connected(client, local, server, stack):
    """A connection to a listening socket: its two ends, and the client's endpoint as the server sees it."""
    sock = stack.enter_context(new_socket(client, socket.SOCK_STREAM, local))
    sock.connect(server.getsockname())
    peer, mapped = server.accept()
    peer.settimeout(PATIENCE_S)
    stack.enter_context(peer)
    return sock, peer, mapped[:2]


def echo(one, other):
    """There and back: packets that were sent before, in the direction of either, have arrived."""
    for sender, receiver in ((one, other), (other, one)):
        sender.sendall(b".")
        receiver.recv(1)


def is_connected(sock):
    writable = select.select([], [sock], [], 0)[1]
    return bool(writable) and sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0

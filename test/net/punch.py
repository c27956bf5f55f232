"""Two hosts behind routers try to reach each other at the same time, over UDP or TCP, by what a server told
each of its own endpoint.

A host's packets keep their order up to the forwarding internet, and so do those to it. So when all have asked
the server, and it has answered all, what has not come was dropped: no attempt waits for silence.
"""

import contextlib
import itertools
import select
import socket

from nat_probe import ask, connected, is_connected, listening, new_socket

ROUNDS = 4
# A symmetric router that numbers its ports gives one of the next to the next flow.
PREDICTED = 4


class Side:
    """Who takes part: a host and the kind of its router, and the sockets of a server that it asks."""

    ports = itertools.count(20000)

    def __init__(self, name, kind, host, prober):
        self.name = name
        self.kind = kind
        self.host = host
        self.udp = prober.udp[0]
        self.tcp = prober.tcp[0]

    def local(self):
        return self.host.ip4, next(self.ports)

    def guesses(self, mapped):
        address, port = mapped
        if self.kind != "symmetric-sequential":
            return [mapped]
        return [(address, 1024 + (port + step - 1024) % 64512) for step in range(PREDICTED + 1)]


class UdpEnd:
    """One side's part in an attempt."""

    def __init__(self, side, stack):
        self.server = side.udp
        self.sock = stack.enter_context(new_socket(side.host, socket.SOCK_DGRAM, side.local()))
        self.mapped = ask(self.sock, self.server)
        self.places = side.guesses(self.mapped)
        self.heard = None

    def send(self, other):
        for place in [other.at] if other.at else other.places:
            self.sock.sendto(b"punch", place)

    at = None  # where its packets really come from, once one was heard

    def ask_server(self):
        ask(self.sock, self.server)

    def listen(self, other):
        """To what came before the server's answer."""
        self.server.sendto(b"fence", self.mapped)
        while True:
            text, source = self.sock.recvfrom(100)
            if text == b"fence":
                return
            other.at = source


def udp_punch(*sides):
    """Whether both hear each other."""
    with contextlib.ExitStack() as stack:
        left, right = (UdpEnd(side, stack) for side in sides)
        for _ in range(ROUNDS):
            left.send(right)
            right.send(left)
            for end in (left, right):
                end.ask_server()
            left.listen(right)
            right.listen(left)
            if left.at and right.at:
                return True
        return False


class TcpEnd:
    """One side's part in an attempt. It listens where it dials from, and stays connected to the server."""

    def __init__(self, side, stack):
        self.side = side
        self.local = side.local()
        self.sock, self.server, self.mapped = connected(side.host, self.local, side.tcp, stack)
        self.door = stack.enter_context(listening(side.host, self.local))
        self.door.setblocking(False)
        self.places = side.guesses(self.mapped)
        self.dials = []
        self.accepted = []

    def dial(self, other):
        self.hang_up()
        for place in other.places:
            dial = new_socket(self.side.host, socket.SOCK_STREAM, self.local)
            self.dials.append(dial)
            dial.setblocking(False)
            dial.connect_ex(place)

    def hang_up(self):
        for sock in self.dials + self.accepted:
            sock.close()
        self.dials, self.accepted = [], []

    def ask_server(self):
        self.sock.sendall(b".")
        self.server.recv(1)

    def hear_server(self):
        self.server.sendall(b".")
        self.sock.recv(1)

    def connections(self):
        while select.select([self.door], [], [], 0)[0]:
            self.accepted.append(self.door.accept()[0])
        return [sock for sock in self.dials if is_connected(sock)] + self.accepted

    def speak(self):
        for sock in self.connections():
            with contextlib.suppress(OSError):
                sock.send(b"!")

    def hears(self):
        found = select.select(self.connections(), [], [], 0)[0]
        return any(received(sock) == b"!" for sock in found)


def received(sock):
    try:
        return sock.recv(1)
    except OSError:
        return b""


def tcp_punch(*sides):
    """Whether they get a connection, and what each says comes to the other."""
    with contextlib.ExitStack() as stack:
        ends = [TcpEnd(side, stack) for side in sides]
        for end in ends:
            stack.callback(end.hang_up)
        for _ in range(ROUNDS):
            ends[0].dial(ends[1])
            ends[1].dial(ends[0])
            # A SYN, or two that cross; the answer to it; the answer to that.
            exchange(ends, 3)
            for end in ends:
                end.speak()
            exchange(ends, 1)
            if all(end.hears() for end in ends):
                return True
        return False


def exchange(ends, times):
    """All that is sent when it begins has come when it ends, and so on."""
    for _ in range(times):
        for end in ends:
            end.ask_server()
        for end in ends:
            end.hear_server()

"""A flow of numbered datagrams from one host of a laboratory to another, and when each arrived.

Arrivals are the kernel's timestamps, and one process sends and reads: how busy the machine is shows in when
packets are sent, hardly in how long they take.
"""

import functools
import socket
import struct
import time
from dataclasses import dataclass

HEAD = struct.Struct("!IQ")  # number, when it was sent in ns
SO_TIMESTAMPNS = 35
SO_RCVBUFFORCE = 33
BUFFER = 64 * 1024 * 1024
QUIET_S = 0.3


@dataclass
class Arrival:
    number: int
    at: float  # in s, of the machine's clock
    delay: float  # in s


def header_size(family):
    """IP's and UDP's, which a link counts, too."""
    return 28 if family == socket.AF_INET else 48


def arrival_of(receiver):
    """The next datagram, and when the kernel got it, in ns."""
    data, control, _, _ = receiver.recvmsg(2048, 64)
    seconds, nanoseconds = struct.unpack("qq", control[0][2])
    return data, seconds * 10**9 + nanoseconds


@functools.cache
def stamping():
    """A socket that keeps the kernel stamping packets. It begins a while after the first socket has asked for
    it; until then packets have the time when they are read."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    sock.bind(("127.0.0.1", 0))
    while True:
        sock.sendto(b"", sock.getsockname())
        time.sleep(0.01)
        before = time.time_ns()
        if arrival_of(sock)[1] < before:
            return sock


class Flow:
    """A pair of connected sockets. A context manager."""

    def __init__(self, sender, receiver, family=socket.AF_INET):
        stamping()
        self.family = family
        address = receiver.ip4 if family == socket.AF_INET else receiver.ip6
        self.receiver = receiver.socket(family, socket.SOCK_DGRAM)
        self.receiver.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, BUFFER)
        self.receiver.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self.receiver.bind((address, 0))
        self.sender = sender.socket(family, socket.SOCK_DGRAM)
        self.sender.connect((address, self.receiver.getsockname()[1]))

    def __enter__(self):
        return self

    def __exit__(self, *_reason):
        self.sender.close()
        self.receiver.close()

    def send(self, count, size=100, pause=0.0):
        """Packets of `size` bytes, IP header included, `pause` seconds apart; how long that took, in s."""
        begin = time.monotonic()
        filling = bytes(size - header_size(self.family) - HEAD.size)
        for number in range(count):
            self.sender.send(HEAD.pack(number, time.time_ns()) + filling)
            ahead = begin + (number + 1) * pause - time.monotonic()
            if ahead > 0:  # who is late does not give the processor away
                time.sleep(ahead)
        return time.monotonic() - begin

    def arrivals(self, *links):
        """What came until nothing came for a while, in that order; before, until nothing is on its way on the
        links."""
        for link in links:
            link.wait_until_still()
        self.receiver.settimeout(QUIET_S)
        came = []
        while True:
            try:
                data, arrived = arrival_of(self.receiver)
            except TimeoutError:
                return came
            number, sent = HEAD.unpack_from(data)
            came.append(Arrival(number, arrived / 1e9, (arrived - sent) / 1e9))

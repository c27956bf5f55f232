#!/usr/bin/env python3
"""Bytes over a bare TCP connection, with the flags and the output of peers/README.md: what the others are
measured against.

raw_copy.py listen --address IP
raw_copy.py dial --address IP:PORT --op throughput|connect --each-line

To connect and get the first byte takes two round trips here.
"""

import socket
import struct
import sys
import time

CHUNK = 256 * 1024
HEADER = struct.Struct(">Q")


def option(name):
    return sys.argv[sys.argv.index(name) + 1]


def take(connection, count, buffer):
    while count > 0:
        got = connection.recv_into(buffer, min(count, len(buffer)))
        if got == 0:
            return False
        count -= got
    return True


def listen():
    listener = socket.create_server((option("--address"), 0))
    address, port = listener.getsockname()
    print(f'{{"address":"{address}:{port}"}}', flush=True)
    buffer = memoryview(bytearray(CHUNK))
    while True:
        connection, _ = listener.accept()
        with connection:
            while take(connection, HEADER.size, buffer):
                if not take(connection, HEADER.unpack_from(buffer)[0], buffer):
                    break
                connection.sendall(b"\0")


def transfer(connection, amount):
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    zeros = memoryview(bytes(CHUNK))
    connection.sendall(HEADER.pack(amount))
    left = amount
    while left > 0:
        left -= connection.send(zeros[:left])
    connection.recv(1)


def connect(address):
    start = time.monotonic_ns()
    with socket.create_connection(address) as connection:
        transfer(connection, 1)
        return time.monotonic_ns() - start


def dial():
    host, port = option("--address").split(":")
    address = host, int(port)
    connection = socket.create_connection(address) if option("--op") == "throughput" else None
    for line in sys.stdin:
        amount = int(line)
        start = time.monotonic_ns()
        times = [0]
        if connection:
            transfer(connection, amount)
        else:
            times = sorted(connect(address) for _ in range(amount))
        wall = time.monotonic_ns() - start
        middle, last = times[len(times) // 2], times[-1]
        print(f'{{"amount":{amount},"wall_ns":{wall},"p50_ns":{middle},"p99_ns":{last}}}', flush=True)


if __name__ == "__main__":
    listen() if sys.argv[1] == "listen" else dial()

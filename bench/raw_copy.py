#!/usr/bin/env python3
"""Bytes over a bare TCP connection, with the flags and the output of peers/README.md: what the others are
measured against.

raw_copy.py listen --address IP
raw_copy.py dial --address IP:PORT --each-line
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
    connection, _ = listener.accept()
    buffer = memoryview(bytearray(CHUNK))
    while take(connection, HEADER.size, buffer) and take(connection, HEADER.unpack_from(buffer)[0], buffer):
        connection.sendall(b"\0")


def dial():
    host, port = option("--address").split(":")
    connection = socket.create_connection((host, int(port)))
    zeros = memoryview(bytes(CHUNK))
    for line in sys.stdin:
        amount = left = int(line)
        start = time.monotonic_ns()
        connection.sendall(HEADER.pack(amount))
        while left > 0:
            left -= connection.send(zeros[:left])
        connection.recv(1)
        wall = time.monotonic_ns() - start
        print(f'{{"amount":{amount},"wall_ns":{wall},"p50_ns":0,"p99_ns":0}}', flush=True)


if __name__ == "__main__":
    listen() if sys.argv[1] == "listen" else dial()

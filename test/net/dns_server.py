"""A DNS server for a laboratory: A, AAAA, TXT and SRV records over UDP, which tests set and change."""

import ipaddress
import shlex
import socket
import struct
import threading

TYPES = {1: "A", 16: "TXT", 28: "AAAA", 33: "SRV"}
TTL_S = 60
NXDOMAIN = 3


def encode_name(name):
    return b"".join(bytes([len(label)]) + label.encode() for label in name.rstrip(".").split(".")) + b"\0"


def encode(kind, text):
    if kind == "TXT":
        return bytes([len(text)]) + text.encode()
    if kind == "SRV":
        *numbers, target = text.split()
        return struct.pack("!HHH", *map(int, numbers)) + encode_name(target)
    return ipaddress.ip_address(text).packed


class DnsServer:
    """Listens at port 53 of the host. A context manager."""

    def __init__(self, host):
        self.records = {}  # (name, type) -> texts: an SRV's is "0 0 4001 boot.example"
        self.asked = []
        self.socket = host.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((host.ip4, 53))
        self.socket.settimeout(0.2)
        self.running = True
        self.thread = threading.Thread(target=self._serve, daemon=True)

    def set(self, name, kind, *texts):
        self.records[name, kind] = texts

    def load(self, lines):
        """Those of a zone file, one a line: NAME TTL IN TYPE DATA. What is in none of them goes."""
        self.records = {}
        for line in lines:
            if line.startswith(";"):
                continue
            name, _, _, kind, *data = shlex.split(line)
            text = "".join(data) if kind == "TXT" else " ".join(data)
            key = (name.rstrip(".").lower(), kind)
            self.records[key] = (*self.records.get(key, ()), text)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_reason):
        self.running = False
        self.thread.join()
        self.socket.close()

    def _serve(self):
        while self.running:
            try:
                query, client = self.socket.recvfrom(1500)
                self.socket.sendto(self._reply(query), client)
            except (TimeoutError, IndexError, struct.error, UnicodeError):
                continue  # nobody asked, or it was no question

    def _reply(self, query):
        labels, at = [], 12
        while query[at]:
            labels.append(query[at + 1 : at + 1 + query[at]].decode("ascii").lower())
            at += 1 + query[at]
        number = struct.unpack_from("!H", query, at + 1)[0]
        name, kind = ".".join(labels), TYPES.get(number, str(number))
        self.asked.append((name, kind))
        texts = self.records.get((name, kind), ())
        known = any(name == other for other, _ in self.records)
        # A response to a recursive question; one question, so many answers. The name is the question's.
        flags = 0x8180 | (0 if known else NXDOMAIN)
        reply = query[:2] + struct.pack("!HHHHH", flags, 1, len(texts), 0, 0) + query[12 : at + 5]
        for text in texts:
            data = encode(kind, text)
            reply += struct.pack("!HHHIH", 0xC00C, number, 1, TTL_S, len(data)) + data
        return reply

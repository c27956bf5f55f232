"""The stock go-libp2p node of test/interop on a host of a laboratory."""

import json
import os
import subprocess
import sys

from program import COMMAND_S, ROOT, Failure, require

sys.path.append(str(ROOT / "test/interop"))
import toolchains  # noqa: E402  pylint: disable=wrong-import-position

LIFE_S = 300


def missing():
    """Why there is none here, or nothing. In CI that is a failure."""
    reason = toolchains.missing_go()
    if reason and os.environ.get("CI") != "true":
        return reason
    reason = reason or toolchains.build_go()
    require(not reason, reason)
    return ""


TCP = "/ip4/0.0.0.0/tcp/4001"
QUIC = "/ip4/0.0.0.0/udp/4001/quic-v1"


class GoPeer:
    """Listens at port 4001, over TCP if nothing else is said. Flags are those of test/interop/go/peer. A
    context manager."""

    def __init__(self, host, *flags, listen=(TCP,)):
        addr = ",".join(listen)
        words = ["listen", "--addr", addr, "--security", "both", "--seconds", LIFE_S, *flags]
        self.host = host
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        self.process = host.start([toolchains.GO_PEER, *words], text=True, **pipes)
        ready = self.event("ready")
        self.peer_id = ready["peer_id"]

    @property
    def address(self):
        return self.address_at(TCP)

    def address_at(self, listen):
        """Of those where it listens."""
        return f"{listen.replace('0.0.0.0', self.host.ip4)}/p2p/{self.peer_id}"

    def __enter__(self):
        return self

    def __exit__(self, *_reason):
        self.process.stdin.close()
        try:
            self.process.wait(COMMAND_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
        self.process.stdout.close()

    def event(self, name):
        """The next one of that name."""
        while True:
            line = self.process.stdout.readline()
            if not line:
                raise Failure(f"Go's node ended with {self.process.poll()} where {name} was expected")
            event = json.loads(line)
            require(event["event"] != "error", f"Go's node: {event}")
            if event["event"] == name:
                return event

    def do(self, *words, expect):
        self.process.stdin.write(" ".join(str(word) for word in words) + "\n")
        self.process.stdin.flush()
        return self.event(expect)

"""The test programs as processes: how they are started, told what to do, and listened to (README.md)."""

import dataclasses
import json
import os
import pathlib
import queue
import re
import subprocess
import tempfile
import threading

import transports

# Time limits in seconds. A peer ends itself later than the runner gives up on it.
STEP_S = 120
EXIT_S = 60
RUN_S = 500


class Failure(Exception):
    """Something that a test expected did not happen."""


def require(condition, message):
    if not condition:
        raise Failure(message)


@dataclasses.dataclass(frozen=True)
class Program:
    """A test peer's executable and flags, what it listens at, and, if known, patterns of its error for a peer
    that is not the expected one, and of what it says on stderr when it is itself not who is expected."""

    name: str
    path: pathlib.Path
    flags: tuple = ()
    mismatch: str = ""
    unexpected: str = ""
    asks_again: bool = True  # over QUIC: knows --retry
    judges_late: bool = False  # over QUIC: who a listener is, when the handshake has ended
    transport: transports.Transport = transports.TCP
    environment: dict = dataclasses.field(default_factory=dict)  # besides our own

    def using(self, **flags):
        """The same with these flags: security="tls" is --security tls, retry=True is --retry."""
        words = []
        for name, value in flags.items():
            flag = f"--{name.replace('_', '-')}"
            words += [flag] if value is True else [flag, value]
        return dataclasses.replace(self, flags=(*self.flags, *words))

    def over(self, transport):
        """The same at addresses of that transport."""
        flags = {"addr": transport.listen}
        if transport.certificates:
            flags["certificates"] = transports.certificates()
        return dataclasses.replace(self.using(**flags), transport=transport)

    def listen(self, *flags):
        return Peer(self, ["listen", *self.flags, *flags])

    def dial(self, address, *flags):
        return Peer(self, ["dial", address, *self.flags, *flags])


class Peer:
    """A running test peer. As a context manager it leaves no process behind, whatever happens."""

    def __init__(self, program, words):
        self.name = f"{program.name} {words[0]}"
        self.transport = program.transport
        limits = ["--seconds", RUN_S, "--timeout", STEP_S - 5]
        self.command = [str(word) for word in (program.path, *words, *limits)]
        self.stderr = tempfile.TemporaryFile(mode="w+", errors="replace")
        self.process = subprocess.Popen(
            self.command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.stderr,
            text=True,
            env=os.environ | program.environment,
        )
        self.lines = queue.SimpleQueue()
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        self.id = ""
        self.addresses = []

    def _read(self):
        for line in self.process.stdout:
            self.lines.put(line)
        self.lines.put(None)

    def __enter__(self):
        return self

    def __exit__(self, kind, error, _traceback):
        for stop in (self.process.terminate, self.process.kill):
            if self.process.poll() is None:
                stop()
                try:
                    self.process.wait(EXIT_S)
                except subprocess.TimeoutExpired:
                    pass
        self.reader.join(EXIT_S)
        if isinstance(error, Failure) and self.errors():
            error.add_note(f"stderr of {' '.join(self.command)}:\n{self.errors()}")
        for file in (self.process.stdin, self.process.stdout, self.stderr):
            try:
                file.close()
            except OSError:
                pass  # the pipe to a peer that is gone

    def errors(self):
        self.stderr.flush()
        self.stderr.seek(0)
        return self.stderr.read()[-4000:].strip()

    def next(self, within=STEP_S):
        """The next event, whichever it is."""
        try:
            line = self.lines.get(timeout=within)
        except queue.Empty:
            raise Failure(f"{self.name} said nothing for {within} s") from None
        if line is None:
            raise Failure(f"{self.name} ended, where an event was expected")
        try:
            event = json.loads(line)
        except ValueError:
            event = None
        is_event = isinstance(event, dict) and isinstance(event.get("event"), str)
        require(is_event, f"{self.name}: not an event: {line!r}")
        return event

    def expect(self, kind, within=STEP_S):
        """The next event, which has to be of this kind."""
        event = self.next(within)
        if event["event"] != kind:
            raise Failure(f"{self.name}: expected {kind!r}, got {json.dumps(event)}")
        return event

    def ready(self):
        event = self.expect("ready")
        self.id, self.addresses = event["peer_id"], event["addresses"]
        require(self.addresses, f"{self.name} listens nowhere")
        for address in self.addresses:
            bare, _, named = address.partition("/p2p/")
            good = self.transport.listens_at(bare) and named == self.id
            require(good, f"{self.name}: bad address {address!r}")
        return self

    def bare_addresses(self):
        return {address.removesuffix(f"/p2p/{self.id}") for address in self.addresses}

    def send(self, *words):
        try:
            self.process.stdin.write(" ".join(str(word) for word in words) + "\n")
            self.process.stdin.flush()
        except OSError:
            raise Failure(f"{self.name} no longer reads commands") from None

    def ask(self, kind, *words):
        """Sends a command that is answered with one event of this kind."""
        self.send(*words)
        return self.expect(kind)

    def end(self, status=0):
        """Closes stdin; the process has to end with this exit status, and without further events."""
        try:
            self.process.stdin.close()
        except OSError:
            pass
        try:
            actual = self.process.wait(EXIT_S)
        except subprocess.TimeoutExpired:
            raise Failure(f"{self.name} did not end within {EXIT_S} s") from None
        require(actual == status, f"{self.name}: exit status {actual}, expected {status}")
        line = self.lines.get(timeout=EXIT_S)
        require(line is None, f"{self.name}: unexpected {line!r}")
        reports = re.search(r"Sanitizer|runtime error:", self.errors())
        require(not reports, f"{self.name}: sanitizer report")

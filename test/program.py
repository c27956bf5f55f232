"""Starts `warren` daemons and commands for the runners under test/, and leaves no process behind.

Every wait has a limit. Processes are ended by the id that was given to them, never by name.
"""

import json
import os
import queue
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import weakref
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

# For events: whoever waits so long waits in vain, however busy the machine is.
READY_S = 60
COMMAND_S = 120
END_S = 60
SCRATCH_MIN_BYTES = 4 << 30

# What no daemon writes in good health.
REPORTS = ("Sanitizer", "runtime error:", "assertion failed", "terminate called")


class Failure(Exception):
    """Something that was expected did not happen."""


def require(condition, message):
    if not condition:
        raise Failure(message)


def scratch(prefix):
    """A temporary folder, in memory where there is room: a message is acknowledged when it is on disk, and
    how long the disk of a busy machine takes is nothing that a test with a time limit is about."""
    memory = Path("/dev/shm")
    roomy = memory.is_dir() and shutil.disk_usage(memory).free >= SCRATCH_MIN_BYTES
    return tempfile.TemporaryDirectory(prefix=prefix, dir=memory if roomy else None)


def environment():
    """Ours without what would lead a command to another node, or to a proxy."""
    return {key: value for key, value in os.environ.items() if key != "WARREN_DATA_DIR"}


class Runs:
    """Programs that run, so that all can be ended at once when a whole run is given up."""

    def __init__(self):
        self.given_up = False
        self.lock = threading.Lock()
        self.processes = weakref.WeakSet()

    def add(self, process):
        with self.lock:
            self.processes.add(process)
            if self.given_up:
                process.kill()

    def give_up(self):
        """Who waits for one of them notices, and nothing is started that lives on."""
        with self.lock:
            self.given_up = True
            for process in self.processes:
                process.kill()


RUNS = Runs()


class Process:
    """A running program, whose output is read line by line. A context manager."""

    def __init__(self, words, within=()):
        self.words = [str(word) for word in words]
        self.stderr = tempfile.TemporaryFile(mode="w+", errors="replace")
        self.process = subprocess.Popen(
            [*within, *self.words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self.stderr,
            text=True,
            env=environment(),
        )
        RUNS.add(self.process)
        self.lines = queue.SimpleQueue()
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.put(line.rstrip("\n"))
        self.lines.put(None)

    def __enter__(self):
        return self

    def __exit__(self, _kind, error, _traceback):
        self.stop()
        if isinstance(error, Failure) and self.errors():
            error.add_note(f"stderr of {self.label()}:\n{self.errors()}")
        self.process.stdout.close()
        self.stderr.close()

    def label(self):
        return " ".join(["warren", *self.words[1:3]])

    def errors(self):
        self.stderr.seek(0)
        return self.stderr.read()[-4000:].strip()

    def line(self, within=READY_S):
        """The next line of its output."""
        try:
            line = self.lines.get(timeout=within)
        except queue.Empty:
            raise Failure(f"{self.label()} said nothing for {within} s") from None
        if line is None:
            raise Failure(f"{self.label()} ended with {self.process.wait(END_S)} where a line was expected")
        return line

    def event(self, within=READY_S):
        """The next line, which has to be a JSON object."""
        line = self.line(within)
        try:
            return json.loads(line)
        except ValueError:
            raise Failure(f"{self.label()}: not JSON: {line!r}") from None

    def kill(self):
        """As if the machine had lost power, from the program's point of view."""
        self.process.kill()
        self.process.wait(END_S)

    def stop(self):
        """SIGTERM, and SIGKILL if that is not enough; the exit status."""
        for stop in (self.process.terminate, self.process.kill):
            if self.process.poll() is None:
                stop()
                try:
                    self.process.wait(END_S)
                except subprocess.TimeoutExpired:
                    pass
        self.reader.join(END_S)
        return self.process.returncode

    def interrupt(self):
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(END_S)


class Result:
    """A command that has ended."""

    def __init__(self, words, status, stdout, stderr, seconds):
        self.words = words
        self.status = status
        self.stdout = stdout
        self.stderr = stderr.decode(errors="replace").strip()
        self.seconds = seconds

    def text(self):
        return self.stdout.decode()

    def json(self):
        lines = self.text().splitlines()
        require(len(lines) == 1, f"`{self.line()}` printed {len(lines)} lines, not one JSON object")
        return json.loads(lines[0])

    def jsons(self):
        return [json.loads(line) for line in self.text().splitlines()]

    def line(self):
        return " ".join(["warren", *self.words])


class Node:
    """A data directory, and the daemon that runs on it now and then. `within` is a command prefix, such as
    `ip netns exec NAME`."""

    def __init__(self, program, path, within=()):
        self.program = Path(program)
        self.path = Path(path)
        self.within = list(within)
        self.daemon = None
        self.node_id = self.peer_id = None
        self.addresses = []

    def run(self, *words, stdin=b"", within=COMMAND_S):
        """Runs a command of this node to its end."""
        words = [str(word) for word in words]
        begin = time.monotonic()
        try:
            done = subprocess.run(
                [*self.within, self.program, *words, "--data-dir", self.path],
                input=stdin,
                capture_output=True,
                timeout=within,
                env=environment(),
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise Failure(f"`warren {' '.join(words)}` did not end within {within} s") from None
        return Result(words, done.returncode, done.stdout, done.stderr, time.monotonic() - begin)

    def do(self, *words, **options):
        """Runs a command that has to succeed."""
        result = self.run(*words, **options)
        require(
            result.status == 0,
            f"`{result.line()[:120]}` ended with {result.status}: {result.stderr}",
        )
        return result

    def init(self, *words):
        """`warren init`. The node sends no multicasts: whom it meets is the test's to say."""
        made = self.do("init", "--json", *words).json()
        self.node_id, self.peer_id = made["node_id"], made["peer_id"]
        config = self.path / "warren.toml"
        text = config.read_text()
        require('\nmdns = "auto"\n' in text, "warren.toml says nothing of mDNS")
        config.write_text(text.replace('\nmdns = "auto"\n', "\nmdns = false\n"))

    def start(self, *words):
        """Starts a command that goes on."""
        return Process([self.program, *words, "--data-dir", self.path], self.within)

    def up(self, *words, listen=("/ip4/127.0.0.1/tcp/0",)):
        """Starts the daemon and waits until it is ready; its event."""
        for address in listen:
            words = (*words, "--listen", address)
        self.daemon = self.start("up", "--json", *words)
        ready = self.daemon.event()
        require(ready.get("event") == "ready", f"not a ready line: {ready}")
        self.node_id, self.peer_id = ready["node_id"], ready["peer_id"]
        self.addresses = ready["addresses"]
        require(self.addresses, "the daemon listens nowhere")
        return ready

    def down(self):
        """Ends the daemon in good order; its exit status."""
        daemon, self.daemon = self.daemon, None
        return None if daemon is None else daemon.stop()

    def __enter__(self):
        return self

    def __exit__(self, kind, error, traceback):
        if self.daemon is None:
            return
        self.daemon.stop()
        report = next((word for word in REPORTS if word in self.daemon.errors()), None)
        if report and error is None:
            error = Failure(f"the daemon wrote {report!r}")
            self.daemon.__exit__(Failure, error, None)
            raise error
        self.daemon.__exit__(kind, error, traceback)

#!/usr/bin/env python3
"""Runs the interoperability tests: stock go-libp2p and Go's SM2 against Warren's test programs.

README.md, beside this file, describes the programs and the lines they exchange. Exit status: 0 all passed (or
skipped, where Go is missing), 1 something failed, 2 wrong usage.
"""

import argparse
import dataclasses
import fnmatch
import json
import os
import pathlib
import queue
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
GO_SOURCE = ROOT / "test/interop/go"
GO_BIN = ROOT / "build/interop"

# Time limits in seconds. A peer ends itself later than the runner gives up on it.
BUILD_S = 900
STEP_S = 60
REFUSAL_S = 10  # a refusal is an answer, not a timeout
EXIT_S = 15
RUN_S = 180
SM2_S = 180

ECHO_STREAMS = 100
ECHO_BYTES = 1 << 20
PINGS = 5

# A well-formed PeerID of a key that nobody here has.
STRANGER = "12D3KooWAn77DQ4Xz3BcoEE8yA5nX6xTGNmD7EnsRmNuXmcF1chE"


class Failure(Exception):
    """Something that a test expected did not happen."""


def require(condition, message):
    if not condition:
        raise Failure(message)


@dataclasses.dataclass(frozen=True)
class Program:
    """A test peer's executable, and, if known, what its error says when a peer is not the expected one."""

    path: pathlib.Path
    mismatch_text: str = ""

    def listen(self, *flags):
        return Peer([self.path, "listen", *flags])

    def dial(self, address, *flags):
        return Peer([self.path, "dial", address, *flags])


class Peer:
    """A running test peer. As a context manager it leaves no process behind, whatever happens."""

    def __init__(self, command):
        limits = ["--seconds", RUN_S, "--timeout", STEP_S - 5]
        self.command = [str(word) for word in (*command, *limits)]
        self.stderr = tempfile.TemporaryFile(mode="w+", errors="replace")
        self.process = subprocess.Popen(
            self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.stderr, text=True
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
                    self.process.wait(5)
                except subprocess.TimeoutExpired:
                    pass
        self.reader.join(5)
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
            raise Failure(f"{self.label()} said nothing for {within} s") from None
        if line is None:
            raise Failure(f"{self.label()} ended, where an event was expected")
        try:
            event = json.loads(line)
        except ValueError:
            event = None
        is_event = isinstance(event, dict) and isinstance(event.get("event"), str)
        require(is_event, f"{self.label()}: not an event: {line!r}")
        return event

    def expect(self, kind, within=STEP_S):
        """The next event, which has to be of this kind."""
        event = self.next(within)
        if event["event"] != kind:
            raise Failure(f"{self.label()}: expected {kind!r}, got {json.dumps(event)}")
        return event

    def ready(self):
        event = self.expect("ready")
        self.id, self.addresses = event["peer_id"], event["addresses"]
        require(self.addresses, f"{self.label()} listens nowhere")
        for address in self.addresses:
            wanted = rf"/ip4/127\.0\.0\.1/tcp/[1-9]\d*/p2p/{re.escape(self.id)}"
            require(re.fullmatch(wanted, address), f"{self.label()}: bad address {address!r}")
        return self

    def bare_addresses(self):
        return {address.removesuffix(f"/p2p/{self.id}") for address in self.addresses}

    def send(self, *words):
        try:
            self.process.stdin.write(" ".join(str(word) for word in words) + "\n")
            self.process.stdin.flush()
        except OSError:
            raise Failure(f"{self.label()} no longer reads commands") from None

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
            raise Failure(f"{self.label()} did not end within {EXIT_S} s") from None
        require(actual == status, f"{self.label()}: exit status {actual}, expected {status}")
        line = self.lines.get(timeout=EXIT_S)
        require(line is None, f"{self.label()}: unexpected {line!r}")
        reports = re.search(r"Sanitizer|runtime error:", self.errors())
        require(not reports, f"{self.label()}: sanitizer report")

    def label(self):
        return " ".join([pathlib.Path(self.command[0]).name, *self.command[1:2]])


# --- what the cases share -------------------------------------------------------------------------


def connected(dialer, listener):
    event = dialer.ready().expect("connected")
    require(event["peer_id"] == listener.id, f"connected to {event['peer_id']}")
    require(event["security"] == "/noise", f"security is {event['security']}")
    require(event["muxer"] == "/yamux/1.0.0", f"muxer is {event['muxer']}")


def check_identify(report, of):
    """A report about the peer `of`, against what that peer itself printed at its start."""
    require(report["peer_id"] == of.id, f"identified {report['peer_id']}, not {of.id}")
    missing = {"/ipfs/id/1.0.0", "/ipfs/ping/1.0.0", "/echo/1.0.0"} - set(report["protocols"])
    require(not missing, f"identify lacks the protocols {missing}")
    require(report["agent_version"], "identify has no agent version")
    observed = report["observed_address"]
    require(re.fullmatch(r"/ip4/127\.0\.0\.1/tcp/[1-9]\d*", observed), f"observed address {observed!r}")
    record = report["signed_peer_record"]
    require(record, "identify has no valid signed peer record")
    require(record["peer_id"] == of.id, f"the signed peer record is of {record['peer_id']}")
    seq = record["seq"]
    require(isinstance(seq, int) and 0 < seq < 1 << 64, f"the signed peer record has seq {seq!r}")
    for what, addresses in (
        ("identify", report["listen_addresses"]),
        ("the peerstore", report["addresses"]),
        ("the signed peer record", record["addresses"]),
    ):
        require(of.bare_addresses() <= set(addresses), f"{what} has {addresses}, not {of.bare_addresses()}")


def check_pings(peer, of, count):
    for _ in range(count):
        event = peer.expect("ping")
        require(event["peer_id"] == of.id, f"pinged {event['peer_id']}")
        require(0 < event["rtt_ms"] < 1000 * STEP_S, f"round trip of {event['rtt_ms']} ms")


def check_echo(event, of):
    wanted = {"event": "echo", "peer_id": of.id, "streams": ECHO_STREAMS, "bytes": ECHO_BYTES, "ok": True}
    require(wanted.items() <= event.items(), f"bad echo event {event}")


def check_still_serves(program, listener, *flags):
    with program.dial(listener.addresses[0], "--ping", 1, *flags) as dialer:
        dialer.ready().expect("connected")
        check_pings(dialer, listener, 1)
        dialer.end()


def check_refused(dialer, text=""):
    """The dialer fails cleanly and soon."""
    dialer.ready()
    event = dialer.expect("error", within=REFUSAL_S)
    require(event["command"] == "dial", f"{event['command']!r} failed, not dial: {event['error']}")
    require(event["error"].strip(), "the error says nothing")
    require(text in event["error"], f"{text!r} is not in the error: {event['error']}")
    dialer.end(status=1)


# --- cases with a dialing and a listening program -------------------------------------------------


def identify(dialing, listening):
    """Each side learns the other's protocols, addresses and signed peer record."""
    with listening.listen() as listener:
        with dialing.dial(listener.ready().addresses[0], "--identify", "--hold") as dialer:
            connected(dialer, listener)
            check_identify(dialer.expect("identify"), of=listener)
            dialer.expect("done")
            check_identify(listener.ask("identify", "identify", dialer.id), of=dialer)
            dialer.send("quit")
            dialer.end()
        listener.end()


def ping(dialing, listening):
    """Both sides ping over the same connection, repeatedly."""
    with listening.listen() as listener:
        with dialing.dial(listener.ready().addresses[0], "--ping", PINGS, "--hold") as dialer:
            connected(dialer, listener)
            check_pings(dialer, listener, PINGS)
            dialer.expect("done")
            listener.ask("identify", "identify", dialer.id)
            listener.send("ping", dialer.id, PINGS)
            check_pings(listener, dialer, PINGS)
            dialer.end()
        listener.end()


def echo(dialing, listening, dialer_opens, listener_opens):
    """100 concurrent streams carry 1 MiB each, there and back, opened by one side or by both at once."""
    with listening.listen() as listener:
        with dialing.dial(listener.ready().addresses[0], "--hold") as dialer:
            connected(dialer, listener)
            dialer.expect("done")
            # The listening side may complete the connection a moment later, and identify waits for that.
            listener.ask("identify", "identify", dialer.id)
            if dialer_opens:
                dialer.send("echo", listener.id, ECHO_STREAMS, ECHO_BYTES)
            if listener_opens:
                listener.send("echo", dialer.id, ECHO_STREAMS, ECHO_BYTES)
            if dialer_opens:
                check_echo(dialer.expect("echo"), listener)
            if listener_opens:
                check_echo(listener.expect("echo"), dialer)
            dialer.end()
        listener.end()


def echo_dialer_opens(dialing, listening):
    echo(dialing, listening, dialer_opens=True, listener_opens=False)


def echo_listener_opens(dialing, listening):
    echo(dialing, listening, dialer_opens=False, listener_opens=True)


def echo_both_open(dialing, listening):
    echo(dialing, listening, dialer_opens=True, listener_opens=True)


def wrong_peer_id(dialing, listening):
    """The dialer refuses a listener whose key is not the one in the address; the right address works."""
    with listening.listen() as listener:
        address = listener.ready().addresses[0].replace(listener.id, STRANGER)
        with dialing.dial(address, "--ping", 1) as dialer:
            check_refused(dialer, dialing.mismatch_text)
        check_still_serves(dialing, listener)
        listener.end()


# --- cases with fixed parts -----------------------------------------------------------------------


def go_with_tls_only_dials(go, warren):
    """A dialer that has nothing but TLS is turned away, and Warren keeps serving others."""
    with warren.listen() as listener:
        with go.dial(listener.ready().addresses[0], "--security", "tls") as dialer:
            check_refused(dialer, "protocols not supported")
        check_still_serves(go, listener)
        listener.end()


def warren_dials_go_with_tls_only(go, warren):
    """Warren gives up cleanly on a listener that has nothing but TLS."""
    with go.listen("--security", "tls") as listener:
        with warren.dial(listener.ready().addresses[0]) as dialer:
            check_refused(dialer)
        check_still_serves(go, listener, "--security", "tls")
        listener.end()


def sm2(arguments):
    """1,000 random keys and messages, signed here and verified there, both ways."""
    command = [str(GO_BIN / "sm2"), *arguments, "--cases", "1000", "--timeout", str(SM2_S - 10)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SM2_S)
    except subprocess.TimeoutExpired:
        raise Failure(f"not done within {SM2_S} s") from None
    if done.returncode != 0:
        failure = Failure(f"exit status {done.returncode}")
        failure.add_note((done.stdout + done.stderr)[-4000:].strip())
        raise failure
    require(" 0 wrong answers" in done.stdout, f"no summary: {done.stdout!r}")


def all_cases(go, warren, sm2_arguments):
    """Name -> the case, ready to be called."""
    cases = {}
    for case in (identify, ping, echo_dialer_opens, echo_listener_opens, echo_both_open, wrong_peer_id):
        cases[f"go_dials_warren_{case.__name__}"] = lambda case=case: case(go, warren)
        cases[f"warren_dials_go_{case.__name__}"] = lambda case=case: case(warren, go)
    for case in (go_with_tls_only_dials, warren_dials_go_with_tls_only):
        cases[case.__name__] = lambda case=case: case(go, warren)
    cases["sm2"] = lambda: sm2(sm2_arguments)
    return cases


# --- the run --------------------------------------------------------------------------------------


def go_version(text):
    match = re.search(r"(?:go version go|^go )(\d+)\.(\d+)", text, re.MULTILINE)
    return (int(match[1]), int(match[2])) if match else (0, 0)


def missing_go():
    """Why Go cannot be used here, or nothing."""
    needed = go_version((GO_SOURCE / "go.mod").read_text())
    if not shutil.which("go"):
        return "Go is not installed"
    # Inside the module, a newer Go than the installed one may be chosen, or not be found.
    try:
        command = ["go", "version"]
        done = subprocess.run(command, cwd=GO_SOURCE, capture_output=True, text=True, timeout=BUILD_S)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"Go does not run: {error}"
    if done.returncode != 0 or go_version(done.stdout) < needed:
        return f"Go {needed[0]}.{needed[1]} or newer is needed, not {(done.stdout or done.stderr).strip()!r}"
    return ""


def build_go():
    GO_BIN.mkdir(parents=True, exist_ok=True)
    command = ["go", "build", "-o", f"{GO_BIN}{os.sep}", "./peer", "./sm2"]
    try:
        done = subprocess.run(command, cwd=GO_SOURCE, capture_output=True, text=True, timeout=BUILD_S)
    except subprocess.TimeoutExpired:
        return f"not built within {BUILD_S} s"
    if done.returncode != 0:
        hint = "Without network, Go's module cache must hold the modules (see README.md)."
        return f"{done.stdout}{done.stderr}\n{hint}"
    return ""


def run(cases):
    failed = 0
    width = max(len(name) for name in cases)
    for name, case in cases.items():
        start = time.monotonic()
        failure = None
        try:
            case()
        except Failure as error:
            failure = error
        except (KeyError, TypeError, AttributeError) as error:
            failure = Failure(f"an event has not the expected form: {error!r}")
        print(f"{'FAIL' if failure else 'ok  '} {name:{width}} {time.monotonic() - start:6.2f} s", flush=True)
        if failure:
            failed += 1
            for text in (str(failure), *getattr(failure, "__notes__", [])):
                print("       " + text.replace("\n", "\n       "), flush=True)
    print(f"{len(cases) - failed} passed, {failed} failed")
    return 1 if failed else 0


def main():
    parser = argparse.ArgumentParser(description="Interoperability tests with go-libp2p and Go's SM2.")
    parser.add_argument("--only", metavar="NAME", help="run this case only, or those that match a pattern")
    parser.add_argument("--list", action="store_true", help="print the names of the cases")
    parser.add_argument("--self-test", action="store_true", help="let the Go programs play Warren's part too")
    release = ROOT / "build/release/bin"
    parser.add_argument("--bin", type=pathlib.Path, default=release, help="folder of Warren's programs")
    options = parser.parse_args()

    go = Program(GO_BIN / "peer", mismatch_text="peer id mismatch")
    warren = go if options.self_test else Program(options.bin.resolve() / "warren_peer")
    tool = options.bin.resolve() / "sm2_vectors"
    cases = all_cases(go, warren, ["--self-test"] if options.self_test else ["--tool", str(tool)])
    if options.only:
        cases = {name: case for name, case in cases.items() if fnmatch.fnmatchcase(name, options.only)}
        if not cases:
            parser.error(f"no case is named {options.only!r}; --list prints the names")
    if options.list:
        print("\n".join(cases))
        return 0

    if reason := missing_go():
        must = os.environ.get("CI") == "true"
        print(f"interop: {'failed' if must else 'skipped'}: {reason} (https://go.dev/dl)")
        return 1 if must else 0
    if reason := build_go():
        print(f"interop: failed: the Go programs do not build\n{reason}")
        return 1
    needed = set() if options.self_test else {tool if name == "sm2" else warren.path for name in cases}
    if absent := sorted(str(path) for path in needed if not path.is_file()):
        print(f"interop: failed: not built: {', '.join(absent)}")
        return 1
    return run(cases)


if __name__ == "__main__":
    sys.exit(main())

"""Private networks: who has the pre-shared key talks as ever, all others are refused."""

import base64
import contextlib
import os
import pathlib
import subprocess
import tempfile

import cases
from cases import Pair
from peers import Failure, require

INIT_S = 120

HEADER = b"/key/swarm/psk/1.0.0/\n"
# The forms that a key file may have.
ENCODINGS = {
    "base16": lambda key: b"/base16/\n" + key.hex().encode() + b"\n",
    "base64": lambda key: b"/base64/\n" + base64.b64encode(key) + b"\n",
    "bin": lambda key: b"/bin/\n" + key,
}


@contextlib.contextmanager
def key_files(count=1, encoding="base16"):
    """The paths of so many files, each with another key."""
    with tempfile.TemporaryDirectory(prefix="warren-interop-") as folder:
        paths = [pathlib.Path(folder) / f"{number}.key" for number in range(count)]
        for path in paths:
            path.write_bytes(HEADER + ENCODINGS[encoding](os.urandom(32)))
        yield paths


def members(pair, file):
    return Pair(pair.dialing.using(psk=file), pair.listening.using(psk=file), pair.security)


def same_key(pair):
    """Identify, pings and echoes, under the network's own layer."""
    with key_files() as (file,):
        cases.conversation(members(pair, file))


def refused(dialing, listening, member):
    """The dialer gets an error soon; the listener goes on to serve a member of its own network."""
    with listening.listen() as listener:
        with dialing.dial(listener.ready().addresses[0], "--ping", 1) as dialer:
            cases.check_refused(dialer)
        cases.check_still_serves(member, listener)
        listener.end()


def another_key(pair):
    with key_files(2) as (ours, theirs):
        listening = pair.listening.using(psk=theirs)
        refused(pair.dialing.using(psk=ours), listening, pair.dialing.using(psk=theirs))


def dialer_without_key(pair):
    with key_files() as (file,):
        refused(pair.dialing, pair.listening.using(psk=file), pair.dialing.using(psk=file))


def listener_without_key(pair):
    with key_files() as (file,):
        refused(pair.dialing.using(psk=file), pair.listening, pair.dialing)


def key_file_of_init(program, pair):
    """What `warren init` writes into the node's folder is a key file for others, whatever it was given."""
    for encoding in ENCODINGS:
        with key_files(encoding=encoding) as (given,):
            folder = given.parent / "node"
            command = [program, "init", "--psk-file", given, "--data-dir", folder]
            done = subprocess.run(command, capture_output=True, text=True, timeout=INIT_S)
            if done.returncode != 0:
                raise Failure(f"`warren init` ended with {done.returncode}: {done.stderr}")
            written = folder / "swarm.key"
            require(written.stat().st_mode & 0o077 == 0, "others can read the key")
            with_written = pair.dialing.using(psk=written)
            cases.ping(Pair(with_written, pair.listening.using(psk=given), pair.security))


def all_cases(stock, warren, program):
    """Name -> function without arguments; `program` is `warren`, none in the self-test."""
    table = {}
    for security in cases.SECURITY_IDS:
        theirs, ours = (peer.using(security=security) for peer in (stock, warren))
        for who, pair in (
            ("go_dials_warren", Pair(theirs, ours, security)),
            ("warren_dials_go", Pair(ours, theirs, security)),
        ):
            for case in (same_key, another_key, dialer_without_key, listener_without_key):
                name = f"{who}_{security}_private_{case.__name__}"
                table[name] = lambda case=case, pair=pair: case(pair)
    if program:
        table["go_reads_the_key_file_of_init"] = lambda: key_file_of_init(program, Pair(stock, warren))
    return table

#!/usr/bin/env python3
"""A laboratory to play with: homes behind routers, carriers and public servers, in network namespaces.

It runs until `down`, an hour at most, and needs root. test/net/topologies has examples of its TOML files.
"""

import argparse
import json
import os
import signal
import socket
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parent / "cli")]
# pylint: disable=wrong-import-position
import lab  # noqa: E402
import matrix  # noqa: E402
import namespaces  # noqa: E402
import topology  # noqa: E402
from homes import Internet  # noqa: E402
from playground import Playground  # noqa: E402
from program import ROOT  # noqa: E402
from topology import TopologyError, need  # noqa: E402

LIFE_S = 3500  # warren_link lives for an hour
ANSWER_S = 60
MESSAGE_MAX = 1 << 20


def main():
    parser = argparse.ArgumentParser(
        prog="./dev lab",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    default = ROOT / "build/lab"
    parser.add_argument("--folder", type=Path, default=default, help=argparse.SUPPRESS)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(name, text, *words):
        added = commands.add_parser(name, help=text, description=text)
        for word in words:
            nargs = argparse.REMAINDER if word == "words" else None
            added.add_argument(word, nargs=nargs, metavar=word.upper())

    command("up", "makes the laboratory that a file describes, and leaves it running", "file")
    command("ls", "its hosts, their addresses, and what routers do")
    command("exec", "runs a command on a host: exec laptop ping -c3 31.1.0.1", "host", "words")
    command("set", "changes links and routers: set alice type=symmetric-random delay=40ms", "name", "words")
    command("cut", "somewhere on the way of that network packets vanish", "name")
    command("mend", "its link is whole again", "name")
    command("reboot", "a router forgets its mappings", "name")
    command("renumber", "a router gets another address from its provider", "name")
    command("move", "a host moves to another home", "host", "home")
    command("down", "removes it, with all that runs in it")
    text = "connects nodes behind routers of each kind, and prints how often and how soon that is direct"
    matrix.add_to(commands.add_parser("matrix", help=text, description=text))
    arguments = parser.parse_args()
    try:
        reason = namespaces.missing()
        need(reason is None, reason)
        if arguments.command == "matrix":
            return matrix.act(arguments)
        act(arguments)
    except (TopologyError, lab.LabError) as error:
        print(f"lab: {error}", file=sys.stderr)
        return 1
    return 0


def act(arguments):
    if arguments.command == "up":
        up(arguments.folder, Path(arguments.file))
    elif arguments.command == "exec":
        need(arguments.words, "exec HOST COMMAND...: which command?")
        where = ask(arguments.folder, ["where", arguments.host])
        os.execvp(where[0], [*where, *arguments.words])
    elif arguments.command == "down":
        print(ask(arguments.folder, ["down"]))
        wait_until_gone(arguments.folder)
    else:
        words = [getattr(arguments, name) for name in ("host", "name", "home") if hasattr(arguments, name)]
        print(ask(arguments.folder, [arguments.command, *words, *getattr(arguments, "words", [])]))


def up(folder, path):
    tables = topology.read(path)
    need(not is_running(folder), "there is one already; `./dev lab down` removes it")
    folder.mkdir(parents=True, exist_ok=True)
    child_reads, parent_writes = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(child_reads)
        run_apart(folder, tables, parent_writes)
    os.close(parent_writes)
    with os.fdopen(child_reads) as said:
        answer = said.read().strip()
    need(answer.startswith("up"), answer or f"it did not start; see {folder}/log")
    print(ask(folder, ["ls"]))
    print("\n`./dev lab exec HOST COMMAND...` runs something there; it ends by itself in an hour.")


def run_apart(folder, tables, writer):
    """The rest of this process is the laboratory."""
    os.setsid()
    with open(os.devnull) as nothing, open(folder / "log", "w", buffering=1) as log:
        os.dup2(nothing.fileno(), 0)
        for standard in (1, 2):
            os.dup2(log.fileno(), standard)
    status = 1
    try:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        signal.signal(signal.SIGALRM, lambda *_: sys.exit(0))
        signal.alarm(LIFE_S)
        serve(folder, tables, writer)
        status = 0
    except (TopologyError, lab.LabError) as error:
        os.write(writer, str(error).encode())
    except SystemExit:
        status = 0
    finally:
        sys.stdout.flush()
        os._exit(status)


def serve(folder, tables, writer):
    path = folder / "socket"
    path.unlink(missing_ok=True)
    try:
        with Internet() as net, socket.socket(socket.AF_UNIX) as door:
            door.bind(str(path))
            os.chmod(path, 0o600)
            door.listen()
            playground = Playground(net, tables)
            os.write(writer, b"up")
            os.close(writer)
            while playground.running:
                caller, _ = door.accept()
                with caller:
                    caller.settimeout(ANSWER_S)
                    answer_one(playground, caller)
    finally:
        path.unlink(missing_ok=True)  # it is there as long as a namespace is


def answer_one(playground, caller):
    try:
        words = json.loads(read_all(caller))
        answer = {"answer": playground.do(*words)}
    except (TopologyError, lab.LabError) as error:
        answer = {"error": str(error)}
    except (OSError, ValueError, TypeError) as error:
        answer = {"error": f"{type(error).__name__}: {error}"}
    try:
        caller.sendall(json.dumps(answer).encode())
    except OSError:
        pass  # who asked has left


def read_all(sock):
    data = b""
    while len(data) <= MESSAGE_MAX:
        piece = sock.recv(65536)
        if not piece:
            break
        data += piece
    return data


def connect(folder):
    sock = socket.socket(socket.AF_UNIX)
    sock.settimeout(ANSWER_S)
    sock.connect(str(folder / "socket"))
    return sock


def is_running(folder):
    try:
        with connect(folder):
            return True
    except OSError:
        return False


def wait_until_gone(folder):
    end = time.monotonic() + ANSWER_S
    while (folder / "socket").exists() and time.monotonic() < end:
        time.sleep(0.02)


def ask(folder, words):
    try:
        with connect(folder) as sock:
            sock.sendall(json.dumps(words).encode())
            sock.shutdown(socket.SHUT_WR)
            answer = json.loads(read_all(sock))
    except OSError:
        raise TopologyError("no laboratory is running; `./dev lab up FILE` makes one") from None
    need("error" not in answer, answer.get("error"))
    return answer["answer"]


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""Runs the interoperability tests: stock go-libp2p and js-libp2p, and Go's SM2, against Warren's programs.

README.md, beside this file, describes the programs and the lines they exchange. Exit status: 0 all passed (or
skipped, where Go or npm is missing), 1 something failed, 2 wrong usage.
"""

import argparse
import concurrent.futures
import dataclasses
import fnmatch
import os
import pathlib
import subprocess
import sys
import time
from collections.abc import Callable

import cases
import cases_kad
import cases_nat
import cases_pubsub
import negotiation
import private_network
import sm2_peers
import toolchains
import transport_cases
import transports
from peers import Failure, Program, require

SM2_S = 600

# Many cases wait more than they compute.
JOBS = 4

# Each security protocol is tested one by one with these, and with other types of keys in one conversation.
DETAILS = (cases.identify, cases.ping, cases.echo_both_open, cases.wrong_peer_id)


@dataclasses.dataclass(frozen=True)
class Stock:
    """Another implementation of libp2p, with what its peer can be asked for by --security and --key-type."""

    peer: Program
    securities: tuple
    key_types: tuple
    details: tuple = DETAILS
    stops_streams: bool = False  # and tells resets from ends, over QUIC
    names_hosts: bool = False  # in what it dials over wss


STOCK = (
    Stock(
        Program("go", toolchains.GO_PEER, mismatch="peer id mismatch"),
        securities=("noise", "tls"),
        key_types=("ed25519", "secp256k1", "ecdsa", "rsa"),
        details=(*DETAILS, cases.echo_dialer_opens, cases.echo_listener_opens),
        stops_streams=True,
        names_hosts=True,
    ),
    Stock(
        Program(
            "js",
            toolchains.JS_PEER,
            mismatch="does not match expected|Unexpected Peer|Dialed peer",
            asks_again=False,
            judges_late=True,
        ),
        securities=("noise", "tls"),
        key_types=("ed25519", "secp256k1", "rsa"),
    ),
)
GO = STOCK[0].peer

# What Warren takes part in, of what the others offer. In the self-test that is all.
WARREN_SECURITIES = ("noise", "tls")
WARREN_KEY_TYPES = ("ed25519", "secp256k1", "ecdsa", "rsa")
WARREN_TRANSPORTS = (transports.QUIC, transports.WS, transports.WSS)  # besides TCP

# What it says when its certificate is refused.
WARREN_UNEXPECTED = r"refused \S+: the other side refused"


@dataclasses.dataclass(frozen=True)
class Case:
    run: Callable
    toolchains: tuple  # keys of toolchains.ALL
    files: tuple = ()  # Warren's programs that it runs


def combinations(self_test):
    """(the other implementation, a security protocol, a type of the other's key), as far as Warren can."""
    for stock in STOCK:
        for security in stock.securities:
            for key_type in stock.key_types:
                if self_test or (security in WARREN_SECURITIES and key_type in WARREN_KEY_TYPES):
                    yield stock, security, key_type


def matrix(warren, self_test):
    """Name -> Case, for both directions and all combinations."""
    table = {}
    for stock, security, key_type in combinations(self_test):
        other = stock.peer
        theirs = other.using(security=security, key_type=key_type)
        # Warren offers all it has; its part in the self-test is played by a peer that has one protocol.
        # Both sides have a key of the same type.
        ours = warren.using(key_type=key_type)
        ours = ours.using(security=security) if self_test else ours
        needed = ("go", other.name) if self_test else (other.name,)
        files = () if self_test else (warren.path,)
        for who, pair in (
            (f"{other.name}_dials_warren", cases.Pair(theirs, ours, security)),
            (f"warren_dials_{other.name}", cases.Pair(ours, theirs, security)),
        ):
            for case in stock.details if key_type == "ed25519" else (cases.conversation,):
                name = f"{who}_{security}_{key_type}_{case.__name__}"
                table[name] = Case(lambda case=case, pair=pair: case(pair), needed, files)
    return table


def over_transports(warren, self_test):
    """Name -> Case, of other transports than TCP."""
    table = {}
    for stock in STOCK:
        other = stock.peer
        needed = ("go", other.name) if self_test else (other.name,)
        files = () if self_test else (warren.path,)
        among = tuple(transport_cases.ALL) if self_test else WARREN_TRANSPORTS
        for name, case in transport_cases.all_cases(stock, warren, among).items():
            table[name] = Case(case, needed, files)
    return table


def sm2(arguments):
    """1,000 random keys and messages, signed here and verified there, both ways."""
    command = [str(toolchains.GO_SM2), *arguments, "--cases", "1000", "--timeout", str(SM2_S - 10)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SM2_S)
    except subprocess.TimeoutExpired:
        raise Failure(f"not done within {SM2_S} s") from None
    if done.returncode != 0:
        failure = Failure(f"exit status {done.returncode}")
        failure.add_note((done.stdout + done.stderr)[-4000:].strip())
        raise failure
    require(" 0 wrong answers" in done.stdout, f"no summary: {done.stdout!r}")


def dht_cases(folder, self_test):
    """Name -> Case, of peers with a DHT."""
    go, js = Program("go", toolchains.GO_KAD), Program("js", toolchains.JS_KAD)
    warren = go if self_test else Program("warren", folder / "warren_kad_peer")
    files = () if self_test else (warren.path,)
    everybody = cases_kad.Implementations(warren, go, js)
    return {
        name: Case(case, needed, files)
        for name, (case, needed) in cases_kad.all_cases(everybody, self_test).items()
    }


def nat_cases(folder, self_test):
    """Name -> Case, of relays and AutoNAT."""
    js = Program("js", toolchains.JS_PEER)
    warren = GO if self_test else Program("warren", folder / "warren_nat_peer")
    files = () if self_test else (warren.path,)
    everybody = cases_nat.Implementations(warren, GO, js)
    return {
        name: Case(case, needed, files)
        for name, (case, needed) in cases_nat.all_cases(everybody, self_test).items()
    }


def topic_cases(folder, self_test):
    """Name -> Case, of peers with topics."""
    go, js = Program("go", toolchains.GO_PUBSUB), Program("js", toolchains.JS_PUBSUB)
    warren = go if self_test else Program("warren", folder / "warren_pubsub_peer")
    program = None if self_test else folder / "warren"
    files = () if self_test else (warren.path, program)
    everybody = cases_pubsub.Implementations(warren, go, js)
    return {
        name: Case(case, needed, files)
        for name, (case, needed) in cases_pubsub.all_cases(everybody, program).items()
    }


def all_cases(folder, self_test):
    """Name -> Case. `folder` has Warren's programs."""
    warren = GO if self_test else Program("warren", folder / "warren_peer", unexpected=WARREN_UNEXPECTED)
    table = matrix(warren, self_test) | over_transports(warren, self_test)
    files = () if self_test else (warren.path,)
    for case in negotiation.CASES:
        if not self_test or case in negotiation.SELF_TEST:
            table[case.__name__] = Case(lambda case=case: case(GO, warren), ("go",), files)
    if not self_test:
        sm2_transports = [transport for transport in WARREN_TRANSPORTS if transport.muxes]
        for name, case in sm2_peers.all_cases(GO, warren, sm2_transports).items():
            table[name] = Case(case, ("go",), files)
    program = None if self_test else folder / "warren"
    for name, case in private_network.all_cases(GO, warren, program).items():
        table[name] = Case(case, ("go",), (*files, program) if program else ())
    table |= dht_cases(folder, self_test)
    table |= nat_cases(folder, self_test)
    table |= topic_cases(folder, self_test)
    if self_test:
        table["sm2"] = Case(lambda: sm2(["--self-test"]), ("go",))
    else:
        tool = folder / "sm2_vectors"
        table["sm2"] = Case(lambda: sm2(["--tool", str(tool)]), ("go",), (tool,))
    return table


# --- the run --------------------------------------------------------------------------------------


def prepare(table):
    """Builds what the cases need. Returns those that can run, and the number of toolchains that failed."""
    failed = 0
    for name, toolchain in toolchains.ALL.items():
        if not any(name in case.toolchains for case in table.values()):
            continue
        if reason := toolchain.missing():
            must = os.environ.get("CI") == "true"
            verdict = "failed" if must else "skipped"
            print(f"{verdict}: interop with {name}: {reason} ({toolchain.where})", flush=True)
            failed += must
        elif reason := toolchain.build():
            print(f"failed: interop with {name}: not built\n{reason}", flush=True)
            failed += 1
        else:
            continue
        table = {title: case for title, case in table.items() if name not in case.toolchains}
    return table, failed


def run_one(case):
    """What failed, or nothing, and how long it took."""
    start = time.monotonic()
    failure = None
    try:
        case.run()
    except Failure as error:
        failure = error
    except (KeyError, TypeError, AttributeError) as error:
        failure = Failure(f"an event has not the expected form: {error!r}")
    return failure, time.monotonic() - start


def run(table, jobs):
    """Runs so many cases at a time, and reports them in their order."""
    failed = 0
    width = max(map(len, table), default=0)
    with concurrent.futures.ThreadPoolExecutor(jobs) as threads:
        runs = {name: threads.submit(run_one, case) for name, case in table.items()}
        for name, running in runs.items():
            failure, seconds = running.result()
            print(f"{'FAIL' if failure else 'ok  '} {name:{width}} {seconds:6.2f} s", flush=True)
            if failure:
                failed += 1
                for text in (str(failure), *getattr(failure, "__notes__", [])):
                    print("       " + text.replace("\n", "\n       "), flush=True)
    return failed


def main():
    parser = argparse.ArgumentParser(description="Tests with go-libp2p, js-libp2p and Go's SM2.")
    parser.add_argument("--only", metavar="NAME", help="run this case only, or those that match a pattern")
    parser.add_argument("--list", action="store_true", help="print the names of the cases")
    parser.add_argument("--self-test", action="store_true", help="let the Go programs play Warren's part too")
    parser.add_argument("--jobs", type=int, default=JOBS, help=f"cases at a time ({JOBS})")
    release = toolchains.ROOT / "build/release/bin"
    parser.add_argument("--bin", type=pathlib.Path, default=release, help="folder of Warren's programs")
    options = parser.parse_args()

    table = all_cases(options.bin.resolve(), options.self_test)
    if options.only:
        table = {name: case for name, case in table.items() if fnmatch.fnmatchcase(name, options.only)}
        if not table:
            parser.error(f"no case is named {options.only!r}; --list prints the names")
    if options.list:
        print("\n".join(table))
        return 0

    table, failed_builds = prepare(table)
    files = {path for case in table.values() for path in case.files}
    if absent := sorted(str(path) for path in files if not path.is_file()):
        print(f"failed: interop: not built: {', '.join(absent)}")
        return 1
    failed = run(table, max(1, options.jobs))
    print(f"{len(table) - failed} passed, {failed + failed_builds} failed")
    return 1 if failed or failed_builds else 0


if __name__ == "__main__":
    sys.exit(main())

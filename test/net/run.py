#!/usr/bin/env python3
"""Runs the link between network namespaces, and `warren` daemons over it: each in a namespace of its own,
with delay, loss and rates between them, pulled cables and changing addresses.

Needs root and /dev/net/tun; without them nothing is tested, and the output says so. The cases are in
cases_*.py. Exit status: 0 all passed, 1 something failed, 2 wrong usage. The last line is
`N passed, N failed`.
"""

import argparse
import signal
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
# Cases are registered as those of the command line are, and use the same helpers.
sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parent / "cli")]
# pylint: disable=wrong-import-position
import lab  # noqa: E402
import namespaces  # noqa: E402
import cases_broadcast  # noqa: E402, F401
import cases_crowd  # noqa: E402, F401
import cases_direct  # noqa: E402, F401
import cases_direct_change  # noqa: E402, F401
import cases_direct_go  # noqa: E402, F401
import cases_dns  # noqa: E402, F401
import cases_lab  # noqa: E402, F401
import cases_lab_program  # noqa: E402, F401
import cases_lab_speed  # noqa: E402, F401
import cases_link  # noqa: E402, F401
import cases_mdns  # noqa: E402, F401
import cases_nat  # noqa: E402, F401
import cases_nat_go  # noqa: E402, F401
import cases_presence  # noqa: E402, F401
import cases_punch  # noqa: E402, F401
import cases_quic  # noqa: E402, F401
import cases_stun  # noqa: E402, F401
import cases_tcp  # noqa: E402, F401
from bench import CASES, run_together  # noqa: E402
from program import ROOT  # noqa: E402


# How many cases run at a time of those with much to do, and beside them of the others; all wait for most of
# their time.
FEW = 3
MANY = 8


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that nothing is left behind then, too
    # Run in the background of a shell, this would ignore Ctrl-C, and so would the programs that we start.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", type=Path, default=ROOT / "build/release/bin/warren")
    parser.add_argument("--only", default="", metavar="TEXT", help="the cases with this in their name")
    arguments = parser.parse_args()
    reason = namespaces.missing()
    if reason is not None:
        print(f"skipped everything: {reason}")
        print("0 passed, 0 failed")
        return 0
    for needed in (arguments.program, lab.PROGRAM):
        if not needed.exists():
            reason = f"{needed} is not there; build it with ./dev build release"
    if reason is not None:
        print(f"FAILED {reason}")
        print("0 passed, 1 failed")
        return 1
    program = arguments.program.resolve()
    chosen = [case for case in CASES if arguments.only in case.__name__]
    waiting = [case for case in chosen if getattr(case, "beside_others", False)]
    few = [case for case in chosen if getattr(case, "beside_few", False)]
    single = [case for case in chosen if case not in waiting and case not in few]
    failed = run_together(program, (single, 1))
    failed += run_together(program, (few, FEW), (waiting, MANY))
    print(f"{len(chosen) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""Runs the `warren` program as its users do: daemons and commands, on loopback, with ports that are free.

The cases are in cases_*.py. Exit status: 0 all passed, 1 something failed, 2 wrong usage. The last line is
`N passed, N failed`.
"""

import argparse
import signal
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]
# pylint: disable=wrong-import-position
import cases_attacks  # noqa: E402, F401
import cases_access  # noqa: E402, F401
import cases_bench  # noqa: E402, F401
import cases_bootstrap  # noqa: E402, F401
import cases_broadcast  # noqa: E402, F401
import cases_completion  # noqa: E402, F401
import cases_daemon  # noqa: E402, F401
import cases_dht  # noqa: E402, F401
import cases_dial  # noqa: E402, F401
import cases_find  # noqa: E402, F401
import cases_first_steps  # noqa: E402, F401
import cases_hostile  # noqa: E402, F401
import cases_messages  # noqa: E402, F401
import cases_operator  # noqa: E402, F401
import cases_path_metrics  # noqa: E402, F401
import cases_paths  # noqa: E402, F401
import cases_qlog  # noqa: E402, F401
import cases_quic_attacks  # noqa: E402, F401
import cases_reachability  # noqa: E402, F401
import cases_relay_attacks  # noqa: E402, F401
import cases_relays  # noqa: E402, F401
import cases_services  # noqa: E402, F401
import cases_topics  # noqa: E402, F401
import cases_transports  # noqa: E402, F401
import cases_words  # noqa: E402, F401
from bench import CASES, run_together  # noqa: E402
from program import ROOT  # noqa: E402


# Most cases wait for processes to start and for each other's answers.
AT_ONCE = 4


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that nothing is left behind then, too
    # Run in the background of a shell, this would ignore Ctrl-C, and so would the programs that we start.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", type=Path, default=ROOT / "build/release/bin/warren")
    parser.add_argument("--only", default="", metavar="TEXT", help="the cases with this in their name")
    arguments = parser.parse_args()
    if not arguments.program.exists():
        print(f"{arguments.program} is not there; build it with ./dev build")
        print("0 passed, 1 failed")
        return 1
    program = arguments.program.resolve()
    chosen = [case for case in CASES if arguments.only in case.__name__]
    single = [case for case in chosen if getattr(case, "alone", False)]
    failed = run_together(program, ([case for case in chosen if case not in single], AT_ONCE))
    failed += run_together(program, (single, 1))
    print(f"{len(chosen) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

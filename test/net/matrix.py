"""`./dev lab matrix`: two nodes behind routers of each kind, many times, several pairs at once; how often and
how soon their path is direct, and why it is not. Prints tables for docs/nat.md.

Each pair has a laboratory and a process of its own. Outcomes are kept, a JSON object each, so that tables can
be made of several runs (--from).
"""

import concurrent.futures
import datetime
import json
import multiprocessing
import os
import subprocess
import sys
import time
import traceback
from pathlib import Path

import cells
import idle
import matrix_table
from bench import Bench
from country import LISTEN, LISTEN_IP6, Country
from pairs import Outcome, Pair
from program import ROOT, scratch

PROGRAM = ROOT / "build/release/bin/warren"
KEPT = ROOT / "build/lab/matrix.jsonl"
# A process makes so many runs in one laboratory.
AT_ONCE = 10
# Rough seconds of a run; the longest pieces of work begin first.
USUAL_S = {"spray": 20, "relay": 16, "maybe": 14}


def add_to(parser):
    parser.add_argument("--runs", type=int, default=20, metavar="N", help="of each pair (20)")
    parser.add_argument("--spray-runs", type=int, default=100, metavar="N", help="of those that spray (100)")
    parser.add_argument("--relay-runs", type=int, default=10, metavar="N", help="of those relayed (10)")
    text = "pairs, or parts of their names: both:PR-SY,tcp: (see --list)"
    parser.add_argument("--cells", default="", metavar="NAME,...", help=text)
    parser.add_argument("--lanes", type=int, default=0, metavar="N", help="pairs at once (4 a processor)")
    parser.add_argument("--list", action="store_true", help="what there is to measure, and what is expected")
    text = "only prints the tables, of outcomes kept before"
    parser.add_argument("--from", dest="sources", type=Path, nargs="+", default=[], metavar="FILE", help=text)
    text = "instead: the traffic of one direct path that nobody uses, for so long"
    parser.add_argument("--idle", type=int, default=0, metavar="SECONDS", help=text)
    parser.add_argument("--keep", type=Path, default=KEPT, metavar="FILE", help=f"outcomes ({KEPT.name})")
    parser.add_argument("--program", type=Path, default=PROGRAM, metavar="FILE", help="another warren")


def act(arguments):
    """The exit status: 1 when something was not as expected."""
    chosen = cells.chosen([name for name in arguments.cells.split(",") if name])
    if arguments.list:
        for cell in chosen:
            print(f"{cell.name:22} {cell.wanted:8} {' '.join(sorted(cell.reasons))}")
        return 0
    if arguments.sources:
        lines = [line for path in arguments.sources for line in path.read_text().splitlines()]
        outcomes = [Outcome(**json.loads(line)) for line in lines if not line.startswith('{"date"')]
        heads = [json.loads(line) for line in lines if line.startswith('{"date"')]
        return matrix_table.print_all(outcomes, heads[-1] if heads else {})
    if arguments.idle:
        idle.measure(arguments.program.resolve(), arguments.idle)
        return 0
    return measure(arguments, chosen)


def measure(arguments, chosen):
    lanes = arguments.lanes or 4 * (os.cpu_count() or 1)
    head = {"date": str(datetime.date.today()), "commit": commit(), "lanes": lanes}
    pieces = sorted(work(arguments, chosen), key=cost, reverse=True)
    total = sum(len(runs) for _, runs in pieces)
    print(f"{len(chosen)} pairs, {total} runs, {lanes} at once", file=sys.stderr)
    arguments.keep.parent.mkdir(parents=True, exist_ok=True)
    outcomes, begin = [], time.monotonic()
    context = multiprocessing.get_context("fork")
    with (
        open(arguments.keep, "w") as kept,
        concurrent.futures.ProcessPoolExecutor(lanes, mp_context=context) as pool,
    ):
        kept.write(json.dumps(head) + "\n")
        program = arguments.program.resolve()
        waiting = [pool.submit(make_runs, program, cell, runs) for cell, runs in pieces]
        for done in concurrent.futures.as_completed(waiting):
            for outcome in done.result():
                kept.write(outcome.as_line() + "\n")
                outcomes.append(outcome)
            kept.flush()
            progress = f"{len(outcomes):5} of {total}, {time.monotonic() - begin:5.0f} s"
            print(f"{progress}: {said(done.result())}", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return matrix_table.print_all(outcomes, head)


def work(arguments, chosen):
    """Cells, and numbers of runs."""
    for cell in chosen:
        count = arguments.runs
        if cell.wanted == "spray":
            count = arguments.spray_runs
        elif cell.wanted == "relay":
            count = min(arguments.runs, arguments.relay_runs)
        for first in range(0, count, AT_ONCE):
            yield cell, range(first, min(count, first + AT_ONCE))


def cost(piece):
    cell, runs = piece
    return len(runs) * USUAL_S.get(cell.wanted, 10)


def said(outcomes):
    """One line about a piece of work."""
    direct = [outcome.direct_s for outcome in outcomes if outcome.direct_s is not None]
    text = f"{outcomes[0].cell} direct {len(direct)}/{len(outcomes)}"
    if direct:
        text += f", at most {max(direct):.2f} s"
    problems = [outcome.problem for outcome in outcomes if outcome.problem]
    return text + (f"; {len(problems)} problems, the first: {problems[0][:150]}" if problems else "")


def make_runs(program, cell, runs):
    """In a process of its own. A laboratory that cannot be made is a problem of these runs, not of others."""
    made = []
    try:
        make_each(program, cell, runs, made)
    except Exception:  # a bug in a run must not cost the others
        problem = traceback.format_exc().strip().splitlines()[-1]
        rest = runs[len(made) :]
        made += [Outcome(cell.name, run, cell.one, cell.other, problem=problem) for run in rest]
    return made


def make_each(program, cell, runs, made):
    patience = cells.WITHIN[cell.wanted] + (0 if cell.wanted == "relay" else cells.LATE)
    listen = LISTEN + LISTEN_IP6 if cell.family == "ip6" else LISTEN
    with scratch(prefix="warren-matrix-") as folder:
        with Country(Bench(program, folder), listen=listen) as country:
            pair = Pair(country, cell)
            try:
                for number in runs:
                    made.append(pair.run(number, patience))
            finally:
                pair.stop()


def commit():
    words = ["git", "-C", ROOT, "describe", "--always", "--dirty"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"

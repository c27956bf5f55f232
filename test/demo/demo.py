#!/usr/bin/env python3
"""Homes behind NATs that reach each other: found by NodeID, at once through a relay, then directly.

As root on Linux, two public servers and four homes are network namespaces of this machine, joined by routers
of test/net that do what home routers do; nothing leads out of them. Otherwise three nodes on loopback show
the rest. Exit status: 0 when every step did what it says, 1 otherwise.
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), *(str(HERE.parent / name) for name in ("", "net", "cli"))]
# pylint: disable=wrong-import-position
import homes_apart  # noqa: E402
import loopback  # noqa: E402
from namespaces import LabError, missing  # noqa: E402
from program import ROOT, Failure, scratch  # noqa: E402
from story import Story  # noqa: E402


def why_no_namespaces(build):
    """In a sentence; nothing when they can be made."""
    if not (build / "bin/warren_link").exists():
        return "bin/warren_link is not there"
    return missing()


def run(arguments, build):
    program, tamper = build / "bin/warren", build / "bin/warren_tamper"
    story = Story()
    reason = None if arguments.loopback else why_no_namespaces(build)
    if reason:
        print(f"skipped homes and routers, on loopback only: {reason}")
    with_homes = not arguments.loopback and reason is None
    if with_homes:
        with scratch(prefix="warren-demo-") as folder:
            homes_apart.show(story, program, tamper, Path(folder), arguments.picture)
    else:
        with tempfile.TemporaryDirectory(prefix="warren-demo-") as folder:
            loopback.show(story, program, tamper, Path(folder))
    story.end()
    if with_homes:
        print(f"A picture of it: {os.path.relpath(arguments.picture)}")


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that everything is cleaned up then, too
    parser = argparse.ArgumentParser(prog="./dev demo", description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--build", type=Path, default=ROOT / "build/release", help="where bin/warren is")
    parser.add_argument("--picture", type=Path, default=ROOT / "build/demo.svg", help="where to draw it")
    parser.add_argument("--loopback", action="store_true", help="no namespaces, although this is root")
    arguments = parser.parse_args()
    build = arguments.build.resolve()
    for path in (build / "bin/warren", build / "bin/warren_tamper"):
        if not path.exists():
            print(f"demo: {path} is not there; build it with ./dev build", file=sys.stderr)
            return 1
    try:
        run(arguments, build)
    except (Failure, LabError, OSError, subprocess.SubprocessError) as failure:
        print("\ndemo: " + "\n".join([str(failure), *getattr(failure, "__notes__", [])]), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\ndemo: interrupted", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

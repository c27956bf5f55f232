"""`./dev lab` as a person uses it: a laboratory stays until it is removed, and says what it does not take."""

import subprocess
import sys
from pathlib import Path

from bench import case
from namespaces import NAMESPACES
from nodes import beside_others
from program import COMMAND_S, require

HERE = Path(__file__).resolve().parent
EXAMPLES = HERE / "topologies"


class Person:
    """Who types commands. A context manager, since a failed case must not leave a laboratory."""

    def __init__(self, bench):
        self.folder = bench.folder / "lab"

    def __enter__(self):
        return self

    def __exit__(self, *_reason):
        self.type("down")

    def type(self, *words):
        command = [sys.executable, HERE / "lab_program.py", "--folder", self.folder, *words]
        return subprocess.run(command, capture_output=True, text=True, timeout=COMMAND_S, check=False)

    def do(self, *words):
        done = self.type(*words)
        require(done.returncode == 0, f"{words}: {done.stderr.strip()}")
        return done.stdout

    def fail(self, *words):
        done = self.type(*words)
        lines = done.stderr.splitlines()
        require(done.returncode == 1 and len(lines) == 1, f"{words} ended with {done.returncode}: {lines}")
        require(lines[0].startswith("lab: "), lines[0])
        return lines[0]


@case
@beside_others
def a_person_plays_with_a_laboratory(bench):
    with Person(bench) as person:
        said = person.do("up", EXAMPLES / "two-homes.toml")
        require("laptop" in said and "31.1.0.1" in said, f"it said: {said}")
        require("already" in person.fail("up", EXAMPLES / "carrier.toml"), "a second one was made")
        ping = ("ping", "-n", "-c1", "31.1.0.1")
        require("1 received" in person.do("exec", "laptop", *ping), "laptop does not reach the server")
        person.do("set", "alice", "type=symmetric-random", "delay=1ms")
        require("symmetric-random, seen as" in person.do("ls"), "the router is as before")
        person.do("move", "phone", "bob")
        for command in ("reboot", "renumber", "cut", "mend"):
            person.do(command, "bob")
        require("1 received" in person.do("exec", "phone", *ping), "phone does not reach the server")
        for words, named in (
            (("exec", "nobody", "true"), "laptop"),
            (("set", "alice", "color=red"), "delay"),
            (("set", "boot", "hairpin=on"), "boot"),
            (("set", "bob", "type=round"), "round"),
            (("move", "boot", "bob"), "boot"),
        ):
            error = person.fail(*words)
            require(named in error, f"{words}: {error}")
        namespaces = list(NAMESPACES.glob("wnet-*-desk"))
        person.do("down")
        left = [path for path in namespaces if path.exists()]
        require(len(left) < len(namespaces), f"{left} are still there")
        require("no laboratory" in person.fail("ls"), "it runs on")


@case
@beside_others
def a_topology_that_cannot_be_made_is_explained(bench):
    person = Person(bench)
    file = bench.folder / "lab.toml"
    for text, named in (
        ("[home", "TOML"),
        ("[house.a]", "home"),
        ("[home.a]\ncolor = 1", "color"),
        ('[home.a]\ntype = "round"', "round"),
        ('[home.a]\nbehind = "b"', "carrier.b"),
        ('[home.a]\nhosts = ["a"]', "two are called a"),
        ("[home.A_b]", "A_b"),
        ('[home.a]\ndelay = "soon"', "soon"),
    ):
        file.write_text(text)
        error = person.fail("up", file)
        require(named in error, f"{text!r}: {error}")
    require("no laboratory" in person.fail("down"), "one of them runs")

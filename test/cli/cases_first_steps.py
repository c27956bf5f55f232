"""What the READMEs tell a newcomer to type, typed as it stands there."""

import contextlib
import os
import re
import signal
import subprocess
import time
from pathlib import Path

from bench import case, serve, wait_until
from program import COMMAND_S, END_S, ROOT, Process, require
from street import find, street

READMES = ("README.md", "README.zh-CN.md")
# These go on until Ctrl-C; and these make and run the node, which is there already.
LASTING = re.compile(r"--follow|\b(subscribe|serve)\b")
MAKING = re.compile(r"^warren (init|up)\b")
TRY_S = 120


def commands_of(readme):
    """The lines of its code blocks that begin with `warren`, without what is said of them to the right."""
    blocks = re.findall(r"^```\n(.*?)^```$", (ROOT / readme).read_text(), re.M | re.S)
    lines = [line for block in blocks for line in block.splitlines()]
    wanted = [line for line in lines if line.startswith(("warren ", "source <(warren"))]
    return [re.split(r"\s{2,}", line)[0] for line in wanted]


def filled_in(line, node, cid):
    """With another node's names for the placeholders."""
    line = re.sub(r"/ip4/192\.0\.2\.1/\S+", node.addresses[0], line)
    line = line.replace("zEPJ...", node.node_id).replace("CID", cid)
    require("..." not in line, f"unknown placeholder: {line}")
    # Three times ten seconds are for people.
    return f"{line} --seconds 0.2" if line.startswith("warren bench") else line


def hears_ctrl_c(group):
    """Whether a `warren` of that process group has said what is to happen then."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            name, _, fields = (process / "stat").read_text().partition("(")[2].rpartition(")")
            if name != "warren" or int(fields.split()[2]) != group:
                continue
            # Some handle it, others keep it for a descriptor that they read.
            kept = re.findall(r"^Sig(?:Cgt|Blk):\s*(\w+)", (process / "status").read_text(), re.M)
            if any(int(mask, 16) >> (signal.SIGINT - 1) & 1 for mask in kept):
                return True
        except (OSError, TypeError):
            pass  # it has ended
    return False


class Shell:
    """A newcomer's: it finds `warren`, and knows the node's folder."""

    def __init__(self, node, folder):
        self.folder = folder
        (folder / "warren").symlink_to(node.program)
        (folder / "entries").write_text("one\ntwo\n")
        path = f"{folder}:{os.environ['PATH']}"
        self.environment = {**os.environ, "PATH": path, "WARREN_DATA_DIR": str(node.path)}

    def _start(self, line):
        return subprocess.Popen(
            ["bash", "-e", "-o", "pipefail", "-c", line],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            encoding="utf-8",
            errors="replace",  # values of the DHT are bytes
        )

    def run(self, line):
        """The exit status, and what was printed."""
        process = self._start(line)
        if LASTING.search(line):
            # Ctrl-C, as a terminal has it for all that run there, when it is under way.
            over = lambda: process.poll() is not None or hears_ctrl_c(process.pid)  # noqa: E731
            wait_until(over, f"`{line}` hears nothing")
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGINT)
        try:
            output, errors = process.communicate(timeout=COMMAND_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            output, errors = process.communicate(timeout=END_S)
        return process.returncode, f"{output}{errors}"


def try_all(lines, shell):
    """Runs each until it does what it says: who has just come is not known to all at once."""
    for line in lines:
        end = time.monotonic() + TRY_S
        status, output = shell.run(line)
        while status != 0:
            require(time.monotonic() < end, f"`{line}` ended with {status}: {output}")
            status, output = shell.run(line)


@case
def every_command_of_the_readme_works(bench):
    with street(bench, 2) as (bob, alice):
        find(alice, bob.node_id, "--afresh")
        cid = alice.do("dht", "provide", "--text", "weather in Oslo", "--json").json()["cid"]
        lines = [filled_in(line, bob, cid) for line in commands_of("README.md") if not MAKING.match(line)]
        require(len(lines) > 30, f"the README has {len(lines)} commands")
        with serve(bob, "shout", "tr a-z A-Z"):
            try_all(lines, Shell(alice, bench.folder))
        alice.do("deny", "203.0.113.0/24", "--remove")


@case
def both_readmes_tell_the_same_commands(bench):
    del bench
    english, chinese = (
        [re.sub(r"'[^']*'", "TEXT", line) for line in commands_of(readme)] for readme in READMES
    )
    for one, other in zip(english, chinese, strict=False):
        require(one == other, f"README.md has `{one}` where README.zh-CN.md has `{other}`")
    require(len(english) == len(chinese), "one of the READMEs has more commands")


@case
def the_first_minute_works_as_printed(bench):
    """init names the command that starts the node; what is asked before that says the same."""
    node = bench.bare("home/first node")
    text = node.do("init").text()
    config = node.path / "warren.toml"
    config.write_text(config.read_text().replace('mdns = "auto"', "mdns = false"))
    found = re.search(r"start it with `(.*)`\.$", text, re.M)
    require(found, f"init does not say how to go on: {text}")
    refused = node.run("peers")
    require(refused.status == 3 and found[1] in refused.stderr, f"peers says {refused.stderr}")
    command = found[1].replace("warren ", f"exec {node.program} ", 1)
    with Process(["bash", "-c", f"{command} --listen /ip4/127.0.0.1/tcp/0"]) as daemon:
        while daemon.line() != "Ready. Ctrl-C stops it.":
            pass
        require(node.do("inbox").text().startswith("No messages"), "the inbox is not empty")
        status = daemon.interrupt()
        require(status == 0, f"it ended with {status}: {daemon.errors()}")

"""What the benchmarks need of go-libp2p and rust-libp2p, built into build/peers/ when it is first needed.

Builds are polite: one job, behind all else. The first of Rust takes some ten minutes.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
BIN = HERE.parents[1] / "build/peers"
GO_PEER = BIN / "go_peer"
GO_HANDSHAKE_PAIR = BIN / "handshake_pair"
RUST_PEER = BIN / "rust/release/rust_peer"

COMMANDS = {
    "go": ["go", "build", "-p", "1", "-o", f"{BIN}{os.sep}", "./..."],
    "rust": ["cargo", "build", "--quiet", "--release", "--locked", "--jobs", "1"],
}


def build(name):
    """Whether the programs of "go" or "rust" are there now; says why not."""
    command = COMMANDS[name]
    program = shutil.which(command[0])
    if not program:
        print(f"{name}-libp2p is left out: {command[0]} is not installed", file=sys.stderr)
        return False
    BIN.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(["nice", "-n", "19", *command], cwd=HERE / name, check=False,
                          env={**os.environ, "CARGO_TARGET_DIR": str(BIN / "rust")},
                          stdout=sys.stderr)
    if done.returncode != 0:
        print(f"{name}-libp2p is left out: it could not be built", file=sys.stderr)
    return done.returncode == 0


def versions():
    """What the lock files say of the peers, in one line."""
    found = []
    for line in (HERE / "go/go.mod").read_text().splitlines():
        if line.strip().startswith("github.com/libp2p/go-libp2p "):
            found.append(f"go-libp2p {line.split()[1].lstrip('v')}")
    lines = (HERE / "rust/Cargo.lock").read_text().splitlines()
    at = lines.index('name = "libp2p"')
    found.append("rust-libp2p " + lines[at + 1].split('"')[1])
    return ", ".join(found)

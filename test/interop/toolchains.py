"""Go and Node: whether they are here, and what has to be built with them, into build/interop/.

ALL names them.
"""

import dataclasses
import fcntl
import hashlib
import os
import pathlib
import re
import shutil
import subprocess
from collections.abc import Callable

ROOT = pathlib.Path(__file__).resolve().parents[2]
GO_SOURCE = ROOT / "test/interop/go"
GO_BIN = ROOT / "build/interop"
JS_SOURCE = ROOT / "test/interop/js"
JS_BUILD = ROOT / "build/interop/js"
GO_PEER = GO_BIN / "peer"
GO_SM2 = GO_BIN / "sm2"
GO_KAD = GO_BIN / "kad"
GO_MDNS = GO_BIN / "mdns"
GO_PUBSUB = GO_BIN / "pubsub"
JS_PEER = ROOT / "build/interop/js_peer"
JS_KAD = ROOT / "build/interop/js_kad"
JS_PUBSUB = ROOT / "build/interop/js_pubsub"

BUILD_S = 900
NODE_NEEDED = 22


def go_version(text):
    match = re.search(r"(?:go version go|^go )(\d+)\.(\d+)", text, re.MULTILINE)
    return (int(match[1]), int(match[2])) if match else (0, 0)


def missing_go():
    """Why Go cannot be used here, or nothing."""
    needed = go_version((GO_SOURCE / "go.mod").read_text())
    if not shutil.which("go"):
        return "Go is not installed"
    # Inside the module, a newer Go than the installed one may be chosen, or not be found.
    try:
        command = ["go", "version"]
        done = subprocess.run(command, cwd=GO_SOURCE, capture_output=True, text=True, timeout=BUILD_S)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"Go does not run: {error}"
    if done.returncode != 0 or go_version(done.stdout) < needed:
        return f"Go {needed[0]}.{needed[1]} or newer is needed, not {(done.stdout or done.stderr).strip()!r}"
    return ""


def build_go():
    GO_BIN.mkdir(parents=True, exist_ok=True)
    command = ["go", "build", "-o", f"{GO_BIN}{os.sep}", "./peer", "./kad", "./sm2", "./mdns", "./pubsub"]
    try:
        done = subprocess.run(command, cwd=GO_SOURCE, capture_output=True, text=True, timeout=BUILD_S)
    except subprocess.TimeoutExpired:
        return f"not built within {BUILD_S} s"
    if done.returncode != 0:
        hint = "Without network, Go's module cache must hold the modules (see README.md)."
        return f"{done.stdout}{done.stderr}\n{hint}"
    return ""


def missing_js():
    if not shutil.which("npm"):
        return "npm is not installed"
    return ""


def build_js():
    """Installs what the lock file names, unless it is there, and lends the peer's sources to that folder."""
    JS_BUILD.mkdir(parents=True, exist_ok=True)
    with open(JS_BUILD / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # another run may be installing
        return install_packages() or write_js_peers()


def install_packages():
    sources = [JS_SOURCE / name for name in ("package.json", "package-lock.json", ".npmrc")]
    wanted = hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()
    stamp = JS_BUILD / "installed"
    if stamp.exists() and stamp.read_text() == wanted:
        return ""
    stamp.unlink(missing_ok=True)
    for source in sources:
        shutil.copy(source, JS_BUILD)
    peer = JS_BUILD / "peer"
    peer.unlink(missing_ok=True)
    peer.symlink_to(os.path.relpath(JS_SOURCE / "peer", JS_BUILD))
    command = ["npm", "ci", "--ignore-scripts", "--prefer-offline"]
    try:
        done = subprocess.run(command, cwd=JS_BUILD, capture_output=True, text=True, timeout=BUILD_S)
    except subprocess.TimeoutExpired:
        return f"not installed within {BUILD_S} s"
    if done.returncode != 0:
        hint = "Without network, npm's cache must hold the packages (see README.md)."
        return f"{done.stdout}{done.stderr}\n{hint}"
    stamp.write_text(wanted)
    return ""


def write_js_peers():
    """Programs, with the Node among the packages, or the machine's own where there is none for it."""
    brought = sorted(JS_BUILD.glob("node_modules/node-*/bin/node"))
    node = brought[0] if brought else shutil.which("node")
    version = node and subprocess.run([node, "--version"], capture_output=True, text=True, timeout=60).stdout
    match = re.match(r"v(\d+)\.", version or "")
    if not match or int(match[1]) < NODE_NEEDED:
        return f"there is no Node {NODE_NEEDED} or newer for this machine"
    # So that build/interop/js, and not the peer's real place, decides where packages are looked for.
    links = "--preserve-symlinks --preserve-symlinks-main"
    for program, source in ((JS_PEER, "main.js"), (JS_KAD, "kad.js"), (JS_PUBSUB, "pubsub.js")):
        script = f'#!/bin/sh\nexec "{node}" {links} "{JS_BUILD}/peer/{source}" "$@"\n'
        if not program.exists() or program.read_text() != script:
            program.write_text(script)
            program.chmod(0o755)
    return ""


@dataclasses.dataclass(frozen=True)
class Toolchain:
    missing: Callable  # says why it cannot be used here, or nothing
    build: Callable  # says what went wrong, or nothing
    where: str


ALL = {
    "go": Toolchain(missing_go, build_go, "https://go.dev/dl"),
    "js": Toolchain(missing_js, build_js, "https://nodejs.org"),
}

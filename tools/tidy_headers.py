"""`tools/tidy.py --headers`: compiles each header alone, so that none relies on what was included before it.

A verdict is kept under build/tidy, named by the hash of the header, all it includes of ours, and the
compiler: a second run compiles only what changed.

Most of a header's compilation is what it includes. clang gets most of that from a base: one of our headers
that this one includes, directly or not, precompiled. A base holds nothing that the header does not include
anyway, so nothing more is visible to it. A header that does not compile on its base is compiled without: that
decides.
"""

import functools
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import tidy_bases

COMPILER = os.environ.get("CXX") or shutil.which("clang++-19") or "g++"
HAS_BASES = "clang" in COMPILER  # gcc does not precompile one header on another
FLAGS = ["-std=c++23", "-w", "-DBOOST_ASIO_NO_DEPRECATED", '-DWARREN_VERSION="0"']
PACKAGES = ["protobuf", "libsodium", "openssl", "sqlite3", "grpc++", "spdlog"]
GENERATED = "build/dev/generated"
INCLUDE = re.compile(rb'^\s*#\s*include\s*(["<])([^">]+)[">]', re.M)


@functools.cache
def command_and_version():
    """The command line, with the flags of those packages that are there, and which compiler it is."""
    flags = []
    for package in PACKAGES:
        done = subprocess.run(
            ["pkg-config", "--cflags", package], capture_output=True, text=True, check=False
        )
        flags += done.stdout.split() if done.returncode == 0 else []
    version = subprocess.run([COMPILER, "--version"], capture_output=True, check=False).stdout
    return [COMPILER, *FLAGS, "-I.", "-isystem", GENERATED, *flags], version


class Sources:
    """Our headers and what they include."""

    def __init__(self, root):
        self.root = root
        self.contents = {}
        self.closures = {}

    def content(self, path):
        """The bytes of a file of ours, or None, and the names that it includes: ours and others."""
        if path not in self.contents:
            found = [base / path for base in (self.root, self.root / GENERATED) if (base / path).is_file()]
            data = found[0].read_bytes() if found else None
            names = [(kind, name.decode()) for kind, name in INCLUDE.findall(data or b"")]
            ours, others = ({name for kind, name in names if kind == which} for which in (b'"', b"<"))
            self.contents[path] = (data, ours, others)
        return self.contents[path]

    def closure(self, header):
        """All of ours that it includes, itself among it."""
        if header not in self.closures:
            waiting, seen = [header], {header}
            while waiting:
                new = self.content(waiting.pop())[1] - seen
                seen |= new
                waiting += new
            self.closures[header] = seen
        return self.closures[header]

    def key(self, header):
        """The hash of all that its verdict depends on."""
        command, version = command_and_version()
        digest = hashlib.sha256(version + " ".join(command).encode())
        for path in [header, *sorted(self.closure(header))]:
            data = self.content(path)[0]
            digest.update(path.encode() + b"\0" + (data if data is not None else b"missing") + b"\0")
        return digest.hexdigest()

    def bases(self, headers):
        """Which headers to precompile for those to compile."""
        if not HAS_BASES:
            return tidy_bases.Bases({}, {}, [])
        paths = {path for header in headers for path in self.closure(header)}
        weights = {}
        for path in paths:
            ours = self.closure(path)
            weights[path] = tidy_bases.weight(ours, set().union(*(self.content(each)[2] for each in ours)))
        return tidy_bases.Bases(self.closures, weights, headers)


class Compilations:
    """The compiler's verdict on headers, with the bases as files of a folder."""

    def __init__(self, root, bases, folder):
        self.root = root
        self.bases = bases
        self.folder = Path(folder)

    def file(self, base):
        return self.folder / (base.replace("/", "+") + ".pch")

    def run(self, header, *options):
        """None when it compiles, else what the compiler says."""
        done = subprocess.run(
            [*command_and_version()[0], *options, "-"],
            input=f'#include "{header}"\n',
            cwd=self.root,
            capture_output=True,
            text=True,
            check=False,
        )
        return None if done.returncode == 0 else done.stderr or "no message"

    def on_base(self, header):
        """The options to compile a header on its base, when that came to be."""
        base = self.bases.of.get(header)
        return ["-include-pch", str(self.file(base))] if base and self.file(base).exists() else []

    def precompile(self, base):
        to = ["-x", "c++-header", "-fpch-instantiate-templates", "-o", str(self.file(base))]
        for on_base in (self.on_base(base), []):
            if self.run(base, *on_base, *to) is None:
                return
            self.file(base).unlink(missing_ok=True)

    def verdict(self, header):
        """None when it compiles alone, as what could be precompiled does, else the first error."""
        if self.file(header).exists():
            return None
        check = ["-x", "c++", "-fsyntax-only"]
        on_base = self.on_base(header)
        if on_base and self.run(header, *on_base, *check) is None:
            return None
        said = self.run(header, *check)
        if said is None:
            return None
        errors = [line for line in said.splitlines() if "error" in line]
        return (errors or said.splitlines())[0]


def check(root, headers, report):
    """`report(path, line, what, what to do)` takes each header that does not compile alone."""
    cache = root / "build" / "tidy" / "headers"
    cache.mkdir(parents=True, exist_ok=True)
    sources = Sources(root)
    keys = {header: cache / sources.key(header) for header in headers}
    waiting = [header for header in headers if not keys[header].exists()]
    bases = sources.bases(waiting)
    jobs = int(os.environ.get("WARREN_JOBS", os.cpu_count() or 1))
    precompiled = tempfile.TemporaryDirectory(dir=cache.parent)
    with precompiled as folder, ThreadPoolExecutor(max_workers=jobs) as pool:
        compilations = Compilations(root, bases, folder)
        for level in bases.levels:
            list(pool.map(compilations.precompile, level))
        for header, error in zip(waiting, pool.map(compilations.verdict, waiting)):
            if error is None:
                keys[header].touch()
            else:
                report(
                    header,
                    1,
                    f"does not compile alone: {error}",
                    "include what it uses (and build first: ./dev build dev)",
                )

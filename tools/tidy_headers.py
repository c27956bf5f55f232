"""`tools/tidy.py --headers`: compiles each header alone, so that none relies on what was included before it.

A verdict is kept under build/tidy, named by the hash of the header, all it includes of ours, and the
compiler: a second run compiles only what changed.
"""

import functools
import hashlib
import os
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor

COMPILER = os.environ.get("CXX", "g++")
FLAGS = ["-std=c++23", "-fsyntax-only", "-x", "c++", "-DBOOST_ASIO_NO_DEPRECATED", '-DWARREN_VERSION="0"']
PACKAGES = ["protobuf", "libsodium", "openssl", "sqlite3", "grpc++", "spdlog"]
GENERATED = "build/dev/generated"
INCLUDE = re.compile(rb'^\s*#\s*include\s*"([^"]+)"', re.M)


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


class Headers:
    def __init__(self, root):
        self.root = root
        self.cache = root / "build" / "tidy" / "headers"
        self.cache.mkdir(parents=True, exist_ok=True)
        self.command, self.version = command_and_version()
        self.contents = {}

    def content(self, path):
        """The bytes of an included file and what it includes, or None where it is not ours."""
        if path not in self.contents:
            found = [base / path for base in (self.root, self.root / GENERATED) if (base / path).is_file()]
            data = found[0].read_bytes() if found else None
            self.contents[path] = (data, [name.decode() for name in INCLUDE.findall(data)] if data else [])
        return self.contents[path]

    def key(self, header):
        digest = hashlib.sha256(self.version + " ".join(self.command).encode())
        waiting, seen = [header], {header}
        while waiting:
            path = waiting.pop()
            data, includes = self.content(path)
            digest.update(path.encode() + b"\0" + (data if data is not None else b"missing") + b"\0")
            for name in sorted(includes):
                if name not in seen:
                    seen.add(name)
                    waiting.append(name)
        return digest.hexdigest()

    def compile(self, header):
        """None when it compiles, else the compiler's first error."""
        verdict = self.cache / self.key(header)
        if verdict.exists():
            return None
        done = subprocess.run(
            [*self.command, "-"],
            input=f'#include "{header}"\n',
            cwd=self.root,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode == 0:
            verdict.touch()
            return None
        errors = [line for line in done.stderr.splitlines() if "error" in line]
        return (errors or done.stderr.splitlines() or ["no message"])[0]


def check(root, headers, report):
    """`report(path, line, what, what to do)` takes each header that does not compile alone."""
    checker = Headers(root)
    jobs = int(os.environ.get("WARREN_JOBS", os.cpu_count() or 1))
    with ThreadPoolExecutor(max_workers=jobs) as pool:
        for header, error in zip(headers, pool.map(checker.compile, headers)):
            if error:
                report(
                    header,
                    1,
                    f"does not compile alone: {error}",
                    "include what it uses (and build first: ./dev build dev)",
                )

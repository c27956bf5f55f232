"""Style and layers as a test: reads every text file of the repository and prints each finding as
`file:line: what; what to do`. The rules are data in tidy_tables.py, their reasons are in STYLE.md.

    tools/tidy.py [--headers] [--root FOLDER] [FILE]...      exit status 1 when there is a finding
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path

import tidy_cpp
import tidy_headers
import tidy_text

SKIPPED_FOLDERS = {".git", "build", ".cache", "__pycache__", "node_modules"}
TEXT = (
    ".hpp",
    ".cpp",
    ".py",
    ".proto",
    ".go",
    ".sh",
    ".cmake",
    ".md",
    ".txt",
    ".toml",
    ".json",
    ".yml",
    ".yaml",
)
TEXT_NAMES = ("dev", ".ci/run", "LICENSE", ".clang-tidy", ".clang-format")


def repository_files(root):
    """What git would commit; without git, all but build products. Paths from the root, sorted."""
    if (root / ".git").exists():
        listing = ["git", "ls-files", "-co", "--exclude-standard", "-z"]
        done = subprocess.run(listing, cwd=root, capture_output=True, check=False)
        if done.returncode == 0:
            return sorted({n for n in done.stdout.decode().split("\0") if n and (root / n).is_file()})
    names = []
    for folder, folders, files in os.walk(root):
        folders[:] = [name for name in folders if name not in SKIPPED_FOLDERS]
        names += [(Path(folder) / name).relative_to(root).as_posix() for name in files]
    return sorted(names)


def is_text(path):
    return path.endswith(TEXT) or path in TEXT_NAMES


def check_file(root, path, report):
    try:
        text = (root / path).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        report(1, "not UTF-8", "convert it")
        return
    tidy_text.check_sizes(path, text, report)
    tidy_text.check_words(path, text, report)
    if path.endswith((".hpp", ".cpp")):
        tidy_cpp.check(path, text, report)
    elif path.endswith(".md"):
        tidy_text.check_markdown(root, path, text, report)
    elif path.endswith("CMakeLists.txt"):
        tidy_cpp.check_cmake(path, text, report)


def findings(root, files=None, headers=False):
    """All findings under `root` as sorted (path, line, what, what to do)."""
    found = []
    paths = [path for path in (files or repository_files(root)) if is_text(path)]
    if headers:
        own = [path for path in paths if path.endswith(".hpp") and not path.startswith("cmake/")]
        tidy_headers.check(root, own, lambda *finding: found.append(finding))
    else:
        for path in paths:
            check_file(
                root, path, lambda line, what, instead, path=path: found.append((path, line, what, instead))
            )
    return sorted(set(found))


def main():
    parser = argparse.ArgumentParser(description="style and layers")
    parser.add_argument(
        "--headers", action="store_true", help="compile each header alone, instead of reading the files"
    )
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parent.parent)
    parser.add_argument("files", nargs="*", help="paths from the root; default: all")
    arguments = parser.parse_args()
    found = findings(arguments.root, arguments.files, arguments.headers)
    for path, line, what, instead in found:
        print(f"{path}:{line}: {what}; {instead}")
    if found:
        print(f"{len(found)} findings")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

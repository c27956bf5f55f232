"""The rules of tools/tidy.py for any text: sizes, words, and in Markdown links and named paths that exist."""

import ast
import re
from pathlib import Path
from urllib.parse import unquote

import tidy_tables as tables

WORDS = [(re.compile(pattern), *rest) for pattern, *rest in tables.WORDS]
LINK = re.compile(r"!?\[[^\]]*\]\(\s*<?([^)>\s]+)>?[^)]*\)")
NAMED_PATH = re.compile(r"`((?:warren|app|test|tools|cmake|docs|examples|bench)/[\w./-]+)`")


def check_sizes(path, text, report):
    lines = text.splitlines()
    if path.endswith(tables.SIZED) or path == "dev":
        if len(lines) > tables.FILE_LINES_MAX:
            report(
                1,
                f"{len(lines)} lines (at most {tables.FILE_LINES_MAX})",
                "it holds two ideas: make two files",
            )
    if path.endswith(tables.NARROW):
        for number, line in enumerate(lines, 1):
            if len(line) > tables.LINE_COLUMNS_MAX and "://" not in line:
                report(number, f"{len(line)} columns (at most {tables.LINE_COLUMNS_MAX})", "break the line")
    if path.endswith(".py"):
        check_python(text, report)


def check_python(text, report):
    try:
        tree = ast.parse(text)
    except SyntaxError as error:
        report(error.lineno or 1, f"not Python: {error.msg}", "correct it")
        return
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            lines = node.end_lineno - node.lineno + 1
            if lines > tables.FUNCTION_LINES_MAX:
                report(
                    node.lineno,
                    f"{node.name} has {lines} lines (at most {tables.FUNCTION_LINES_MAX})",
                    "take a step out and name it",
                )


def check_words(path, text, report):
    if path.startswith(tables.WORDS_EXEMPT):
        return
    for pattern, what, instead in WORDS:
        for match in pattern.finditer(text):
            report(text.count("\n", 0, match.start()) + 1, f"{what} ({match[0]})", instead)


def without_fences(text):
    """Blocks of code are examples: what looks like a link there is none."""
    return re.sub(r"^```.*?^```", lambda match: re.sub(r"[^\n]", " ", match[0]), text, flags=re.M | re.S)


def anchors(text):
    """GitHub's names for the headings of a Markdown text."""
    names = set()
    for title in re.findall(r"^#+\s+(.*?)\s*#*$", without_fences(text), re.M):
        plain = re.sub(r"[`*]|\[([^\]]*)\]\([^)]*\)", r"\1", title)
        names.add(re.sub(r"[^\w\- ]", "", plain.lower()).replace(" ", "-"))
    return names


def check_markdown(root, path, text, report):
    body = without_fences(text)
    folder = (root / path).parent
    for match in LINK.finditer(body):
        target = unquote(match[1])
        if re.match(r"[a-z][a-z0-9+.-]*:", target):
            continue
        line = body.count("\n", 0, match.start()) + 1
        name, _, anchor = target.partition("#")
        file = folder / name if name else root / path
        if not file.exists():
            report(line, f"the link {target} leads nowhere", "correct the path")
        elif anchor and file.suffix == ".md" and anchor not in anchors(file.read_text(encoding="utf-8")):
            report(line, f"the link {target} names no heading there", "correct the part after #")
    if Path(path).name == "CHANGELOG.md":  # history names what was
        return
    for match in NAMED_PATH.finditer(body):
        if "NAME" not in match[1] and not (root / match[1]).exists():
            report(
                body.count("\n", 0, match.start()) + 1,
                f"{match[1]} does not exist",
                "name the file that does",
            )

"""The rules of tools/tidy.py for C++: layers, includes, banned names, `catch`, coroutine hazards, the form of
headers, sizes.

Text and patterns, not a compiler: the code is formatted by clang-format, which makes them enough.
"""

import re
from pathlib import PurePosixPath

import tidy_tables as tables

TOKEN = re.compile(
    r'R"(?P<mark>[^\s()\\]{0,16})\(.*?\)(?P=mark)"'
    r"|//[^\n]*|/\*.*?\*/"
    r'|"(?:\\.|[^"\\\n])*"'
    r"|(?<![0-9A-Fa-f])'(?:\\.|[^'\\\n])+'",
    re.S,
)
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"\n]+)[>"]', re.M)
BANNED = [(re.compile(pattern), *rest) for pattern, *rest in tables.BANNED]
BANNED_INCLUDES = [(re.compile(pattern), *rest) for pattern, *rest in tables.BANNED_INCLUDES]
COROUTINE = r"(?:(?:boost::)?asio::awaitable|(?:warren::)?Task|awaitable)\s*<"


def blank(match):
    """Keeps the line structure, and the quotes, so that an empty string stays an expression."""
    text = match[0]
    inside = re.sub(r"[^\n]", " ", text)
    return text[0] + inside[1:-1] + text[-1] if text[0] in "\"'" else inside


def code_only(text):
    return TOKEN.sub(blank, text)


def line_of(text, position):
    return text.count("\n", 0, position) + 1


def in_places(path, places):
    return any(
        path.endswith(place[1:]) if place.startswith("*") else path.startswith(place) for place in places
    )


def is_test(path):
    return re.search(tables.TEST_FILE, path) is not None


def unit_of(path):
    """(module, unit) of a path under warren/, else None: transport/tcp is a unit of the module transport."""
    parts = PurePosixPath(path).parts
    if len(parts) < 3 or parts[0] != "warren":
        return None
    module = parts[1]
    deep = len(parts) > 3 and (module in tables.SPLIT or (module, parts[2]) == ("env", "real"))
    return module, f"{module}/{parts[2]}" if deep else module


def layer_problem(path, target):
    """Why the file `path` must not include `target`, or None. Both are paths from the root."""
    if target.startswith("warren/env/real/") and not in_places(path, tables.REAL_USERS) and not is_test(path):
        return "env/real is chosen by programs; use the interfaces of env/"
    there = unit_of(target)
    here = unit_of(path)
    if not here:
        return None
    if not there:
        return "the library does not see programs and tests" if target.startswith(("app/", "test/")) else None
    (module, unit), (other, other_unit) = here, there
    if module in tables.TOP or other == module and other_unit in (unit, module, "env/real"):
        return None
    for one in (module, unit):
        if (one, other) in tables.LAYER_EXCEPTIONS or (one, other_unit) in tables.LAYER_EXCEPTIONS:
            return None
    if other in tables.TOP:
        return f"{other} is above {module}; arrows point down only"
    if is_test(path):
        return None  # a test may use its module's siblings
    if module in tables.UPPER and other in tables.LOWER:
        return None
    if module in tables.UPPER:
        return f"{unit} and {other_unit} are siblings; meet in core, or in node"
    if module not in tables.LOWER:
        return f"{module} is in no layer; add it to tools/tidy_tables.py"
    return None if other in tables.LOWER[module] else f"{module} does not see {other}"


def check_includes(path, text, report):
    includes = [(line_of(text, m.start()), m[1], m[2]) for m in INCLUDE.finditer(text)]
    quoted = None  # the last include in quotes that is not the file's own header
    for index, (line, quote, target) in enumerate(includes):
        if quote == '"':
            own = index == 0 and PurePosixPath(target).stem == PurePosixPath(path).stem.removesuffix("_test")
            quoted = quoted if own else target
            if "/" not in target or ".." in target:
                report(line, f'include "{target}" is relative', 'write it from the root: "warren/x/y.hpp"')
        elif target.startswith(("warren/", "app/")):
            if not path.startswith(("examples/", "test/install/")):
                report(line, f"include <{target}> is our own", "write it in quotes")
        elif quoted:
            order = 'own header of a .cpp first, then <...>, then "..."'
            report(line, f'include <{target}> comes after "{quoted}"', order)
        if target.startswith(("warren/", "app/", "test/")) and (problem := layer_problem(path, target)):
            report(line, f"includes {target}", problem)
        for pattern, places, what, instead in BANNED_INCLUDES:
            if pattern.search(target) and not in_places(path, places):
                report(line, f"includes {what} ({target})", instead)


def check_banned(path, code, report):
    for pattern, places, what, instead in BANNED:
        if in_places(path, places):
            continue
        for match in pattern.finditer(code):
            report(line_of(code, match.start()), f"{what} ({match[0].strip()})", instead)
    if not in_places(path, tables.CATCH_PLACES):
        for match in re.finditer(r"\bcatch\s*\(", code):
            report(
                line_of(code, match.start()),
                "a catch clause outside its legal places",
                "let it end the conversation, or use as_result (places: tools/tidy_tables.py)",
            )


def closing(code, position):
    """The position after the bracket that closes the one at `position`, or the end."""
    depth = 0
    for index in range(position, len(code)):
        if code[index] in "([{":
            depth += 1
        elif code[index] in ")]}":
            depth -= 1
            if depth == 0:
                return index + 1
    return len(code)


def check_coroutines(code, report):
    for match in re.finditer(r"(?<!\[)\[(?!\[|\])[^\[\]\n]+\]\s*(\()?", code):
        after = closing(code, match.end(1) - 1) if match[1] else match.end()
        if re.match(r"\s*(?:mutable|noexcept|\s)*->\s*" + COROUTINE, code[after : after + 80]):
            report(
                line_of(code, match.start()),
                "a capturing lambda is a coroutine",
                "make it a named function: captures die with the lambda object, before the coroutine ends",
            )
    for match in re.finditer(r"\b(?:if|while) \((?=[^;={]*\bco_await\b)", code):
        if "co_await" in awaited(code, match.end()):
            report(
                line_of(code, match.start()),
                "co_await in a condition",
                "bind the result to a name first (gcc 12 miscompiles it when it is an object)",
            )
    for match in re.finditer(r"\bco_await\b", code):
        expression = awaited(code, match.end())
        line = line_of(code, match.start())
        if re.search(r"[(,]\s*\[[^\]\n]+\]\s*[({]", expression):
            report(
                line,
                "a capturing lambda inside a co_await expression",
                "bind it to a name first (gcc destroys it twice)",
            )
        without_lambdas = re.sub(r"\[\][^{]*\{", "(", expression)
        if re.search(r"(?:[\w>]|[(,])\s*\{", without_lambdas):
            report(
                line,
                "a braced temporary inside a co_await expression",
                "bind it to a name first (gcc destroys it twice)",
            )


def awaited(code, start):
    """The text from a co_await to the end of its expression: a semicolon, or the bracket that closes it."""
    depth = 0
    for index in range(start, min(len(code), start + 4000)):
        char = code[index]
        if char in "([{":
            depth += 1
        elif char in ")]}":
            depth -= 1
            if depth < 0:
                return code[start:index]
        elif char == ";" and depth == 0:
            return code[start:index]
    return code[start : start + 4000]


def check_header(text, code, report):
    if not text.startswith("//"):
        report(1, "no comment at the top", "say in one to three sentences what this file is")
    first = re.search(r"\S[^\n]*", code)
    if not first or first[0].strip() != "#pragma once":
        report(1, "#pragma once is not the first line of code", "put it after the comment at the top")
    for match in re.finditer(r"^\s*using\s+namespace\s+([\w:]+)", code, re.M):
        if "literals" not in match[1]:
            report(
                line_of(code, match.start(1)),
                f"using namespace {match[1]} in a header",
                "write the names out",
            )


def check_names(code, report):
    suffixes = "|".join(tables.EMPTY_SUFFIXES)
    for match in re.finditer(rf"\b(?:class|struct|enum)\s+(\w+(?:{suffixes}))\s*(?:final\s*)?[:{{;]", code):
        if match[1] not in tables.NAMES_ALLOWED:
            report(
                line_of(code, match.start()),
                f"the name {match[1]} says nothing",
                "name what it is or decides",
            )


CONTAINER = re.compile(
    r"(?:inline\s+)?namespace\b|(?:template\b.*>\s*)?(?:class|struct|union|enum)\b|extern\b", re.S
)
DIRECTIVE = re.compile(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", re.M)


def check_functions(code, report):
    """Measures the outermost bodies: scopes are namespaces and types, what else follows a () is a body."""
    code = DIRECTIVE.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), code)
    scopes = []  # (is a body, position of the brace, where its statement starts)
    statement = 0
    for match in re.finditer(r"[{};]", code):
        position = match.start()
        if match[0] == "{":
            before = code[statement:position].strip()
            body = not CONTAINER.match(before) and ")" in before and not before.endswith("=")
            scopes.append((body, position, statement))
        statement_after = match.end()
        if match[0] == "}" and scopes:
            body, begin, start = scopes.pop()
            lines = code.count("\n", begin, position) + 1
            if body and lines > tables.FUNCTION_LINES_MAX and not any(scope[0] for scope in scopes):
                name = re.search(r"([\w:~]+)\s*\(", code[start:begin])
                what = f"{name[1] if name else 'a function'} has {lines} lines"
                report(
                    line_of(code, begin),
                    f"{what} (at most {tables.FUNCTION_LINES_MAX})",
                    "take a step out and name it",
                )
            if re.match(r"\s*[,{)]", code[position + 1 :]):
                statement_after = start  # a braced initialiser: the statement goes on
        statement = statement_after


def check(path, text, report):
    """All rules for one C++ file. `report(line, what, what to do)` takes each finding."""
    code = code_only(text)
    check_includes(path, text, report)
    check_banned(path, code, report)
    check_coroutines(code, report)
    check_names(code, report)
    check_functions(code, report)
    if path.endswith(".hpp"):
        check_header(text, code, report)


def check_cmake(path, text, report):
    """The DEPENDS of a module's CMakeLists.txt are arrows too."""
    match = re.search(r"warren_module\(\s*(\w+)([^)]*)\)", text)
    if not match:
        return
    module, words = match[1], match[2].split()
    section = None
    for word in words:
        if word in ("DEPENDS", "LIBRARIES", "PROTO", "TEST_DEPENDS"):
            section = word
        elif section == "DEPENDS":
            who, whom = (tables.MODULE_FOLDERS.get(name, name) for name in (module, word))
            problem = layer_problem(f"warren/{who}/CMakeLists.txt", f"warren/{whom}/x.hpp")
            if problem and (module, word) not in {
                (a.split("/")[0], b.split("/")[0]) for a, b in tables.LAYER_EXCEPTIONS
            }:
                report(line_of(text, match.start()), f"{module} depends on {word}", problem)

"""Tests of tools/tidy.py: small trees in a temporary folder, one rule at a time. Ends with its counts."""

import shutil
import sys
import tempfile
import unittest
from pathlib import Path

import tidy
import tidy_bases
import tidy_headers
import tidy_tables

HEADER = "// What it is.\n#pragma once\n"


class Tree(unittest.TestCase):
    """A repository of a few files; `found` gives the findings as `file:line: what` lines."""

    def found(self, files, headers=False):
        with tempfile.TemporaryDirectory() as folder:
            for path, text in files.items():
                file = Path(folder) / path
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text, encoding="utf-8")
            found = tidy.findings(Path(folder), headers=headers)
        return [f"{path}:{line}: {what}; {instead}" for path, line, what, instead in found]

    def assert_clean(self, files):
        self.assertEqual(self.found(files), [])

    def assert_finding(self, files, *parts):
        """Exactly one finding, which has all the parts."""
        found = self.found(files)
        self.assertEqual(len(found), 1, found)
        for part in parts:
            self.assertIn(part, found[0])


class Layers(Tree):
    def include(self, path, target):
        return {path: (HEADER if path.endswith(".hpp") else "") + f'#include "{target}"\n'}

    def test_down_is_allowed(self):
        self.assert_clean(self.include("warren/core/host.hpp", "warren/env/clock.hpp"))
        self.assert_clean(self.include("warren/swarm/dialer.cpp", "warren/core/transport.hpp"))
        self.assert_clean(self.include("warren/node/node.cpp", "warren/messaging/send.hpp"))
        self.assert_clean(self.include("app/main.cpp", "warren/node/node.hpp"))

    def test_up_is_not(self):
        self.assert_finding(
            self.include("warren/base/bytes.hpp", "warren/core/host.hpp"),
            "bytes.hpp:3",
            "base does not see core",
        )
        self.assert_finding(
            self.include("warren/swarm/dialer.cpp", "warren/node/node.hpp"), "node is above swarm"
        )
        self.assert_finding(self.include("warren/node/node.cpp", "app/daemon.hpp"), "does not see programs")

    def test_siblings_do_not_see_each_other(self):
        self.assert_finding(self.include("warren/messaging/send.cpp", "warren/swarm/host.hpp"), "siblings")
        self.assert_finding(
            self.include("warren/protocols/ping/ping.cpp", "warren/protocols/identify/identify.hpp"),
            "protocols/ping and protocols/identify are siblings",
        )
        self.assert_clean(self.include("warren/protocols/ping/ping.cpp", "warren/protocols/ping/ping.hpp"))

    def test_named_exceptions(self):
        for who, whom in tidy_tables.LAYER_EXCEPTIONS:
            self.assert_clean(self.include(f"warren/{who}/x.cpp", f"warren/{whom}/y.hpp"))

    def test_a_test_may_use_siblings_but_not_what_is_above(self):
        self.assert_clean(self.include("warren/muxer/yamux/session_test.cpp", "warren/sim/pipe.hpp"))
        self.assert_clean(self.include("warren/muxer/yamux/test_peers.hpp", "warren/sim/pipe.hpp"))
        self.assert_finding(
            self.include("warren/muxer/yamux/session_test.cpp", "warren/node/node.hpp"), "above"
        )

    def test_the_real_environment_is_for_programs(self):
        self.assert_clean(self.include("warren/node/node.cpp", "warren/env/real/env.hpp"))
        self.assert_clean(self.include("warren/env/real/clock.cpp", "warren/env/clock.hpp"))
        self.assert_finding(
            self.include("warren/swarm/host.cpp", "warren/env/real/env.hpp"), "interfaces of env/"
        )

    def test_a_module_must_be_in_a_layer(self):
        self.assert_finding(self.include("warren/misc/x.cpp", "warren/base/bytes.hpp"), "misc is in no layer")

    def test_cmake_dependencies_are_arrows(self):
        self.assert_clean(
            {"warren/core/CMakeLists.txt": "warren_module(core DEPENDS env TEST_DEPENDS sim)\n"}
        )
        self.assert_finding(
            {"warren/core/CMakeLists.txt": "warren_module(core DEPENDS swarm)\n"}, "core depends on swarm"
        )


class Includes(Tree):
    def test_form(self):
        self.assert_finding({"warren/base/x.cpp": '#include "y.hpp"\n'}, "x.cpp:1", "relative")
        self.assert_finding({"warren/base/x.cpp": '#include "warren/base/../y.hpp"\n'}, "relative")
        self.assert_finding({"warren/base/x.cpp": "#include <warren/base/y.hpp>\n"}, "our own")
        self.assert_clean({"examples/ping.cpp": "#include <warren/node/node.hpp>\n"})

    def test_order(self):
        own = '#include "warren/base/x.hpp"\n'
        self.assert_clean({"warren/base/x.cpp": own + '#include <map>\n#include "warren/base/y.hpp"\n'})
        self.assert_finding(
            {"warren/base/x.cpp": '#include "warren/base/y.hpp"\n#include <map>\n'}, "x.cpp:2", "<map>"
        )

    def test_libraries_stay_in_their_fence(self):
        for target, inside, outside in [
            ("boost/asio/steady_timer.hpp", "warren/env/real/x.cpp", "warren/swarm/x.cpp"),
            ("boost/asio/ip/tcp.hpp", "warren/env/real/x.cpp", "warren/transport/tcp/x.cpp"),
            ("sys/socket.h", "warren/env/real/x.cpp", "warren/transport/tcp/x.cpp"),
            ("sqlite3.h", "warren/storage/x.cpp", "warren/messaging/x.cpp"),
            ("openssl/evp.h", "warren/crypto/x.cpp", "warren/security/noise/x.cpp"),
            ("sodium.h", "warren/crypto/x.cpp", "warren/messaging/x.cpp"),
            ("grpcpp/grpcpp.h", "app/x.cpp", "warren/node/x.cpp"),
        ]:
            self.assert_clean({inside: f"#include <{target}>\n"})
            self.assert_finding({outside: f"#include <{target}>\n"}, target)

    def test_protobuf_only_in_sources(self):
        self.assert_clean({"warren/messaging/x.cpp": '#include "warren/messaging/wire.pb.h"\n'})
        self.assert_finding(
            {"warren/messaging/x.hpp": HEADER + '#include "warren/messaging/wire.pb.h"\n'}, "protobuf"
        )


class Banned(Tree):
    def test_each_outside_its_place(self):
        for code, inside in [
            ("auto t = std::chrono::steady_clock::now();", "warren/env/real/x.cpp"),
            ("auto t = std::chrono::system_clock::now();", "app/x.cpp"),
            ("std::jthread t(run);", "warren/async/offload.cpp"),
            ("std::mutex m;", "warren/env/real/x.cpp"),
            ("std::this_thread::sleep_for(1s);", "warren/env/real/x.cpp"),
            ("std::random_device d;", "warren/crypto/random.cpp"),
            ("RAND_bytes(p, n);", "warren/crypto/random.cpp"),
            ("getaddrinfo(a, b, c, d);", "warren/env/real/x.cpp"),
            ("std::cout << 1;", "app/x.cpp"),
        ]:
            self.assert_clean({inside: code + "\n"})
            self.assert_finding({"warren/swarm/x.cpp": "\n" + code + "\n"}, "warren/swarm/x.cpp:2")

    def test_nowhere(self):
        for code in [
            "co_spawn(e, f(), asio::detached);",
            "using namespace asio::awaitable_operators;",
            "t.detach();",
        ]:
            self.assert_finding({"warren/env/real/x.cpp": code + "\n"}, "x.cpp:1")

    def test_words_in_comments_and_strings_are_not_code(self):
        text = '// std::mutex\n/* catch (...) */\nauto s = "std::jthread t";\nauto r = R"(getaddrinfo)";\n'
        self.assert_clean({"warren/swarm/x.cpp": text})

    def test_names_that_only_look_alike(self):
        self.assert_clean({"warren/swarm/x.cpp": "co_await clock.sleep_for(1s);\n"})
        self.assert_clean({"warren/swarm/x.cpp": "using Clock = std::chrono::steady_clock;\n"})

    def test_catch(self):
        code = "void f() {\n  try {\n    g();\n  } catch (const E& e) {\n  }\n}\n"
        for place in ["warren/async/as_result.cpp", "warren/env/real/tcp.cpp", "app/main.cpp"]:
            self.assert_clean({place: code})
        self.assert_finding({"warren/swarm/x.cpp": code}, "x.cpp:4", "catch")


class Coroutines(Tree):
    def test_capturing_lambda(self):
        for code in [
            "auto f = [&](int a) -> Task<void> { co_return; };",
            "g([this]() mutable -> Task<> {});",
        ]:
            self.assert_finding({"warren/swarm/x.cpp": code + "\n"}, "capturing lambda")
        self.assert_clean({"warren/swarm/x.cpp": "auto f = [](int a) -> Task<void> { co_return; };\n"})
        self.assert_clean({"warren/swarm/x.cpp": "auto f = [&](int a) -> bool { return a; };\n"})

    def test_inside_co_await(self):
        self.assert_finding({"warren/swarm/x.cpp": "co_await send(Message{1, 2});\n"}, "braced temporary")
        self.assert_finding({"warren/swarm/x.cpp": "auto x = co_await send({1, 2});\n"}, "braced temporary")
        self.assert_finding({"warren/swarm/x.cpp": "if (co_await as_result(x)) ++n;\n"}, "in a condition")
        self.assert_clean({"warren/swarm/x.cpp": "while (!done) co_await changed.wait();\n"})
        self.assert_clean({"warren/swarm/x.cpp": "if (const auto x = co_await ask()) use(x);\n"})
        self.assert_finding({"warren/swarm/x.cpp": "co_await run([&] { return 1; });\n"}, "capturing lambda")

    def test_what_is_fine(self):
        for code in [
            "const bool is_ready = co_await ready(); if (is_ready) { go(); }",
            "while (auto x = co_await next()) {\n  use(x);\n}",
            "auto r = co_await read(buffer[0]); X x{1};",
            "switch (co_await kind()) { default: break; }",
        ]:
            self.assert_clean({"warren/swarm/x.cpp": f"Task<> f() {{ {code} }}\n"})


class Form(Tree):
    def test_header(self):
        self.assert_clean({"warren/base/x.hpp": HEADER})
        self.assert_finding({"warren/base/x.hpp": "#pragma once\n"}, "no comment at the top")
        self.assert_finding({"warren/base/x.hpp": "// What.\nint x;\n"}, "#pragma once")
        self.assert_finding(
            {"warren/base/x.hpp": HEADER + "using namespace std;\n"}, "x.hpp:3", "using namespace"
        )
        self.assert_clean({"warren/base/x.hpp": HEADER + "using namespace std::chrono_literals;\n"})

    def test_names(self):
        self.assert_finding({"warren/base/x.cpp": "class StreamManager {};\n"}, "StreamManager")
        self.assert_finding({"warren/base/x.cpp": "struct HostImpl : Host {};\n"}, "HostImpl")
        self.assert_clean({"warren/base/x.cpp": "class ConnectionManager final {};\nstruct Database {};\n"})

    def test_file_and_line_sizes(self):
        self.assert_clean({"warren/base/x.cpp": "\n" * 500})
        self.assert_finding({"warren/base/x.cpp": "\n" * 501}, "501 lines")
        self.assert_clean({"warren/base/x.cpp": "int " + "x" * 105 + ";\n"})
        self.assert_finding({"warren/base/x.cpp": "int " + "x" * 106 + ";\n"}, "111 columns")
        self.assert_clean({"warren/base/x.cpp": "// https://example.org/" + "x" * 106 + "\n"})

    def test_function_sizes(self):
        body = "  go();\n"
        for start in [
            "void f() {\n",
            "X::X(int a) : a_{a}, b_{a} {\n",
            "namespace n {\nvoid f(A a = {}) const {\n",
        ]:
            end = "}\n" * (2 if start.startswith("namespace") else 1)
            self.assert_clean({"warren/base/x.cpp": start + body * 68 + end})
            self.assert_finding({"warren/base/x.cpp": start + body * 69 + end}, "71 lines")

    def test_types_and_tables_are_not_functions(self):
        self.assert_clean({"warren/base/x.cpp": "class X : public Y {\n" + "  void f();\n" * 100 + "};\n"})
        self.assert_clean({"warren/base/x.cpp": "const int k[] = {\n" + "  1,\n" * 100 + "};\n"})
        self.assert_clean({"warren/base/x.cpp": "namespace {\n" + "int f() { return 1; }\n" * 100 + "}\n"})

    def test_python(self):
        self.assert_finding({"tools/x.py": "def f():\n" + "    g()\n" * 70}, "f has 71 lines")
        self.assert_finding({"tools/x.py": "def f(:\n"}, "not Python")


class Text(Tree):
    def test_words(self):
        for text in [
            "TODO: later",
            "see /work/main",
            "in /home/ann/x",
            "https://proxy.example.org/x",
            "an agent did",
        ]:
            self.assert_finding({"docs/x.md": "Title\n\n" + text + "\n"}, "docs/x.md:3")

    def test_words_that_are_fine(self):
        text = "agent_version, agent version, the user agent, `~/.local/share`, https://a.org/home/x, maintain, WORK/home/x\n"
        self.assert_clean({"docs/x.md": text})

    def test_links(self):
        files = {"docs/a.md": "# One, two\n", "x.cpp": ""}
        self.assert_clean(
            {**files, "README.md": "[a](docs/a.md) [b](docs/a.md#one-two) [c](https://x.org) [d](x.cpp)\n"}
        )
        self.assert_finding({**files, "README.md": "\n[a](docs/b.md)\n"}, "README.md:2", "leads nowhere")
        self.assert_finding({**files, "README.md": "[a](docs/a.md#three)\n"}, "names no heading")
        self.assert_clean({"README.md": "```\n[a](nothing.md)\n```\n"})

    def test_named_paths(self):
        self.assert_clean(
            {"warren/a.hpp": HEADER, "README.md": "`warren/a.hpp`, `warren/*/x`, `build/dev`\n"}
        )
        self.assert_finding({"README.md": "`warren/b.hpp`\n"}, "warren/b.hpp does not exist")
        self.assert_clean({"CHANGELOG.md": "`warren/b.hpp`\n", "README.md": "`test/fuzz/NAME.cpp`\n"})

    def test_encoding(self):
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "x.md").write_bytes(b"\xff\xfe")
            self.assertIn("not UTF-8", str(tidy.findings(Path(folder))))


@unittest.skipUnless(shutil.which(tidy_headers.COMPILER) and shutil.which("pkg-config"), "needs a compiler")
class Headers(Tree):
    def test_each_compiles_alone(self):
        good = {"warren/base/a.hpp": HEADER + "#include <string>\ninline std::string a;\n"}
        self.assertEqual(self.found(good, headers=True), [])
        bad = {"warren/base/b.hpp": HEADER + "inline std::string b;\n", **good}
        found = self.found(bad, headers=True)
        self.assertEqual(len(found), 1, found)
        self.assertIn("warren/base/b.hpp:1: does not compile alone", found[0])

    def test_what_others_include_is_not_seen(self):
        files = {"warren/base/a.hpp": HEADER + "#include <string>\ninline std::string a;\n"}
        for name in "bcde":
            text = '#include "warren/base/a.hpp"\n#include <vector>\ninline std::vector<std::string> NAME;\n'
            files[f"warren/base/{name}.hpp"] = HEADER + text.replace("NAME", name)
        files["warren/base/f.hpp"] = HEADER + '#include "warren/base/e.hpp"\ninline auto f = e;\n'
        self.assertEqual(self.found(files, headers=True), [])
        c = files["warren/base/c.hpp"].replace("#include <vector>\n", "")
        found = self.found({**files, "warren/base/c.hpp": c}, headers=True)
        self.assertEqual([line.split(":")[0] for line in found], ["warren/base/c.hpp"])
        f = HEADER + '#include "warren/base/d.hpp"\ninline auto f = e;\n'
        found = self.found({**files, "warren/base/f.hpp": f}, headers=True)
        self.assertEqual([line.split(":")[0] for line in found], ["warren/base/f.hpp"])

    def test_a_header_whose_base_fails_is_compiled_without(self):
        files = {"warren/base/a.hpp": HEADER + "#include <string>\ninline std::vector<int> a;\n"}
        for name in "bcd":
            files[f"warren/base/{name}.hpp"] = HEADER + '#include <vector>\n#include "warren/base/a.hpp"\n'
        self.assertEqual(
            [line.split(":")[0] for line in self.found(files, headers=True)], ["warren/base/a.hpp"]
        )

    def test_a_verdict_is_kept_until_something_included_changes(self):
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            (root / "warren").mkdir()
            (root / "warren/a.hpp").write_text(HEADER + "using A = int;\n")
            (root / "warren/b.hpp").write_text(HEADER + '#include "warren/a.hpp"\ninline A b;\n')
            self.assertEqual(tidy.findings(root, headers=True), [])
            self.assertEqual(len(list((root / "build/tidy/headers").iterdir())), 2)
            (root / "warren/a.hpp").write_text(HEADER)
            self.assertEqual([path for path, *_ in tidy.findings(root, headers=True)], ["warren/b.hpp"])


class Bases(unittest.TestCase):
    """Includes: each of b, c, d includes a; e includes b; x includes nothing."""

    CLOSURES = {"a": "a", "b": "ab", "c": "ac", "d": "ad", "e": "abe", "x": "x"}
    WEIGHTS = {"a": 40, "b": 70, "c": 41, "d": 41, "e": 71, "x": 40}

    def bases(self, headers):
        closures = {header: set(those) for header, those in self.CLOSURES.items()}
        return tidy_bases.Bases(closures, self.WEIGHTS, headers)

    def test_a_base_is_what_the_header_includes_and_the_largest_of_that(self):
        bases = self.bases("abcdex")
        self.assertEqual(bases.levels, [["a"], ["b"], []])
        self.assertEqual(bases.of, {"b": "a", "c": "a", "d": "a", "e": "b"})

    def test_only_what_is_compiled_counts(self):
        self.assertEqual(self.bases("c").levels, [[], [], []])
        self.assertEqual(self.bases("cd").levels, [["a"], [], []])


if __name__ == "__main__":
    outcome = unittest.main(exit=False, verbosity=0).result
    failed = len(outcome.failures) + len(outcome.errors)
    print(f"{outcome.testsRun - failed} passed, {failed} failed")
    sys.exit(1 if failed else 0)

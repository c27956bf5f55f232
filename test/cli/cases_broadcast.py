"""Broadcasts, and who hears them: warren broadcast, warren subscribe."""

import base64
import contextlib
import re
import subprocess
import time

from bench import Pair, case, expect_status, trio, wait_until
from program import END_S, Failure, require

PAYLOAD_MAX = 1000 * 1024
MESSAGE_KEYS = "topic from_node_id from_peer_id seq text verified sent_at received_at fetched id".split()
REPORT_KEYS = "topic id seq queued sent spared dropped".split()
GAP_KEYS = "event topic from_node_id first last state".split()
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"


def subscribe(node, topic, *words):
    """Starts `warren subscribe` and waits until it is in force."""
    process = node.start("subscribe", topic, "--json", *words)
    first = process.event()
    wanted = {
        "event": "subscribed",
        "topic": topic,
        "plain": "--plain" in words,
        "reliable": "--reliable" in words,
    }
    require(first == wanted, f"the first line is {first}")
    return process


def message(process):
    """The next message; what is said of gaps is checked, and skipped."""
    while (line := process.event()).get("event") == "gap":
        require(list(line) == GAP_KEYS, f"the gap is {line}")
        require(line["first"] <= line["last"] and line["state"] in ("open", "closed", "lost"), f"{line}")
    require("event" not in line, f"no message: {line}")
    keys = ["base64" if key == "text" and "base64" in line else key for key in MESSAGE_KEYS]
    require(list(line) == keys, f"the keys of {line} are not {keys}")
    return line


def broadcast(node, topic, *words, **options):
    report = node.do("broadcast", topic, "--json", *words, **options).json()
    require(list(report) == REPORT_KEYS, f"the report is {report}")
    settled = report["sent"] + report["spared"] + report["dropped"]
    require(settled <= report["queued"], f"the report is {report}")
    return report


def topic_of(node, topic):
    """What `warren topics` has of it, if anything."""
    rows = node.do("topics", "--json").json()["topics"]
    return next((row for row in rows if row["topic"] == topic), None)


def meet(node, topic, peers=1):
    """Waits until the node, which subscribes, knows that so many others do."""

    def met():
        row = topic_of(node, topic)
        return row is not None and len(row["peers"]) >= peers

    wait_until(met, f"no {peers} subscribers of {topic}")


def probe(node, topic, *words):
    """Broadcasts until somebody is there; the report of the first that was heard."""
    reports = []

    def heard():
        reports.append(broadcast(node, topic, "probe", *words))
        return reports[-1]["queued"] > 0

    wait_until(heard, f"nobody hears {topic}")
    return reports[-1]


@contextlib.contextmanager
def chain(bench, *limits):
    """Alice knows bob, and bob carol."""
    with trio(bench, *limits) as (alice, bob, carol):
        alice.do("connect", bob.addresses[0])
        bob.do("connect", carol.addresses[0])
        yield alice, bob, carol


@case
def a_broadcast_reaches_all_subscribers_verified(bench):
    with chain(bench) as (alice, bob, carol):
        with subscribe(bob, "weather") as near, subscribe(carol, "weather") as far:
            meet(bob, "weather")
            first = probe(alice, "weather")
            require(first["queued"] == 1 and first["sent"] == 1, f"the report is {first}")
            require(first["seq"] >= 1 and re.fullmatch("[0-9a-f]{64}", first["id"]), f"{first}")
            report = broadcast(alice, "weather", "Schnee über Nacht ❄")
            require(report["seq"] == first["seq"] + 1, f"{first}, and then {report}")
            for reader in (near, far):
                require(message(reader)["text"] == "probe", "the first message is another one")
                came = message(reader)
                wanted = {
                    "topic": "weather",
                    "from_node_id": alice.node_id,
                    "seq": report["seq"],
                    "text": "Schnee über Nacht ❄",
                    "verified": True,
                    "fetched": False,
                    "id": report["id"],
                }
                require(wanted.items() <= came.items(), f"{wanted} came as {came}")
                require(re.fullmatch(TIME, came["sent_at"]), f"came {came}")
                require(re.fullmatch(TIME, came["received_at"]), f"came {came}")


@case
def plain_topics_are_another_kind(bench):
    with Pair(bench) as (alice, bob):
        with subscribe(bob, "chat", "--plain") as plain, subscribe(bob, "chat") as ours:
            probe(alice, "chat")
            report = probe(alice, "chat", "--plain")
            require(report["seq"] is None and report["id"], f"the report is {report}")
            binary = bytes(range(256))
            broadcast(alice, "chat", "--plain", stdin=binary)
            came = message(plain)
            wanted = {
                "topic": "chat",
                "from_node_id": None,
                "from_peer_id": alice.peer_id,
                "seq": None,
                "text": "probe",
                "verified": False,
                "sent_at": None,
                "fetched": False,
                "id": report["id"],
            }
            require(wanted.items() <= came.items(), f"{wanted} came as {came}")
            require(base64.b64decode(message(plain)["base64"]) == binary, "bytes were changed")
            broadcast(alice, "chat", "for ours")
            require([message(ours)["text"] for _ in range(2)] == ["probe", "for ours"], "the kinds mix")
            broadcast(alice, "chat", "--plain", "for plain ones")
            require(message(plain)["text"] == "for plain ones", "the kinds mix")


@case
def text_file_and_standard_input_are_broadcast(bench):
    with Pair(bench) as (alice, bob):
        file = bench.folder / "letter"
        file.write_bytes(b"from a file\n")
        with subscribe(alice, "news") as own, subscribe(bob, "news") as reader:
            meet(alice, "news")
            ways = (
                (("from the line",), b"", b"from the line"),
                (("--file", file), b"", b"from a file\n"),
                ((), b"from standard input", b"from standard input"),
                (("",), b"", b""),
                ((), bytes(range(256)), bytes(range(256))),
                ((), b"x" * PAYLOAD_MAX, b"x" * PAYLOAD_MAX),
            )
            for words, stdin, wanted in ways:
                report = broadcast(alice, "news", *words, stdin=stdin)
                require(report["queued"] == 1, f"the report is {report}")
                for process in (own, reader):
                    came = message(process)
                    payload = base64.b64decode(came["base64"]) if "base64" in came else came["text"].encode()
                    require(payload == wanted, f"{wanted[:40]} came as {str(came)[:200]}")
                    require(came["from_node_id"] == alice.node_id and came["verified"], f"came {came}")


@case
def each_line_is_a_message(bench):
    with Pair(bench) as (alice, bob):
        with subscribe(alice, "log") as own, subscribe(bob, "log") as reader:
            meet(alice, "log")
            lines = [f"line {number}" for number in range(200)] + ["", "the last, without a line feed"]
            stdin = "\n".join(lines).encode()
            reports = alice.do("broadcast", "log", "--lines", "--json", stdin=stdin).jsons()
            require(len(reports) == len(lines), f"{len(reports)} reports for {len(lines)} lines")
            numbers = [report["seq"] for report in reports]
            require(numbers == list(range(1, len(lines) + 1)), f"the numbers are {numbers}")
            for process in (own, reader):
                came = sorted((message(process) for _ in lines), key=lambda one: one["seq"])
                require([one["text"] for one in came] == lines, f"came {came}")
            text = alice.do("broadcast", "log", "--lines", stdin=b"one\ntwo\n").text()
            require(text == "Broadcast 2 messages on log, 2 copies queued: 2 sent\n", f"printed {text!r}")
            require(alice.do("broadcast", "log", "--lines", "--json", stdin=b"").text() == "", "from nothing")

            stdin = b"first\n" + b"x" * (PAYLOAD_MAX + 1) + b"\nthird\n"
            result = alice.run("broadcast", "log", "--lines", "--json", stdin=stdin)
            expect_status(result, 1, "line 2", "1000 KiB")
            [message(reader) for _ in range(2)]
            require(message(reader)["text"] == "first", "what came before a long line is lost")


@case
def large_lines_wait_for_their_readers(bench):
    with Pair(bench) as (alice, bob):
        with subscribe(alice, "scans"), subscribe(bob, "scans") as reader:
            meet(alice, "scans")
            lines = [f"{number} ".encode() + b"x" * 300_000 for number in range(40)]
            reports = alice.do("broadcast", "scans", "--lines", "--json", stdin=b"\n".join(lines)).jsons()
            dropped = sum(report["dropped"] for report in reports)
            require(len(reports) == len(lines) and dropped == 0, f"{dropped} of {len(reports)} were dropped")
            got = sorted((message(reader) for _ in lines), key=lambda one: one["seq"])
            require([one["text"].encode() for one in got] == lines, "other lines came")


@case
def lines_are_sent_as_they_come(bench):
    with Pair(bench) as (alice, bob):
        with subscribe(alice, "tail"), subscribe(bob, "tail") as reader:
            meet(alice, "tail")
            words = [alice.program, "broadcast", "tail", "--lines", "--json", "--data-dir", alice.path]
            pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
            with subprocess.Popen(words, **pipes) as writer:
                for number in range(3):
                    writer.stdin.write(f"{number}\n".encode())
                    writer.stdin.flush()
                    require(message(reader)["text"] == str(number), "another line came")
                # A daemon that ends is noticed though no further line comes.
                alice.daemon.process.terminate()
                require(writer.wait(END_S) == 3, f"broadcast ended with {writer.returncode}")
                require(b"warren up" in writer.stderr.read(), "nothing is said of that")


@case
def a_closed_standard_input_is_an_empty_one(bench):
    with Pair(bench) as (alice, _):
        words = [alice.program, "broadcast", "void", "--lines", "--data-dir", alice.path]
        closed = ["sh", "-c", 'exec "$@" <&-', "sh", *words]
        ended = subprocess.run(closed, capture_output=True, timeout=END_S, check=False, text=True)
        sent_nothing = ended.returncode == 0 and ended.stdout.startswith("Broadcast 0 messages")
        require(sent_nothing, f"it ended with {ended}")
        # Nor does a closed standard output take what is meant for the daemon.
        closed = ["sh", "-c", 'exec "$@" >&-', "sh", *words[:3], "hello", *words[4:]]
        ended = subprocess.run(closed, capture_output=True, timeout=END_S, check=False, text=True)
        require("internal" not in ended.stderr, f"it ended with {ended}")
        require(topic_of(alice, "void")["published"] == 1, "the message was not sent")


@case
def that_nobody_is_there_is_said_and_no_error(bench):
    with Pair(bench) as (alice, _):
        result = alice.run("broadcast", "void", "hello?")
        require(result.status == 0 and result.text() == "", f"it ended with {result.status}: {result.text()}")
        require(result.stderr.startswith("warren: nobody else is there on void; "), f"{result.stderr}")
        result = alice.run("broadcast", "void", "hello?", "--reliable", "--json")
        report = result.json()
        require(report["queued"] == 0 and report["sent"] == 0, f"the report is {report}")
        require("--reliable" in result.stderr and len(result.stderr.splitlines()) == 1, f"{result.stderr}")
        result = alice.run("broadcast", "void", "--lines", stdin=b"a\nb\n")
        require(result.status == 0 and "nobody else is there" in result.stderr, f"{result.stderr}")
        with subscribe(alice, "void") as own:
            result = alice.run("broadcast", "void", "to myself")
            require("nobody else" in result.stderr, f"{result.stderr}")
            require(message(own)["text"] == "to myself", "the own subscriber was forgotten")


@case
def a_reliable_topic_brings_what_was_missed_once(bench):
    with Pair(bench) as (alice, bob):
        with subscribe(alice, "orders", "--reliable") as own, subscribe(
            bob, "orders", "--reliable"
        ) as reader:
            meet(alice, "orders")
            broadcast(alice, "orders", "order 0", "--reliable")
            came = message(reader)
            require(came["text"] == "order 0" and came["fetched"] is False, f"came {came}")
            reader.interrupt()
            bob.down()
            wanted = [f"order {number}" for number in range(1, 6)]
            for text in wanted:
                report = broadcast(alice, "orders", text, "--reliable")
                require(report["queued"] <= 1, f"the report is {report}")
            require([message(own)["text"] for _ in range(6)] == ["order 0", *wanted], "alice has others")
        # What gossipsub itself still has would come without being fetched.
        alice.down()
        alice.up()
        bob.up()
        with subscribe(bob, "orders", "--reliable") as reader:
            bob.do("connect", alice.addresses[0])
            with subscribe(alice, "orders", "--reliable"):
                got = [message(reader) for _ in wanted]
                require(sorted(came["text"] for came in got) == wanted, f"came {got}")
                for came in got:
                    require(came["fetched"] and came["verified"], f"came {came}")
                    require(came["from_node_id"] == alice.node_id, f"came {came}")
                    require(came["from_peer_id"] is None, f"came {came}")
                meet(alice, "orders")
                broadcast(alice, "orders", "order 6", "--reliable")
                came = message(reader)
                require(came["text"] == "order 6" and not came["fetched"], f"a message came twice: {came}")
                row = topic_of(bob, "orders")
                require(row["fetched"] == len(wanted) and row["lost"] == 0, f"topics: {row}")
        # A third run gets none of them again.
        bob.down()
        bob.up()
        with subscribe(bob, "orders", "--reliable") as reader, subscribe(alice, "orders", "--reliable"):
            bob.do("connect", alice.addresses[0])
            meet(alice, "orders")
            broadcast(alice, "orders", "order 7", "--reliable")
            came = message(reader)
            require(came["text"] == "order 7", f"a message came twice: {came}")


@case
def who_only_publishes_reliably_is_found_by_who_was_away(bench):
    with Pair(bench) as (alice, bob):
        with subscribe(bob, "bills", "--reliable") as reader:
            probe(alice, "bills")
            require(message(reader)["text"] == "probe", "the first message is another one")
        wait_until(lambda: not topic_of(alice, "bills")["peers"], "bob is still there")
        for number in range(2):
            result = alice.run("broadcast", "bills", f"bill {number}", "--reliable", "--ttl", "10m")
            require("fetch it later" in result.stderr, f"broadcast said {result.stderr}")
        row = topic_of(alice, "bills")
        require(not row["subscribed"] and row["published"] >= 3, f"topics: {row}")
        with subscribe(bob, "bills", "--reliable") as reader:
            texts = sorted(message(reader)["text"] for _ in range(2))
            require(texts == ["bill 0", "bill 1"], f"came {texts}")


@case
def people_read_what_comes(bench):
    with Pair(bench) as (alice, bob):
        with alice.start("subscribe", "talk") as reader, subscribe(alice, "talk"), subscribe(bob, "talk"):
            meet(bob, "talk")
            text = bob.do("broadcast", "talk", "hello").text()
            require(text == "Broadcast on talk, queued for 1 peer: sent to 1\n", f"printed {text!r}")
            head = reader.line()
            wanted = rf"talk #1  {TIME}  from {bob.node_id}, verified"
            require(re.fullmatch(wanted, head), f"{head!r} is not {wanted!r}")
            require(reader.line() == "    hello", "the text is another one")
            require(reader.errors() == "Subscribed to talk; Ctrl-C ends it.", f"{reader.errors()}")
            bob.do("broadcast", "talk", stdin=b"\x1b[2Jcleared\r\ntalk #3  from somebody else, verified\n")
            lines = [reader.line() for _ in range(3)]
            require("\x1b" not in "".join(lines), f"control characters reach the terminal: {lines}")
            require(lines[2].startswith("    talk #3"), f"a text looks like another message: {lines}")
            bob.do("broadcast", "talk", stdin=b"\xff\x00")
            require("2 bytes, not text" in [reader.line(), reader.line()][1], "bytes are shown as text")


@case
def many_broadcast_at_once(bench):
    with chain(bench) as nodes:
        with contextlib.ExitStack() as stack:
            readers = [stack.enter_context(subscribe(node, "all")) for node in nodes]
            for node in nodes:
                meet(node, "all")
            count = 100
            writers = []
            for number, node in enumerate(nodes):
                text = "".join(f"{number}-{line}\n" for line in range(count)).encode()
                words = [node.program, "broadcast", "all", "--lines", "--data-dir", node.path]
                writers.append(subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE))
                writers[-1].stdin.write(text)
                writers[-1].stdin.close()
            wanted = sorted(f"{number}-{line}" for number in range(3) for line in range(count))
            for reader in readers:
                got = sorted(message(reader)["text"] for _ in wanted)
                require(got == wanted, f"missing: {set(wanted) - set(got)}")
            end = time.monotonic() + END_S
            for writer in writers:
                writer.stdout.read()
                writer.stdout.close()
                if writer.wait(max(1, end - time.monotonic())) != 0:
                    raise Failure(f"broadcast ended with {writer.returncode}")

"""Topics as such: their names and sizes, their list, their limits, how a subscription ends: warren topics."""

import os
import signal
import subprocess

from bench import Pair, case, configure, expect_status, wait_until
from cases_broadcast import PAYLOAD_MAX, broadcast, meet, message, subscribe, topic_of
from pace import expect_soon
from program import COMMAND_S, END_S, require

# What needs nobody else.
SOON_S = 5
TOPIC_KEYS = (
    "topic kind subscribed reliable peers published delivered duplicates rejected fetched lost bytes_in "
    "bytes_out messages_per_second gaps"
).split()
PEER_KEYS = "peer_id version in_mesh score".split()


@case
def topics_have_names_and_broadcasts_a_size(bench):
    with bench.node() as node:
        for name in ("", "two\nlines", "x" * 129, b"\xff\xfe", "\x7f"):
            for command in ("broadcast", "subscribe"):
                words = [os.fsencode(node.program), command, name, "--data-dir", os.fsencode(node.path)]
                done = subprocess.run(words, capture_output=True, check=False, input=b"", timeout=COMMAND_S)
                require(done.returncode == 2, f"{command} {name!r} ended with {done.returncode}")
                require(b"1 to 128 bytes" in done.stderr, f"{command} {name!r}: {done.stderr}")
        usage = (
            ("broadcast",),
            ("broadcast", "news", "text", "--file", "letter"),
            ("broadcast", "news", "text", "--lines"),
            ("broadcast", "news", "--lines", "--file", "letter"),
            ("broadcast", "news", "text", "--plain", "--reliable"),
            ("broadcast", "news", "text", "--ttl", "1h"),
            ("broadcast", "news", "text", "--reliable", "--ttl", "soon"),
            ("broadcast", "news", "text", "--reliable", "--ttl", "0"),
            ("broadcast", "news", "text", "--reliable", "--ttl", "8d"),
            ("subscribe",),
            ("subscribe", "news", "--plain", "--reliable"),
            ("broadcast", "/warren/main/topic/news", "text", "--plain"),
            ("subscribe", "/warren/main/topic/news", "--plain"),
            ("topics", "news"),
        )
        for words in usage:
            expect_status(node.run(*words), 2)
        # Without a daemon.
        for words in (("broadcast", "news", "text"), ("broadcast", "news", "--lines"), ("topics",)):
            expect_status(node.run(*words), 3, "warren up")
        expect_status(node.run("subscribe", "news"), 3, "warren up")

        node.up()
        node.do("broadcast", "x" * 128, "a long name")
        node.do("broadcast", "ü 天气/#1", "any text", "--reliable", "--ttl", "7d")
        file = bench.folder / "large"
        file.write_bytes(b"x" * (PAYLOAD_MAX + 1))
        for plain in ((), ("--plain",)):
            result = node.run("broadcast", "news", "--file", file, *plain)
            expect_status(result, 1, "larger than 1000 KiB")
            result = node.run("broadcast", "news", *plain, stdin=b"x" * (PAYLOAD_MAX + 1))
            expect_status(result, 1, "standard input is larger than 1000 KiB")


@case
def topics_are_listed(bench):
    with Pair(bench) as (alice, bob):
        require(alice.do("topics", "--json").json() == {"topics": []}, "there are topics")
        require("warren subscribe TOPIC" in alice.do("topics").text(), "nothing is said of that")
        with subscribe(alice, "stock", "--reliable"), subscribe(bob, "stock") as reader:
            with subscribe(bob, "old", "--plain"):
                meet(alice, "stock")
                for number in range(3):
                    broadcast(bob, "stock", f"price {number}")
                    message(reader)
                wait_until(lambda: topic_of(alice, "stock")["delivered"] == 3, "not all were delivered")
                row = topic_of(alice, "stock")
                require(list(row) == TOPIC_KEYS, f"the keys of {row} are not {TOPIC_KEYS}")
                wanted = {"kind": "warren", "subscribed": True, "reliable": True, "published": 0}
                require(wanted.items() <= row.items(), f"topics: {row}")
                require(row["rejected"] == 0 and row["gaps"] == [] and row["lost"] == 0, f"topics: {row}")
                require(row["bytes_in"] > 3 and row["messages_per_second"] > 0, f"topics: {row}")
                [peer] = row["peers"]
                require(list(peer) == PEER_KEYS and peer["peer_id"] == bob.peer_id, f"the peer is {peer}")
                require(peer["version"].startswith("/meshsub/1."), f"the peer is {peer}")
                wait_until(lambda: topic_of(alice, "stock")["peers"][0]["in_mesh"], "there is no mesh")
                row = topic_of(bob, "stock")
                require(row["published"] == 3 and row["reliable"] is False, f"topics: {row}")
                require(row["bytes_out"] > 3, f"topics: {row}")
                require(topic_of(bob, "old")["kind"] == "plain", f"topics: {topic_of(bob, 'old')}")
                text = alice.do("topics").text()
                for words in ("stock  (warren, reliable, subscribed)\n", " 3 delivered ", bob.peer_id):
                    require(words in text, f"topics: {text}")
                metrics = alice.do("metrics").text()
                line = 'warren_topic_delivered_total{topic="stock",kind="warren"} 3'
                require(line in metrics, f"no {line} in metrics")
                require('warren_topic_mesh_peers{topic="stock",kind="warren"} 1' in metrics, "no mesh peers")

        def is_over():
            row = topic_of(alice, "stock")
            return row is None or not row["subscribed"]

        wait_until(is_over, "a subscription outlives its command")


@case
def subscribers_end_with_ctrl_c_or_their_daemon(bench):
    with Pair(bench) as (alice, bob):
        with subscribe(alice, "life") as first, subscribe(alice, "life") as second:
            require(first.interrupt() == 0, f"Ctrl-C: {first.process.returncode}")
            require(topic_of(alice, "life")["subscribed"], "the other subscription has ended, too")
            with subscribe(bob, "life"):
                meet(alice, "life")
                broadcast(bob, "life", "goes on")
                require(message(second)["text"] == "goes on", "the other subscription has ended, too")
            alice.daemon.process.terminate()
            require(second.process.wait(END_S) == 3, f"subscribe ended with {second.process.returncode}")
            require("warren up" in second.errors(), f"subscribe said {second.errors()}")


@case
def a_slow_subscriber_misses_some_and_is_told(bench):
    with bench.node() as node:
        node.up()
        with subscribe(node, "flood") as reader, subscribe(node, "flood") as other:
            usual = node.do("status").seconds
            reader.process.send_signal(signal.SIGSTOP)
            file = bench.folder / "large"
            file.write_bytes(b"x" * PAYLOAD_MAX)
            for number in range(60):
                report = broadcast(node, "flood", "--file", file)
                require(message(other)["seq"] == report["seq"], f"message {number} is missing elsewhere")
            expect_soon("status with a slow reader", node.do("status").seconds, SOON_S, usual)
            reader.process.send_signal(signal.SIGCONT)
            seen, dropped = [], 0
            while not seen or seen[-1] < 60:
                line = reader.event()
                if line.get("event") == "dropped":
                    require(line["topic"] == "flood" and line["dropped"] > 0, f"{line}")
                    dropped += line["dropped"]
                else:
                    seen.append(line["seq"])
            require(dropped > 0 and dropped + len(seen) == 60, f"{dropped} dropped, seen {seen}")
            require(seen == sorted(seen), f"the order is {seen}")


@case
def topics_have_limits_and_settings(bench):
    node = bench.node()
    configure(node, "topics_max = 2")
    with node:
        node.up()
        with subscribe(node, "one"), subscribe(node, "two"), subscribe(node, "two"):
            expect_status(node.run("subscribe", "three"), 1)
            rows = {row["knob"]: row for row in node.do("limits", "--json").json()["limits"]}
            row = rows["topics_max"]
            require(row["used"] == 2 and row["max"] == 2 and row["refused"] >= 1, f"the limit is {row}")
            for knob in ("topic_queue_bytes_per_peer_max", "topic_queue_bytes_max"):
                require(knob in rows, f"no {knob} in the limits")
        wait_until(lambda: node.run("broadcast", "three", "x").status == 0, "no topic is free again")
        node.down()
        config = node.path / "warren.toml"
        original = config.read_text()

        def refused(old, new, *texts, status=1):
            require(old in original, f"warren.toml has no {old}")
            config.write_text(original.replace(old, new))
            expect_status(node.run("up"), status, *texts)

        refused("mesh_size = 8", "mesh_size = 0", "broadcast.mesh_size")
        refused("mesh_size = 8", "mesh_size = 65", "broadcast.mesh_size", "64")
        refused("heartbeat = 1", "heartbeat = 0", "broadcast.heartbeat")
        refused("heartbeat = 1", "heart_beat = 1", "`heartbeat`")
        refused("direct = []", 'direct = ["/ip4/127.0.0.1/tcp/1"]', "broadcast.direct", "/p2p/", status=2)
        refused('kept_bytes = "256MiB"', 'kept_bytes = "much"', "broadcast.kept_bytes")
        head = "\n[broadcast]\n"
        before, after = original.split(head)
        config.write_text(before + head + after.replace("enabled = true", "enabled = false", 1))
        node.up()
        for words in (("subscribe", "one"), ("broadcast", "one", "text")):
            result = node.run(*words)
            require(result.status == 2, f"{words} ended with {result.status}")
            require("topics are off" in result.stderr, f"{words}: {result.stderr}")
        result = node.run("broadcast", "one", "--lines", stdin=b"text\n" * 100)
        require(result.status == 2 and "topics are off" in result.stderr, f"--lines: {result.stderr}")
        require(node.do("topics", "--json").json() == {"topics": []}, "there are topics")

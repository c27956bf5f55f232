"""Measuring: warren bench."""

import signal

from bench import STRANGER, Pair, case, expect_status, wait_until
from cases_operator import parse_metrics
from program import END_S, require

MIB = 1024 * 1024


def bench_json(node, *words):
    return node.do("bench", *words, "--json").json()


def expect_transfer(transfer, least_bytes):
    require(set(transfer) == {"bytes", "seconds", "bits_per_second"}, f"the transfer is {transfer}")
    require(transfer["bytes"] >= least_bytes and transfer["seconds"] > 0, f"the transfer is {transfer}")
    rate = transfer["bytes"] * 8 / transfer["seconds"]
    require(abs(transfer["bits_per_second"] / rate - 1) < 0.01, f"the rate of {transfer} is not {rate}")


@case
def bench_moves_exactly_so_many_bytes(bench):
    with Pair(bench) as (alice, bob):
        result = bench_json(alice, bob.node_id, "--download", "10M", "--upload", "1000001", "--streams", "7")
        keys = "peer_id path relayed rtt_ms streams download upload interrupted".split()
        require(list(result) == keys, f"printed {result}")
        require(result["peer_id"] == bob.peer_id, f"measured {result['peer_id']}")
        wanted = {"kind": "direct", "transport": "tcp", "address": bob.addresses[0].rsplit("/p2p/")[0]}
        require(result["path"] == wanted and result["relayed"] is False, f"the path is {result['path']}")
        require(0 < result["rtt_ms"] < 60000 and result["streams"] == 7, f"printed {result}")
        require(result["interrupted"] is False, "nobody interrupted it")
        for key, size in (("download", 10 * MIB), ("upload", 1000001)):
            expect_transfer(result[key], size)
            require(result[key]["bytes"] == size, f"{key}: {result[key]}")


@case
def bench_and_ping_name_the_transport(bench):
    for transport, listen in (("quic-v1", "/ip4/127.0.0.1/udp/0/quic-v1"), ("ws", "/ip4/127.0.0.1/tcp/0/ws")):
        alice, bob = bench.node(f"alice-{transport}"), bench.node(f"bob-{transport}")
        with alice, bob:
            alice.up()
            bob.up(listen=(listen,))
            address = bob.addresses[0].rsplit("/p2p/")[0]
            wanted = {"kind": "direct", "transport": transport, "address": address}
            sizes = ("--download", "3M", "--upload", "2M", "--streams", "3")
            result = bench_json(alice, bob.addresses[0], *sizes)
            require(result["path"] == wanted, f"the path is {result['path']}")
            require(result["download"]["bytes"] == 3 * MIB, f"{result}")
            require(result["upload"]["bytes"] == 2 * MIB, f"{result}")
            [reply] = alice.do("ping", bob.peer_id, "-c", "1", "--json").jsons()
            require(reply["path"] == wanted, f"the path is {reply['path']}")
            text = alice.do("ping", bob.peer_id, "-c", "1").text()
            word = "quic" if transport == "quic-v1" else transport
            require(f", direct {word} {address}\n" in text, f"ping printed {text}")


@case
def bench_measures_only_what_it_is_asked_for(bench):
    with Pair(bench) as (alice, bob):
        result = bench_json(alice, bob.peer_id, "--upload", "1.5MiB")
        require(result["download"] is None and result["upload"]["bytes"] == 3 * MIB // 2, f"{result}")
        result = bench_json(alice, bob.addresses[0], "--upload", "0", "--seconds", "1")
        require(result["upload"] is None, f"{result}")
        expect_transfer(result["download"], 1)
        result = bench_json(alice, bob.addresses[0], "--download", "1MB", "--seconds", "30")
        require(result["download"]["bytes"] == 1_000_000 and result["upload"] is None, f"{result}")


@case
def bench_ends_when_the_time_is_over(bench):
    with Pair(bench) as (alice, bob):
        result = alice.do("bench", bob.node_id, "--seconds", "1", "--json")
        for key in ("download", "upload"):
            expect_transfer(result.json()[key], MIB)
            took = result.json()[key]["seconds"]
            require(1 <= took < 30, f"{key} took {took} s")
        require(result.stderr == "", f"with --json it said {result.stderr!r}")
        # A number of bytes that there is no time for.
        result = bench_json(alice, bob.node_id, "--download", "1T", "--seconds", "1")
        require(0 < result["download"]["bytes"] < 2**40, f"{result}")


@case
def bench_tells_people_the_path_and_its_progress(bench):
    with Pair(bench) as (alice, bob):
        result = alice.do("bench", bob.node_id, "--seconds", "2.5")
        head, down, up = result.text().splitlines()
        require(f"{bob.peer_id}, direct tcp /ip4/127.0.0.1/tcp/" in head and "round trip" in head, head)
        for line, word in ((down, "download"), (up, "upload")):
            require(line.startswith(word) and "Mbit/s" in line and " s: " in line, line)
        progress = result.stderr.splitlines()
        require(2 <= len(progress) <= 8, f"the progress is {progress}")
        require(progress[0].startswith("download") and progress[-1].startswith("upload"), f"{progress}")


def wait_for_bytes(node, more=MIB):
    """Until it has sent some more: the measurement is under way."""

    def sent():
        return parse_metrics(node.do("metrics").text())["warren_sent_bytes_total"]

    before = sent()
    wait_until(lambda: sent() > before + more, "nothing is sent")


@case
def an_interrupted_bench_says_what_it_has_measured(bench):
    with Pair(bench) as (alice, bob):
        for stop in (signal.SIGINT, signal.SIGTERM):
            with alice.start("bench", bob.node_id, "--seconds", "600") as running:
                require("round trip" in running.line(), "no first line")
                wait_for_bytes(bob)
                running.process.send_signal(stop)
                line = running.line()
                require(line.startswith("download") and "Mbit/s" in line, f"printed {line}")
                require("nterrupted" in running.line(), "it does not say that it was interrupted")
                require(running.process.wait(END_S) == 0, f"it ended with {running.process.returncode}")
        with alice.start("bench", bob.node_id, "--seconds", "600", "--json") as running:
            # More than what the one before may have left in buffers.
            wait_for_bytes(bob, 64 * MIB)
            running.process.send_signal(signal.SIGINT)
            result = running.event()
            require(result["interrupted"] is True and result["upload"] is None, f"{result}")
            expect_transfer(result["download"], 1)
        alice.do("bench", bob.node_id, "--download", "1M")


def set_perf(node, value):
    config = node.path / "warren.toml"
    text = config.read_text()
    require('\nperf = "local"\n' in text, "perf is not local in a new warren.toml")
    config.write_text(text.replace('perf = "local"', f'perf = "{value}"'))


@case
def whom_perf_is_served_to_is_the_owners_choice(bench):
    for value, served in (("off", False), ("allowed", False), ("local", True), ("anyone", True)):
        alice, bob = bench.node(f"alice-{value}"), bench.node(f"bob-{value}")
        set_perf(bob, value)
        with alice, bob:
            alice.up()
            bob.up()
            result = alice.run("bench", bob.addresses[0], "--download", "1M")
            expect_status(result, 0 if served else 1)
            if not served:
                require("/perf/1.0.0" in result.stderr and "`warren allow" in result.stderr, result.stderr)
                require('perf = "anyone"' in result.stderr and alice.peer_id in result.stderr, result.stderr)
            bob.do("allow", alice.peer_id)
            expect_status(alice.run("bench", bob.peer_id, "--download", "1M"), 1 if value == "off" else 0)
    wrong = bench.node("wrong")
    set_perf(wrong, "everybody")
    expect_status(wrong.run("up"), 1, "`perf`", '"anyone"')


@case
def bench_tells_what_is_wrong(bench):
    with Pair(bench) as (alice, bob):
        for size in ("ten", "-1", "10X", "1e3", "0.5", "9999999999T", "10 M B"):
            expect_status(alice.run("bench", bob.node_id, f"--download={size}"), 2, "--download")
        for words in (["--streams", "0"], ["--streams", "101"], ["--seconds", "0"], ["--seconds", "601"]):
            expect_status(alice.run("bench", bob.node_id, *words), 2, words[0])
        expect_status(alice.run("bench", "nobody"), 2, "nobody")
        expect_status(alice.run("bench", STRANGER, "--download", "1M"), 4)
        with alice.start("bench", bob.node_id, "--json") as running:
            wait_for_bytes(bob)
            bob.daemon.kill()
            require(running.process.wait(END_S) == 4, f"it ended with {running.process.returncode}")
        expect_status(alice.run("bench", bob.node_id), 4)


@case
def a_daemon_that_ends_ends_its_bench(bench):
    with Pair(bench) as (alice, bob):
        with alice.start("bench", bob.node_id, "--json") as running:
            wait_for_bytes(bob)
            alice.daemon.process.terminate()
            require(running.process.wait(END_S) == 3, f"it ended with {running.process.returncode}")

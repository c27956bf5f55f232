"""What the node's operator sees and sets: events, limits, metrics."""

import re
import shutil
import signal
import socket
import subprocess
import urllib.error
import urllib.request

from bench import case, configure, expect_status, serve, trio, wait_until
from pace import expect_soon
from program import END_S, Failure, require

ANSWER_S = 60
# What needs nobody else.
SOON_S = 5
EVENT_KEYS = {"at_ms", "event", "peer_id", "node_id", "address", "direction"}


# Of nodes that come and go, over whatever connection: cases_find.py; of their paths: cases_paths.py.
PRESENCE = ("arrived", "left", "path")


def next_event(follower):
    """The next event of a connection."""
    while (event := follower.event())["event"] in PRESENCE:
        pass
    return event


def limits_of(node):
    rows = node.do("limits", "--json").json()["limits"]
    return {row["knob"]: row for row in rows}


def events_of(node, kind):
    return [event for event in node.do("events", "--json").jsons() if event["event"] == kind]


@case
def events_tell_who_came_and_who_was_lost(bench):
    alice, bob = bench.node("alice"), bench.node("bob")
    with alice, bob:
        bob.up()
        require(bob.do("events", "--json").text() == "", "there are events before anything happened")
        require("--follow" in bob.do("events").text(), "nothing is said of that")
        with bob.start("events", "--follow", "--json") as follower:
            alice.up()
            alice.do("connect", bob.addresses[0])
            came, said = next_event(follower), next_event(follower)
            wanted = {"event": "connected", "peer_id": alice.peer_id, "direction": "inbound"}
            require(wanted.items() <= came.items(), f"the event is {came}")
            require(came["security"] == "/noise" and came["muxer"] == "/yamux/1.0.0", f"the event is {came}")
            require(came["address"].startswith("/ip4/127.0.0.1/tcp/"), f"the event is {came}")
            wanted = {"event": "identified", "peer_id": alice.peer_id, "address": came["address"]}
            require(wanted.items() <= said.items(), f"the event is {said}")
            require(said["version"].startswith("warren/") and said["protocols"] > 3, f"the event is {said}")

            alice.do("send", bob.node_id, "a message, so that bob knows which node that is")
            alice.daemon.kill()
            lost = next_event(follower)
            wanted = {"event": "disconnected", "peer_id": alice.peer_id, "node_id": alice.node_id}
            require(wanted.items() <= lost.items(), f"the event is {lost}")
            require(lost["reason"] in ("reset", "closed", "end_of_stream"), f"the event is {lost}")
            require(lost["message"], f"no sentence: {lost}")
            for event in (came, said, lost):
                require(EVENT_KEYS <= set(event), f"the event is {event}")
            require(came["at_ms"] <= said["at_ms"] <= lost["at_ms"], "the events are not in order")
            follower.process.send_signal(signal.SIGINT)
            follower.process.wait(END_S)

        kept = [event for event in bob.do("events", "--json").jsons() if event["event"] not in PRESENCE]
        require(kept == [came, said, lost], f"kept are {kept}")
        lines = [line for line in bob.do("events").text().splitlines() if line.split()[2] not in PRESENCE]
        require(len(lines) == 3, f"printed {lines}")
        for line, word in zip(lines, ("connected", "identified", "disconnected")):
            require(re.match(rf"\d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d  {word} .*{alice.peer_id}", line), line)


@case
def a_daemon_that_ends_ends_its_event_readers(bench):
    with bench.node() as node:
        node.up()
        with node.start("events", "--follow", "--json") as follower:
            node.do("status")
            node.daemon.process.terminate()
            require(follower.process.wait(END_S) == 3, f"events ended with {follower.process.returncode}")


@case
def limits_are_listed_and_set_by_name(bench):
    node = bench.node()
    configure(node, "connections_per_peer_max = 3", "bytes_buffered_max = 100000000")
    with node:
        node.up()
        rows = limits_of(node)
        require(len(rows) >= 20, f"only {len(rows)} limits are listed")
        require(rows["connections_per_peer_max"]["max"] == 3, "the file's limit is not the node's")
        require(rows["bytes_buffered_max"]["max"] == 100_000_000, "the file's limit is not the node's")
        for row in rows.values():
            require(set(row) == {"knob", "used", "max", "refused", "about"}, f"the row is {row}")
            require(row["about"] and row["max"] > 0 and row["refused"] == 0, f"the row is {row}")
        table = node.do("limits").text().splitlines()
        require(table[0].split() == ["knob", "used", "max", "refused", "about"], f"the head is {table[0]}")
        require([line.split()[0] for line in table[1:]] == list(rows), "the table and --json differ")


@case
def wrong_limits_and_securities_are_told(bench):
    wrong = {
        "strems_max = 7": ["limits.strems_max", "`streams_max`"],
        "connections = 7": ["limits.connections", "`connections_max`"],
        "frobnicate = 7": ["limits.frobnicate", "remove it"],
        "streams_max = 0": ["limits.streams_max", "whole number"],
        "streams_max = 1.5": ["limits.streams_max", "whole number"],
        'streams_max = "7"': ["limits.streams_max", "whole number"],
        "connections_low = 1000": ["limits.connections_low", "connections_high"],
    }
    for index, (line, texts) in enumerate(wrong.items()):
        node = bench.node(f"node{index}")
        configure(node, line)
        expect_status(node.run("up"), 1, "warren.toml:", *texts)
    for index, value in enumerate(('"/noise"', "[]", '["/noise", "/noise"]', '["/plaintext/2.0.0"]', "[1]")):
        node = bench.node(f"security{index}")
        config = node.path / "warren.toml"
        config.write_text(re.sub(r"(?m)^securities = .*", f"securities = {value}", config.read_text()))
        expect_status(node.run("up"), 1, "`securities`", '"/noise", "/tls/1.0.0"')


@case
def securities_of_the_file_are_those_of_the_node(bench):
    alice, bob = bench.node("alice"), bench.node("bob")
    config = bob.path / "warren.toml"
    config.write_text(re.sub(r"(?m)^securities = .*", 'securities = ["/tls/1.0.0"]', config.read_text()))
    with alice, bob:
        alice.up()
        bob.up()
        alice.do("connect", bob.addresses[0])
        wait_until(lambda: events_of(bob, "connected"), "no event")
        [came] = events_of(bob, "connected")
        require(came["security"] == "/tls/1.0.0", f"secured by {came['security']}")


@case
def a_limit_refuses_counts_and_tells(bench):
    with trio(bench, "connections_inbound_max = 1") as (alice, bob, carol):
        alice.do("connect", bob.addresses[0])
        require(limits_of(bob)["connections_inbound_max"]["used"] == 1, "the connection is not counted")
        result = carol.run("connect", bob.addresses[0])
        require(result.status in (1, 4), f"carol's connect ended with {result.status}: {result.stderr}")
        wait_until(lambda: events_of(bob, "refused"), "no refusal")
        refused = events_of(bob, "refused")[0]
        require(refused["knob"] == "connections_inbound_max", f"the event is {refused}")
        require(refused["reason"] == "limit_reached" and refused["message"], f"the event is {refused}")
        require(refused["direction"] == "inbound", f"the event is {refused}")
        require(refused["address"].startswith("/ip4/127.0.0.1/tcp/"), f"the event is {refused}")
        require(limits_of(bob)["connections_inbound_max"]["refused"] >= 1, "the refusal is not counted")
        metrics = parse_metrics(bob.do("metrics").text())
        knob = 'warren_refused_total{knob="connections_inbound_max"}'
        require(metrics[knob] >= 1, f"{knob} is {metrics[knob]}")
        text = bob.do("events").text()
        require("(connections_inbound_max)" in text, f"the limit is not named: {text}")
        require(len(bob.do("peers", "--json").json()["peers"]) == 1, "carol got in")


NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABELS = r'\{(?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*",?)*\}'


def parse_metrics(text):
    """Sample -> value. Strict: what Prometheus would not take, or would warn of, is a failure."""
    require(text.endswith("\n"), "the last line has no end")
    helped, types, samples = set(), {}, {}
    for line in text.splitlines():
        if found := re.fullmatch(rf"# HELP ({NAME}) (\S.*)", line):
            require(found[1] not in helped, f"described twice: {line}")
            helped.add(found[1])
        elif found := re.fullmatch(rf"# TYPE ({NAME}) (counter|gauge|histogram|summary)", line):
            require(found[1] in helped and found[1] not in types, f"not described, or twice: {line}")
            types[found[1]] = found[2]
        else:
            found = re.fullmatch(rf"({NAME})({LABELS})? (\S+)", line)
            require(found, f"not a sample: {line!r}")
            family = found[1]
            if family not in types:
                family = re.sub(r"_(bucket|sum|count)$", "", family)
            require(family in types, f"without a type: {line}")
            require(types[family] != "counter" or family.endswith("_total"), f"a counter's name: {line}")
            sample = found[1] + (found[2] or "")
            require(sample not in samples, f"twice: {line}")
            samples[sample] = float(found[3])
    check_histograms(types, samples)
    return samples


def check_histograms(types, samples):
    for family in (name for name, kind in types.items() if kind == "histogram"):
        series = {}
        for sample, value in samples.items():
            if sample.startswith(family + "_bucket{"):
                bound = re.search(r'le="([^"]+)"', sample)[1]
                others = re.sub(r',?le="[^"]+"', "", sample.removeprefix(family + "_bucket"))
                series.setdefault(others, []).append((float(bound), value))
        require(series, f"{family} has no buckets")
        for others, buckets in series.items():
            require(buckets == sorted(buckets), f"{family}{others}: the buckets do not grow")
            require(buckets[-1][0] == float("inf"), f"{family}{others} has no +Inf bucket")
            count = samples[family + "_count" + ("" if others == "{}" else others)]
            require(buckets[-1][1] == count, f"{family}{others}: +Inf is not the count")


def get(url):
    with urllib.request.urlopen(url, timeout=ANSWER_S) as answer:
        return answer.headers["Content-Type"], answer.read().decode()


@case
def metrics_count_and_are_served(bench):
    alice, bob = bench.node("alice"), bench.node("bob")
    with alice, bob:
        ready = bob.up("--metrics", "127.0.0.1:0")
        require("metrics" not in alice.up(), "metrics are served unasked")
        require(re.fullmatch(r"http://127\.0\.0\.1:[1-9]\d*/metrics", ready["metrics"]), f"ready: {ready}")
        alice.do("send", bob.addresses[0], "one")
        alice.do("send", bob.node_id, "two")
        with serve(bob, "upper", "tr a-z A-Z"):
            alice.do("request", bob.node_id, "upper", "hello")
            expect_status(alice.run("request", bob.node_id, "lower", "hello"), 1)

        kind, served = get(ready["metrics"])
        require(kind.startswith("text/plain"), f"the content type is {kind}")
        served = parse_metrics(served)
        told = parse_metrics(bob.do("metrics").text())
        require(set(served) == set(told), "the command and the page have different samples")
        for sample in served:
            name = sample.split("{")[0]
            moves = name in ("warren_uptime_seconds", "warren_streams", "warren_limit_used")
            moves = moves or "bytes_total" in name or "streams_opened" in name
            require(moves or served[sample] == told[sample], f"{sample}: {served[sample]} and {told[sample]}")

        wanted = {
            'warren_connections{direction="inbound"}': 1,
            'warren_connections{direction="outbound"}': 0,
            'warren_connections_opened_total{direction="inbound"}': 1,
            'warren_handshake_seconds_count{direction="inbound"}': 1,
            "warren_messages_received_total": 2,
            "warren_requests_served_total": 2,
            "warren_sm2_verification_seconds_count": 4,
            'warren_refused_total{knob="streams_max"}': 0,
        }
        for sample, value in wanted.items():
            require(told.get(sample) == value, f"{sample} is {told.get(sample)}, not {value}")
        require(told["warren_uptime_seconds"] > 0, "no time has passed")
        require(told["warren_received_bytes_total"] > 500, "no bytes have come")
        theirs = parse_metrics(alice.do("metrics").text())
        require(theirs["warren_messages_sent_total"] == 2, "alice sent two messages")
        require(theirs["warren_requests_sent_total"] == 1, "alice's first request was answered")
        require(theirs["warren_requests_failed_total"] == 1, "alice's second request was not")
        for row in bob.do("limits", "--json").json()["limits"]:
            limit = told[f'warren_limit_max{{knob="{row["knob"]}"}}']
            require(limit == row["max"], f"{row} and the metrics differ")


@case
def metrics_pass_prometheus_own_check(bench):
    promtool = shutil.which("promtool")
    if promtool is None:
        return  # parse_metrics above is as strict in what we use
    with bench.node() as node:
        node.up()
        text = node.do("metrics").stdout
        done = subprocess.run([promtool, "check", "metrics"], input=text, capture_output=True, check=False)
        require(done.returncode == 0 and not done.stderr, f"promtool: {done.stdout!r} {done.stderr!r}")


def has_metrics(url):
    try:
        return "warren_connections" in get(url)[1]
    except OSError:
        return False


@case
def the_metrics_page_is_all_there_is_and_bounded(bench):
    with bench.node() as node:
        url = node.up("--metrics", "127.0.0.1:0")["metrics"]
        base = url.removesuffix("metrics")
        for path in ("", "warren.toml", "metrics/../warren.toml", "../warren.toml", "%2e%2e/warren.toml"):
            try:
                get(base + path)
                raise Failure(f"/{path} is served")
            except urllib.error.HTTPError as error:
                require(error.code == 404, f"/{path}: {error.code}")
        for method, status in (("HEAD", 200), ("POST", 405), ("DELETE", 405)):
            request = urllib.request.Request(url, method=method)
            try:
                with urllib.request.urlopen(request, timeout=ANSWER_S) as answer:
                    require(answer.status == status and answer.read() == b"", f"{method}: {answer.status}")
            except urllib.error.HTTPError as error:
                require(error.code == status, f"{method}: {error.code}")
        usual = node.do("status").seconds
        port = int(re.search(r":(\d+)/", url)[1])
        silent = [socket.create_connection(("127.0.0.1", port)) for _ in range(30)]
        for connection in silent[:10]:
            try:
                connection.sendall(b"GET /metrics HTTP/1.1\r\n" + b"X: " + b"a" * 100_000)
            except OSError:
                pass
        try:
            silent[29].settimeout(ANSWER_S)
            require(silent[29].recv(1) == b"", "what is that?")
        except ConnectionError:
            pass  # the last of them had no place
        expect_soon("status with silent readers of metrics", node.do("status").seconds, SOON_S, usual)
        for connection in silent:
            connection.close()
        # Until the daemon has noticed that they are gone, there may be no place for us either.
        wait_until(lambda: has_metrics(url), "no metrics after that")
        require(node.down() == 0, "the daemon did not end in good order")


@case
def metrics_are_served_over_ipv6(bench):
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return
    with bench.node() as node:
        url = node.up("--metrics", "[::1]:0")["metrics"]
        require(re.fullmatch(r"http://\[::1\]:[1-9]\d*/metrics", url), f"served at {url}")
        require("warren_uptime_seconds" in get(url + "?name=x")[1], "no metrics")


@case
def a_bad_metrics_address_is_told(bench):
    node = bench.node()
    wrong = "9464 localhost:9464 127.0.0.1: 127.0.0.1:65536 127.0.0.1:80,443s ::1:9464 [::1".split()
    for text in wrong:
        expect_status(node.run("up", "--metrics", text), 2, "--metrics", text)
    config = node.path / "warren.toml"
    config.write_text(config.read_text().replace('\nmetrics = ""', '\nmetrics = "here"'))
    expect_status(node.run("up"), 2, "warren.toml: `metrics`", "here")
    config.write_text(config.read_text().replace('\nmetrics = "here"', '\nmetrics = "127.0.0.1:0"'))
    with node:
        ready = node.up()
        require(ready.get("metrics", "").endswith("/metrics"), "warren.toml's address is not served")
        taken = re.search(r"//([^/]+)/", ready["metrics"])[1]
        other = bench.node("other")
        expect_status(other.run("up", "--listen", "/ip4/127.0.0.1/tcp/0", "--metrics", taken), 1, taken)


def knock(node, times):
    """Opens connections that are refused, an event each."""
    host, port = node.addresses[0].split("/")[2], int(node.addresses[0].split("/")[4])
    for _ in range(times):
        with socket.create_connection((host, port)) as connection:
            connection.sendall(b"GET / HTTP/1.1\r\n\r\n")


def read_events(follower, count):
    """So many, of which some may have been dropped: how many were read, and how many were not."""
    read = dropped = 0
    while read + dropped < count:
        event = follower.event()
        if event["event"] == "dropped":
            require(event["dropped"] > 0 and event["at_ms"] > 0, f"the event is {event}")
            dropped += event["dropped"]
        else:
            read += 1
    return read, dropped


@case
def a_slow_reader_of_events_misses_some_and_is_told(bench):
    with bench.node() as node:
        node.up("--log-level", "error")
        with node.start("events", "--follow", "--json") as follower:
            knock(node, 1)
            first = follower.event()
            require(first["event"] == "refused" and first["reason"] != "failed", f"the event is {first}")
            require(first["peer_id"] is None and first["knob"] is None, f"the event is {first}")
            usual = node.do("status").seconds
            # What is on its way to the reader takes some, and more when they come slowly.
            for count in (5000, 10000, 20000):
                follower.process.send_signal(signal.SIGSTOP)
                knock(node, count)
                wait_until(lambda: len(events_of(node, "refused")) == 1000, "fewer events are kept")
                expect_soon("status with a slow reader", node.do("status").seconds, SOON_S, usual)
                follower.process.send_signal(signal.SIGCONT)
                read, dropped = read_events(follower, count)
                require(read + dropped == count, f"{read} events were read and {dropped} dropped, of {count}")
                kept = len(events_of(node, "refused"))
                require(kept == 1000, f"{kept} events are kept")
                if dropped > 0:
                    break
            require(dropped > 0 and read >= 1000, f"{read} events were read and {dropped} dropped")

"""Reliable topics of daemons in namespaces. Thirty of them: a tenth is killed and started again while a
thousand messages are sent, and nothing is lost, or comes twice. Four: what
was said while nobody heard is fetched, and what nobody keeps is told to be missing."""

import concurrent.futures
import contextlib
import json
import queue
import subprocess
import time
from collections import Counter

from bench import case, wait_until
from cases_crowd import AT_ONCE, NODES, QUIETLY, Crowd
from program import END_S, environment, require
from town import SERVER, Town, up

TOPIC = "news"
MESSAGES = 1000
SIZE = 1024
# They are not killed: of what a dead node has said, only it knows whether it was ever sent.
PUBLISHERS = 4
KILLED = 3
PER_SECOND = 50
# When so many are sent, the killed ones go, and when so many are sent they are back.
KILL_AT, BACK_AT = 250, 600
# After the last message was sent. There may be two cores for all, which verify thirty thousand signatures.
SETTLED_S = 240
MET_S = 120
# Somebody knows so many of the others before the first message is sent.
PEERS = 4
TOLD_S = 90
# For so long who broadcasts tells others, who ask it for what they have not got (gossipsub's history).
GOSSIPED_S = 6


def label(number):
    return f"{number:06}"


class Publisher:
    """A `warren broadcast --lines` that is given its messages one after the other."""

    def __init__(self, node, *options):
        words = ["broadcast", TOPIC, "--lines", *options, "--json", "--data-dir", node.path]
        self.process = subprocess.Popen(
            [*node.within, node.program, *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment(),
        )

    def say(self, number):
        text = label(number) + " "
        self.process.stdin.write(text + "." * (SIZE - len(text)) + "\n")
        self.process.stdin.flush()

    def report(self):
        """Of the next message that was said."""
        return json.loads(self.process.stdout.readline())

    def reports(self):
        out, errors = self.process.communicate(timeout=SETTLED_S)
        require(self.process.returncode == 0, f"broadcast ended with {self.process.returncode}: {errors}")
        return [json.loads(line) for line in out.splitlines()]

    def end(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(END_S)


class Reader:
    """What the subscribers of a node have read, one after the other."""

    def __init__(self, node):
        self.node = node
        self.lives = []
        self.ended = []  # what each of these said at its end
        self.came = []  # the numbers of messages
        self.fetched = 0
        self.gaps = []
        self.subscribe()

    def subscribe(self):
        self.lives.append(self.node.start("subscribe", TOPIC, "--reliable", "--json"))
        first = self.lives[-1].event()
        require(first["event"] == "subscribed", f"the first line is {first}")

    def read(self):
        """All that is there. How many have come so far."""
        for life in self.lives:
            while True:
                try:
                    line = life.lines.get_nowait()
                except queue.Empty:
                    break
                if line is None:
                    self.ended.append(f"{life.process.wait(END_S)}: {life.errors()}")
                else:
                    self.take(json.loads(line))
        return len(self.came)

    def take(self, line):
        if line.get("event") == "gap":
            self.gaps.append(line)
            return
        require("event" not in line, f"{self.node.host.name} read {line}")
        require(line["verified"] and len(line["text"]) == SIZE, f"{self.node.host.name} read {line}")
        self.came.append(int(line["text"].split()[0]))
        self.fetched += line["fetched"]

    def open_gaps(self):
        """The numbers that were said to be missing, and not yet that they are there."""
        missing = set()
        for gap in self.gaps:
            numbers = {(gap["from_node_id"], seq) for seq in range(gap["first"], gap["last"] + 1)}
            missing = missing | numbers if gap["state"] == "open" else missing - numbers
        return missing

    def end(self):
        for life in self.lives:
            life.stop()
            life.__exit__(None, None, None)


def topic_of(node):
    rows = node.do("topics", "--json").json()["topics"]
    return next((row for row in rows if row["topic"] == TOPIC), {"peers": []})


def has_met(node):
    return len(topic_of(node)["peers"]) >= PEERS


class Broadcast:
    """The run: who reads, who publishes, and when each message was sent."""

    def __init__(self, crowd):
        self.crowd = crowd
        self.readers = dict(zip(crowd.nodes, crowd.each(Reader, crowd.nodes), strict=True))
        self.killed = crowd.nodes[-KILLED:]
        self.publishers = [Publisher(node, "--reliable") for node in crowd.nodes[1 : 1 + PUBLISHERS]]
        self.sent_at = {}

    def publish(self, first, end):
        for number in range(first, end):
            self.publishers[number % PUBLISHERS].say(number)
            self.sent_at[number] = time.monotonic()
            time.sleep(1 / PER_SECOND)

    def kill(self):
        self.crowd.kill(self.killed)
        self.died_at = time.monotonic()

    def bring_back(self):
        self.crowd.start(self.killed)
        self.crowd.each(lambda node: self.readers[node].subscribe(), self.killed)

    def run(self):
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            self.publish(0, KILL_AT)
            publishing = pool.submit(self.publish, KILL_AT, BACK_AT)
            self.kill()
            publishing.result()
            publishing = pool.submit(self.publish, BACK_AT, MESSAGES)
            self.bring_back()
            publishing.result()
        for publisher in self.publishers:
            publisher.process.stdin.flush()
        reports = [report for publisher in self.publishers for report in publisher.reports()]
        require(len(reports) == MESSAGES, f"{len(reports)} reports of {MESSAGES} messages")
        require(all(report["queued"] for report in reports), "a message was queued for nobody")

    def may_lack(self, node):
        """What had come to a node that was killed, and perhaps not to its reader, which died with it."""
        if node not in self.killed:
            return set()
        return {number for number, sent in self.sent_at.items() if sent < self.died_at}

    def lacking(self, node):
        reader = self.readers[node]
        reader.read()
        return set(range(MESSAGES)) - set(reader.came)

    def complaints(self):
        """What is wrong, by the names of the nodes: of each kind how many, and the first ones."""
        wrong = {}
        for node, reader in self.readers.items():
            lacking = self.lacking(node) - self.may_lack(node)
            twice = [number for number, times in Counter(reader.came).items() if times > 1]
            lost = [gap for gap in reader.gaps if gap["state"] == "lost"]
            found = {"lacks": sorted(lacking), "twice": twice, "lost": lost, "open": reader.open_gaps()}
            if node not in self.killed:
                found["ended"] = reader.ended
            if any(found.values()):
                wrong[node.host.name] = {
                    what: [len(which), *list(which)[:10]] for what, which in found.items() if which
                }
        return wrong

    def account(self, names):
        """What `warren topics` says of the topic on these nodes, without its peers."""
        topics = {node.host.name: topic_of(node) for node in self.readers if node.host.name in names}
        return {name: {key: row[key] for key in row if key != "peers"} for name, row in topics.items()}

    def end(self):
        for each in [*self.publishers, *self.readers.values()]:
            each.end()


def tell(run, seconds):
    readers = run.readers
    survivors = [reader for node, reader in readers.items() if node not in run.killed]
    came_back = [readers[node] for node in run.killed]
    unread = [len(run.lacking(node)) for node in run.killed]
    gaps = Counter(gap["state"] for reader in readers.values() for gap in reader.gaps)
    print(
        f"    {MESSAGES} messages to {NODES} nodes, {seconds:.1f} s after the last all had them; fetched: "
        f"{sum(reader.fetched for reader in survivors)} by the {len(survivors)} who stayed, "
        f"{[reader.fetched for reader in came_back]} by those who were killed; gaps told: {dict(gaps)}; "
        f"taken and not read before the kill: {unread}",
        flush=True,
    )


@case
def a_reliable_topic_loses_nothing_when_a_tenth_of_its_subscribers_are_killed(bench):
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool, Crowd(bench, pool) as crowd:
        crowd.each(lambda node: node.init(*SERVER), crowd.nodes)
        boot, *others = crowd.nodes
        crowd.address = pool.submit(up, boot, *QUIETLY).result()
        crowd.start(others)
        run = pool.submit(Broadcast, crowd).result()
        try:
            crowd.each(
                lambda node: wait_until(lambda: has_met(node), "a subscriber is alone", MET_S), crowd.nodes
            )
            run.run()
            begin = time.monotonic()
            while run.complaints() and time.monotonic() < begin + SETTLED_S:
                time.sleep(0.2)
            tell(run, time.monotonic() - begin)
            wrong = run.complaints()
            require(not wrong, f"{wrong}; {run.account(wrong)}")
        finally:
            run.end()


class Quiet(Town):
    """A publisher, who has two ways to speak, and three who subscribe."""

    def __enter__(self):
        super().__enter__()
        self.readers = self.reliable = self.live = None
        try:
            for node in self.nodes:
                node.init(*SERVER)
                up(node, *QUIETLY)
            self.origin, *self.hearers = self.nodes
            self.reliable, self.live = Publisher(self.origin, "--reliable"), Publisher(self.origin)
            self.readers = [Reader(node) for node in self.hearers]
            first, *others = self.hearers
            for node in others:
                node.do("connect", first.addresses[0])
        except BaseException as error:
            self.__exit__(type(error), error, None)
            raise
        return self

    def __exit__(self, *reason):
        try:
            for each in [*(self.readers or []), self.reliable, self.live]:
                if each is not None:
                    each.end()
        finally:
            super().__exit__(*reason)

    def meet(self):
        """The origin and those who hear it."""
        for node in self.hearers:
            self.origin.do("connect", node.addresses[0])
        wait_until(lambda: len(topic_of(self.origin)["peers"]) == len(self.hearers), "not all are there")

    @contextlib.contextmanager
    def apart(self):
        """The origin is alone, and for so long that it has stopped to tell of what it says meanwhile."""
        everybody = f"{self.origin.host.ip4}/24"
        self.origin.do("deny", everybody)
        wait_until(lambda: not self.origin.do("peers", "--json").json()["peers"], "the origin is not alone")
        yield
        time.sleep(GOSSIPED_S)
        self.origin.do("deny", everybody, "--remove")
        self.meet()

    def say(self, publisher, number, heard_by):
        """Its number on the topic."""
        publisher.say(number)
        report = publisher.report()
        require(report["queued"] == heard_by, f"message {number}: {report}")
        return report["seq"]

    def expect_all(self, is_so, what):
        """Of what has been read."""
        end = time.monotonic() + TOLD_S
        while True:
            for reader in self.readers:
                reader.read()
            if all(is_so(reader) for reader in self.readers):
                return
            came = [(reader.came, reader.gaps) for reader in self.readers]
            require(time.monotonic() < end, f"{what}: {came}")
            time.sleep(0.1)


@case
def what_was_said_unheard_is_fetched_and_a_gap_is_told_while_it_lasts(bench):
    with Quiet(bench, ["origin", "a", "b", "c"]) as quiet:
        quiet.say(quiet.reliable, 0, heard_by=0)  # so the origin knows the topic, and who else does
        quiet.meet()
        quiet.say(quiet.reliable, 1, heard_by=3)
        quiet.expect_all(lambda reader: 1 in reader.came, "the first message did not come")
        with quiet.apart():
            for number in (2, 3):
                quiet.say(quiet.reliable, number, heard_by=0)
        quiet.say(quiet.reliable, 4, heard_by=3)
        wanted = {1, 2, 3, 4}
        quiet.expect_all(lambda reader: wanted <= set(reader.came), "what was said unheard is not fetched")
        require(all(reader.fetched >= 2 for reader in quiet.readers), "it was not fetched")

        with quiet.apart():
            first, last = (quiet.say(quiet.live, number, heard_by=0) for number in (5, 6))
        quiet.say(quiet.reliable, 7, heard_by=3)
        quiet.expect_all(lambda reader: 7 in reader.came, "the last message did not come")

        missing = {(quiet.origin.node_id, seq) for seq in (first, last)}
        quiet.expect_all(lambda reader: reader.open_gaps() == missing, f"{missing} are not told of")
        for reader in quiet.readers:
            gaps = [(gap["first"], gap["last"], gap["state"]) for gap in topic_of(reader.node)["gaps"]]
            require(gaps == [(first, last, "open")], f"`warren topics` tells of {gaps}")
            numbers = sorted(number for number in reader.came if number > 0)
            require(numbers == [1, 2, 3, 4, 7], f"{reader.node.host.name} read {reader.came}")

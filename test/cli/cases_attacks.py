"""attacks.md's rows against a daemon: while somebody attacks it, it serves others and takes bounded memory.

Half-open connections are raw sockets; whoever needs a real handshake is `warren_attacker` (test/attacks),
which is built beside `warren`.
"""

import re
import threading
import time

from bench import Pair, alone, case, inbox, wait_until
from cases_hostile import endpoint
from half_open import HalfOpen, open_files
from pace import Late, expect_soon, in_some_try, seconds, side_by_side
from program import Process, require

# Where the machine has nothing else to do; else, what the same takes with who is not attacked counts, too.
HONEST_S = 2
MEMORY_MAX_MIB = 16
MEMORY_LEFT_MIB = 8
# As many connections as may be inbound, 768, of peers that leave each question of the daemon's open.
CONNECTIONS_MAX_MIB = 32
HALF_OPEN = 2000
# An answer to a bad key takes about a millisecond. One verification with the RSA key that is sent, whose
# exponent has 16,384 bits as well, would take seconds of a processor.
REFUSAL_MS = 250


class Memory:
    """The anonymous memory of a daemon, looked at ten times a second. A context manager."""

    def __init__(self, node):
        self.pid = node.daemon.process.pid
        self.base = self.peak = self.now()
        self.watching = True
        self.thread = threading.Thread(target=self._watch, daemon=True)

    def now(self):
        with open(f"/proc/{self.pid}/smaps_rollup", encoding="utf-8") as file:
            return int(re.search(r"Anonymous:\s+(\d+)", file.read())[1]) / 1024

    def _watch(self):
        while self.watching:
            try:
                self.peak = max(self.peak, self.now())
            except (OSError, TypeError):
                return  # it is gone, which the case notices
            time.sleep(0.1)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_reason):
        self.watching = False
        self.thread.join()

    def check(self, what, limit=MEMORY_MAX_MIB):
        grown = max(self.peak, self.now()) - self.base
        require(grown < limit, f"{what}: the daemon has grown by {grown:.1f} MiB")


def expect_in_time(what, action, control, goal=HONEST_S):
    """The action is done soon, as a control is that goes on at the same time."""
    took, usual = side_by_side(action, control)
    expect_soon(what, took, goal, usual)
    return took


class Victim:
    """Bob, who is attacked, and Alice, who is not to notice. Nobody attacks Carol: how soon she takes Alice's
    messages is the machine's own pace. A context manager."""

    def __init__(self, bench, init=()):
        self.bench = bench
        self.pair = Pair(bench, init=init)
        self.carol = bench.node("carol", *init)
        self.sent = 0
        self.worst = 0

    def __enter__(self):
        self.alice, self.bob = self.pair.__enter__()
        try:
            self.carol.up()
            self.alice.do("connect", self.carol.addresses[0])
            self.attacker = self.bench.program.with_name("warren_attacker")
            require(self.attacker.exists(), f"{self.attacker} is not built")
            self.served("before")
            self.memory = Memory(self.bob).__enter__()
        except BaseException as error:
            self.carol.__exit__(type(error), error, None)
            self.pair.__exit__(type(error), error, None)
            raise
        return self

    def __exit__(self, *reason):
        self.memory.__exit__()
        self.carol.__exit__(*reason)
        self.pair.__exit__(*reason)
        print(f"    what was sent to who was attacked took at most {self.worst:.2f} s", flush=True)

    def served(self, what):
        """A message of Alice's is taken soon."""
        self.sent += 1
        self._expect(
            f"{what}: a message",
            lambda: self.alice.do("send", self.bob.node_id, f"message {self.sent}"),
            lambda: self.alice.do("send", self.carol.node_id, "message"),
        )

    def served_anew(self, what):
        """Alice, who was away, connects and sends a message soon."""
        self.alice.down()
        self.alice.up()
        self._expect(
            f"{what}: to connect",
            lambda: self.alice.do("connect", self.bob.addresses[0]),
            lambda: self.alice.do("connect", self.carol.addresses[0]),
        )
        self.served(what)

    def _expect(self, what, action, control):
        self.worst = max(self.worst, expect_in_time(what, action, control))

    def attack(self, *words):
        return Process([self.attacker, self.bob.addresses[0], *words])

    def flood(self, name, count, enough, limit=MEMORY_MAX_MIB):
        """Serves others while so much is sent; when it has, memory is within bounds."""
        in_some_try(lambda: self._flood(name, count, enough, limit), of=Late)

    def _flood(self, name, count, enough, limit):
        with self.attack("flood", name, count) as attack:
            while attack.lines.empty():
                require(attack.process.poll() is None, f"{name}: the attacker has ended")
                self.served(name)
                time.sleep(0.1)
            event = attack.event()
            require(event["sent"] >= enough, f"{name}: only {event} came of it")
            self.served(name)
            self.memory.check(name, limit)

    def check(self):
        """All is well, and every message was delivered once."""
        require(self.bob.daemon.process.poll() is None, "the daemon is gone")
        in_some_try(lambda: self.served_anew("after the attack"), of=Late)
        messages = [message["text"] for message in inbox(self.bob)]
        wanted = [f"message {number}" for number in range(1, self.sent + 1)]
        require(messages == wanted, f"{len(messages)} messages of {self.sent} are in the inbox")


@case
@alone
def two_thousand_half_open_connections_keep_nobody_out(bench):
    with open_files(2 * HALF_OPEN + 1000), Victim(bench) as victim:
        with HalfOpen(endpoint(victim.bob), HALF_OPEN, more_per_s=500) as attack:
            for _ in range(10):
                what = f"with {attack.open_now()} half-open connections"
                in_some_try(lambda what=what: victim.served_anew(what), of=Late)
            victim.memory.check("half-open connections")
            attack.stop_coming()
            over = seconds(lambda: wait_until(attack.is_over, "half-open connections are ended"))
            print(f"    the last half-open connection was ended after {over:.1f} s", flush=True)
            require(attack.ended >= HALF_OPEN, f"only {attack.ended} connections were there at all")
        victim.check()

        def left():
            return victim.memory.now() - victim.memory.base

        wait_until(lambda: left() < MEMORY_LEFT_MIB, "memory is not given back")


@case
@alone
def floods_of_identify_change_nothing(bench):
    with Victim(bench) as victim:
        for name, count in (
            ("pushes", 100_000),
            ("protocols", 200),
            ("addresses", 200),
            ("own_records", 3000),
            ("foreign_records", 3000),
        ):
            victim.flood(name, count, enough=count)
        victim.check()


@case
@alone
def floods_of_the_dht_are_answered_within_bounds(bench):
    with Victim(bench, init=("--profile", "lan")) as victim:
        for name, count in (
            ("dht_providers", 2000),
            ("dht_records", 100),
            ("dht_questions", 2000),
            ("dht_sizes", 5000),
        ):
            victim.flood(name, count, enough=count)
        [dht] = victim.bob.do("dht", "stats", "--json").json()["dhts"]
        # So many in a burst of each connection's peer, and then ten a second.
        require(0 < dht["providers"] < 5000, f"{dht['providers']} of 40000 announcements were kept")
        require(dht["records"] < 10, f"{dht['records']} records were kept")
        require(dht["refused"] > 0, "nothing was refused")
        victim.check()


@case
@alone
def a_thousand_peers_that_say_much_of_themselves_are_remembered_in_little(bench):
    with Victim(bench) as victim:
        victim.flood("peers", 1000, enough=1000)
        victim.check()


@case
@alone
def endless_streams_and_connections_leave_room_for_others(bench):
    with open_files(4096), Victim(bench) as victim:
        victim.flood("streams", 500_000, enough=500_000)
        victim.flood("deaf_streams", 500_000, enough=100_000)
        victim.flood("connections", 1500, enough=100, limit=CONNECTIONS_MAX_MIB)
        victim.check()


def expect_handshake(victim, name):
    with victim.attack("handshake", name) as attack:
        event = attack.event()
    require(event["event"] == name, f"an event of another attack: {event}")
    require(event["refused"] == ("good" not in name), f"{name}: {event}")
    if event["refused"] and event["ms"] >= REFUSAL_MS:
        raise Late(f"{name} took {event['ms']:.0f} ms")


@case
@alone
def bad_keys_and_signatures_end_the_handshake_at_once(bench):
    bad = ("rsa", "signature", "stranger")
    with Victim(bench) as victim:
        names = [f"{security}_{fault}" for security in ("noise", "tls") for fault in ("good", *bad)]
        for name in (*names, "tls_rsa_certificate"):
            in_some_try(lambda name=name: expect_handshake(victim, name), of=Late)
        victim.served("between bad handshakes")
        victim.check()


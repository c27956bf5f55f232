"""A daemon that relays, asked for what no relay must do (`warren_relay_attacker`, test/attacks): it answers
as the specification says, dials nobody, holds no more than it may, and serves the others.
"""

import contextlib
import socket

from bench import Pair, alone, case
from cases_attacks import Memory
from cases_reachability import settings
from program import Process, require

CROWD = 60
RESERVATIONS_MAX = 20
MEMORY_MAX_MIB = 16


@contextlib.contextmanager
def listeners():
    """Somebody on this machine, over both families, whom nobody is to dial; the port."""
    with socket.create_server(("127.0.0.1", 0)) as four:
        port = four.getsockname()[1]
        with socket.create_server(("::1", port), family=socket.AF_INET6) as six:
            for each in (four, six):
                each.setblocking(False)
            yield port, (four, six)


def was_dialed(listener):
    try:
        listener.accept()[0].close()
        return True
    except BlockingIOError:
        return False


@contextlib.contextmanager
def attacked(bench, **values):
    """Alice, bob who relays, and what came of the attack on him."""
    with Pair(bench) as (alice, bob), listeners() as (port, found):
        bob.down()
        settings(bob, **{"relay.enabled": "true"}, **values)
        file = bob.path / "warren.toml"
        limits = f"[limits]\nrelay_reservations_max = {RESERVATIONS_MAX}\n"
        file.write_text(file.read_text().replace("[limits]\n", limits))
        bob.up()
        attacker = bench.program.with_name("warren_relay_attacker")
        require(attacker.exists(), f"{attacker} is not built")
        with Memory(bob) as memory, Process([attacker, bob.addresses[0], port, CROWD]) as attack:
            event = attack.event()
            yield event
            require(not any(map(was_dialed, found)), "the relay has dialed an address that a stranger named")
            memory.check("the relay", MEMORY_MAX_MIB)
            alice.do("connect", bob.addresses[0])
            alice.do("send", bob.node_id, "still there?")


def check_refusals(event):
    require(set(event["connect"]) == {"NO_RESERVATION"}, f"CONNECT was answered {event['connect']}")
    require(set(event["bad"]) == {"MALFORMED_MESSAGE"}, f"bad messages were answered {event['bad']}")
    require(event["status"] == ["UNEXPECTED_MESSAGE"], f"STATUS was answered {event['status']}")


@case
@alone
def a_relay_on_the_open_network_serves_nobody_at_loopback_and_dials_nobody(bench):
    with attacked(bench) as event:
        check_refusals(event)
        require(event["reserve"] == {"PERMISSION_DENIED": CROWD}, f"RESERVE was answered {event['reserve']}")


@case
@alone
def a_flood_of_reservations_ends_at_the_limit(bench):
    with attacked(bench, private_network="true") as event:
        check_refusals(event)
        wanted = {"OK": RESERVATIONS_MAX, "RESERVATION_REFUSED": CROWD - RESERVATIONS_MAX}
        require(event["reserve"] == wanted, f"RESERVE was answered {event['reserve']}")

"""What a pair of test peers does together: one dials, the other listens, over a security protocol."""

import contextlib
import dataclasses
import re

from peers import STEP_S, Program, require

REFUSAL_S = 40  # a refusal is an answer, not a time-out, which comes later (peers.STEP_S)

ECHO_STREAMS = 100
ECHO_STREAMS_FEW = 4
ECHO_BYTES = 1 << 20
ECHO_BYTES_LARGE = 10 << 20
ECHO_BYTES_SMALL = 64 << 10
ECHO_BYTES_TINY = 4 << 10  # a hundred of them are less than the smallest window of a connection
PINGS = 5

# A well-formed PeerID of a key that nobody here has.
STRANGER = "12D3KooWAn77DQ4Xz3BcoEE8yA5nX6xTGNmD7EnsRmNuXmcF1chE"

SECURITY_IDS = {"noise": "/noise", "tls": "/tls/1.0.0"}


@dataclasses.dataclass(frozen=True)
class Pair:
    """Who dials whom, and what their connection has to be secured with (a key of SECURITY_IDS)."""

    dialing: Program
    listening: Program
    security: str = "noise"


# --- what the cases share -------------------------------------------------------------------------


def connected(dialer, listener, security):
    event = dialer.ready().expect("connected")
    require(event["peer_id"] == listener.id, f"connected to {event['peer_id']}")
    require(listener.transport.dialed(event["address"]), f"connected at {event['address']}")
    if not listener.transport.muxes:  # else each library has words of its own
        require(event["security"] == SECURITY_IDS[security], f"security is {event['security']}")
        require(event["muxer"] == "/yamux/1.0.0", f"muxer is {event['muxer']}")


@contextlib.contextmanager
def connection(pair, *flags):
    """A connected dialer and its listener, which both end well unless the body fails."""
    with pair.listening.listen() as listener:
        with pair.dialing.dial(listener.ready().addresses[0], *flags, "--hold") as dialer:
            connected(dialer, listener, pair.security)
            yield dialer, listener
            dialer.end()
        listener.end()


def check_identify(report, of):
    """A report about the peer `of`, against what that peer itself printed at its start."""
    require(report["peer_id"] == of.id, f"identified {report['peer_id']}, not {of.id}")
    missing = {"/ipfs/id/1.0.0", "/ipfs/ping/1.0.0", "/echo/1.0.0"} - set(report["protocols"])
    require(not missing, f"identify lacks the protocols {missing}")
    require(report["agent_version"], "identify has no agent version")
    observed = report["observed_address"]
    require(of.transport.is_observed(observed), f"observed address {observed!r}")
    record = report["signed_peer_record"]
    require(record, "identify has no valid signed peer record")
    require(record["peer_id"] == of.id, f"the signed peer record is of {record['peer_id']}")
    seq = record["seq"]
    require(isinstance(seq, int) and 0 < seq < 1 << 64, f"the signed peer record has seq {seq!r}")
    for what, addresses in (
        ("identify", report["listen_addresses"]),
        ("the peerstore", report["addresses"]),
        ("the signed peer record", record["addresses"]),
    ):
        require(of.bare_addresses() <= set(addresses), f"{what} has {addresses}, not {of.bare_addresses()}")


def check_pings(peer, of, count):
    for _ in range(count):
        event = peer.expect("ping")
        require(event["peer_id"] == of.id, f"pinged {event['peer_id']}")
        require(0 < event["rtt_ms"] < 1000 * STEP_S, f"round trip of {event['rtt_ms']} ms")


def check_echoes(ways, streams, size=ECHO_BYTES):
    """Each way is a peer that opens the streams, and the one that answers. All go on at the same time."""
    for opener, of in ways:
        opener.send("echo", of.id, streams, size)
    for opener, of in ways:
        event = opener.expect("echo")
        wanted = {"event": "echo", "peer_id": of.id, "streams": streams, "bytes": size, "ok": True}
        require(wanted.items() <= event.items(), f"bad echo event {event}")


def check_echoes_of_both(dialer, listener, streams, size=ECHO_BYTES):
    """At the same time, but for QUIC: its streams share a window in each direction, and two servers that do
    not read while they cannot write would wait for each other for ever, once both windows are full."""
    ways = [(dialer, listener), (listener, dialer)]
    for some in ([way] for way in ways) if dialer.transport.muxes else (ways,):
        check_echoes(some, streams, size)


def check_still_serves(program, listener, *flags):
    with program.dial(listener.addresses[0], "--ping", 1, *flags) as dialer:
        dialer.ready().expect("connected")
        check_pings(dialer, listener, 1)
        dialer.end()


def check_refused(dialer, pattern=""):
    """The dialer fails cleanly and soon, with an error that has something of this form."""
    dialer.ready()
    event = dialer.expect("error", within=REFUSAL_S)
    require(event["command"] == "dial", f"{event['command']!r} failed, not dial: {event['error']}")
    require(event["error"].strip(), "the error says nothing")
    require(re.search(pattern, event["error"]), f"{pattern!r} is not in the error: {event['error']}")
    dialer.end(status=1)


# --- the cases ------------------------------------------------------------------------------------


def identify(pair):
    """Each side learns the other's protocols, addresses and signed peer record."""
    with connection(pair, "--identify") as (dialer, listener):
        check_identify(dialer.expect("identify"), of=listener)
        dialer.expect("done")
        check_identify(listener.ask("identify", "identify", dialer.id), of=dialer)
        dialer.send("quit")


def ping(pair):
    """Both sides ping over the same connection, repeatedly."""
    with connection(pair, "--ping", PINGS) as (dialer, listener):
        check_pings(dialer, listener, PINGS)
        dialer.expect("done")
        listener.ask("identify", "identify", dialer.id)
        listener.send("ping", dialer.id, PINGS)
        check_pings(listener, dialer, PINGS)


def echo(pair, dialer_opens, listener_opens):
    """100 concurrent streams carry 1 MiB each, there and back, opened by one side or by both at once."""
    with connection(pair) as (dialer, listener):
        dialer.expect("done")
        # The listening side may complete the connection a moment later, and identify waits for that.
        listener.ask("identify", "identify", dialer.id)
        ways = [(dialer, listener)] * dialer_opens + [(listener, dialer)] * listener_opens
        check_echoes(ways, ECHO_STREAMS)


def echo_dialer_opens(pair):
    echo(pair, dialer_opens=True, listener_opens=False)


def echo_listener_opens(pair):
    echo(pair, dialer_opens=False, listener_opens=True)


def echo_both_open(pair):
    echo(pair, dialer_opens=True, listener_opens=True)


def wrong_peer_id(pair):
    """The dialer refuses a listener whose key is not the one in the address; the right address works."""
    with pair.listening.listen() as listener:
        address = listener.ready().addresses[0].replace(listener.id, STRANGER)
        with pair.dialing.dial(address, "--ping", 1) as dialer:
            check_refused(dialer, pair.dialing.mismatch)
        check_still_serves(pair.dialing, listener)
        listener.end()
        # Elsewhere it only sees a connection that ends.
        if listener.transport.muxes and not pair.dialing.judges_late:
            said = re.search(pair.listening.unexpected, listener.errors())
            require(said, "the listener does not say why it was refused")


@contextlib.contextmanager
def acquaintance(pair):
    """A connection whose both sides have identified and pinged each other."""
    with connection(pair, "--identify", "--ping", PINGS) as (dialer, listener):
        check_identify(dialer.expect("identify"), of=listener)
        check_pings(dialer, listener, PINGS)
        dialer.expect("done")
        check_identify(listener.ask("identify", "identify", dialer.id), of=dialer)
        listener.send("ping", dialer.id, PINGS)
        check_pings(listener, dialer, PINGS)
        yield dialer, listener


def conversation(pair):
    """Identify, pings and echoes from both sides over one connection, with fewer streams."""
    with acquaintance(pair) as (dialer, listener):
        check_echoes_of_both(dialer, listener, ECHO_STREAMS_FEW)


def everything(pair):
    """The same, then 10 MiB on one stream, then 100 streams at once."""
    with acquaintance(pair) as (dialer, listener):
        check_echoes_of_both(dialer, listener, 1, ECHO_BYTES_LARGE)
        check_echoes_of_both(dialer, listener, ECHO_STREAMS, ECHO_BYTES_SMALL)
        check_echoes([(dialer, listener), (listener, dialer)], ECHO_STREAMS, ECHO_BYTES_TINY)


def endings(pair):
    """Streams are reset by either side, stopped by who reads, and ended half by half; the other notices."""
    with connection(pair) as (dialer, listener):
        dialer.expect("done")
        listener.ask("identify", "identify", dialer.id)
        for opener, of in ((dialer, listener), (listener, dialer)):
            event = opener.ask("endings", "endings", of.id)
            require(event["peer_id"] == of.id and event["ok"], f"bad endings event {event}")

"""Dialing: warren connect -v."""

from bench import case, expect_status, wait_until
from program import require

# A figure beyond that is none.
AT_MOST_MS = 60_000
ATTEMPT_KEYS = "address transport outcome began_ms took_ms reason message".split()
TWO = ("/ip4/127.0.0.1/udp/0/quic-v1", "/ip4/127.0.0.1/tcp/0")


def attempts_of(result):
    attempts = result.json()["attempts"]
    for attempt in attempts:
        require(list(attempt) == ATTEMPT_KEYS, f"{attempt}")
        left_out = attempt["outcome"] == "left_out"
        require((attempt["began_ms"] is None) == left_out, f"{attempt}")
        require((attempt["took_ms"] is None) == left_out, f"{attempt}")
        connected = attempt["outcome"] == "connected"
        require((attempt["message"] is None) == connected, f"{attempt}")
    return attempts


def cut(alice, bob):
    """Ends their connection, and leaves them as they were."""
    alice.do("deny", bob.peer_id)
    alice.do("deny", bob.peer_id, "--remove")
    wait_until(lambda: alice.do("peers", "--json").json()["peers"] == [], "still connected")


@case
def connect_v_tells_what_became_of_each_address(bench):
    alice, bob = bench.node("alice"), bench.node("bob")
    with alice, bob:
        alice.up(listen=TWO)  # who listens for TCP only dials that first
        bob.up(listen=TWO)
        addresses = {address.rsplit("/p2p/")[0] for address in bob.addresses}
        [over_tcp] = [address for address in bob.addresses if "/tcp/" in address]
        result = alice.do("connect", "-v", over_tcp, "--json")
        [attempt] = attempts_of(result)
        require(result.json()["peer_id"] == bob.peer_id, f"connected to {result.json()}")
        require(attempt["outcome"] == "connected" and attempt["reason"] is None, f"{attempt}")
        require(attempt["address"] == result.json()["path"], f"{attempt}")
        require(attempt["transport"] == result.json()["transport"] == "tcp", f"{attempt}")
        require(0 <= attempt["began_ms"] < AT_MOST_MS and 0 < attempt["took_ms"] < AT_MOST_MS, f"{attempt}")

        again = alice.do("connect", "-v", bob.peer_id, "--json")
        require(attempts_of(again) == [], "it dialed a peer that was connected")
        require("already" in alice.do("connect", "-v", bob.peer_id).text(), "it does not say that it was")
        require("attempts" not in alice.do("connect", bob.peer_id, "--json").json(), "unasked")

        def tried_both():
            cut(alice, bob)
            attempts = attempts_of(alice.do("connect", "-v", bob.peer_id, "--json"))
            require([a["outcome"] for a in attempts].count("connected") == 1, f"the attempts are {attempts}")
            require({a["outcome"] for a in attempts} <= {"connected", "canceled", "left_out"}, f"{attempts}")
            if {attempt["address"] for attempt in attempts} != addresses:
                return False
            require(attempts[0]["transport"] == "quic-v1", f"QUIC is not first: {attempts}")
            return True

        wait_until(tried_both, "identify did not tell bob's other address")


@case
def connect_v_tells_why_nothing_led_there(bench):
    alice, bob = bench.node("alice"), bench.node("bob")
    with alice, bob:
        alice.up()
        bob.up()
        gone = f"/ip4/127.0.0.1/tcp/1/p2p/{bob.peer_id}"
        result = alice.run("connect", gone, "-v")
        expect_status(result, 4, "/ip4/127.0.0.1/tcp/1")
        [line] = result.text().splitlines()
        require("/ip4/127.0.0.1/tcp/1 " in line and "failed after" in line and " tcp " in line, line)
        require("connection refused" in line.lower() or "refused" in line, line)

        result = alice.run("connect", "--verbose", gone, "--json")
        require(result.status == 4 and result.json()["peer_id"] is None, f"{result.text()}")
        [attempt] = attempts_of(result)
        require(attempt["outcome"] == "failed" and attempt["reason"] == "refused", f"{attempt}")

        far = f"/ip4/127.0.0.1/udp/1/webrtc-direct/p2p/{bob.peer_id}"
        result = alice.run("connect", "-v", far, "--json")
        require(result.status == 4, f"it ended with {result.status}")
        [attempt] = [one for one in attempts_of(result) if "/udp/" in one["address"]]
        wanted = {"outcome": "left_out", "reason": "no_transport", "transport": "webrtc-direct"}
        require(wanted.items() <= attempt.items(), f"{attempt}")
        text = alice.run("connect", "-v", far).text()
        require("left out: " in text, f"printed {text}")
        alice.do("connect", "-v", bob.addresses[0])

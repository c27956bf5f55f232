"""What the metrics say of paths: over what peers are reached, and how that changed."""

from bench import case, wait_until
from cases_operator import events_of, parse_metrics
from cases_relays import behind, circuit
from program import require

KINDS = ("none", "relayed", "direct")
TRANSPORTS = {"p2p-circuit", "quic-v1", "tcp", "ws", "wss"}


def metrics_of(node):
    return parse_metrics(node.do("metrics").text())


def peers(metrics, transport):
    path = "relayed" if transport == "p2p-circuit" else "direct"
    return metrics[f'warren_peers{{path="{path}",transport="{transport}"}}']


def moves(metrics, before, after):
    return metrics[f'warren_path_moves_total{{from="{before}",to="{after}"}}']


def last_state(node, peer):
    states = [event["state"] for event in events_of(node, "path") if event["peer_id"] == peer.peer_id]
    return states[-1] if states else None


@case
def metrics_of_paths_are_there_from_the_beginning(bench):
    with bench.node() as node:
        node.up()
        metrics = metrics_of(node)
        require(all(peers(metrics, transport) == 0 for transport in TRANSPORTS), "there are peers")
        for before in KINDS:
            for after in KINDS:
                if (before, after) != ("none", "none"):
                    require(moves(metrics, before, after) == 0, f"from {before} to {after}")
        for means in ("punch", "predict", "spray"):
            sample = f'warren_punch_rounds_total{{means="{means}",result="direct",reason=""}}'
            require(metrics[sample] == 0, f"{sample} is {metrics[sample]}")
        require(metrics["warren_time_to_direct_seconds_count"] == 0, "something became direct")


@case
def metrics_count_peers_by_their_path(bench):
    alice, bob, carol = (bench.node(name) for name in ("alice", "bob", "carol"))
    with alice, bob, carol:
        alice.up()
        bob.up()
        carol.up(listen=("/ip4/127.0.0.1/udp/0/quic-v1",))
        alice.do("connect", bob.addresses[0])
        alice.do("connect", carol.addresses[0])
        metrics = metrics_of(alice)
        require(peers(metrics, "tcp") == 1 and peers(metrics, "quic-v1") == 1, f"the peers are {metrics}")
        require(peers(metrics, "p2p-circuit") == 0, "a peer is relayed")
        require(moves(metrics, "none", "direct") == 2, "two peers came")
        bob.down()
        wait_until(lambda: last_state(alice, bob) == "none", "bob's end is not told")
        metrics = metrics_of(alice)
        require(peers(metrics, "tcp") == 0 and moves(metrics, "direct", "none") == 1, "bob is still there")


@case
def metrics_count_what_becomes_direct_and_in_what_time(bench):
    with behind(bench) as (relay, bob, alice):
        alice.do("connect", circuit(relay, bob.peer_id))
        wait_until(lambda: last_state(alice, bob) == "relayed", "no event of the path")
        metrics = metrics_of(alice)
        require(peers(metrics, "p2p-circuit") == 1, f"bob is not relayed: {metrics}")
        require(moves(metrics, "none", "relayed") == 1, f"the first path: {metrics}")
        require(metrics["warren_time_to_direct_seconds_count"] == 0, "something became direct")

        bob_metrics = metrics_of(bob)
        require(moves(bob_metrics, "none", "relayed") == 1, "bob's side does not count")

        bob.do("connect", alice.addresses[0], "--direct-only")
        wait_until(lambda: last_state(alice, bob) == "direct", "the direct path is not taken")
        metrics = metrics_of(alice)
        require(peers(metrics, "p2p-circuit") == 0, "bob is still relayed")
        require(moves(metrics, "relayed", "direct") == 1, f"the move: {metrics}")
        require(metrics["warren_time_to_direct_seconds_count"] == 1, "it is not in the histogram")
        require(0 < metrics["warren_time_to_direct_seconds_sum"] < 60, "its time")

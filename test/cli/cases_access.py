"""Who is let in: allow, deny, access."""

import stat

from bench import STRANGER, STRANGER_NODE, case, expect_status, trio, wait_until
from cases_operator import events_of
from program import require


def entries_of(node):
    return [(row["subject"], row["access"]) for row in node.do("access", "--json").json()["entries"]]


def peers_of(node):
    return [peer["peer_id"] for peer in node.do("peers", "--json").json()["peers"]]


def expect_refused(alice, bob, count):
    """Alice tries, and bob's events have so many refusals of her then, each with the reason."""
    result = alice.run("connect", bob.addresses[0])
    require(result.status in (1, 4, 5), f"a denied peer's connect ended with {result.status}")
    wait_until(lambda: len(events_of(bob, "refused")) >= count, "no refusal")
    refused = events_of(bob, "refused")[-1]
    require(refused["reason"] == "denied" and "deny-list" in refused["message"], f"the event is {refused}")
    require(peers_of(bob) == [], "a denied peer is connected")


@case
def a_denied_peer_is_cut_off_and_stays_out(bench):
    alice, bob = bench.node("alice"), bench.node("bob")
    with alice, bob:
        alice.up()
        bob.up()
        alice.do("connect", bob.addresses[0])
        done = bob.do("deny", alice.peer_id, "--json").json()
        wanted = {"subject": alice.peer_id, "access": "denied", "changed": True, "closed": 1}
        require(done == wanted, f"deny said {done}")
        wait_until(lambda: events_of(bob, "disconnected"), "the connection is not closed")
        [lost] = events_of(bob, "disconnected")
        require(lost["reason"] == "denied", f"the event is {lost}")
        expect_refused(alice, bob, 1)
        expect_status(bob.run("connect", alice.addresses[0]), 1, "deny-list", "--remove")

        again = bob.do("deny", alice.peer_id, "--json").json()
        require(again["changed"] is False, f"deny said {again}")
        require("already" in bob.do("deny", alice.peer_id).text(), "deny does not say that it was so")
        done = bob.do("deny", alice.peer_id, "--remove", "--json").json()
        wanted = {"subject": alice.peer_id, "access": "normal", "changed": True, "closed": 0}
        require(done == wanted, f"deny --remove said {done}")
        alice.do("connect", bob.addresses[0])
        require(entries_of(bob) == [], "the list is not empty")


@case
def a_denied_node_is_cut_off_whatever_its_address(bench):
    alice, bob = bench.node("alice"), bench.node("bob")
    with alice, bob:
        alice.up()
        bob.up()
        bob.do("deny", alice.node_id)
        # Who that is shows with the binding.
        alice.run("connect", bob.addresses[0])
        wait_until(lambda: peers_of(bob) == [], "a denied node is connected")
        expect_status(alice.run("send", bob.addresses[0], "let me in"), 4)
        require(bob.do("inbox", "--json").text() == "", "a denied node's message arrived")
        # Known by now, it is refused at once.
        expect_refused(alice, bob, 1)
        expect_status(bob.run("connect", alice.addresses[0]), 1, "deny-list")
        bob.do("deny", alice.node_id, "--remove")
        alice.do("send", bob.addresses[0], "hello")
        require(alice.do("connect", bob.node_id, "--json").json()["node_id"] == bob.node_id, "who is that?")


@case
def a_denied_subnet_refuses_but_an_allowed_peer_of_it_gets_in(bench):
    with trio(bench) as (alice, bob, carol):
        bob.do("deny", "127.0.0.0/8")
        result = alice.run("connect", bob.addresses[0])
        require(result.status in (1, 4, 5), f"connect ended with {result.status}")
        wait_until(lambda: events_of(bob, "refused"), "no refusal")
        require(events_of(bob, "refused")[0]["reason"] == "denied", "for another reason")
        bob.do("allow", carol.peer_id)
        carol.do("connect", bob.addresses[0])
        require(alice.run("connect", bob.addresses[0]).status != 0, "and lets the others in")
        bob.do("deny", "127.0.0.0/8", "--remove")
        alice.do("connect", bob.addresses[0])


@case
def an_allowed_peer_gets_in_whatever_the_limits_say(bench):
    with trio(bench, "connections_inbound_max = 1") as (alice, bob, carol):
        alice.do("connect", bob.addresses[0])
        require(carol.run("connect", bob.addresses[0]).status != 0, "the limit holds nobody")
        bob.do("allow", carol.peer_id)
        carol.do("send", bob.addresses[0], "hello")
        require(sorted(peers_of(bob)) == sorted([alice.peer_id, carol.peer_id]), "who is connected?")


@case
def the_access_list_outlives_the_daemon(bench):
    alice, bob = bench.node("alice"), bench.node("bob")
    wanted = [
        (alice.peer_id, "denied"),
        (STRANGER_NODE, "denied"),
        ("192.0.2.0/24", "allowed"),
        ("2001:db8::/32", "denied"),
    ]
    with alice:
        alice.up()
        with bob:
            bob.up()
            require("deny" in bob.do("access").text(), "an empty list is not explained")
            bob.do("deny", alice.peer_id)
            bob.do("allow", STRANGER_NODE)
            bob.do("deny", STRANGER_NODE)  # in its place
            bob.do("allow", "192.0.2.7/24")
            bob.do("deny", "2001:db8::/32")
            bob.do("allow", STRANGER)
            bob.do("allow", STRANGER, "--remove")
            require(entries_of(bob) == wanted, f"the list is {entries_of(bob)}")
            mode = stat.S_IMODE((bob.path / "access.list").stat().st_mode)
            require(mode == 0o600, f"access.list has mode {mode:o}")
            bob.daemon.kill()
        with bob:
            bob.up()
            require(entries_of(bob) == wanted, f"after kill -9 the list is {entries_of(bob)}")
            table = [tuple(reversed(line.split())) for line in bob.do("access").text().splitlines()]
            require(table == wanted, f"the table is {table}")
            expect_refused(alice, bob, 1)


@case
def a_damaged_access_list_is_told(bench):
    node = bench.node()
    file = node.path / "access.list"
    for line in ("permit 192.0.2.1", "deny", "deny nobody", "allow 192.0.2.0/33"):
        file.write_text(f"# a comment\n\n{line}\n")
        expect_status(node.run("up"), 1, "access.list:3")
    file.unlink()
    file.mkdir()
    expect_status(node.run("up"), 1, "access.list")


@case
def subjects_that_mean_nothing_are_status_2(bench):
    node = bench.node()
    for command in ("allow", "deny"):
        for subject in ("nobody", "192.0.2.0/33", "/ip4/192.0.2.1/tcp/1", "zEPJ1234"):
            expect_status(node.run(command, subject), 2, subject)
        expect_status(node.run(command), 2)


@case
def a_list_that_cannot_be_written_is_told(bench):
    with bench.node() as node:
        node.up()
        (node.path / "access.list.new").mkdir()
        result = node.run("deny", STRANGER)
        expect_status(result, 1, "access.list cannot be written")
        require(entries_of(node) == [(STRANGER, "denied")], "and the change does not even hold for now")

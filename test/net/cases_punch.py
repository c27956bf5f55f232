"""Who reaches whom through two routers: the tables of docs/nat.md, as the laboratory's routers have it."""

import contextlib
import itertools

from bench import case
from homes import Internet
from nat_probe import Prober
from nodes import beside_others
from program import require
from punch import Side, tcp_punch, udp_punch

DELAY = "2ms"
KINDS = {
    "FC": "full-cone",
    "RC": "address-restricted",
    "PR": "port-restricted",
    "SQ": "symmetric-sequential",
    "SY": "symmetric-random",
    "UB": "udp-blocked",
}
# Those that a synchronised start with up to four predicted ports does not connect. None: it may or may not.
UDP_FAILS = {("PR", "SY"): True, ("SQ", "SY"): True, ("SY", "SY"): True, ("SQ", "SQ"): None}
TCP_FAILS = {**UDP_FAILS, ("SQ", "SQ"): True, ("PR", "SQ"): None}


def like(name, tcp):
    """A carrier in front of a home, and TCP where UDP is blocked, are as port-restricted."""
    return "PR" if name == "CG" or (tcp and name == "UB") else name


def expected(names, tcp):
    if not tcp and "UB" in names:
        return False
    one, other = (like(name, tcp) for name in names)
    fails = TCP_FAILS if tcp else UDP_FAILS
    found = fails.get((one, other), fails.get((other, one), False))
    return None if found is None else not found


def sides(net, prober, which):
    """A public host, and a home of each kind."""
    yield Side("PU", "public", net.public(f"public{which}", delay=DELAY), prober)
    for name, kind in KINDS.items():
        home = net.home(f"{name}{which}", kind, delay=DELAY)
        yield Side(name, kind, home.router, prober)
    carrier = net.carrier(f"carrier{which}", delay=DELAY)
    home = net.home(f"CG{which}", "port-restricted", behind=carrier, delay=DELAY)
    yield Side("CG", "port-restricted", home.router, prober)


def expect_the_table(punch, tcp):
    wrong, table = [], []
    with contextlib.ExitStack() as stack:
        net = stack.enter_context(Internet())
        prober = stack.enter_context(Prober(net.public("server", delay=DELAY)))
        left, right = ({side.name: side for side in sides(net, prober, which)} for which in "lr")
        usable = [name for name in left if tcp or name != "UB"]
        for pair in itertools.combinations_with_replacement(usable, 2):
            succeeded = punch(left[pair[0]], right[pair[1]])
            table.append(f"{'-'.join(pair)} {'yes' if succeeded else 'no'}")
            if expected(pair, tcp) not in (None, succeeded):
                wrong.append(table[-1])
    print(f"    {'TCP' if tcp else 'UDP'}: {', '.join(table)}", flush=True)
    require(not wrong, f"not as the table has it: {wrong}")


@case
@beside_others
def udp_punches_through_the_pairs_that_it_should(_bench):
    expect_the_table(udp_punch, tcp=False)


@case
@beside_others
def tcp_punches_through_the_pairs_that_it_should(_bench):
    expect_the_table(tcp_punch, tcp=True)

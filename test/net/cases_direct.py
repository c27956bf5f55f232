"""Nodes behind routers of each kind get a direct path, or say why there is none: each pair once. `./dev lab
matrix` has all pairs, many times."""

import concurrent.futures

import cells
from bench import case
from country import LISTEN, LISTEN_IP6, Country
from nodes import beside_few
from pairs import Pair, without_publics
from program import require

# Two processors may have other work, too: how soon paths become direct is promised of simulated pairs
# (test/sim/punch) and measured by `./dev lab matrix`. Here those that can become direct by themselves, and
# those that cannot are still relayed after some time.
PATIENCE_S = 90
RELAYED_S = 15
AT_ONCE = 3
FAST = (
    "both:PR-PR",
    "both:FC-SY",
    "both:PR-SQ",
    "both:PR-SY",
    "both:SY-SY",
    "both:UB-SY",
    "tcp:PR-PR",
    "tcp:PR-UB",
    "home:PR-CG",
    "same:PR-PR",
    "ip6:SY-SY",
    "far:PR-PR",
)


def expect(cell, outcome):
    """What is wrong with it, or nothing."""
    if outcome.problem:
        return outcome.problem
    direct = outcome.direct_s is not None
    if direct != outcome.proved:
        return f"direct: {outcome.direct_s}, but without relays answered: {outcome.proved}"
    if cell.wanted == "relay":
        if direct:
            return f"direct by {outcome.by}"
        return "" if outcome.reason in cell.reasons else f"the reason is {outcome.reason}: {outcome.why}"
    told = f"{outcome.reason}: {outcome.why}; {outcome.rounds}"
    return "" if direct else f"not direct within {PATIENCE_S} s: {told}"


@case
@beside_few
def each_pair_gets_a_direct_path_or_says_why_not(bench):
    chosen = [cell for cell in cells.all_cells() if cell.name in FAST]
    require(len(chosen) == len(FAST), "a pair is not in the tables")
    # What takes longest begins first.
    chosen.sort(key=lambda cell: cells.WITHIN[cell.wanted], reverse=True)
    with (
        Country(bench, listen=LISTEN + LISTEN_IP6) as country,
        concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool,
    ):
        pairs = [Pair(country, cell, f"{number}-") for number, cell in enumerate(chosen)]

        def meet(pair):
            return pair.meet(0, RELAYED_S if pair.cell.wanted == "relay" else PATIENCE_S)

        outcomes = list(pool.map(meet, pairs))
        with without_publics(country):
            list(pool.map(lambda pair, outcome: outcome.problem or pair.prove(outcome), pairs, outcomes))
        for pair in pairs:
            pair.close()
    for outcome in outcomes:
        print(f"    {line_of(outcome)}", flush=True)
    found = [(pair.cell.name, expect(pair.cell, it)) for pair, it in zip(pairs, outcomes, strict=True)]
    wrong = [f"{name}: {what}" for name, what in found if what]
    require(not wrong, "\n".join(wrong))


def line_of(it):
    asked = "-" if it.request_s is None else f"{it.request_s:.2f} s"
    path = f"relayed, {it.reason}" if it.direct_s is None else f"direct after {it.direct_s:.2f} s, {it.by}"
    means = ", ".join(it.means()) or "no rounds"
    return f"{it.cell:12} {it.asker} asks {it.asked}: answered after {asked}, {path} ({means})"

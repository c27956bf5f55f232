"""What each pair of nodes must reach: the tables of docs/nat.md, and homes that these do not have.

PU public, FC full cone, RC address-restricted, PR port-restricted, SQ symmetric with sequential ports, SY
symmetric with random ports, UB UDP blocked, CG a home behind a carrier's router.
"""

from dataclasses import dataclass

from country import LISTEN, LISTEN_IP6, LISTEN_TCP

KINDS = {
    "FC": "full-cone",
    "RC": "address-restricted",
    "PR": "port-restricted",
    "SQ": "symmetric-sequential",
    "SY": "symmetric-random",
    "UB": "udp-blocked",
    "CG": "port-restricted",
}
ORDER = ("PU", "FC", "RC", "PR", "UB", "SQ", "SY")

# How long it may take, in seconds, and which part of the runs must succeed.
# A relayed path's reason is asked then.
WITHIN = {"direct": 3, "punch": 3, "far": 10, "predict": 5, "maybe": 5, "spray": 20, "relay": 6}
SHARE = {"direct": 1, "punch": 1, "far": 0.95, "predict": 1, "maybe": 0, "spray": 0.95, "relay": 0}
# Beyond that it is waited a little, so that a late path is told from none.
LATE = 3

HARD = frozenset({"BOTH_HARD_NAT"})
BLOCKED = frozenset({"UDP_BLOCKED"})
UNANSWERED = frozenset({"PROBES_UNANSWERED"})


@dataclass(frozen=True)
class Cell:
    """`family`: "both" where nodes listen for UDP and TCP, "tcp" where for TCP only, "home" of the others."""

    family: str
    one: str
    other: str
    wanted: str
    reasons: frozenset = frozenset()  # of what ends relayed, one of these
    hairpin: bool = False

    @property
    def name(self):
        return f"{self.family}:{self.one}-{self.other}" + ("+hairpin" if self.hairpin else "")

    @property
    def listen(self):
        if self.family == "tcp":
            return LISTEN_TCP
        return LISTEN + LISTEN_IP6 if self.family == "ip6" else LISTEN

    @property
    def link(self):
        """Between each of both and the internet, one way; "far" is 300 ms from end to end and back, and a
        tenth of all packets are lost each way."""
        return {"delay": "75ms", "loss": "5.13%"} if self.family == "far" else {"delay": "40ms"}

    @property
    def can_be_direct(self):
        return self.wanted not in ("relay", "maybe")


def wanted_of(one, other, tcp):
    """The two tables: over TCP, and the better of both. `one` comes before `other` in ORDER."""
    hard = [it for it in (one, other) if it in ("SQ", "SY")]
    if "PU" in (one, other):
        return "direct"
    if not hard:
        return "punch"
    if one in ("FC", "RC"):
        return "direct"
    over_tcp = tcp or one == "UB"
    if one in ("PR", "UB"):
        if other == "SQ":
            return "maybe" if over_tcp else "predict"
        return "relay" if over_tcp else "spray"
    return "maybe" if hard == ["SQ", "SQ"] and not over_tcp else "relay"


def reasons_of(one, other, tcp):
    """Of a pair that ends relayed: who listens for TCP only is to others as one whose UDP is blocked."""
    both_hard = one in ("SQ", "SY") and other in ("SQ", "SY")
    reasons = HARD if both_hard else BLOCKED if tcp or one == "UB" else frozenset()
    # Where something can be tried, nothing may come of it.
    return reasons | UNANSWERED if wanted_of(one, other, tcp) == "maybe" else reasons


def table(family):
    tcp = family == "tcp"
    for number, one in enumerate(ORDER):
        for other in ORDER[number:]:
            yield Cell(family, one, other, wanted_of(one, other, tcp), reasons_of(one, other, tcp))


def others():
    """A carrier's router in front of a home's counts as port-restricted; two hosts of one home; IPv6 behind
    firewalls where IPv4 cannot be punched; homes that are far from each other."""
    yield Cell("home", "PR", "CG", "punch")
    yield Cell("home", "CG", "CG", "punch")
    yield Cell("home", "CG", "SY", "spray")
    yield Cell("same", "PR", "PR", "direct")
    yield Cell("same", "PR", "PR", "direct", hairpin=True)
    yield Cell("same", "SY", "SY", "direct")
    yield Cell("ip6", "SY", "SY", "punch")
    yield Cell("far", "PR", "PR", "far")
    yield Cell("far", "FC", "SY", "far")


def all_cells():
    return [*table("both"), *table("tcp"), *others()]


def chosen(names):
    """By a name, or by a part of it: "both:PR-SY", "tcp:", "SY-SY"."""
    found = [cell for cell in all_cells() if not names or any(name in cell.name for name in names)]
    return found

"""A network of SM2 identities: who knows that type of key joins it, a stock peer is refused."""

import cases
from cases import Pair
from peers import require

# What go-libp2p says of a type of key that it does not know, and what Warren says of who hangs up on its key.
GO_UNKNOWN = "invalid or unsupported key type"
WARREN_REFUSED = "refused this node's identity"


def conversation(pair):
    """Identify, with peer records that SM2 signs, pings and echoes; PeerIDs are hashes, as of large keys."""
    with cases.connection(pair) as (dialer, listener):
        dialer.expect("done")
        for peer in (dialer, listener):
            require(peer.id.startswith("Qm"), f"the PeerID of an SM2 key is {peer.id}")
    cases.conversation(pair)


def stock_dials(stock, warren):
    """Both sides say why; who knows the type of key is served."""
    with warren.listen() as listener:
        with stock.dial(listener.ready().addresses[0]) as dialer:
            cases.check_refused(dialer, GO_UNKNOWN)
        cases.check_still_serves(stock.using(key_type="sm2"), listener)
        listener.end()
        require(WARREN_REFUSED in listener.errors(), "the listener does not say why")


def warren_dials_stock(stock, warren):
    """The listener hangs up on a key that it does not know, and Warren says why."""
    with stock.listen() as listener:
        with warren.dial(listener.ready().addresses[0], "--ping", 1) as dialer:
            cases.check_refused(dialer, WARREN_REFUSED)
        listener.end()


def all_cases(stock, warren, transports):
    """Name -> function without arguments; over TCP with each security protocol, and over the transports."""
    table = {}

    def add(name, case, *arguments):
        table[name] = lambda: case(*arguments)

    ways = [(name, name, lambda p, s=name: p.using(security=s)) for name in cases.SECURITY_IDS]
    ways += [(transport.name, "tls", lambda p, t=transport: p.over(t)) for transport in transports]
    for name, security, bind in ways:
        plain, theirs = bind(stock), bind(stock.using(key_type="sm2"))
        ours = warren.using(key_type="sm2")
        over_tcp = name in cases.SECURITY_IDS
        ours = ours if over_tcp else bind(ours)  # over TCP it offers all it has
        bound = bind(warren)
        add(f"go_dials_warren_{name}_sm2", conversation, Pair(theirs, ours, security))
        add(f"warren_dials_go_{name}_sm2", conversation, Pair(ours, theirs, security))
        add(f"warren_sm2_dials_bound_{name}", cases.conversation, Pair(ours, bound, security))
        add(f"warren_bound_dials_sm2_{name}", cases.conversation, Pair(bound, ours, security))
        add(f"stock_go_dials_warren_{name}_sm2", stock_dials, plain, ours)
        add(f"warren_sm2_dials_stock_go_{name}", warren_dials_stock, plain, ours)
        if not over_tcp:
            add(f"warren_sm2_dials_sm2_{name}", conversation, Pair(ours, ours, security))
    return table

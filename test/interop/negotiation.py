"""Which security a connection gets, when each side has another choice of them."""

import cases
from cases import Pair
from peers import require


def go_with_both_dials_warren(go, warren):
    """Stock Go proposes TLS first."""
    cases.ping(Pair(go.using(security="both"), warren, "tls"))


def warren_dials_go_with_both(go, warren):
    """Warren proposes Noise first."""
    cases.ping(Pair(warren, go.using(security="both"), "noise"))


def warren_with_tls_only_dials_go(go, warren):
    """What is configured is what is proposed."""
    cases.conversation(Pair(warren.using(security="tls"), go.using(security="both"), "tls"))


def go_dials_warren_with_tls_only(go, warren):
    """Go is refused its first proposal, where it is Noise, and goes on with the next."""
    cases.conversation(Pair(go.using(security="both"), warren.using(security="tls"), "tls"))


def warren_redials_go_with_tls_only(go, warren):
    """The optimistic proposal of Noise costs one redial; after that Warren proposes TLS at once."""
    with go.listen("--security", "tls") as listener:
        with warren.dial(listener.ready().addresses[0], "--hold") as dialer:
            dialer.ready()
            first = dialer.expect("connected")
            dialer.expect("done")
            second = dialer.ask("connected", "reconnect", listener.id)
            for event in (first, second):
                require(event["security"] == "/tls/1.0.0", f"security is {event['security']}")
                redials = event["security_redials"]
                require(redials == 1, f"{redials} redials so far, not 1")
            dialer.end()
        listener.end()


def go_with_tls_only_dials_warren_with_noise_only(go, warren):
    """A dialer that has nothing in common with the listener is turned away, and Warren serves others."""
    with warren.using(security="noise").listen() as listener:
        with go.dial(listener.ready().addresses[0], "--security", "tls") as dialer:
            cases.check_refused(dialer, "protocols not supported")
        cases.check_still_serves(go, listener)
        listener.end()


def warren_with_noise_only_dials_go_with_tls_only(go, warren):
    """Warren gives up cleanly on a listener that has nothing in common with it."""
    with go.listen("--security", "tls") as listener:
        with warren.using(security="noise").dial(listener.ready().addresses[0]) as dialer:
            cases.check_refused(dialer)
        cases.check_still_serves(go, listener, "--security", "tls")
        listener.end()


# The self-test, where Go plays Warren's part too, has those that do not depend on what Warren prefers.
SELF_TEST = (
    warren_with_tls_only_dials_go,
    go_dials_warren_with_tls_only,
    go_with_tls_only_dials_warren_with_noise_only,
    warren_with_noise_only_dials_go_with_tls_only,
)
CASES = (
    *SELF_TEST,
    go_with_both_dials_warren,
    warren_dials_go_with_both,
    warren_redials_go_with_tls_only,
)

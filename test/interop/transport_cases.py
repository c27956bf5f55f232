"""The other transports than TCP, each with the other implementations, in both directions."""

import dataclasses
import pathlib
import tempfile

import cases
import transports
from cases import Pair
from peers import Program, require
from transports import QUIC, WS, WSS

# What is negotiated on them; the security protocols one by one are the matter of TCP's cases.
SECURITY = {WS: "noise", WSS: "tls"}


@dataclasses.dataclass(frozen=True)
class Way:
    """One direction; its pair is made when a case runs."""

    name: str
    dialing: Program
    listening: Program

    def pair(self, transport, **flags):
        security = SECURITY.get(transport, "tls")
        if not transport.muxes:
            flags["security"] = security
        dialing, listening = (p.using(**flags).over(transport) for p in (self.dialing, self.listening))
        return Pair(dialing, listening, security)


def ways(stock, warren):
    return (
        Way(f"{stock.name}_dials_warren", stock, warren),
        Way(f"warren_dials_{stock.name}", warren, stock),
    )


def retry(way):
    """A listener with much to do lets dialers show their address first; go-libp2p's log of QUIC proves it."""
    pair = way.pair(QUIC)
    with tempfile.TemporaryDirectory(prefix="warren-interop-qlog-") as folder:
        logging = {"QLOGDIR": folder}
        dialing = dataclasses.replace(pair.dialing, environment=logging)
        listening = dataclasses.replace(pair.listening.using(retry=True), environment=logging)
        cases.conversation(Pair(dialing, listening, pair.security))
        logs = [path.read_text() for path in pathlib.Path(folder).iterdir()]
        if "go" in (dialing.name, listening.name):
            # A dialer logs what it is asked, a listener what it is told only.
            proof = ('"packet_type":"retry"', '"token":{"data":')
            require(any(some in log for log in logs for some in proof), "nobody was asked to try again")


def dials_by_name(way):
    """The certificate is asked for, and checked, by the name in the address."""
    pair = way.pair(WSS)
    with pair.listening.listen() as listener:
        address = listener.ready().addresses[0].replace("/tls/ws", f"/tls/sni/{transports.HOST_NAME}/ws")
        with pair.dialing.dial(address, "--ping", 1) as dialer:
            dialer.ready().expect("connected")
            cases.check_pings(dialer, listener, 1)
            dialer.end()
        listener.end()


def unknown_authority(way):
    """The dialer refuses a certificate that leads to no authority it knows, or is of another name."""
    pair = way.pair(WSS)
    others = way.listening.using(addr=WSS.listen, certificates=transports.other_certificates())
    with dataclasses.replace(others, transport=WSS).listen() as listener:
        with pair.dialing.dial(listener.ready().addresses[0]) as dialer:
            cases.check_refused(dialer, "(?i)certificate")
        listener.end()
    with pair.listening.listen() as listener:
        address = listener.ready().addresses[0].replace("/tls/ws", "/tls/sni/stranger.test/ws")
        with pair.dialing.dial(address) as dialer:
            cases.check_refused(dialer, "(?i)certificate")
        cases.check_still_serves(pair.dialing, listener)
        listener.end()


def of_quic(way, stock):
    """Case's name -> function without arguments."""
    table = {"everything": lambda: cases.everything(way.pair(QUIC))}
    table["wrong_peer_id"] = lambda: cases.wrong_peer_id(way.pair(QUIC))
    if way.listening.asks_again:
        table["retry"] = lambda: retry(way)
    for key_type in stock.key_types:
        if key_type != "ed25519":
            name = f"{key_type}_conversation"
            table[name] = lambda key_type=key_type: cases.conversation(way.pair(QUIC, key_type=key_type))
    if stock.stops_streams:
        table["endings"] = lambda: cases.endings(way.pair(QUIC))
    return table


def of_web_socket(way, _stock, transport=WS):
    table = {}
    for case in (cases.everything, cases.wrong_peer_id):
        table[case.__name__] = lambda case=case: case(way.pair(transport))
    return table


def of_secure_web_socket(way, stock):
    table = of_web_socket(way, stock, WSS)
    if stock.names_hosts:
        for case in (dials_by_name, unknown_authority):
            table[case.__name__] = lambda case=case: case(way)
    return table


ALL = {QUIC: of_quic, WS: of_web_socket, WSS: of_secure_web_socket}


def all_cases(stock, warren, among):
    """Name -> function without arguments, over the transports `among`; `stock` is one of run.py's."""
    table = {}
    for way in ways(stock.peer, warren):
        for transport in among:
            for name, case in ALL[transport](way, stock).items():
                table[f"{way.name}_{transport.name}_{name}"] = case
    return table

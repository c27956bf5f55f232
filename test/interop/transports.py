"""What a connection can run over: the address to listen at, and how the peers write such addresses."""

import dataclasses
import functools
import pathlib
import re
import subprocess
import tempfile
import threading

OPENSSL_S = 120

# The name in the certificate, besides the address 127.0.0.1.
HOST_NAME = "warren.test"

_PORT = r"[1-9]\d*"


@dataclasses.dataclass(frozen=True)
class Transport:
    name: str
    listen: str
    endings: tuple = ()  # other forms that libraries give the address's end
    observed: tuple = ()  # such as are seen in identify's observed address only
    muxes: bool = False  # has streams of its own, and security: nothing is negotiated
    certificates: bool = False

    def listens_at(self, address):
        return re.fullmatch(re.escape(self.listen).replace("/0", f"/{_PORT}", 1), address)

    def dialed(self, address):
        return self._is(address, self.endings)

    def is_observed(self, address):
        # js-libp2p observes the peer ID as well.
        return self._is(re.sub(r"/p2p/\w+$", "", address), self.endings + self.observed)

    def _is(self, address, endings):
        start, end = self.listen.split("/0", 1)
        forms = "|".join(re.escape(form) for form in (end, *endings))
        return re.fullmatch(rf"{re.escape(start)}/{_PORT}({forms})", address)


TCP = Transport("tcp", "/ip4/127.0.0.1/tcp/0")
QUIC = Transport("quic", "/ip4/127.0.0.1/udp/0/quic-v1", muxes=True)
WS = Transport("ws", "/ip4/127.0.0.1/tcp/0/ws")
# Go writes /wss, and js-libp2p forgets the TLS of who dials it.
WSS = Transport(
    "wss", "/ip4/127.0.0.1/tcp/0/tls/ws", endings=("/wss",), observed=("/ws",), certificates=True
)


# --- certificates of wss --------------------------------------------------------------------------

_EXTENSIONS = f"subjectAltName=IP:127.0.0.1,DNS:{HOST_NAME}\n"
_NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-batch"]
_lock = threading.Lock()
_folders = []  # gone when the run ends


def certificates():
    """A folder with ca.pem, chain.pem and key.pem, the same throughout the run."""
    with _lock:
        return _same_certificates()


def other_certificates():
    """The same of another authority, which the peers do not know."""
    return _make_certificates()


@functools.cache
def _same_certificates():
    return _make_certificates()


def _make_certificates():
    holder = tempfile.TemporaryDirectory(prefix="warren-interop-certificates-")
    _folders.append(holder)
    folder = pathlib.Path(holder.name)
    (folder / "extensions").write_text(_EXTENSIONS)
    for words in (
        ["req", "-x509", *_NEW_KEY, "-keyout", "ca.key", "-out", "ca.pem", "-days", "2", "-subj", "/CN=CA"],
        ["req", *_NEW_KEY, "-keyout", "key.pem", "-out", "request.pem", "-subj", f"/CN={HOST_NAME}"],
        ["x509", "-req", "-in", "request.pem", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial"]
        + ["-days", "2", "-extfile", "extensions", "-out", "chain.pem"],
    ):
        subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True, timeout=OPENSSL_S)
    return folder

"""`warren` nodes on hosts of a laboratory, two of them in most cases, and requests whose outcome counts."""

import subprocess
import time

from bench import serve
from lab import Lab
from program import COMMAND_S, Node, environment, require

# Where a host of the first link moves to.
NEW_IP4 = "10.77.1.99"
NEW_IP6 = "fd77:1::99"


def beside_others(function):
    """For cases that wait for most of their time: many of them run at the same time."""
    function.beside_others = True
    return function


def beside_few(function):
    """The same for those with many daemons, or whose goals are tried again: few of them run at the same
    time."""
    function.beside_few = True
    return function


def node_on(host, bench, name, multicasts=False):
    """A node that `warren init` has made; not running. Unless it sends multicasts, whom it meets is for the
    case to say."""
    node = Node(bench.program, bench.folder / name, host.within())
    if not multicasts:
        node.init()
        return node
    made = node.do("init", "--json").json()
    node.node_id, node.peer_id = made["node_id"], made["peer_id"]
    return node


def forget_peers(node):
    """For a node that is down: when it starts again, it knows nobody."""
    for name in ("peers.db", "dht.db"):
        for file in node.path.glob(name + "*"):
            file.unlink()


class Net:
    """Alice and bob, running, each on a host, and a link between these. A context manager.

    `listen`: what follows the address of the host, for each; `dns`: whether alice's host has a third host
    beside it, over a veth, where her DNS server is to be."""

    def __init__(self, bench, listen="/tcp/0", dns=False, **options):
        self.bench = bench
        self.listen = listen
        self.dns = dns
        self.options = options
        self.lab = Lab()

    def __enter__(self):
        self.lab.__enter__()
        self.alice = self.bob = None
        try:
            self._build()
        except BaseException as error:
            self.__exit__(type(error), error, None)
            raise
        return self

    def _build(self):
        self.a, self.b = self.lab.host("a"), self.lab.host("b")
        self.link = self.lab.link(self.a, self.b, **self.options)
        if self.dns:
            self.names = self.lab.host("names")
            self.lab.veth(self.a, self.names)
            self.a.use_resolver(self.names.ip4)
        self.alice, self.bob = node_on(self.a, self.bench, "alice"), node_on(self.b, self.bench, "bob")
        self.alice.up(listen=[f"/ip4/0.0.0.0{self.listen}", f"/ip6/::{self.listen}"])
        self.bob.up(listen=[f"/ip4/0.0.0.0{self.listen}", f"/ip6/::{self.listen}"])

    def __exit__(self, *reason):
        try:
            for node in (self.alice, self.bob):
                if node is not None:
                    node.__exit__(*reason)
        finally:
            self.lab.__exit__(*reason)

    def address(self, beginning=None):
        """Of bob, the first that begins like this; without it, his host's IPv4 address."""
        beginning = beginning or f"/ip4/{self.b.ip4}/"
        found = [address for address in self.bob.addresses if address.startswith(beginning)]
        require(found, f"bob has no address {beginning}... among {self.bob.addresses}")
        return found[0]

    def connect(self):
        self.alice.do("connect", self.address())

    def connections(self, node):
        return node.do("peers", "--json").json()["peers"]

    def path(self):
        """Of alice's only connection."""
        [peer] = self.connections(self.alice)
        return peer["path"]

    def serve_slowly(self, seconds):
        """Bob answers with the text in capitals after so many seconds, and notes each request."""
        log = self.bench.folder / "asked"
        return serve(self.bob, "slow", f"echo asked >> {log}; sleep {seconds}; tr a-z A-Z")

    def times_asked(self):
        log = self.bench.folder / "asked"
        return len(log.read_text().splitlines()) if log.exists() else 0


class Request:
    """A blocking `warren request` under way. It ends with an answer or an error, never both, never none."""

    def __init__(self, net, text, timeout):
        self.text = text
        self.timeout = timeout
        self.begin = time.monotonic()
        alice = net.alice
        words = ["request", net.bob.node_id, "slow", text, "--timeout", str(timeout)]
        self.process = subprocess.Popen(
            [*alice.within, alice.program, *words, "--data-dir", alice.path],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment(),
        )

    def __enter__(self):
        return self

    def __exit__(self, *_reason):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(COMMAND_S)
        self.process.stdout.close()
        self.process.stderr.close()

    def outcome(self):
        """True: answered; false: an error, said in one sentence."""
        try:
            answer, error = self.process.communicate(timeout=self.timeout + 15)
        except subprocess.TimeoutExpired:
            require(False, f"a request with {self.timeout} s to live was silent for longer")
        self.seconds = time.monotonic() - self.begin
        self.error = error.strip()
        if self.process.returncode == 0:
            require(answer == self.text.upper(), f"the answer is {answer!r}")
            require(self.error == "", f"an answer, and an error: {self.error!r}")
            return True
        require(answer == "", f"status {self.process.returncode}, and an answer: {answer!r}")
        lines = self.error.splitlines()
        require(len(lines) == 1 and lines[0].startswith("warren: "), f"not one sentence: {self.error!r}")
        return False

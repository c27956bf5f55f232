"""Network namespaces as the hosts of a laboratory (lab.py), and the `ip` program."""

import contextlib
import fcntl
import os
import re
import socket
import subprocess
from pathlib import Path

from inside import inside

COMMAND_S = 60
RUN_S = 120
NAMESPACES = Path("/run/netns")
NAME = re.compile(r"wnet-(\d+)-(\d+)-")
# See use_cubic().
CONTROL = "ipv4/tcp_congestion_control"
TRIES = 5
ALLOWED = Path("/proc/sys/net/ipv4/tcp_allowed_congestion_control")
SETTINGS = {
    "ipv6/conf/all/accept_dad": 0,  # an address can be used at once
    "ipv6/conf/default/accept_dad": 0,
    "ipv6/conf/all/keep_addr_on_down": 1,  # as IPv4 does
    "ipv6/conf/default/keep_addr_on_down": 1,
    "ipv6/conf/all/router_solicitations": 0,  # there are no routers, and tests count packets
    "ipv6/conf/default/router_solicitations": 0,
    "ipv4/tcp_no_metrics_save": 1,  # no connection knows what an earlier one met
    "ipv4/ping_group_range": "0 0",
}


class LabError(Exception):
    """A laboratory cannot be made, or its link does not answer."""


def missing():
    """Why no laboratory can be made here, or nothing."""
    if os.geteuid() != 0:
        return "needs root, for network namespaces"
    if not Path("/dev/net/tun").exists():
        return "needs /dev/net/tun"
    try:
        ip("netns", "list")
    except (OSError, LabError) as error:
        return f"needs the program `ip`: {error}"
    return None


def ip(*words, check=True):
    done = subprocess.run(["ip", *words], check=False, capture_output=True, text=True, timeout=COMMAND_S)
    if check and done.returncode != 0:
        raise LabError(f"ip {' '.join(words)}: {done.stderr.strip()}")
    return done.stdout


def started_at(pid):
    """What no other process with this id shares; nothing when it is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except OSError:
        return None


def remove_namespace(name):
    for pid in ip("netns", "pids", name, check=False).split():
        try:
            os.kill(int(pid), 9)
        except ProcessLookupError:
            pass
    ip("netns", "delete", name, check=False)


def remove_leftovers():
    """Those of runs that have ended without removing them."""
    for path in NAMESPACES.glob("wnet-*"):
        found = NAME.match(path.name)
        if found and started_at(found[1]) != found[2]:
            remove_namespace(path.name)


class Host:
    """A namespace. Its addresses are those of its first link."""

    def __init__(self, lab, name, namespace):
        self.lab = lab
        self.name = name
        self.namespace = namespace
        self.ends = []
        self.started = []
        self.resolver = None
        ip("netns", "add", namespace)
        self.ip("link", "set", "lo", "up")
        for name, value in SETTINGS.items():
            self.setting(name, value)
        use_cubic(self)

    @property
    def ip4(self):
        return self.ends[0].ip4

    @property
    def ip6(self):
        return self.ends[0].ip6

    def ip(self, *words, check=True):
        return ip("-n", self.namespace, *words, check=check)

    def batch(self, *lines):
        """Several commands of `ip`, by one process of it."""
        command = ["ip", "-n", self.namespace, "-batch", "-"]
        text = "\n".join(lines)
        done = subprocess.run(
            command, check=False, input=text, capture_output=True, text=True, timeout=COMMAND_S
        )
        if done.returncode != 0:
            raise LabError(f"ip, one of {lines}: {done.stderr.strip()}")

    def setting(self, name, value=None):
        """Changes one of /proc/sys/net, when there is a value; what it is then."""
        path = Path("/proc/sys/net") / name
        if value is not None:
            inside(self.namespace, lambda: path.write_text(str(value)))
        return inside(self.namespace, path.read_text).strip()

    def within(self):
        """What goes before a command so that it runs here. It ends when the thread that started it does."""
        words = ["ip", "netns", "exec", self.namespace, "setpriv", "--pdeathsig", "KILL"]
        if self.resolver is not None:
            # `ip netns exec` gives each command a view of the file system of its own: nobody else sees this.
            words += ["sh", "-c", 'mount --bind "$0" /etc/resolv.conf && exec "$@"', str(self.resolver)]
        return words

    def use_resolver(self, address):
        """Programs that are started from now on find their DNS server there."""
        self.resolver = self.lab.folder / f"{self.name}-resolv.conf"
        self.resolver.write_text(f"nameserver {address}\n")

    def run(self, words, within=RUN_S, check=True):
        """Runs a program to its end and returns what it printed."""
        command = [*self.within(), *[str(word) for word in words]]
        done = subprocess.run(command, capture_output=True, text=True, timeout=within, check=False)
        if check and done.returncode != 0:
            raise LabError(f"{' '.join(command)}: {done.stderr.strip() or done.stdout.strip()}")
        return done.stdout

    def start(self, words, **options):
        """Starts a program, which the laboratory ends at its own end, if not sooner."""
        process = subprocess.Popen([*self.within(), *[str(word) for word in words]], **options)
        self.started.append(process)
        return process

    def socket(self, *arguments):
        """A socket of this process that is in this host's namespace."""
        return inside(self.namespace, lambda: socket.socket(*arguments))

    def stop(self):
        for process in self.started:
            if process.poll() is None:
                process.kill()
            process.wait(COMMAND_S)
        self.started.clear()


def use_cubic(host):
    """What most machines use. The kernel lets a namespace choose only what every user may choose, which need
    not be cubic: it is added to that list while the namespace chooses, and other laboratories wait. What else
    writes that list is not ours, hence the tries."""
    for _ in range(TRIES):
        with alone():
            before = ALLOWED.read_text()
            try:
                if "cubic" not in before.split():
                    ALLOWED.write_text(before.strip() + " cubic")
                host.setting(CONTROL, "cubic")
                return
            except PermissionError:
                continue
            finally:
                ALLOWED.write_text(before)
    raise LabError("TCP's congestion control cannot be chosen")


@contextlib.contextmanager
def alone():
    """No other laboratory of this machine is in here at the same time."""
    folder = os.open(NAMESPACES, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)

"""Where the demonstration's nodes live: in network namespaces on a bridge, or on loopback."""

import os
import subprocess

COMMAND_S = 10


def ip(*words, check=True):
    return subprocess.run(["ip", *words], check=check, capture_output=True, text=True, timeout=COMMAND_S)


class Loopback:
    about = "all on loopback"

    def __enter__(self):
        return self

    def __exit__(self, *_reason):
        pass

    def within(self, _name):
        return []

    def listen(self, _name):
        return "/ip4/127.0.0.1/tcp/0"


class Namespaces:
    """One namespace a node, and one for the bridge between them: the machine's own network sees nothing of
    it, and there is no way out. All of it goes when this ends."""

    about = "each in a network namespace of its own"

    def __init__(self, names):
        self.prefix = f"wdemo{os.getpid()}"
        self.hosts = {name: number for number, name in enumerate(names, 1)}
        self.made = []

    @classmethod
    def or_loopback(cls, names):
        """Root of a container may not make namespaces: loopback then."""
        network = cls(names)
        try:
            network.make()
        except (subprocess.SubprocessError, OSError):
            network.remove()
            return Loopback()
        except BaseException:  # Ctrl-C
            network.remove()
            raise
        return network

    def make(self):
        switch = self._add("switch")
        ip("-n", switch, "link", "add", "bridge", "type", "bridge")
        ip("-n", switch, "link", "set", "bridge", "up")
        for name, number in self.hosts.items():
            namespace = self._add(name)
            port = f"port{number}"
            ip("-n", switch, "link", "add", port, "type", "veth", "peer", "name", "eth0", "netns", namespace)
            ip("-n", switch, "link", "set", port, "master", "bridge", "up")
            ip("-n", namespace, "address", "add", f"{self._address(name)}/24", "dev", "eth0")
            for device in ("lo", "eth0"):
                ip("-n", namespace, "link", "set", device, "up")
            ip("netns", "exec", namespace, "true")

    def remove(self):
        for namespace in reversed(self.made):
            ip("netns", "delete", namespace, check=False)
        self.made.clear()

    def __enter__(self):
        return self

    def __exit__(self, *_reason):
        self.remove()

    def within(self, name):
        return ["ip", "netns", "exec", self._namespace(name)]

    def listen(self, name):
        return f"/ip4/{self._address(name)}/tcp/0"

    def _add(self, name):
        namespace = self._namespace(name)
        ip("netns", "add", namespace)
        self.made.append(namespace)
        return namespace

    def _namespace(self, name):
        return f"{self.prefix}-{name}"

    def _address(self, name):
        return f"10.77.0.{self.hosts[name]}"

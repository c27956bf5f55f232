"""Connections that never finish their handshake."""

import contextlib
import errno
import resource
import selectors
import socket
import threading
import time

# What a slow dialer would say, byte by byte, if it lived so long.
BEGINNING = b"\x13/multistream/1.0.0\n\x07/noise\n"
TRICKLE_S = 0.5


@contextlib.contextmanager
def open_files(count):
    """Raises the soft limit of this process, and of those that it starts meanwhile."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(count, hard), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


class HalfOpen:
    """`count` connections opened at once: every other one is silent, the rest trickle. When some are ended,
    others come instead, so many a second, until stop_coming(). A context manager."""

    def __init__(self, endpoint, count, more_per_s):
        self.endpoint = endpoint
        self.count = count
        self.more_per_s = more_per_s
        self.selector = selectors.DefaultSelector()
        self.said = {}  # socket -> bytes said so far; silent ones have none
        self.ended = 0
        self.coming = True
        self.running = True
        self.thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        for number in range(self.count):
            self._open(number % 2 == 0)
        self.thread.start()
        return self

    def __exit__(self, *_reason):
        self.running = False
        self.thread.join()
        for connection in list(self.said):
            connection.close()
        self.selector.close()

    def open_now(self):
        return len(self.said)

    def is_over(self):
        """Whether none is left, after a moment."""
        time.sleep(0.1)
        return not self.said

    def stop_coming(self):
        self.coming = False

    def _open(self, silent):
        connection = socket.socket()
        connection.setblocking(False)
        status = connection.connect_ex(self.endpoint)
        if status not in (0, errno.EINPROGRESS):
            connection.close()
            return
        self.said[connection] = None if silent else 0
        self.selector.register(connection, selectors.EVENT_READ)

    def _end(self, connection):
        self.selector.unregister(connection)
        del self.said[connection]
        connection.close()
        self.ended += 1

    def _read(self, connection):
        try:
            if connection.recv(4096):
                return
        except BlockingIOError:
            return
        except OSError:
            pass
        self._end(connection)

    def _trickle(self):
        for connection, said in list(self.said.items()):
            if said is None or said == len(BEGINNING):
                continue
            try:
                self.said[connection] += connection.send(BEGINNING[said : said + 1])
            except BlockingIOError:
                pass
            except OSError:
                self._end(connection)

    def _run(self):
        trickled = opened = time.monotonic()
        while self.running:
            for key, _ in self.selector.select(0.05):
                self._read(key.fileobj)
            now = time.monotonic()
            if now - trickled >= TRICKLE_S:
                trickled = now
                self._trickle()
            if now - opened >= 0.1:
                opened = now
                missing = self.count - len(self.said) if self.coming else 0
                for number in range(min(missing, self.more_per_s // 10)):
                    self._open(number % 2 == 0)

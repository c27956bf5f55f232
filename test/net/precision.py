"""How exact a link is, apart from how exact anything can be on this machine just now: what it does is
measured with no delay set, too, and the machine's timers are measured at the same time."""

import os
import statistics
import threading
import time

from program import require

# Of the link: it hands packets over together up to 0.2 ms late, and the kernel has to wake it.
LATE_S = 0.0005
# What a busy machine adds comes and goes, a fault of the link stays.
ROUNDS = 10


class Timers:
    """By how much a timer of that length is late here, in seconds, as long as the body runs. A context
    manager. As urgent as a link is (link.cpp), where that is granted."""

    def __init__(self, length):
        self.length = length
        self.late = []
        self.running = True
        self.thread = threading.Thread(target=self._run, daemon=True)

    def _run(self):
        try:
            os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))  # of this thread
        except OSError:
            pass
        while self.running:
            begin = time.monotonic()
            time.sleep(self.length)
            self.late.append(time.monotonic() - begin - self.length)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_reason):
        self.running = False
        self.thread.join()

    def median(self):
        return statistics.median(self.late)


class Least:
    """The least of the medians that were measured: noise is only ever added."""

    def __init__(self):
        self.value = float("inf")

    def take(self, measured):
        self.value = min(self.value, statistics.median(measured))
        return self.value


def expect_precision(what, measure, set_delay, delay, ways=1):
    """`measure` returns how long things take, in seconds, that a link delays `ways` times; they are measured
    by turns with that delay and with none, until what it adds is what is set, as far as timers allow."""
    delayed, plain, timers = Least(), Least(), Least()
    for number in range(1, ROUNDS + 1):
        set_delay(0)
        plain.take(measure())
        set_delay(delay)
        with Timers(delay) as timer:
            took = measure()
        require(min(took) >= ways * delay, f"{what}: {min(took) * 1000:.3f} ms is faster than the link")
        late = delayed.take(took) - ways * delay - plain.value - ways * timers.take([timer.median()])
        if late <= LATE_S:
            break
    figures = f"{delayed.value * 1000:.2f} ms with {ways * delay * 1000:.0f} ms set"
    figures += f", {plain.value * 1000:.2f} ms with none; timers are {timers.value * 1000:.2f} ms late"
    print(f"    {what}: {figures} (round {number})", flush=True)
    require(late <= LATE_S, f"{what}: {late * 1000:.2f} ms late: {figures}")

"""Tests with real programs on a machine that may be busy: what can be judged of their figures all the same.

Goals in seconds are asserted in virtual time, beside the code and in test/sim. Here it is proved that things
happen, and what is late is judged against something alike that is done at the same time and has no reason to
be late, or by the best of several tries: a busy machine spoils some of them, a defect spoils all.
"""

import concurrent.futures
import time

from program import Failure

# What the machine makes slow, it makes slow for the control, too; with luck only for one of them.
TIMES = 10
TRIES = 5
# The piece of work of slowness() takes a processor so long of the kind for which goals of speed were set.
WORK = 1_000_000
WORK_S = 0.08


class Late(Failure):
    """It happened, but not soon enough: another try may tell whether that was the machine."""


def expect_soon(what, took, goal, control):
    """In seconds: nothing takes longer than `goal` where nothing else is to be done, and else not much longer
    than what something alike has just taken, which had no reason to be slow."""
    if took >= max(goal, TIMES * control):
        raise Late(f"{what} took {took:.2f} s; a control {control:.2f} s")


def seconds(action):
    """What it takes."""
    begin = time.monotonic()
    action()
    return time.monotonic() - begin


def slowness():
    """By how many times a processor of this machine is slower just now than those for which goals of speed
    were set, by the time that this thread has one; at least 1."""
    begin = time.thread_time()
    number = 0
    for _ in range(WORK):
        number = number * 1103515245 + 12345 & 0x7FFFFFFF
    return max(1, (time.thread_time() - begin) / WORK_S)


def side_by_side(action, control):
    """The seconds that each takes, both at the same time."""
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        other = pool.submit(seconds, control)
        return seconds(action), other.result()


def in_some_try(attempt, tries=TRIES, of=Failure):
    """What `attempt` returns when it does not fail with `of`. Such failures are told, the last is raised."""
    for number in range(1, tries + 1):
        try:
            return attempt()
        except of as failure:
            if number == tries:
                raise
            print(f"    try {number}: {failure}", flush=True)

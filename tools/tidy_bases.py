"""Which headers `tidy.py --headers` precompiles for the sake of others: a greedy choice by rough weights.

What is chosen decides how long the check takes, never what it says.
"""

import heapq

LARGE = ("boost/", "grpc", "nlohmann/", "CLI/", "toml++/", "doctest/")
DEPTH = 3  # clang 19 crashes now and then where precompiled headers stand on each other much higher
WRITING = 1.5  # what it costs to precompile a header, as a multiple of compiling it


def weight(ours, others):
    """How long the compiler reads some files of ours and some of others, in headers of ours."""
    return len(ours) + sum(30 if name.startswith(LARGE) else 3 for name in others)


class Bases:
    """`of[header]` is the base a header is compiled on; `levels` are the bases, the lowest ones first."""

    def __init__(self, closures, weights, headers):
        """All each header includes of ours, itself among it; its weight with that; which are compiled."""
        self.closures = closures
        self.weights = weights
        self.of = {}
        self.levels = [[] for _ in range(DEPTH)]
        self.spared = dict.fromkeys(headers, 0)
        self.users = {}
        for header in headers:
            for path in closures[header] & weights.keys():
                self.users.setdefault(path, []).append(header)
        waiting = [(-self.gain(path), path) for path in sorted(self.users)]
        heapq.heapify(waiting)
        while waiting:
            # What was worth something when it was counted may be worth less by now.
            _, path = heapq.heappop(waiting)
            gain = self.gain(path)
            if waiting and gain < -waiting[0][0]:
                heapq.heappush(waiting, (-gain, path))
            elif gain <= 0:
                break
            else:
                self.choose(path)

    def under(self, path):
        """The level below `path` and the base there that holds most of it; (0, None) when there is none."""
        found = [
            (self.weights[base], number, base)
            for number, bases in enumerate(self.levels[:-1], 1)
            for base in bases
            if base in self.closures[path]
        ]
        return max(found)[1:] if found else (0, None)

    def gain(self, path):
        own = self.weights[path]
        spared = sum(max(0, own - self.spared[user]) for user in self.users[path])
        return spared - WRITING * (own - self.weights.get(self.under(path)[1], 0))

    def choose(self, path):
        level, base = self.under(path)
        self.levels[level].append(path)
        for user in self.users[path]:
            if self.weights[path] > self.spared[user]:
                self.spared[user] = self.weights[path]
                self.of[user] = path
        if base:
            self.of[path] = base
        else:
            self.of.pop(path, None)

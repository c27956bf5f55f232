"""What happened, as a person wants to read it."""

import textwrap
import time

WIDTH = 110
NAME = 14


class Story:
    def __init__(self):
        self.begin = time.monotonic()
        self.steps = 0

    def step(self, title):
        self.steps += 1
        print(f"\n{self.steps}. {title}", flush=True)

    def tell(self, text):
        print(textwrap.fill(text, WIDTH, initial_indent="   ", subsequent_indent="   "), flush=True)

    def fact(self, name, value):
        gap = " " * (NAME + 4)
        words = textwrap.wrap(value, WIDTH - len(gap), break_long_words=False, break_on_hyphens=False)
        lines = f"\n{gap}".join(words or [""])
        print(f"   {name:<{NAME}} {lines}", flush=True)

    def end(self):
        print(f"\nEvery step did what it says ({time.monotonic() - self.begin:.1f} s).", flush=True)


def short(node):
    return f"{node.node_id[:12]}..."

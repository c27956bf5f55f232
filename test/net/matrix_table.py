"""What the outcomes of many runs come to, as tables of docs/nat.md."""

import math
import statistics

import cells

# Of a proportion's interval of 95 %.
Z = 1.96
WAYS = ("direct", "punch", "predict", "spray", "far")


def print_all(outcomes, head):
    """The exit status: 1 when something was not as expected."""
    rows = [Row(cell, [it for it in outcomes if it.cell == cell.name]) for cell in cells.all_cells()]
    rows = [row for row in rows if row.outcomes]
    where = f"Measured on {head.get('date')} at {head.get('commit')}"
    print(f"{where} by `./dev lab matrix`: {len(outcomes)} runs,")
    print(f"{head.get('lanes')} pairs at a time; 40 ms one way between each home and the internet.\n")
    print_rates(rows)
    for family, title in (("both", "UDP and TCP"), ("tcp", "TCP only")):
        found = [row for row in rows if row.cell.family == family]
        print_square({(row.cell.one, row.cell.other): row for row in found}, title)
    print_rows(rows)
    print_costs(rows)
    wrong = [text for row in rows for text in row.wrong()]
    print("Not as expected:\n" if wrong else "Everything was as expected.")
    for text in wrong:
        print(f"- {text}")
    return 1 if wrong else 0


def lower_bound(successes, count):
    """Of the share that is behind this many successes (Wilson's interval)."""
    if count == 0:
        return 0.0
    share = successes / count
    middle = share + Z * Z / (2 * count)
    width = Z * math.sqrt(share * (1 - share) / count + Z * Z / (4 * count * count))
    return (middle - width) / (1 + Z * Z / count)


def percent(successes, count):
    if count == 0:
        return "-"
    least = 100 * lower_bound(successes, count)
    return f"{100 * successes / count:.1f} % of {count} (95 %: at least {least:.1f} %)"


def print_rates(rows):
    punchable = [row for row in rows if row.cell.wanted != "relay"]
    promised = [row for row in rows if row.cell.can_be_direct]
    groups = [("pairs that can be punched", punchable), ("of these, without those of best effort", promised)]
    groups.append(("all pairs", rows))
    for way in WAYS:
        groups.append((f"pairs to be connected by: {way}", [row for row in rows if row.cell.wanted == way]))
    print("| | cells | direct | within their time |\n| --- | --- | --- | --- |")
    for name, group in groups:
        if not group:
            continue
        count = sum(len(row.outcomes) for row in group)
        direct = sum(len(row.direct()) for row in group)
        timely = sum(len(row.timely()) for row in group)
        print(f"| {name} | {len(group)} | {percent(direct, count)} | {percent(timely, count)} |")
    all_runs = [it for row in rows for it in row.outcomes]
    answered = sum(it.request_s is not None for it in all_runs)
    print(f"| connected at all, at once | {len(rows)} | {percent(answered, len(all_runs))} | |")
    tried = [it for row in punchable for it in row.outcomes if it.direct_s is not None and it.tries()]
    first = sum(it.tries() == 1 for it in tried)
    print(f"| first try, of those that needed both sides | | {percent(first, len(tried))} | |\n")


def print_square(found, title):
    if not found:
        return
    kinds = [kind for kind in cells.ORDER if any(kind in pair for pair in found)]
    print(f"| {title} | {' | '.join(kinds)} |\n|{' --- |' * (len(kinds) + 1)}")
    for number, one in enumerate(kinds):
        texts = ["" for _ in kinds[:number]]
        texts += [found[one, other].short() if (one, other) in found else "" for other in kinds[number:]]
        print(f"| {one} | {' | '.join(texts)} |")
    print()


def print_rows(rows):
    heads = "pair,expected,runs,direct,s: median,90 %,max,s to the first answer,first try,reason".split(",")
    print(f"| {' | '.join(heads)} |\n|{' --- |' * len(heads)}")
    for row in rows:
        print(row.line())
    print()


def print_costs(rows):
    """Of the pairs that need more than a dial."""
    print("| until direct, each side | packets out | new flows | most in a second | mappings |")
    print("| --- | --- | --- | --- | --- |")
    for way in WAYS:
        runs = [it for row in rows if row.cell.wanted == way for it in row.outcomes]
        costs = [cost for it in runs if it.direct_s is not None for cost in it.costs if cost]
        if costs:
            names = ("packets", "flows", "flows_per_second", "mappings")
            texts = [middle_and_most([cost[name] for cost in costs]) for name in names]
            print(f"| {way} | {' | '.join(texts)} |")
    print()


def middle_and_most(numbers):
    return f"{statistics.median(numbers):.0f}, at most {max(numbers)}"


def counted(words):
    found = {word: words.count(word) for word in words}
    return ", ".join(f"{word} {count}" for word, count in sorted(found.items()))


class Row:
    """A cell, and what came of its runs."""

    def __init__(self, cell, outcomes):
        self.cell = cell
        self.outcomes = outcomes

    def direct(self):
        return [it for it in self.outcomes if it.direct_s is not None and it.proved]

    def timely(self):
        return [it for it in self.direct() if it.direct_s <= cells.WITHIN[self.cell.wanted]]

    def times(self):
        return sorted(it.direct_s for it in self.direct())

    def short(self):
        times = self.times()
        text = f"{self.cell.wanted} {len(times)}/{len(self.outcomes)}"
        return text + (f", {statistics.median(times):.1f} s" if times else "")

    def line(self):
        times = self.times()
        shown = ["-", "-", "-"]
        if times:
            places = (statistics.median(times), times[math.ceil(0.9 * len(times)) - 1], times[-1])
            shown = [f"{time:.2f}" for time in places]
        answers = [it.request_s for it in self.outcomes if it.request_s is not None]
        answered = f"{statistics.median(answers):.2f}, at most {max(answers):.2f}" if answers else "-"
        tried = [it for it in self.direct() if it.tries()]
        first = f"{sum(it.tries() == 1 for it in tried)}/{len(tried)}" if tried else "-"
        reasons = counted([it.reason for it in self.outcomes if it.reason]) or "-"
        cell = self.cell
        parts = [cell.name, cell.wanted, len(self.outcomes), len(times), *shown, answered, first, reasons]
        return f"| {' | '.join(str(part) for part in parts)} |"

    def wrong(self):
        """What is not as the tables have it, a sentence each."""
        name, wanted = self.cell.name, self.cell.wanted
        for it in self.outcomes:
            if it.problem:
                yield f"{name}, run {it.run}: {it.problem}"
            elif it.request_s is None:
                yield f"{name}, run {it.run}: not connected"
            elif it.proved != (it.direct_s is not None):
                seen = "answered" if it.proved else "not answered"
                yield f"{name}, run {it.run}: {seen} without relays, but direct: {it.direct_s}"
            elif it.direct_s is None and self.cell.reasons and it.reason not in self.cell.reasons:
                yield f"{name}, run {it.run}: relayed, {it.reason} ({it.why})"
        timely, count = len(self.timely()), len(self.outcomes)
        if timely < cells.SHARE[wanted] * count:
            limit = cells.WITHIN[wanted]
            late = [f"{time:.2f} s" for time in self.times() if time > limit]
            never = [it for it in self.outcomes if it.direct_s is None]
            missed = [f"run {it.run}: {it.reason}, {counted(it.means())}" for it in never]
            details = "; ".join(late + missed)
            yield f"{name}: direct within {limit} s in {timely} of {count} runs ({details})"
        if wanted == "relay" and self.direct():
            yield f"{name}: direct in {len(self.direct())} of {count} runs, which nobody expected"

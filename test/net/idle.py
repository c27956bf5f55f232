"""What a direct path, and the relayed one that stays beside it, cost while nobody says anything."""

import time

import cells
from bench import Bench
from country import Country
from pairs import Pair
from program import require, scratch

SETTLE_S = 20


def measure(program, seconds):
    """Prints a line for each router, and what that is in an hour."""
    [cell] = cells.chosen(["both:PR-PR"])
    with scratch(prefix="warren-idle-") as folder, Country(Bench(program, folder)) as country:
        pair = Pair(country, cell)
        outcome = pair.meet(0, cells.WITHIN[cell.wanted] * 2)
        require(outcome.direct_s is not None, f"the path is not direct: {outcome.problem or outcome.why}")
        pair.close()
        time.sleep(SETTLE_S)
        pair.recount()
        print(f"A direct path and a relayed one beside it, idle for {seconds} s; in brackets for an hour:")
        time.sleep(seconds)
        for end, [router] in zip(pair.ends, pair.routers(), strict=True):
            stats = router.link.stats()
            seen = stats["nat"][router.name]
            hour = 3600 / seconds
            wires = {name: wire for name, wire in stats.items() if name != "nat"}
            parts = []
            for name, wire in wires.items():
                way = "out" if name.startswith(router.name) else "in"
                packets, size = wire["sent"], wire["sent_bytes"]
                parts.append(f"{way} {packets} packets ({packets * hour:.0f})")
                parts.append(f"{size} bytes ({size * hour:.0f})")
            parts.append(f"{seen['flows']} new flows ({seen['flows'] * hour:.0f})")
            parts.append(f"at most {seen['flows_per_second_max']} in a second")
            parts.append(f"{seen['v4']['mappings']} mappings")
            print(f"- {end.kind}: {', '.join(parts)}")
        pair.stop()

"""A PNG of how long the lookups of a simulation took: test/sim/dht/plot.py FIGURES.json PICTURE.png

For each set of rules and each kind of lookup, the share of the calls that had ended after so many
milliseconds. Drawn by gnuplot, which is told the data and the picture on its standard input.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path

COLORS = {"warren": "#0060ad", "go": "#dd181f"}
DASHES = {"find_peer": 1, "closest_peers": 2}
POINTS_MAX = 500


def curve(milliseconds, calls):
    """Points (ms, share of the calls that had ended well by then), few enough to draw."""
    count = len(milliseconds)
    step = max(1, count // POINTS_MAX)
    points = [(milliseconds[i], (i + 1) / calls) for i in range(0, count, step)]
    return points + [(milliseconds[-1], count / calls)]


def script(figures, picture):
    rows = [row for row in figures["lookups"] if row["ms"]]
    phases = list(dict.fromkeys(row["phase"] for row in rows))
    titles = {
        "fresh": f"in the minute after {figures['dead']:.0%} of the network died",
        "churn": f"under churn of {figures['churn']:.0%} of the network an hour",
    }
    lines = [
        f"set terminal pngcairo size 1000,{450 * len(phases)} font 'sans,11'",
        f"set output '{picture}'",
        f"set multiplot layout {len(phases)},1 title "
        f"'Lookups among {figures['nodes']} simulated nodes, seed {figures['seed']}'",
        "set logscale x",
        "set xlabel 'milliseconds; vertical lines: 1, 2, 3 ... median round trips'",
        "set ylabel 'ended with success'",
        "set format y '%.0f%%'",
        "set yrange [0:100]",
        "set xrange [20:30000]",
        "set key bottom right",
        "set grid ytics",
    ]
    for trips in range(1, 11):
        x = trips * figures["round_trip_ms"]
        lines.append(f"set arrow from {x},0 to {x},100 nohead lc rgb '#dddddd'")
    for phase in phases:
        drawn = [row for row in rows if row["phase"] == phase]
        lines.append(f"set title '{titles.get(phase, phase)}'")
        plots = []
        for row in drawn:
            look = f"lw 2 lc rgb '{COLORS[row['rules']]}' dt {DASHES[row['kind']]}"
            plots.append(f"'-' with lines {look} title '{row['rules']}: {row['kind']}' noenhanced")
        lines.append("plot " + ", ".join(plots))
        for row in drawn:
            lines += [f"{x} {100 * y}" for x, y in curve(row["ms"], row["calls"])]
            lines.append("e")
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description="a PNG of the distribution of lookup times")
    parser.add_argument("figures", type=Path, help="what dht_sim --json wrote")
    parser.add_argument("picture", type=Path)
    arguments = parser.parse_args()
    figures = json.loads(arguments.figures.read_text())
    if not figures.get("lookups"):
        print("there were no lookups: nothing to draw")
        return 0
    done = subprocess.run(["gnuplot"], input=script(figures, arguments.picture), text=True, check=False)
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""Draws what compare.py measured: CPU per call against the number of calls, both on logarithmic scales.

  bench/peers/plot.py peers.json peers.png
"""
import json
import sys

import matplotlib
matplotlib.use("Agg")
import matplotlib.pyplot as pyplot
from matplotlib.ticker import FormatStrFormatter, LogLocator, NullLocator

STYLES = {"assent": ("#1b7837", "o"), "rtpengine": ("#2166ac", "s"), "rtpengine-forward": ("#92c5de", "D"),
          "gstreamer-wav": ("#b2182b", "^"), "gstreamer-matroska": ("#f4a582", "v")}


def draw(results, path):
    figure, axes = pyplot.subplots(figsize=(9, 6))
    rows, titles = results["summary"]["rows"], results["titles"]
    for peer, title in titles.items():
        color, marker = STYLES[peer]
        held = [row for row in rows if row["peer"] == peer and row["held"]]
        lost = [row for row in rows if row["peer"] == peer and not row["held"] and row["valid"]]
        axes.plot([row["calls"] for row in held], [row["cpu_ms_per_call_second"] for row in held], color=color,
                  marker=marker, label=title)
        axes.plot([row["calls"] for row in lost], [row["cpu_ms_per_call_second"] for row in lost], color=color,
                  marker="x", linestyle="none", markersize=9)
        if held:
            axes.annotate(f"{held[-1]['cpu_ms_per_call_second']:.2f}",
                          (held[-1]["calls"], held[-1]["cpu_ms_per_call_second"]), textcoords="offset points",
                          xytext=(0, 8), ha="center", fontsize=8, color=color)
    axes.set_xscale("log")
    axes.set_yscale("log")
    calls = sorted({row["calls"] for row in rows})
    axes.set_xticks(calls, [str(each) for each in calls])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter(FormatStrFormatter("%g"))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.set_xlabel("calls of two legs, G.711, 20 ms")
    axes.set_ylabel("CPU per call, ms a second")
    disturbed = ", disturbed by others" if any(row["disturbed"] for row in rows) else ""
    axes.set_title(f"CPU per call on one core (x: calls lost packets or filled the core){disturbed}", fontsize=11)
    axes.grid(True, which="both", alpha=0.3)
    axes.legend(loc="best", fontsize=9)
    figure.tight_layout()
    figure.savefig(path, dpi=120)


if __name__ == "__main__":
    with open(sys.argv[1]) as file:
        draw(json.load(file), sys.argv[2])

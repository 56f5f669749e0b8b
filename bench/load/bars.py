#!/usr/bin/env python3
"""What a packet costs the engine, against the floor, in one run: the same socket layout that only receives, and the whole
engine with every call consented to, in turn, several rounds; then the latencies that the engine measured of itself, and what a
call costs when there are few and when there are many.

  bench/load/bars.py [--calls 2000] [--rounds 5] [--seconds 12] [--few 300] [--many 3000] [--json]

The engine has one core and the generator the other, in a network of their own; the generator before everything else on this
machine where that is permitted (chrt). Medians of the rounds. Exit status: 0 every bar is met, 1 one is not, 3 the generator fell behind.
"""
import json
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time

import loaded_engine  # first: it says where the next two are
import harness
import process
from loaded_engine import Late, say

# Every round is measured from when all calls talk; the first seconds of a scrape's interval are left out.
SETTLE_SECONDS = 3
BARS = {"floor_ratio": 1.5, "many_to_few": 1.15}
LATENCIES_MS = {"packet_to_gate": 15, "opt_in_to_turn": 15, "block_to_sealed": 20, "block_to_durable": 500}


def floor_ns(ports, seconds):
    receiver = process.start([harness.LOAD, "receive", "--ports", str(ports), "--seconds", str(seconds + 3)],
                             stdout=subprocess.PIPE, text=True)
    told = []
    for line in receiver.stdout:
        if not line.strip():
            break
        told.append(line)
    sent = subprocess.run(process.as_sender([harness.LOAD, "send", "--seconds", str(seconds)]), input="".join(told),
                          capture_output=True, text=True, check=False)
    received = json.loads(receiver.communicate()[0].strip().splitlines()[-1])
    if not json.loads(sent.stdout)["valid"]:
        raise Late
    return received["cpu_ns_per_packet"]


def buckets(engine, name):
    """The histogram over all shards: how many did not exceed each bound."""
    found = {}
    for sample, count in engine.metrics().items():
        bucket = re.match(rf'assent_{name}_seconds_bucket{{.*le="([^"]+)"', sample)
        if bucket:
            bound = float(bucket[1])  # reads +Inf, too
            found[bound] = found.get(bound, 0) + count
    return found


def p99_ms(before, after):
    """The least bound that 99 % of what was observed between two scrapes did not exceed."""
    counts = {bound: count - before.get(bound, 0) for bound, count in after.items()}
    total = counts.get(float("inf"), 0)
    if not total:
        return None
    return round(1000 * min(bound for bound, count in counts.items() if count >= 0.99 * total), 2)


def measure(folder, calls, seconds, backing):
    """One engine, one load: its figures, and the latencies while all calls talked (of opt-ins, all of them)."""
    engine = loaded_engine.start_engine(folder, backing)
    scrapes = []

    def scrape():
        scrapes.append({name: buckets(engine, name) for name in LATENCIES_MS})

    load = loaded_engine.start_load(engine, calls, seconds, "--sample", "3")
    loaded_engine.wait_until_all_talk(engine)
    begun = time.monotonic()
    timers = [threading.Timer(max(0, begun + at - time.monotonic()), scrape) for at in (SETTLE_SECONDS, seconds - 1)]
    for timer in timers:
        timer.start()
    report = loaded_engine.report_of(load)
    for timer in timers:
        timer.join()
    engine.stop()
    if not report["valid"]:
        raise Late
    report["p99_ms"] = {name: p99_ms({} if name.startswith("opt_in") else scrapes[0][name], scrapes[1][name])
                        for name in LATENCIES_MS}
    return report


def run(options, folder):
    floors, loads, few, many = [], [], [], []
    for number in range(options.rounds):
        def one(calls, seconds=options.seconds):
            with tempfile.TemporaryDirectory(dir=folder) as own:
                return measure(own, calls, seconds, options.backing)
        # Before and after: the machine's speed may change between the two.
        before = floor_ns(2 * options.calls, min(options.seconds, 8))
        loads.append(one(options.calls))
        floors.append((before + floor_ns(2 * options.calls, min(options.seconds, 8))) / 2)
        few.append(one(options.few))
        many.append(one(options.many))
        ns = [each["engine"]["cpu_ns_per_packet"] for each in (loads[-1], few[-1], many[-1])]
        say(f"round {number + 1}: floor {floors[-1]:.0f} ns, {options.calls} calls {ns[0]:.0f} ns, "
            f"{options.few} calls {ns[1]:.0f} ns, {options.many} calls {ns[2]:.0f} ns")

    def median(reports, *path):
        def value(report):
            for key in path:
                report = report[key]
            return report
        return statistics.median(value(report) for report in reports)

    ours, floor = median(loads, "engine", "cpu_ns_per_packet"), statistics.median(floors)
    result = {"calls": options.calls, "rounds": options.rounds, "seconds": options.seconds, "backing": options.backing,
              "floor_ns": floor, "engine_ns": ours,
              "floor_ratio": round(statistics.median(load["engine"]["cpu_ns_per_packet"] / one_floor
                                                     for load, one_floor in zip(loads, floors)), 3),
              "by_thread_ns": {name: median(loads, "engine", "cpu_ns_per_packet_by_thread", name)
                               for name in ("shard-0", "sealer", "journal-0")},
              "few_ns": median(few, "engine", "cpu_ns_per_packet"), "many_ns": median(many, "engine", "cpu_ns_per_packet"),
              "p99_ms": {name: median(loads, "p99_ms", name) for name in LATENCIES_MS},
              "lost": sum(report["lost"] for report in loads + few + many),
              "sent": sum(report["sent"] for report in loads + few + many)}
    result["many_to_few"] = round(result["many_ns"] / result["few_ns"], 3)
    met = {name: result[name] <= bar for name, bar in BARS.items()}
    met.update({name: result["p99_ms"][name] <= bar for name, bar in LATENCIES_MS.items()})
    result["met"] = met
    return result


def text_of(result):
    lines = [f"{result['rounds']} rounds of {result['seconds']} s, {result['sent']} packets sent, {result['lost']} lost; medians",
             f"floor {result['floor_ns']:.0f} ns a packet, the engine with {result['calls']} calls {result['engine_ns']:.0f} ns: "
             f"{result['floor_ratio']} x, round by round (bar {BARS['floor_ratio']})",
             "  of these " + ", ".join(f"{name} {ns:.0f}" for name, ns in result["by_thread_ns"].items()),
             f"a packet of many calls to one of few: {result['many_ns']:.0f} / {result['few_ns']:.0f} ns = "
             f"{result['many_to_few']} (bar {BARS['many_to_few']})"]
    lines += [f"{name}: p99 at most {result['p99_ms'][name]} ms (bar {bar} ms)" for name, bar in LATENCIES_MS.items()]
    return "\n".join(lines + [loaded_engine.verdict(result)])


def main():
    parser = loaded_engine.arguments(__doc__)
    parser.add_argument("--calls", type=int, default=2000)
    parser.add_argument("--few", type=int, default=300)
    parser.add_argument("--many", type=int, default=3000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=12, help="at least 8")
    options = parser.parse_args()
    loaded_engine.enter_network()
    with tempfile.TemporaryDirectory(prefix="assent-bars-") as folder:
        return loaded_engine.measure_and_tell(lambda: run(options, folder), text_of, options.json)


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""Whether appends to the ledger slow the packet path: CPU time a packet with 50 decisions a second and with none, in turn, on one
engine while 1,000 calls talk.

  bench/load/appends.py [--calls 1000] [--rate 50] [--rounds 5] [--seconds 6] [--json]

Each round has three windows: none; appends (one purpose of calls that are recorded for another, given and taken back by digits:
a consent record, its ledger entry and an fsync each, and no gate turns); opt-ins (calls begin to be recorded, and stop: the same,
and a segment each that is sealed, synced, stored and booked). What is held against the bar is the shard's thread, which is the
packet path; the catalog's thread and all others are told beside it. CPU time is the scheduler's account (schedstat) of the engine's
threads over the window, by the packets received in it. Medians of the rounds, ratios taken within each round. The engine has one core
and the generator the other, each before what else runs there where that is permitted. Exit status: 0 the bar is met, 1 it is not, 3
the generator fell behind.
"""
import statistics
import sys
import tempfile
import time

import loaded_engine  # first: it says where the next two are
import harness
from loaded_engine import Late, say

BAR = 1.05
KINDS = ("none", "appends", "opt_ins")
PROBES = 50  # calls of each kind; with 50 decisions a second each decides once a second
MORE = """
[[purposes]]
id = "training"
description = "Training our agents"
[consent.digits]
"1" = { decision = "granted", purposes = ["quality"] }
"2" = { decision = "granted", purposes = ["training"] }
"8" = { decision = "denied", purposes = ["training"] }
"9" = { decision = "denied" }
"""
SHARD, CATALOG = "shard-0", "assent-catalog"
LEAST_SHARE = 0.9  # of the packets and the decisions that were meant to come in a window


def cpu_ns_by_thread(pid):
    used = {}
    for thread, name in harness.threads_of(pid).items():
        with open(f"/proc/{pid}/task/{thread}/schedstat") as file:
            used[name] = used.get(name, 0) + int(file.read().split()[0])
    return used


class Probes:
    """Calls that decide something again and again, by digits."""

    def __init__(self, engine):
        self.calls = [engine.create_call() for _ in range(PROBES)]
        self.senders = [harness.Sender(call["legs"][0]) for call in self.calls]
        self.next = 0

    def talk(self):
        for sender in self.senders:
            sender.send(bytes(160))

    def press_all(self, digit):
        for sender in self.senders:
            sender.press(digit)

    def toggle(self, yes, no):
        """The next call's decision: all say yes in turn, then all say no."""
        number, self.next = self.next, self.next + 1
        sender = self.senders[number % PROBES]
        if (number // PROBES) % 2 == 0:
            sender.press(yes)
        else:
            sender.send(bytes(160))
            sender.press(no)


def window(engine, seconds, rate, act):
    """What the window cost: packets, decisions that were booked, CPU ns by thread."""
    packets, records = engine.total("assent_packets_total"), engine.total("assent_ledger_records_total")
    before = cpu_ns_by_thread(engine.pid)
    begun = time.monotonic()
    done = 0
    while time.monotonic() < begun + seconds:
        if act is None:
            time.sleep(max(0, begun + seconds - time.monotonic()))
            continue
        act()
        done += 1
        time.sleep(max(0, begun + done / rate - time.monotonic()))
    used = {name: ns - before.get(name, 0) for name, ns in cpu_ns_by_thread(engine.pid).items()}
    packets = engine.total("assent_packets_total") - packets
    records = engine.total("assent_ledger_records_total") - records
    if act is not None:
        harness.check(records >= LEAST_SHARE * done, f"{records:.0f} records came of {done} decisions")
    return {"packets": packets, "decisions": done, "ns": {name: ns / packets for name, ns in used.items()},
            "all_ns": sum(used.values()) / packets}


def run(options, folder):
    engine = loaded_engine.start_engine(folder, options.backing, MORE, loaded_engine.politely_first(),
                                        calls=options.calls + 2 * PROBES + 10, default_purposes=["quality", "training"])
    load = loaded_engine.start_load(engine, options.calls, 60 + 2 * options.rounds * 3 * options.seconds, "--sample", "0")
    try:
        appends, opt_ins = Probes(engine), Probes(engine)
        appends.talk()
        appends.press_all("1")
        loaded_engine.wait_until_all_talk(engine)
        time.sleep(3)
        acts = {"none": None, "appends": lambda: appends.toggle("2", "8"), "opt_ins": lambda: opt_ins.toggle("1", "9")}
        rounds = []
        for number in range(options.rounds):
            # Each begins with another kind, so that none is always behind the same.
            order = KINDS[number % 3:] + KINDS[:number % 3]
            rounds.append({kind: window(engine, options.seconds, options.rate, acts[kind]) for kind in order})
            say(f"round {number + 1}: ns a packet on the shard's thread " +
                ", ".join(f"{kind} {rounds[-1][kind]['ns'][SHARD]:.0f}" for kind in KINDS))
        expected = LEAST_SHARE * options.calls * 100 * options.seconds
        if any(one["packets"] < expected for each in rounds for one in each.values()):
            raise Late
    finally:
        load.kill()
        load.wait()
        engine.kill()
    return summary(options, rounds)


def summary(options, rounds):
    def median(kind, value):
        return statistics.median(value(one[kind]) for one in rounds)

    def ratio(kind, value):
        return round(statistics.median(value(one[kind]) / value(one["none"]) for one in rounds), 3)
    shard = lambda one: one["ns"][SHARD]
    catalog = lambda one: one["ns"].get(CATALOG, 0)
    everything = lambda one: one["all_ns"]
    result = {"calls": options.calls, "rate": options.rate, "rounds": options.rounds, "seconds": options.seconds, "bar": BAR,
              "packets": sum(one["packets"] for each in rounds for one in each.values()),
              "shard_ns": {kind: round(median(kind, shard)) for kind in KINDS},
              "catalog_ns": {kind: round(median(kind, catalog)) for kind in KINDS},
              "all_ns": {kind: round(median(kind, everything)) for kind in KINDS},
              "shard_ratio": {kind: ratio(kind, shard) for kind in KINDS[1:]},
              "all_ratio": {kind: ratio(kind, everything) for kind in KINDS[1:]}}
    result["met"] = {"appends": result["shard_ratio"]["appends"] <= BAR}
    return result


def text_of(result):
    lines = [f"{result['calls']} calls, {result['packets']:.0f} packets in {result['rounds']} rounds of three windows of {result['seconds']} s; "
             f"CPU ns a packet, medians", f"{'':26}{'none':>8}{'appends':>10}{'opt-ins':>10}"]
    for name, text in (("shard_ns", "shard's thread"), ("catalog_ns", "catalog's thread"), ("all_ns", "all threads")):
        lines.append(f"{text:26}" + "".join(f"{result[name][kind]:{width}}" for kind, width in zip(KINDS, (8, 10, 10))))
    lines.append(f"packet path with {result['rate']} appends a second against none: {result['shard_ratio']['appends']} x (bar {result['bar']}); "
                 f"with {result['rate']} opt-ins and ends: {result['shard_ratio']['opt_ins']} x")
    lines.append(f"all threads: {result['all_ratio']['appends']} x and {result['all_ratio']['opt_ins']} x")
    return "\n".join(lines + [loaded_engine.verdict(result)])


def main():
    parser = loaded_engine.arguments(__doc__)
    parser.add_argument("--calls", type=int, default=1000)
    parser.add_argument("--rate", type=int, default=50, help="decisions a second (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=6, help="of each window (default: %(default)s)")
    options = parser.parse_args()
    loaded_engine.enter_network()
    with tempfile.TemporaryDirectory(prefix="assent-appends-") as folder:
        return loaded_engine.measure_and_tell(lambda: run(options, folder), text_of, options.json)


if __name__ == "__main__":
    sys.exit(main())

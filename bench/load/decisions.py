#!/usr/bin/env python3
"""How soon a yes and a no take effect while 1,000 calls talk: digits and requests on calls of their own, beside a load of which
every packet is recorded.

  bench/load/decisions.py [--calls 1000] [--probes 200] [--rate 50] [--rounds 3] [--json]

  turn    from the yes until its gate turned: what is said from then on counts as consented to
  open    from the yes until its record is on disk and the gate open for sealing: contains a commit of the catalog
  turn    from the no until its gate turned: what is queued is void, what comes is not taken
  quiet   from the no until no worker is inside a block of that leg: the last byte of it that is ever sealed is behind
  reply   from the request's first byte to the last of its reply, measured by who asks; the reply waits for the record, too

A digit counts from the sweep before the one that brought its first packet, a request from when it was read; of these the engine's
own histograms tell the least bound that a share did not exceed. Medians of the rounds. The engine has one core and the
generator the other, each before what else runs there where that is permitted. Exit status: 0 every bar is met, 1 one is not,
3 the generator fell behind.
"""
import http.client
import json
import math
import statistics
import sys
import tempfile
import time

import loaded_engine  # first: it says where the next two are
import harness
from bars import buckets
from loaded_engine import Late, say

BAR_MS = 10
DIGITS = """
[consent.digits]
"1" = { decision = "granted", purposes = ["quality"] }
"9" = { decision = "denied" }
"""
HISTOGRAMS = ("opt_in_to_turn", "opt_in_to_open", "refusal_to_turn", "refusal_to_quiet", "catalog_queue", "catalog_commit")
PACKETS_BEFORE = 5


class Asker:
    """One connection to the API, kept open."""

    def __init__(self, engine):
        self.http = http.client.HTTPConnection(engine.api, timeout=30)
        self.headers = {"Authorization": "Bearer " + engine.token, "Content-Type": "application/json"}

    def decide(self, call, decision):
        """The milliseconds until the reply."""
        body = json.dumps({"participant": "customer", "decision": decision, "signal": {"type": "api"}})
        begun = time.monotonic()
        self.http.request("POST", f"/v1/calls/{call['id']}/consent", body, self.headers)
        reply = self.http.getresponse()
        text = reply.read()
        took = 1000 * (time.monotonic() - begun)
        harness.check(reply.status == 200, f"a decision was answered {reply.status}: {text[:300]}")
        return took


def quantile_ms(before, after, share):
    """The least bound that this share of what was observed between two scrapes did not exceed."""
    counts = {bound: count - before.get(bound, 0) for bound, count in after.items()}
    total = counts.get(float("inf"), 0)
    if not total:
        raise AssertionError("nothing was observed")
    return 1000 * min(bound for bound, count in counts.items() if count >= share * total)


def exact_ms(values, share):
    ordered = sorted(values)
    return round(ordered[max(0, math.ceil(share * len(ordered)) - 1)], 2)


def scrape(engine):
    # The catalog is one for all shards; its families have no label.
    return {name: buckets(engine, name) for name in HISTOGRAMS}


def paced(rate, items, act):
    begun = time.monotonic()
    results = []
    for number, item in enumerate(items):
        time.sleep(max(0, begun + number / rate - time.monotonic()))
        results.append(act(item))
    return results


def phase(engine, rate, calls, act, names, count):
    """Acts on every call, and waits until the engine has measured all of it. Percentiles by name."""
    before = scrape(engine)
    replies = paced(rate, calls, act)

    def measured():
        now = scrape(engine)
        seen = all(now[name].get(math.inf, 0) - before[name].get(math.inf, 0) >= count for name in names)
        return now if seen else None
    after = harness.wait_until("the engine has measured every decision", measured, 20)
    found = {name: {"p50": quantile_ms(before[name], after[name], 0.5), "p99": quantile_ms(before[name], after[name], 0.99)}
             for name in names + ["catalog_queue", "catalog_commit"]}
    if replies[0] is not None:
        found["reply"] = {"p50": exact_ms(replies, 0.5), "p99": exact_ms(replies, 0.99)}
    return found


def one_round(engine, options):
    asker = Asker(engine)
    calls = [engine.create_call() for _ in range(options.probes)]
    senders = {call["id"]: harness.Sender(call["legs"][0]) for call in calls}

    def talk(call):
        for _ in range(PACKETS_BEFORE):
            senders[call["id"]].send(bytes(160))

    def press(call):
        talk(call)
        senders[call["id"]].press("1")

    def ask(decision):
        def act(call):
            talk(call)
            return asker.decide(call, decision)
        return act
    opened = ["opt_in_to_turn", "opt_in_to_open"]
    refused = ["refusal_to_turn", "refusal_to_quiet"]
    found = {"digit": phase(engine, options.rate, calls, press, opened, len(calls)),
             "withdrawal": phase(engine, options.rate, calls, ask("withdrawn"), refused, len(calls)),
             "request": phase(engine, options.rate, calls, ask("granted"), opened, len(calls))}
    for call in calls:
        senders[call["id"]].close()
        engine.end(call)
    return found


def run(options, folder):
    engine = loaded_engine.start_engine(folder, options.backing, DIGITS, loaded_engine.politely_first(),
                                        calls=options.calls + options.probes + 10)
    # Longer than the rounds may take; it is ended when they are over.
    seconds = 30 + options.rounds * (30 + 6 * options.probes // options.rate)
    load = loaded_engine.start_load(engine, options.calls, seconds, "--sample", "0")
    try:
        loaded_engine.wait_until_all_talk(engine)
        time.sleep(2)
        rounds = []
        for number in range(options.rounds):
            rounds.append(one_round(engine, options))
            one = rounds[-1]
            say(f"round {number + 1}: digit p99 {one['digit']['opt_in_to_turn']['p99']:g} / {one['digit']['opt_in_to_open']['p99']:g} "
                f"ms, request {one['request']['opt_in_to_turn']['p99']:g} / {one['request']['opt_in_to_open']['p99']:g} ms, "
                f"withdrawal {one['withdrawal']['refusal_to_quiet']['p99']:g} ms, its reply {one['withdrawal']['reply']['p99']:g} ms")
        live = engine.total("assent_calls")
        if live < options.calls:
            raise Late
    finally:
        load.kill()
        load.wait()
        engine.kill()
    return summary(options, rounds)


ROWS = [("digit", "opt_in_to_turn", "a digit's yes, to the gate's turn"),
        ("digit", "opt_in_to_open", "a digit's yes, to the open gate"),
        ("request", "opt_in_to_turn", "a request's yes, to the gate's turn"),
        ("request", "opt_in_to_open", "a request's yes, to the open gate"),
        ("request", "reply", "a request's yes, to its reply"),
        ("withdrawal", "refusal_to_turn", "a withdrawal, to the gate's turn"),
        ("withdrawal", "refusal_to_quiet", "a withdrawal, to the last byte sealed"),
        ("withdrawal", "reply", "a withdrawal, to its reply"),
        ("digit", "catalog_queue", "  a digit's record waits for the writer"),
        ("digit", "catalog_commit", "  and is committed in")]


def summary(options, rounds):
    result = {"calls": options.calls, "probes": options.probes, "rate": options.rate, "rounds": options.rounds, "bar_ms": BAR_MS,
              "latencies_ms": {}, "met": {}}
    for kind, name, _ in ROWS:
        both = {share: statistics.median(one[kind][name][share] for one in rounds) for share in ("p50", "p99")}
        result["latencies_ms"].setdefault(kind, {})[name] = both
        if not name.startswith("catalog"):
            result["met"][f"{kind}.{name}"] = both["p99"] <= BAR_MS
    return result


def text_of(result):
    lines = [f"{result['calls']} calls talk; {result['probes']} decisions of each kind, {result['rate']} a second; medians of "
             f"{result['rounds']} rounds", f"{'':42}{'p50':>8}{'p99':>9}   bar {result['bar_ms']} ms"]
    for kind, name, text in ROWS:
        both = result["latencies_ms"][kind][name]
        met = result["met"].get(f"{kind}.{name}")
        lines.append(f"{text:42}{both['p50']:6.3g} ms{both['p99']:6.3g} ms   " + ("" if met is None else "met" if met else "missed"))
    return "\n".join(lines + [loaded_engine.verdict(result)])


def main():
    parser = loaded_engine.arguments(__doc__)
    parser.add_argument("--calls", type=int, default=1000)
    parser.add_argument("--probes", type=int, default=200, help="decisions of each kind and round (default: %(default)s)")
    parser.add_argument("--rate", type=int, default=50, help="decisions a second (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    loaded_engine.enter_network()
    with tempfile.TemporaryDirectory(prefix="assent-decisions-") as folder:
        return loaded_engine.measure_and_tell(lambda: run(options, folder), text_of, options.json)


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""What /metrics says after real calls on a real engine: every family is there, for every shard, and what happened is counted;
the latencies that are promised can be read off it; and promtool finds nothing to complain about.
"""
import os
import re
import subprocess

import harness
from harness import check

CALLS = 6
SECONDS = 3.0
PACKETS = int(SECONDS / 0.02)
PROMTOOL = os.path.join(harness.ROOT, "tools", "promtool")

LATENCIES = ["packet_to_gate", "opt_in_to_turn", "opt_in_to_open", "block_to_sealed", "block_to_durable", "journal_queue",
             "journal_commit", "settle"]


class Scrape:
    """The samples of one scrape: name and labels to value."""

    def __init__(self, engine):
        status, body = engine.raw("GET", "/metrics")
        check(status == 200, f"/metrics answered {status}")
        self.text = body.decode()
        self.samples = {}
        for name, labels, value in re.findall(r"^(\w+)(?:\{(.*)\})? (\S+)$", self.text, re.M):
            self.samples[name, tuple(sorted(re.findall(r'(\w+)="([^"]*)"', labels)))] = float(value)

    def get(self, name, **labels):
        wanted = tuple(sorted(labels.items()))
        check((name, wanted) in self.samples, f"there is no {name}{labels}")
        return self.samples[name, wanted]

    def sum(self, name, **labels):
        found = [value for (sample, has), value in self.samples.items()
                 if sample == name and set(labels.items()) <= set(has)]
        check(found, f"there is no {name}{labels}")
        return sum(found)

    def quantile(self, name, share):
        """The bound that so many did not exceed, over all shards."""
        steps = {}
        for (sample, labels), value in self.samples.items():
            if sample == name + "_bucket":
                bound = float(dict(labels)["le"].replace("+Inf", "inf"))
                steps[bound] = steps.get(bound, 0) + value
        total = steps[float("inf")]
        return next(bound for bound in sorted(steps) if steps[bound] >= share * total)


def talk(engine, calls):
    senders = [harness.Sender(call["legs"][0]) for call in calls]
    for i in harness.paced(SECONDS):
        if i == PACKETS // 3:
            for call, sender in list(zip(calls, senders))[:CALLS // 2]:
                engine.decide(call, "customer", "granted")
            for sender in senders[CALLS // 2:CALLS - 1]:
                sender.press("1")
        for sender in senders:
            sender.send(bytes([i % 256] * 160))
    senders[0].socket.sendto(b"no RTP", senders[0].to)
    for sender in senders:
        sender.close()


def check_families(scrape, shards):
    helped = re.findall(r"^# HELP (\w+) .+$", scrape.text, re.M)
    typed = dict(re.findall(r"^# TYPE (\w+) (\w+)$", scrape.text, re.M))
    check(helped == list(typed), "a family has no HELP or no TYPE")
    for name in LATENCIES:
        check(typed.get(f"assent_{name}_seconds") == "histogram", f"assent_{name}_seconds is no histogram")
    for shard in range(shards):
        for name in ("packets_total", "received_bytes_total", "calls", "arena_used_bytes", "ring_bytes",
                     "seal_queue_blocks", "journal_queue_pages", "unsettled_segments", "journal_commits_total"):
            scrape.get("assent_" + name, shard=str(shard))
        for stage in ("journal_write", "journal_sync", "settle"):
            check(scrape.get("assent_write_errors_total", stage=stage, shard=str(shard)) == 0, f"{stage} failed")
    for name in ("cpu_seconds_total", "resident_memory_bytes", "open_fds", "start_time_seconds", "threads"):
        check(scrape.get("process_" + name) > 0, f"process_{name} is not there")


def check_during(scrape):
    """One call is undecided, and the others are open."""
    check(scrape.sum("assent_calls") == CALLS, "not every call is counted")
    check(scrape.sum("assent_legs", gate="open") == CALLS - 1, "not every opt-in opened its gate")
    check(scrape.sum("assent_legs", gate="holding") == 1, "no gate is holding")
    check(scrape.sum("assent_ring_bytes") >= 4 * 4096, "nothing is held in a ring")
    check(scrape.sum("assent_arena_used_bytes") > scrape.sum("assent_ring_bytes"), "the rings are more than all memory")


def check_after(scrape):
    packets = CALLS * PACKETS + 6 * (CALLS - 1 - CALLS // 2)
    check(scrape.sum("assent_packets_total") == packets, f"{scrape.sum('assent_packets_total')} of {packets} packets")
    check(scrape.sum("assent_drops_total", reason="not_rtp") == 1, "what was no RTP is not counted as such")
    for fate in ("sealed", "wiped"):
        check(scrape.sum("assent_blocks_total", fate=fate) > 0, f"no block was {fate}")
    for name in LATENCIES:
        check(scrape.sum(f"assent_{name}_seconds_count") > 0, f"assent_{name}_seconds has seen nothing")
    for name in ("catalog_queue", "catalog_commit"):
        check(scrape.get(f"assent_{name}_seconds_count") > 0, f"assent_{name}_seconds has seen nothing")
    check(scrape.sum("assent_packet_to_gate_seconds_count") == packets + 1, "not every datagram has a latency")
    for step in ("turn", "open"):
        check(scrape.sum(f"assent_opt_in_to_{step}_seconds_count") == CALLS - 1, f"not every opt-in has its {step}")
    durable = scrape.sum("assent_pages_durable_total")
    for name in ("block_to_sealed", "block_to_durable"):
        check(scrape.sum(f"assent_{name}_seconds_count") == durable, f"not every page counts in {name}")
    segments = scrape.sum("assent_segments_stored_total")
    check(segments == CALLS - 1 == scrape.sum("assent_settle_seconds_count"), f"{segments} segments are stored")
    check(scrape.sum("assent_stored_bytes_total") >= segments * 3 * 4096, "what was stored has no bytes")
    check(scrape.sum("assent_calls") == 0 and scrape.sum("assent_unsettled_segments") == 0, "something is left")
    check(scrape.sum("assent_ring_bytes") == 0 == scrape.sum("assent_journal_queue_pages"), "something is held")


def test(folder):
    engine = harness.Engine(folder, shards=2, ports="24000-24399").start()
    check_families(Scrape(engine), 2)
    calls = [engine.create_call(policy="per-party") for _ in range(CALLS)]
    talk(engine, calls)
    check_during(Scrape(engine))
    for call in calls:
        engine.end(call)
    scrape = Scrape(engine)
    check_families(scrape, 2)
    check_after(scrape)
    for name in LATENCIES:
        print(f"  {name:18} p50 {scrape.quantile(f'assent_{name}_seconds', 0.5) * 1e3:g} ms, "
              f"p99 {scrape.quantile(f'assent_{name}_seconds', 0.99) * 1e3:g} ms or less")
    engine.stop()

    judged = subprocess.run([PROMTOOL, "check", "metrics"], input=scrape.text, capture_output=True, text=True)
    if judged.returncode == 69:
        harness.skip("all but promtool's judgement passed: " + judged.stderr.strip())
    check(judged.returncode == 0 and not judged.stdout + judged.stderr,
          f"promtool ends with {judged.returncode}: {judged.stdout}{judged.stderr}")


harness.run(test)

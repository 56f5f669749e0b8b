#!/usr/bin/env python3
"""Calls whose legs are SRTP against the same calls in plain RTP, in one run: packets lost, and what a packet costs the engine.

  bench/load/srtp.py [--calls 2000] [--rounds 3] [--seconds 20] [--suite AES_CM_128_HMAC_SHA1_80] [--json]

The engine has one core and the generator the other, both before what else runs there where that is permitted, in a network of
their own; every call is consented to, and of each load three
recordings are compared with what was sent, byte for byte. Medians of the rounds. A load in which the generator fell behind is
played again, twice at most. Exit status: 0 nothing was lost, 1 something was,
3 the generator fell behind.
"""
import statistics
import sys
import tempfile

import loaded_engine  # first: it says where the others are
from loaded_engine import say


def measure(folder, options, *more):
    engine = loaded_engine.start_engine(folder, options.backing, before_others=loaded_engine.politely_first())
    load = loaded_engine.start_load(engine, options.calls, options.seconds, "--sample", "3", *more)
    report = loaded_engine.valid_report_of(load)
    engine.stop()
    return report


def measure_again(folder, options, *more):
    """What else runs on the machine makes a generator late now and then: that load is played again, twice at most."""
    for last in (False, False, True):
        try:
            with tempfile.TemporaryDirectory(dir=folder) as own:
                return measure(own, options, *more)
        except loaded_engine.Late:
            say("the generator fell behind" + ("" if last else ": again"))
            if last:
                raise


def run(options, folder):
    loads = {"rtp": [], "srtp": []}
    for number in range(options.rounds):
        for kind, more in (("rtp", ()), ("srtp", ("--srtp", options.suite))):
            loads[kind].append(measure_again(folder, options, *more))
        say(f"round {number + 1}: " + ", ".join(
            f"{kind} {reports[-1]['engine']['cpu_ns_per_packet']:.0f} ns a packet, {reports[-1]['lost']} of "
            f"{reports[-1]['sent']} lost" for kind, reports in loads.items()))
    result = {"calls": options.calls, "suite": options.suite, "rounds": options.rounds, "seconds": options.seconds,
              "backing": options.backing}
    for kind, reports in loads.items():
        by_thread = [report["engine"]["cpu_ns_per_packet_by_thread"] for report in reports]
        result[kind] = {
            "sent": sum(report["sent"] for report in reports),
            "lost": sum(report["lost"] for report in reports),
            "compared_packets": sum(report["recordings"]["compared_packets"] for report in reports),
            "mismatches": sum((report["recordings"]["mismatches"] for report in reports), []),
            "engine_ns": statistics.median(report["engine"]["cpu_ns_per_packet"] for report in reports),
            "shard_ns": statistics.median(each["shard-0"] for each in by_thread),
            "sender_ns": statistics.median(report["sender"]["cpu_ns_per_packet"] for report in reports)}
    result["met"] = {f"{kind}_{what}": not result[kind][what] for kind in loads for what in ("lost", "mismatches")}
    return result


def text_of(result):
    lines = [f"{result['calls']} calls of two legs, {result['rounds']} rounds of {result['seconds']} s; medians"]
    for kind in ("rtp", "srtp"):
        one = result[kind]
        lines.append(f"{kind:4}  {one['sent']} packets sent, {one['lost']} lost, {one['compared_packets']} compared; the engine "
                     f"{one['engine_ns']:.0f} ns a packet, its shard {one['shard_ns']:.0f}; the sender {one['sender_ns']:.0f}")
    lines.append(f"{result['suite']}: {result['srtp']['shard_ns'] - result['rtp']['shard_ns']:.0f} ns a packet more for the shard")
    return "\n".join(lines + [loaded_engine.verdict(result)])


def main():
    parser = loaded_engine.arguments(__doc__)
    parser.add_argument("--calls", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--suite", default="AES_CM_128_HMAC_SHA1_80")
    options = parser.parse_args()
    loaded_engine.enter_network()
    with tempfile.TemporaryDirectory(prefix="assent-srtp-") as folder:
        return loaded_engine.measure_and_tell(lambda: run(options, folder), text_of, options.json)


if __name__ == "__main__":
    sys.exit(main())

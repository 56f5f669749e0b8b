#!/usr/bin/env python3
"""Calls that end and are replaced while all others go on: set up, opted in and torn down through the API, without a packet
lost.

  bench/load/churn.py [--calls 2000] [--churn 100] [--seconds 30] [--json]

The engine has one core and the generator the other, in a network of their own. Told are the calls made and replaced, what
was lost, and what of the engine's work it cost a packet. Exit status: 0 nothing lost and as many replaced as asked for, 1
not so, 3 the generator fell behind.
"""
import sys
import tempfile

import loaded_engine

# The generator replaces nothing in the last second, so that what is counted at the end stands still.
LAST_SECONDS = 1
REPLACED_SHARE = 0.99


def measure(options, folder):
    engine = loaded_engine.start_engine(folder, options.backing)
    load = loaded_engine.start_load(engine, options.calls, options.seconds, "--churn", str(options.churn), "--sample", "20")
    report = loaded_engine.valid_report_of(load)
    engine.stop()
    return report


def result_of(options, report):
    replaced = report["recordings"]["made"] - options.calls
    replacing = options.seconds - LAST_SECONDS
    return {"calls": options.calls, "churn": options.churn, "seconds": options.seconds, "sent": report["sent"],
            "lost": report["lost"], "replaced": replaced, "replaced_a_second": round(replaced / replacing, 1),
            "recordings": report["recordings"], "cpu_ns_per_packet": report["engine"]["cpu_ns_per_packet"],
            "cpu_ns_per_packet_by_thread": report["engine"]["cpu_ns_per_packet_by_thread"],
            "met": {"nothing_lost": report["lost"] == 0 and not report["recordings"]["missing"] and
                    not report["recordings"]["mismatches"],
                    "replaced": replaced >= REPLACED_SHARE * options.churn * replacing}}


def text_of(result):
    return "\n".join([
        f"{result['calls']} calls for {result['seconds']} s, {result['replaced_a_second']} a second replaced "
        f"(asked for {result['churn']}): {result['sent']} packets sent, {result['lost']} lost",
        f"recordings: {result['recordings']['made']} made, {result['recordings']['missing']} missing, "
        f"{result['recordings']['compared_packets']} packets compared, {len(result['recordings']['mismatches'])} differ",
        f"{result['cpu_ns_per_packet']:.0f} ns of CPU a packet: " +
        ", ".join(f"{name} {ns:.0f}" for name, ns in sorted(result["cpu_ns_per_packet_by_thread"].items(), key=lambda e: -e[1])),
        loaded_engine.verdict(result)])


def main():
    parser = loaded_engine.arguments(__doc__)
    parser.add_argument("--calls", type=int, default=2000)
    parser.add_argument("--churn", type=int, default=100, help="calls a second (default: %(default)s)")
    parser.add_argument("--seconds", type=int, default=30)
    options = parser.parse_args()
    loaded_engine.enter_network()
    with tempfile.TemporaryDirectory(prefix="assent-churn-") as folder:
        return loaded_engine.measure_and_tell(lambda: result_of(options, measure(options, folder)), text_of, options.json)


if __name__ == "__main__":
    sys.exit(main())

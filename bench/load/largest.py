#!/usr/bin/env python3
"""The largest number of calls that the engine records on one core with less than one packet in 10,000 lost, the other core
sending (assent-load --via xdp): doubles the calls until a run does not pass, then halves the gap. Every run has a new engine,
made for as many calls; both are in a network of their own, which is gone afterwards.

  bench/load/largest.py [--from 1000] [--step 250] [--max 10000] [--seconds 15] [--json]
  bench/load/largest.py --calls 5000 --seconds 60      # one run

Needs root, and in --folder room for all that is recorded twice: 32 KB a call and second. Exit status: 0 some number passed; 1 none
did; 3 the generator fell behind in the run that bounds the answer, which is then a lower bound.
"""
import json
import shutil
import subprocess
import sys
import tempfile

import loaded_engine  # first: it says where the next three are
import harness
import network
import process
from loaded_engine import say

LOSS_MAX = 0.0001
LAST_PORT = 65531
PORTS_PER_CALL = 4  # RTP and RTCP of two legs
PORTS_TO_SPARE = 64  # which sockets of the engine may happen to have
API_PORT = 8091
CALLS_MAX = (LAST_PORT - API_PORT - PORTS_TO_SPARE) // PORTS_PER_CALL
SAMPLE = 5  # recordings that are compared byte for byte
# Calls are set up before the first packet, so that audio need not be held for long; and pages for two seconds of a disk that is
# late (two legs of 8,000 bytes a second are 4 pages).
PIPELINE = """
[listen]
api = "127.0.0.1:{api_port}"
rtp_address = "127.0.0.1"
rtp_ports = "{first_port}-{last_port}"
[capacity]
calls = {calls}
[media]
sockets = "steered"
[consent]
policy = "all-party"
hold = "10s"
deadline = "600s"
default_purposes = ["quality"]
[[purposes]]
id = "quality"
description = "Checking the quality of our service"
[journal]
sealed_pages = {sealed_pages}
[memory]
backing = "{backing}"
"""


def pipeline(calls, backing):
    first_port = LAST_PORT + 1 - PORTS_TO_SPARE - PORTS_PER_CALL * calls
    return PIPELINE.format(api_port=API_PORT, first_port=first_port, last_port=LAST_PORT, calls=calls,
                           sealed_pages=max(32768, 8 * calls), backing=backing)


def run(calls, options):
    """One engine, one load: what assent-load says of them, and whether it passes."""
    folder = tempfile.mkdtemp(prefix="assent-largest-", dir=options.folder)
    try:
        engine = harness.Engine(folder, wrapper=process.on_cpu(process.RECORDER_CPU))
        with open(engine.pipeline, "w") as file:
            file.write(pipeline(max(calls, options.capacity or min(2 * calls, CALLS_MAX)), options.backing))
        engine.start()
        # The generator's thread goes before all others by itself; before the rest of its process nothing need go.
        load = subprocess.run(process.on_cpu(process.SENDER_CPU) + [
            harness.LOAD, "run", "--via", "xdp", "--state", engine.state, "--calls", str(calls), "--seconds", str(options.seconds),
            "--sample", str(SAMPLE), "--json"], capture_output=True, text=True, check=False, timeout=options.seconds + 900)
        if not load.stdout:
            raise process.Failed(load.stderr.strip())
        report = json.loads(load.stdout)
        report["loss"] = report["lost"] / max(1, report["sent"])
        recordings = report["recordings"]
        report["passed"] = (report["valid"] and report["loss"] < LOSS_MAX and report["failures"]["count"] == 0
                            and recordings["missing"] == 0 and not recordings["mismatches"])
        return report
    finally:
        process.stop(engine.process)
        shutil.rmtree(folder, ignore_errors=True)


COLUMNS = "{:>7} {:>11} {:>9} {:>10} {:>7} {:>9} {:>9} {:>9}  {}"
HEAD = COLUMNS.format("calls", "packets/s", "loss", "engine ns", "core", "MiB", "sender ns", "lag p99", "")


def row(report):
    engine, sender = report["engine"], report["sender"]
    verdict = "passed" if report["passed"] else "not passed" if report["valid"] else "the generator fell behind"
    if report["recordings"]["mismatches"]:
        verdict += ": " + report["recordings"]["mismatches"][0]
    return COLUMNS.format(report["calls"], report["sent"] // report["seconds"], f"{100 * report['loss']:.4f}%",
                          f"{engine['cpu_ns_per_packet']:.0f}", f"{engine['cpu_share_of_a_core']:.2f}", engine["resident_mib"],
                          f"{sender['cpu_ns_per_packet']:.0f}", f"{sender['lag_ms']['p99']:.2f}ms", verdict)


def search(options, show):
    """As `assent-load ramp` does. The most calls that pass, and the least that do not, if any do not, as their report."""
    best, worst, calls = 0, None, min(options.first, options.max)
    while calls:
        report = run(calls, options)
        show(report)
        if report["passed"]:
            best = calls
        else:
            worst = report
        if worst is None:
            calls = min(2 * best, options.max) if best < options.max else None
        else:
            gap = worst["calls"] - best
            calls = best + gap // 2 if gap > options.step else None
    return best, worst


def main():
    parser = loaded_engine.arguments(__doc__)
    parser.add_argument("--calls", type=int, help="one run with so many")
    parser.add_argument("--from", type=int, default=1000, dest="first", help="calls to begin with")
    parser.add_argument("--step", type=int, default=250, help="how exact the answer is to be")
    parser.add_argument("--max", type=int, default=10000)
    parser.add_argument("--capacity", type=int, help="calls that the engine is made for, which its socket's buffer follows "
                        "(default: twice those of the run)")
    parser.add_argument("--seconds", type=int, default=15)
    parser.add_argument("--folder", help="where to record (default: the system's temporary folder)")
    options = parser.parse_args()
    wanted = max(options.calls or options.max, options.capacity or 0)
    if min(wanted, options.first, options.step, options.seconds) < 1 or wanted > CALLS_MAX:
        parser.error(f"an address has ports for 1 to {CALLS_MAX} calls")
    loaded_engine.enter_network()
    network.take_frames()
    steps = []

    def show(report):
        if not steps and not options.json:
            print(HEAD)
        steps.append(report)
        if options.json:
            say(row(report))
        else:
            print(row(report), flush=True)

    try:
        if options.calls:
            show(run(options.calls, options))
            best, worst = (options.calls, None) if steps[0]["passed"] else (0, steps[0])
        else:
            best, worst = search(options, show)
    except process.Failed as failure:
        say(f"given up: {failure}")
        return 1
    kept_up = worst is None or worst["valid"]
    if options.json:
        print(json.dumps({"calls": best, "sender_kept_up": kept_up, "steps": steps}))
    else:
        print(f"{best} calls pass" + ("" if kept_up else "; the generator fell behind, so it may be more"))
    return 3 if not kept_up else 0 if best else 1


if __name__ == "__main__":
    sys.exit(main())

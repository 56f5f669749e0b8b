#!/usr/bin/env python3
"""The same calls on assent, on rtpengine and on GStreamer, one after the other, each alone on the same core.

  bench/peers/compare.py                                   the whole comparison, less than 8 minutes
  bench/peers/compare.py --calls 100,300 --repeats 5       medians of five

For each number of calls, from the smallest: every peer records them, and what it used and lost is measured. A peer that did
not hold a number of calls is not asked for more. Writes peers.txt, peers.json and peers.png to a folder. Needs root, two
cores, what `tools/setup bench` installs, and a machine that does nothing else.

Exit status: 0 assent costs at most the share of the others that it is meant to; 1 it costs more; 2 the command line is wrong
or something is missing; 3 nothing valid could be compared.
"""
import argparse
import http.client
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import gstreamer
import measurement
import network
import ours
import packet_counts
import ports
import process
import report
import rtpengine
import summary
import verdict

PEERS = {peer.name: peer for peer in (ours.Assent, rtpengine.Recording, rtpengine.Forwarding, gstreamer.ToWav,
                                      gstreamer.ToMatroska)}
OVERHEAD_SECONDS = 6  # of a measurement, beside its play: usually less
SHORTEST_SECONDS = 3


# What a recorder, its API or its files may do wrong. It is said, and the others go on.
FAILURES = (process.Failed, packet_counts.Malformed, AssertionError, OSError, http.client.HTTPException,
            subprocess.SubprocessError)


class TimeIsUp(Exception):
    pass


class Progress:
    """One line that changes on a terminal, else a line a measurement; both on standard error."""

    def __init__(self):
        self._live = sys.stderr.isatty()
        self.what = ""

    def say(self, doing):
        if self._live:
            print(f"\r\033[K{self.what}: {doing} ...", end="", file=sys.stderr, flush=True)

    def result(self, text):
        clear = "\r\033[K" if self._live else ""
        print(f"{clear}{self.what}: {text}", file=sys.stderr, flush=True)


def sentence(found):
    return (f"{found['cpu_ns_per_packet']:,} ns a packet, {100 * found['core_share']:.0f} % of the core, "
            f"{found['lost']:,} of {found['sent']:,} lost" + (f" ({found['why']})" if found["why"] else ""))


class Comparison:
    """All measurements, in rounds: each round goes up the numbers of calls, and at each through the peers."""

    def __init__(self, options, scratch):
        self.options = options
        self.scratch = scratch
        self.progress = Progress()
        self.measurements, self.left_out, self.warnings = [], [], []
        self.end = time.monotonic() + 60 * options.minutes

    def run(self):
        signal.signal(signal.SIGALRM, self._alarm)
        signal.alarm(int(60 * self.options.minutes))
        try:
            for turn in range(1, self.options.repeats + 1):
                self._round(turn)
        except TimeIsUp:
            self.left_out.append(f"what was to come after {self.options.minutes:g} minutes")
        finally:
            signal.alarm(0)

    @staticmethod
    def _alarm(_signal, _frame):
        raise TimeIsUp

    def _round(self, turn):
        alive = list(self.options.peers)
        for calls in self.options.calls:
            for name in list(alive):
                if time.monotonic() + self.options.seconds + OVERHEAD_SECONDS > self.end:
                    raise TimeIsUp
                self.progress.what = f"round {turn}, {calls} calls, {PEERS[name].title}"
                if not self._attempt(name, calls, turn):
                    alive.remove(name)

    def _attempt(self, name, calls, turn):
        """Whether to ask the peer for more calls: it held these, or others kept it from it. What nobody can say is tried once
        more."""
        for attempt in (1, 2):
            folder = tempfile.mkdtemp(dir=self.scratch)
            try:
                found = measurement.measure(PEERS[name], calls, self.options.seconds, folder, self.progress.say)
            except FAILURES as failure:
                self.progress.result(f"failed: {failure}")
                self.left_out.append(f"{PEERS[name].title} with {calls} calls: {failure}")
                return False
            finally:
                shutil.rmtree(folder, ignore_errors=True)
            self.progress.result(sentence(found))
            if found["valid"] or attempt == 2:
                self.measurements.append({"round": turn, **found})
                return found["held"] or found["why"] == verdict.OTHERS
        return False


def versions(peers):
    def first_line(*command):
        done = subprocess.run(command, capture_output=True, text=True)
        return (done.stdout + done.stderr).strip().split("\n")[0]
    found = {}
    if "assent" in peers:
        found["assent"] = first_line(ours.harness.PROGRAM, "version").split()[-1]
    if any(name.startswith("rtpengine") for name in peers):
        found["rtpengine"] = first_line(rtpengine.program(), "--version").split()[-1]
    if any(name.startswith("gstreamer") for name in peers):
        found["GStreamer"] = first_line("gst-launch-1.0", "--version").split()[-1]
    return found


def machine():
    with open("/proc/cpuinfo") as file:
        names = [line.split(":")[1].strip() for line in file if line.startswith("model name")]
    return {"cpu": names[0] if names else os.uname().machine, "cores": os.cpu_count(), "kernel": os.uname().release}


def draw(results_path, picture):
    """By whichever Python has matplotlib; False when none has."""
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "plot.py")
    return any(subprocess.run([python, script, results_path, picture], capture_output=True).returncode == 0
               for python in dict.fromkeys((sys.executable, "/usr/bin/python3")))


def write(options, comparison):
    os.makedirs(options.out, exist_ok=True)
    results = {"machine": machine(), "versions": versions(options.peers), "seconds": options.seconds,
               "repeats": options.repeats, "calls": options.calls,
               "titles": {name: PEERS[name].title for name in options.peers},
               "summary": summary.summarise(comparison.measurements), "left_out": comparison.left_out,
               "warnings": comparison.warnings, "measurements": comparison.measurements}
    path = os.path.join(options.out, "peers")

    def write_results():
        with open(path + ".json", "w") as file:
            json.dump(results, file, indent=1)
            file.write("\n")
    write_results()
    if not any(row["valid"] for row in results["summary"]["rows"]):
        comparison.warnings.append("no picture: nothing valid to draw")
        write_results()
    elif not draw(path + ".json", path + ".png"):
        comparison.warnings.append("no picture: python3-matplotlib is missing (tools/setup bench)")
        write_results()
    with open(path + ".txt", "w") as file:
        file.write(report.text_of(results))
    return results


def numbers(text):
    found = sorted({int(word) for word in text.split(",")})
    if not found or found[0] < 1 or found[-1] > ports.MOST_CALLS:
        raise argparse.ArgumentTypeError(f"numbers of calls are from 1 to {ports.MOST_CALLS}")
    return found


def names(text):
    found = text.split(",")
    for name in found:
        if name not in PEERS:
            raise argparse.ArgumentTypeError(f"\"{name}\" is none of {', '.join(PEERS)}")
    return found


def seconds(text):
    if not SHORTEST_SECONDS <= int(text) <= 600:
        raise argparse.ArgumentTypeError(f"a measurement takes from {SHORTEST_SECONDS} to 600 s")
    return int(text)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=numbers, default="50,100,200,300,600,1000,1200,1400,2000", metavar="N,N,...",
                        help="of two legs each (default: %(default)s)")
    parser.add_argument("--seconds", type=seconds, default=6, help="that each measurement plays (default: %(default)s)")
    parser.add_argument("--repeats", type=int, default=1, help="rounds (default: %(default)s)")
    parser.add_argument("--minutes", type=float, default=8, help="that it may take in all: what does not fit is left out "
                        "and said (default: %(default)s)")
    parser.add_argument("--peers", type=names, default=",".join(PEERS), help="(default: %(default)s)")
    parser.add_argument("--out", default=os.path.join(measurement.ROOT, "build", "peers"), metavar="FOLDER",
                        help="for peers.txt, peers.json and peers.png (default: build/peers)")
    parser.add_argument("--scratch", default="/var/tmp", metavar="FOLDER",
                        help="on a disk, for what is recorded; emptied again (default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="print peers.json instead of the table")
    return parser.parse_args()


def what_is_missing(options):
    if os.geteuid() != 0:
        return "root is needed, for a network of its own and the generator's priority"
    if not {process.RECORDER_CPU, process.SENDER_CPU} <= os.sched_getaffinity(0):
        return "two cores are needed: one to record, one to send"
    if not os.path.exists(measurement.SENDER):
        return "assent-load is not built (tools/setup)"
    return next((why for why in (PEERS[name].missing() for name in options.peers) if why), None)


def stop(_signal, _frame):
    raise KeyboardInterrupt


def main():
    options = parse_arguments()
    missing = what_is_missing(options)
    if missing:
        print(f"compare.py: {missing}", file=sys.stderr)
        return 2
    network.enter()
    os.sched_setaffinity(0, {process.SENDER_CPU})
    signal.signal(signal.SIGTERM, stop)
    scratch = tempfile.mkdtemp(prefix="assent-peers-", dir=options.scratch)
    comparison = Comparison(options, scratch)
    if not process.may_be_first():
        comparison.warnings.append("the generator may not have its core before all others (chrt -f): it may be late")
    try:
        comparison.run()
    except KeyboardInterrupt:
        comparison.left_out.append("the rest: interrupted")
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    if not comparison.measurements:
        print("compare.py: nothing was measured: " + "; ".join(comparison.left_out), file=sys.stderr)
        return 3
    results = write(options, comparison)
    print(json.dumps(results) if options.json else "\n" + report.text_of(results), end="\n" if options.json else "")
    compared = [each for each in results["summary"]["bars"].values() if each]
    if not compared or any(each["disturbed"] for each in compared):
        return 3
    return 0 if all(each["met"] for each in compared) else 1


if __name__ == "__main__":
    sys.exit(main())

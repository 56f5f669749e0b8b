#!/usr/bin/env python3
"""One shard under load: 500 calls (1,000 legs, every second call consented) for 60 s. No packet may be lost, and what was
consented to must be there to the packet.

  bench/load/one_shard.py [--calls 500] [--seconds 60] [--json]

Prints the CPU time of the engine per packet (all its threads) and what was lost. Engine and sender share the machine: a lag
of the sender beyond 1 s means that the figures say nothing, and is an error.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile
import shutil
from concurrent.futures import ThreadPoolExecutor

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "..", "tests", "e2e"))
import harness
from harness import check


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_mib(pid):
    with open(f"/proc/{pid}/status") as file:
        return next(int(line.split()[1]) // 1024 for line in file if line.startswith("VmRSS"))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--calls", type=int, default=500)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    folder = tempfile.mkdtemp(prefix="assent-load-")
    engine = harness.Engine(folder, calls=options.calls, ports="20000-29999", journal_file="256MiB",
                            deadline="300s").start()
    try:
        pool = ThreadPoolExecutor(8)
        calls = list(pool.map(lambda i: engine.create_call(legs=("agent", "customer")), range(options.calls)))
        consented = calls[::2]
        list(pool.map(lambda call: [engine.decide(call, who, "granted") for who in ("agent", "customer")], consented))
        ports = "".join(f"{leg['address']} {leg['port']}\n" for call in calls for leg in call["legs"])
        before = cpu_seconds(engine.pid)
        if not options.json:
            print(f"{options.calls} calls, {2 * options.calls} legs, {options.seconds} s ...", flush=True)
        done = subprocess.run([harness.LOAD, "send", "--seconds", str(options.seconds)], input=ports, capture_output=True,
                              text=True)
        check(done.returncode in (0, 3), f"the sender failed: {done.stderr}")
        sent = json.loads(done.stdout)
        used = cpu_seconds(engine.pid) - before
        check(sent["largest_lag_ms"] < 1000, f"the sender fell behind: {sent}")
        legs = [leg for call in engine.ask("GET", "/v1/calls")["calls"] for leg in call["legs"]]
        received = sum(leg["packets"] for leg in legs)
        lost = sum(leg["lost"] for leg in legs)
        resident = resident_mib(engine.pid)
        recordings = [ended["recording"] for ended in pool.map(engine.end, consented)]
        check(all(recordings), "a consented call has no recording")
        list(pool.map(engine.end, calls[1::2]))
        sample = engine.wav(recordings[0])
        expected = options.seconds * 8000
        check(len(sample.legs[0]) >= expected, f"a recording has {len(sample.legs[0])} samples of {expected}")
        result = {"calls": options.calls, "seconds": options.seconds, "sent": sent["sent"], "received": received,
                  "lost": sent["sent"] - received + lost, "cpu_ns_per_packet": round(used / max(received, 1) * 1e9),
                  "cpu_share_of_a_core": round(used / options.seconds, 3), "resident_mib": resident,
                  "sender_lag_ms": sent["largest_lag_ms"]}
        if options.json:
            print(json.dumps(result))
        else:
            for name, value in result.items():
                print(f"  {name:22} {value}")
        engine.stop()
        sys.exit(0 if result["lost"] == 0 else 1)
    finally:
        if engine.process and engine.process.poll() is None:
            engine.process.kill()
        shutil.rmtree(folder, ignore_errors=True)


main()

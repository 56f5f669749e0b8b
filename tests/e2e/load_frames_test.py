#!/usr/bin/env python3
"""assent-load --via xdp: calls whose packets the kernel paces arrive whole, also while others come and go; their recordings are
what was sent, byte for byte; and what it cannot play it refuses. In a network of this test's own; needs root.
"""
import json
import os
import subprocess
import sys

import harness
from harness import check

sys.path.insert(0, os.path.join(harness.ROOT, "bench", "peers"))
import network

CALLS = int(os.environ.get("CALLS", "50"))
SECONDS = int(os.environ.get("SECONDS", "4"))
UNPRIVILEGED = ["setpriv", "--bounding-set", "-net_admin,-bpf,-sys_admin", "--inh-caps", "-net_admin,-bpf,-sys_admin"]


def load(engine, *options, wrapper=()):
    command = [*wrapper, harness.LOAD, "run", "--state", engine.state, "--calls", str(CALLS), "--seconds", str(SECONDS),
               "--via", "xdp", "--json", *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=SECONDS + 120)


def played(engine, *options):
    done = load(engine, "--sample", "10", *options)
    if "live frames need Linux" in done.stderr:
        harness.skip(done.stderr.strip())
    check(done.stdout, f"the load ended with {done.returncode}: {done.stderr[-1000:]}")
    report = json.loads(done.stdout)
    if not report["valid"]:
        harness.skip(f"this machine was too busy to send on time: {report['sender']}")
    print(f"{report['calls']} calls, {report['replaced_calls']} replaced, {report['sent']} packets, "
          f"lag {report['sender']['lag_ms']}")
    check(report["right"] and done.returncode == 0, f"not right: {done.stdout}")
    check(report["received"] == report["sent"], f"{report['received']} of {report['sent']} packets came")
    return report


def test(folder):
    try:
        network.enter()
    except OSError as refused:
        harness.skip(f"no network of its own: {refused}")
    engine = harness.Engine(folder, calls=2 * CALLS, ports="20000-29999").start()

    refused = load(engine)
    check(refused.returncode == 1 and "route_localnet" in refused.stderr, f"not told what lo needs: {refused.stderr}")
    network.take_frames()
    refused = load(engine, wrapper=UNPRIVILEGED)
    check(refused.returncode == 1 and "CAP_BPF" in refused.stderr, f"not told which privileges: {refused.stderr}")
    refused = load(engine, "--jitter", "20")
    check(refused.returncode == 2 and "--jitter" in refused.stderr, f"not told what cannot be played: {refused.stderr}")

    report = played(engine)
    check(report["sent"] == 2 * CALLS * 50 * SECONDS, f"sent {report['sent']}")
    check(report["recordings"]["made"] == CALLS, f"{report['recordings']}")
    # A whole packet every 20 ms from both legs of ten calls.
    check(report["recordings"]["compared_packets"] == 10 * 2 * 50 * SECONDS, f"{report['recordings']}")

    report = played(engine, "--codec", "PCMA", "--ptime", "30", "--opt-in-rate", "0.5", "--churn", "5")
    check(report["replaced_calls"] > 0, "no call was replaced")
    engine.stop()


harness.run(test)

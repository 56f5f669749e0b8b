#!/usr/bin/env python3
"""How soon a person's recordings can be read by nobody, and how soon they are gone, with few of them and with very many.

  bench/erasure/erasure.py [--rounds 3] [--small 5,100] [--large 5000,100000] [--policy all-party] [--json]

Each round makes a state folder (assent-fill: so many calls with so many segments in all, and a few calls of other people), starts
the engine on it, has readers ask for random recordings of the person, one after the other, each on a connection of its own, and
then asks for the person's erasure.

  reply       from the request's first byte to the last of its reply
  unreadable  until nothing could be read any more: until the reply, or the start of the last read that succeeded, if that is later
  gone        until the erasure says "done": every object removed and looked for, every key gone from the catalog's files

The small case has two rounds more than the large one; medians of the rounds. Held against bars: unreadable, and how many times the
small case's the large one's is. Then it is checked that no object of the person is left, that the others are still heard, and that
the ledger is whole. All of it runs before what else the machine does, where that is permitted. Exit status: 0 every bar is met, 1
one is not, or something is left, or too much is gone.
"""
import argparse
import http.client
import os
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "load"))
import loaded_engine  # first: it says where the next one is
import harness
import json
from harness import check
from loaded_engine import say

BAR_MS = 50
BAR_TIMES = 2
PERSON = "customer-7"
OTHERS = 5  # calls of two segments each
READERS = 4
BEFORE_S = 1.0  # of reading, before the request
AFTER_S = 2.0  # of reading as fast as that, after the reply
LATER_S = 0.5  # between a reader's reads from then on
FILL = os.environ.get("ASSENT_FILL", os.path.join(harness.ROOT, "build", "release", "bench", "erasure", "assent-fill"))
REFUSED = (403, 404)


class Connection:
    """One connection to the API, kept open."""

    def __init__(self, engine):
        self.http = http.client.HTTPConnection(engine.api, timeout=60)
        self.http.connect()
        self.headers = {"Authorization": "Bearer " + engine.token}

    def ask(self, method, path):
        self.http.request(method, path, headers=self.headers)
        reply = self.http.getresponse()
        return reply.status, reply.read()

    def hear(self, recording):
        """Whether all of the person's leg was read."""
        status, body = self.ask("GET", f"/v1/recordings/{recording}/audio?purpose=quality&format=mka&legs=customer")
        check(status == 200 and body or status in REFUSED, f"a read was answered {status}: {body[:300]}")
        return status == 200


class Reader(threading.Thread):
    """Reads random recordings until it is stopped, and notes when those reads began that succeeded."""

    def __init__(self, engine, recordings):
        super().__init__(daemon=True)
        self.engine, self.recordings = engine, recordings
        self.reads, self.heard, self.pause_s = 0, [], 0.0
        self.failure, self.stopped = None, threading.Event()
        self.start()

    def run(self):
        try:
            connection = Connection(self.engine)
            while not self.stopped.wait(self.pause_s):
                began = time.monotonic()
                try:
                    if connection.hear(random.choice(self.recordings)):
                        self.heard.append(began)
                except http.client.IncompleteRead:  # it was cut off
                    connection = Connection(self.engine)
                self.reads += 1
        except Exception as failure:  # told by the main thread
            self.failure = failure

    def stop(self):
        self.stopped.set()
        self.join(60)
        if self.failure:
            raise self.failure


def fill(engine, calls, segments, policy):
    """The ids of the person's recordings, and of others'."""
    with open(os.path.join(HERE, "erasure.toml")) as source, open(engine.pipeline, "w") as file:
        file.write(source.read().replace('policy = "all-party"', f'policy = "{policy}"'))
    began = time.monotonic()
    done = subprocess.run([FILL, engine.pipeline, "--state", engine.state, "--subject", PERSON, "--calls", str(calls),
                           "--segments", str(segments), "--others", str(OTHERS), "--json"], stdout=subprocess.PIPE, text=True)
    check(done.returncode == 0, f"assent-fill ended with {done.returncode}")
    made = json.loads(done.stdout)
    say(f"{calls} calls, {segments} segments: filled in {time.monotonic() - began:.1f} s")
    return made["recordings"], made["others"]


def follow(engine, erasure, began):
    """Polls the erasure until it is done, telling how far it is. When each of its steps was seen to begin, in seconds."""
    told, seen, last = 0.0, {}, ""
    while True:
        shown = engine.ask("GET", f"/v1/erasures/{erasure}")
        now = time.monotonic()
        for step in shown["steps"]:
            seen.setdefault(step["step"], round(now - began, 3))
        last = shown["steps"][-1]["what"]
        if shown["state"] == "done":
            return now, seen
        if now - told >= 5 or sys.stderr.isatty():
            told = now
            print(f"\r\033[K{now - began:6.1f} s: {last}" if sys.stderr.isatty() else f"{now - began:6.1f} s: {last}",
                  end="" if sys.stderr.isatty() else "\n", file=sys.stderr, flush=True)
        time.sleep(0.01 if now - began < 2 else 0.2)


def erase(engine, theirs):
    """Asks for the erasure while readers read; what was measured."""
    readers = [Reader(engine, theirs) for _ in range(READERS)]
    asker = Connection(engine)
    time.sleep(BEFORE_S)
    sent = time.monotonic()
    status, body = asker.ask("POST", f"/v1/subjects/{PERSON}/erase")
    replied = time.monotonic()
    check(status == 202, f"the erasure was answered {status}: {body[:300]}")

    def calm_down():
        for reader in readers:
            reader.pause_s = LATER_S
    calm = threading.Timer(AFTER_S, calm_down)
    calm.start()
    done, steps = follow(engine, json.loads(body)["id"], sent)
    # When it was done at once, the readers have a while yet to find something.
    time.sleep(max(0.0, replied + 0.5 - time.monotonic()))
    calm.cancel()
    for reader in readers:
        reader.stop()
    heard = [began for reader in readers for began in reader.heard]
    check(any(began < sent for began in heard), "nothing was heard before the request")
    unreadable = max([replied] + heard)
    return {"reply_ms": round(1000 * (replied - sent), 2), "unreadable_ms": round(1000 * (unreadable - sent), 2),
            "gone_s": round(done - sent, 2), "steps_s": steps, "reads": sum(reader.reads for reader in readers),
            "heard": len(heard)}


def one_round(folder, name, calls, segments, policy):
    engine = harness.Engine(folder, name=name)
    theirs, others = fill(engine, calls, segments, policy)
    engine.start()
    try:
        connection = Connection(engine)
        for recording in random.sample(theirs, min(20, len(theirs))) + others:
            check(connection.hear(recording), f"{recording} is not heard before anything was asked")
        stored = len(engine.segment_files())
        check(stored == segments + 2 * OTHERS, f"{stored} objects are there")
        found = erase(engine, theirs)
        left = len(engine.segment_files())
        stay = 2 * OTHERS + (0 if policy == "all-party" else sum((segments * (i + 1) // calls - segments * i // calls) // 2
                                                                 for i in range(calls)))
        check(left == stay, f"{left} objects are left, and should be {stay}")
        connection = Connection(engine)  # the first has been idle for too long
        for recording in others:
            check(connection.hear(recording), f"{recording}, of somebody else, is not heard any more")
        engine.command("ledger", "verify", "--state", engine.state)
        engine.stop()
    finally:
        if engine.process.poll() is None:
            engine.kill()
    subprocess.run(["rm", "-rf", engine.state], check=True)
    found["segments_per_s"] = round((stored - left) / found["gone_s"])
    say(("\r\033[K" if sys.stderr.isatty() else "") +
        f"{name}: reply {found['reply_ms']:.1f} ms, unreadable {found['unreadable_ms']:.1f} ms, gone {found['gone_s']:.1f} s; "
        f"{found['heard']} of {found['reads']} reads succeeded; steps at {found['steps_s']}")
    return found


def median_of(rounds, name):
    return statistics.median(one[name] for one in rounds)


def run(options, folder):
    cases = {}
    for case, rounds in (("small", options.rounds + 2), ("large", options.rounds)):
        calls, segments = getattr(options, case)
        found = [one_round(folder, f"{case}-{i + 1}", calls, segments, options.policy) for i in range(rounds)]
        cases[case] = {"calls": calls, "segments": segments, "rounds": found,
                       **{name: median_of(found, name) for name in ("reply_ms", "unreadable_ms", "gone_s", "segments_per_s")}}
    times = round(cases["large"]["unreadable_ms"] / cases["small"]["unreadable_ms"], 2)
    return {"policy": options.policy, "bar_ms": BAR_MS, "bar_times": BAR_TIMES, **cases, "times": times,
            "met": {**{f"{case}.unreadable": cases[case]["unreadable_ms"] <= BAR_MS for case in cases},
                    "large against small": times <= BAR_TIMES}}


def text_of(result):
    lines = [f"one person erased, {result['policy']}; medians of the rounds",
             f"{'calls':>8}{'segments':>10}{'rounds':>8}{'reply':>12}{'unreadable':>14}{'gone':>11}{'segments/s':>12}"]
    for case in ("small", "large"):
        one = result[case]
        met = result["met"][f"{case}.unreadable"]
        lines.append(f"{one['calls']:8}{one['segments']:10}{len(one['rounds']):8}{one['reply_ms']:9.1f} ms{one['unreadable_ms']:11.1f} ms"
                     f"{one['gone_s']:9.1f} s{one['segments_per_s']:12.0f}   bar {BAR_MS} ms: {'met' if met else 'missed'}")
    met = result["met"]["large against small"]
    lines.append(f"unreadable, large against small: {result['times']} times   bar {BAR_TIMES}: {'met' if met else 'missed'}")
    return "\n".join(lines + [loaded_engine.verdict(result)])


def size(text):
    calls, segments = (int(part) for part in text.split(","))
    if not 0 < calls <= segments:
        raise argparse.ArgumentTypeError("calls, and segments in all of them: at least one each")
    return calls, segments


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3, help="of the large case (default: %(default)s)")
    parser.add_argument("--small", type=size, default=(5, 100), metavar="CALLS,SEGMENTS")
    parser.add_argument("--large", type=size, default=(5000, 100000), metavar="CALLS,SEGMENTS")
    parser.add_argument("--policy", choices=("all-party", "per-party"), default="all-party")
    parser.add_argument("--folder", help="where the state folders are made: the disk that is measured")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if not os.path.exists(FILL):
        sys.exit("assent-fill is not built: cmake --preset release && cmake --build --preset release")
    sys.setswitchinterval(0.0002)  # what the readers do must not make a reply seem late
    try:
        os.nice(-15)
    except PermissionError:
        pass
    with tempfile.TemporaryDirectory(prefix="assent-erasure-", dir=options.folder) as folder:
        return loaded_engine.measure_and_tell(lambda: run(options, folder), text_of, options.json)


if __name__ == "__main__":
    sys.exit(main())

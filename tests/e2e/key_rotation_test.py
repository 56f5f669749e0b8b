#!/usr/bin/env python3
"""The keys replaced under a running engine: calls in progress go on, what is kept opens, a copy of the state folder from before
opens nothing of what was erased, and a kill at any moment is made good by the next start.

KILLS is how many random moments are tried, SEED which.
"""
import json
import os
import random
import re
import shutil
import threading
import time

import harness
from harness import check

KILLS = int(os.environ.get("KILLS", "12"))
SEED = int(os.environ.get("SEED", "1"))
PERSON = "marker-person-9c2e"


def is_heard(engine, recording):
    return engine.raw("GET", f"/v1/recordings/{recording}/audio?purpose=quality&format=wav")[0] == 200


def roots_in(engine):
    """The root keys in the file, as it has them."""
    with open(os.path.join(engine.state, "root.key")) as file:
        return re.findall(r"^assent-root-key-1 ([0-9a-f]{64})", file.read(), re.M)


def receipt_of(engine, erasure):
    """Of an erasure, when it is done; not before."""
    def when_done():
        shown = engine.ask("GET", f"/v1/erasures/{erasure}")
        check((shown["state"] == "done") == (shown.get("receipt") is not None), f"a receipt too early, or none: {shown}")
        return shown.get("receipt")
    return harness.wait_until("the erasure is done", when_done, 30)


def verified(engine, copy, *options, code=None):
    told = engine.command("verify", "--state", copy, "--json", *options, code=code)
    return json.loads(told.stdout) if told.stdout else told.stderr


def opens(report):
    """The recordings of which every segment opens."""
    opened = {}
    for segment in report["segments"]:
        opened[segment["recording"]] = opened.get(segment["recording"], True) and segment.get("verified_with_key", False)
    return {recording for recording, all_of_it in opened.items() if all_of_it}


def copies(folder):
    engine = harness.Engine(folder, name="state", calls=50, sealed_pages=4096).start()
    erased = [engine.record(f"a{i}", {"customer": PERSON, "agent": "agent-1"})[0] for i in range(3)]
    kept = [engine.record(f"o{i}", {"customer": f"customer-{i}", "agent": "agent-1"})[0] for i in range(3)]
    engine.stop()
    copy = os.path.join(folder, "copy")
    shutil.copytree(engine.state, copy)
    old_root = roots_in(engine)
    check(len(old_root) == 1, f"{old_root}")
    engine.start()

    # Two calls go on through everything.
    live = [engine.create_call(("customer",), policy="per-party") for _ in range(2)]
    done, senders = threading.Event(), []
    for call in live:
        engine.decide(call, "customer", "granted", purposes=["quality"])
        senders.append(harness.Sender(call["legs"][0]))
    sent = [0]

    def talk():
        while not done.is_set():
            for sender in senders:
                sender.send(b"\x35" * 160)
            sent[0] += 1
            time.sleep(0.02)
    talking = threading.Thread(target=talk)
    talking.start()
    engine.command("erase", "--subject", PERSON, "--yes", "--state", engine.state)
    before = json.loads(engine.command("keys", "status", "--json", "--state", engine.state).stdout)
    told = engine.command("keys", "rotate", "--state", engine.state).stdout
    check("the keys are replaced" in told, told)
    after = json.loads(engine.command("keys", "status", "--json", "--state", engine.state).stdout)
    check(after["oldest_epoch_since"] > before["oldest_epoch_since"] and len(after["epochs"]) == 1, f"{before}, {after}")
    check(after["root"]["id"] != before["root"]["id"] and after["rotation"] is None, f"{after}")
    check("since" in engine.command("keys", "--state", engine.state).stdout, "the status as text")
    for recording in kept:
        check(is_heard(engine, recording), "what was kept is not heard")
    kept.append(engine.record("new", {"customer": "customer-0", "agent": "agent-1"})[0])
    check(is_heard(engine, kept[-1]), "what came after is not heard")
    done.set()
    talking.join()
    for call in live:
        recording = engine.end(call)["recording"]
        seconds = len(engine.wav(recording).legs[0]) / 8000
        check(abs(seconds - sent[0] * 0.02) < 0.1, f"{seconds} s of {sent[0]} packets in a call that was in progress")
    engine.stop()

    # The old root key is nowhere, and so is what it wrapped.
    new_root = roots_in(engine)
    check(len(new_root) == 1 and new_root != old_root, f"{new_root}")
    with open(os.path.join(engine.state, "root.key"), "rb") as file:
        check(old_root[0].encode() not in file.read(), "the old root key is in its file")
    # The copy with the root key of today opens nothing; with the keys of today what was kept, and nothing of the erased.
    alone = verified(engine, copy, "--root-key", os.path.join(engine.state, "root.key"))
    check("wrapped under root" in str(alone), f"a copy opens: {alone}")
    opened = opens(verified(engine, copy, "--keys-from", engine.state))
    check(opened == set(kept[:3]), f"{opened} open of {kept[:3]} and the erased {erased}")
    # With its own root key it opens, as it must: that one is to be destroyed with it.
    check(opens(verified(engine, copy, code=0)) == set(kept[:3] + erased), "the copy does not open with what belongs to it")
    engine.command("verify", "--state", engine.state)
    engine.command("ledger", "verify", "--state", engine.state)


def kills(folder):
    """Rotations, erasures, and both at once, each killed at some moment."""
    chosen = random.Random(SEED)
    engine = harness.Engine(folder, name="killed", ports="22000-22999", calls=50, sealed_pages=4096).start()
    kept = [engine.record(f"k{i}", {"customer": f"customer-{i}", "agent": "agent-1"},
                          policy=("per-party", "all-party")[i % 2])[0]
            for i in range(4)]
    gone, rotations, roots = [], 0, {roots_in(engine)[0]}
    for number in range(KILLS):
        begun = []
        if number % 3 != 0:
            victim = f"victim-{number}"
            gone.append(engine.record(victim, {"customer": victim, "agent": "agent-1"}, seconds=0.1)[0])
        acts = {0: ("keys/rotate",), 1: (f"subjects/victim-{number}/erase",)}.get(
            number % 3, ("keys/rotate", f"subjects/victim-{number}/erase"))
        for act in acts:
            status, _, reply, _ = engine.reply("POST", f"/v1/{act}")
            check(status == 202, f"{act}: {status}: {reply}")
            begun.append(reply["id"])
        rotations += number % 3 != 1
        time.sleep(chosen.choice((0, chosen.uniform(0, 0.02), chosen.uniform(0, 0.1))))
        engine.kill()
        engine.start()
        for recording in gone[-1:]:
            check(not is_heard(engine, recording), f"after kill {number} an erased recording is heard")
        for act, erasure in zip(acts, begun):
            receipt = receipt_of(engine, erasure)
            if act == "keys/rotate":
                # The epoch's, the tenant's, and of five people, and of the victim: whichever were destroyed before the kill.
                keys = receipt["receipt"]["assent:destroyed"]["assent:keys"]["assent:count"]
                check(7 <= keys <= 6 + len(acts), f"after kill {number} the receipt has {keys} keys")
        shown = engine.ask("GET", "/v1/keys")
        check(len(shown["epochs"]) == 1 and shown["rotation"] is None, f"{shown}")
        check(len(roots_in(engine)) == 1, "an old root key is left")
        roots.add(roots_in(engine)[0])
        for recording in kept:
            check(is_heard(engine, recording), f"after kill {number} a recording is not heard")
    check(len(roots) == 1 + rotations, f"{len(roots)} root keys in {rotations} rotations")
    for recording in gone:
        check(not is_heard(engine, recording), "an erased recording is heard")
    kept.append(engine.record("last", {"customer": "customer-0", "agent": "agent-1"})[0])
    check(len(engine.segment_files()) == 2 * len(kept), f"{len(engine.segment_files())} objects are left")
    engine.stop()
    engine.command("verify", "--state", engine.state)
    print(f"killed at {KILLS} moments (seed {SEED}): {rotations} rotations, {len(gone)} erasures completed, nothing else was lost")


def test(folder):
    copies(folder)
    kills(folder)


harness.run(test)

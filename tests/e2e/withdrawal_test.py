#!/usr/bin/env python3
"""Withdrawal in mid-call, over the API: what was said after the reply is nowhere; with on_withdraw = erase, what was said
before it is gone, too: keys, objects, and the pages in the journal."""
import os

import harness
from harness import check


def marked(i):
    return bytes([i & 0x7F | 0x80] * 160)


def all_bytes(folder):
    for place, _, files in os.walk(folder):
        for name in files:
            with open(os.path.join(place, name), "rb") as file:
                yield os.path.join(place, name), file.read()


def keeps_what_was_before(folder):
    engine = harness.Engine(folder, name="keep", preroll="none").start()
    call = engine.create_call(policy="per-party")
    engine.decide(call, "customer", "granted")
    sender = harness.Sender(call["legs"][0])
    for i in harness.paced(3):
        sender.send(b"\x10" * 160)
    keys = engine.keys(engine.show(call)["recording"])
    engine.decide(call, "customer", "withdrawn")
    refused = engine.command("export", engine.show(call)["recording"], "--keys", "--purpose", "quality",
                             "--state", engine.state, code=1)
    check("quality" in refused.stderr and not refused.stdout, f"keys after a withdrawal: {refused}")
    for i in harness.paced(2):
        sender.send(b"\x42" * 160)
    ended = engine.end(call)
    check(ended["recording"], f"what was consented to is kept: {ended}")
    wav = engine.raw("GET", f"/v1/recordings/{ended['recording']}/audio?purpose=quality&format=wav")
    check(wav[0] == 403, "the consent was withdrawn, and the audio is still played for its purpose")
    clear = os.path.join(folder, "clear")
    os.mkdir(clear)
    text = b"".join(open(path, "rb").read() for path in engine.decrypt(ended["recording"], clear, keys))
    check(b"\x10" * 160 in text, "what was said before is there")
    check(b"\x42" * 16 not in text, "something said after the withdrawal was sealed")
    engine.stop()


def erases_what_was_before(folder):
    engine = harness.Engine(folder, name="erase", on_withdraw="erase", segment_time="5s").start()
    call = engine.create_call(policy="per-party")
    engine.decide(call, "customer", "granted")
    sender = harness.Sender(call["legs"][0])
    for i in harness.paced(8):
        sender.send(b"\x10" * 160)
    harness.wait_until("a segment is stored", engine.segment_files)
    stored = open(engine.segment_files()[0], "rb").read()
    # Ciphertext as it lies in the object and in the journal: a piece of the second frame.
    piece = stored[-4096 - 2000:-4096 - 1900]
    check(any(piece in data for _, data in all_bytes(engine.state)), "the scan finds what is there")
    engine.decide(call, "customer", "withdrawn")
    check(not engine.segment_files(), "an object is left after the reply")
    left = [path for path, data in all_bytes(engine.state) if piece in data]
    check(not left, f"ciphertext is left in {left}")
    refused = engine.raw("POST", f"/v1/calls/{call['id']}/consent", {"participant": "customer", "decision": "granted"})
    check(refused[0] == 409, f"agreeing again after an erasure: {refused}")
    ended = engine.end(call)
    check(ended["recording"] is None and ended["why"] == "erased on withdrawal", f"ended: {ended}")
    engine.stop()


def test(folder):
    keeps_what_was_before(folder)
    erases_what_was_before(folder)


harness.run(test)

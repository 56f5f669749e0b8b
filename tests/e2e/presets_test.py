#!/usr/bin/env python3
"""The shipped pipelines: each passes `assent check`; the German one stores no sample that was spoken before the yes, and the
embedded one keeps exactly what was held, to the packet."""
import glob
import json
import os
import subprocess
import time

import harness
from harness import check

ARGUMENTS = ("--api", "127.0.0.1:0", "--rtp-ports", "31000-31999")


def preset(folder, name):
    """An engine on a shipped file as it is, but for where it listens."""
    engine = harness.Engine(folder, name=name, arguments=ARGUMENTS)
    engine.pipeline = os.path.join(harness.ROOT, "pipelines", name + ".toml")
    return engine.start()


def code_of(i):
    """What packet i is filled with: a sample that no other packet nearby has, and that is not silence."""
    return i % 100 + 1


class Numbered:
    """A stream whose packets can be told from each other after decoding."""

    def __init__(self, leg):
        self.sender, self.sent, self.until = harness.Sender(leg), 0, None

    def talk(self, seconds):
        if self.until:  # its clock has run on, in whole packets
            self.sender.timestamp += int((time.monotonic() - self.until) / 0.02) * 160
        for _ in harness.paced(seconds):
            self.sender.send(bytes([code_of(self.sent)]) * 160)
            self.sent += 1
        self.until = time.monotonic()


def packets_in(samples):
    """The codes of the packets in a leg's samples, in order; silence around them is left out, silence within is an error."""
    codes = {harness.ULAW[code_of(i)]: code_of(i) for i in range(100)}
    first = next(i for i, sample in enumerate(samples) if sample != 0)
    last = max(i for i, sample in enumerate(samples) if sample != 0)
    voiced = samples[first:last + 1]
    check(len(voiced) % 160 == 0, f"{len(voiced)} samples are not whole packets")
    packets = []
    for at in range(0, len(voiced), 160):
        values = set(voiced[at:at + 160])
        check(len(values) == 1 and values <= codes.keys(), f"the packet at sample {at} is not one that was sent")
        packets.append(codes[values.pop()])
    return packets


def every_preset_passes_check():
    files = sorted(glob.glob(os.path.join(harness.ROOT, "pipelines", "*.toml")))
    names = [os.path.basename(file) for file in files]
    check({"embedded.toml", "germany.toml", "eu-strict.toml", "one-party.toml"} <= set(names), f"shipped: {names}")
    for file in files:
        done = subprocess.run([harness.PROGRAM, "check", file, "--json"], capture_output=True, text=True, timeout=60)
        check(done.returncode == 0 and json.loads(done.stdout)["errors"] == [], f"{file}: {done.stdout}{done.stderr}")


def nothing_from_before_the_yes(folder):
    engine = preset(folder, "germany")
    call = engine.create_call(("customer", "agent"))
    check(call["policy"] == "all-party", f"the policy: {call['policy']}")
    customer, agent = (Numbered(leg) for leg in call["legs"])
    customer.talk(2)
    check(engine.show(call)["legs"][0]["held_ms"] > 1000, "nothing is held while nobody has answered")
    engine.decide(call, "agent", "granted")
    # Both speak before the customer's yes, which is a key; nothing after it is lost.
    customer.talk(1)
    agent.talk(1)
    before = customer.sent, agent.sent
    customer.sender.press("1")
    harness.wait_until("the gates are open",
                       lambda: all(leg["gate"] == "open" for leg in engine.show(call)["legs"]))
    customer.talk(2)
    agent.talk(2)
    ended = engine.end(call)
    check(ended["recording"], f"what was consented to is kept: {ended}")
    recording = engine.ask("GET", f"/v1/recordings/{ended['recording']}")
    wav = engine.wav(ended["recording"])
    check(len(wav.legs) == 2, f"{len(wav.legs)} legs")
    for samples, first, stream in zip(wav.legs, before, (customer, agent)):
        wanted = [code_of(i) for i in range(first, stream.sent)]
        got = packets_in(samples)
        check(got == wanted, f"{len(got)} packets, from {got[:3]}; wanted {len(wanted)}, from {wanted[:3]}")
    text = json.dumps(recording)
    check("aufzeichnungshinweis" in text, f"the notice stands on the record: {text[:2000]}")
    engine.stop()


def exactly_what_was_held(folder):
    engine = preset(folder, "embedded")
    call = engine.create_call()
    stream = Numbered(call["legs"][0])
    stream.talk(33)  # three seconds more than are held
    before = stream.sent
    records = engine.decide(call, "customer", "granted")
    check(records["decision"] == "granted", f"{records}")
    stream.talk(1)
    ended = engine.end(call)
    recording = engine.ask("GET", f"/v1/recordings/{ended['recording']}")
    got = packets_in(engine.wav(ended["recording"]).legs[0])
    wanted = [code_of(i) for i in range(stream.sent - len(got), stream.sent)]
    check(got == wanted, "a packet is missing, or there twice")
    kept_ms = (len(got) - (stream.sent - before)) * 20
    on_record = [consent["preroll_ms"] for consent in consents_in(recording)]
    check(on_record == [kept_ms], f"{kept_ms} ms from before the yes are there, and the record says {on_record}")
    # A block of G.711 holds half a second; the oldest goes when all of it is older than the hold.
    check(30_000 <= kept_ms <= 31_000, f"{kept_ms} ms were kept of a hold of 30 s")
    engine.stop()


def consents_in(node):
    """Every consent record within a reply."""
    if isinstance(node, dict):
        if "preroll_ms" in node:
            yield node
        for child in node.values():
            yield from consents_in(child)
    elif isinstance(node, list):
        for child in node:
            yield from consents_in(child)


def test(folder):
    every_preset_passes_check()
    nothing_from_before_the_yes(folder)
    exactly_what_was_held(folder)


harness.run(test)

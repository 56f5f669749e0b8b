#!/usr/bin/env python3
"""What happens to media on its way, in one call whose course is known: early media, one-way audio, silence while it rings, music
on hold, a telephone whose timestamps stand still on hold, and a NAT that binds it anew. Every stretch is at its time in the
recording, and the legs' counts say what happened."""
import time

import harness
from harness import Sender, check

# What is said in which stretch, each with a value of its own.
RINGING, CUSTOMER, AGENT, MOVED, MUSIC, AGAIN, INJECTED = 0x21, 0x33, 0x45, 0x57, 0x69, 0x0B, 0x7D
NEAR = 0.08   # seconds that a stretch may begin or end away from when it was said
RESUMED = 0.5 + NEAR  # it takes so long to see that a clock stood still (base/limits.h)


class Course:
    """When each value was said, and by which leg."""

    def __init__(self):
        self.began = None
        self.said = {}

    def note(self, value):
        now = time.monotonic()
        self.began = self.began or now
        first, _ = self.said.get(value, (now - self.began, None))
        self.said[value] = (first, now - self.began + 0.02)


def say(course, seconds, *pairs):
    for _ in harness.paced(seconds):
        for sender, value in pairs:
            course.note(value)
            sender.send(bytes([value] * 160))


def check_stretch(wav, leg, course, value, cut=0.0):
    """`cut`: how much of the beginning is known to be missing, or elsewhere."""
    sample = harness.ULAW[value]
    there = [i for i, each in enumerate(wav.legs[leg]) if each == sample]
    check(there, f"{value:#x} is not in leg {leg}")
    began, ended = course.said[value]
    after = [i / 8000 for i in there if i / 8000 >= began + cut - NEAR]
    check(abs(after[0] - began - cut) < NEAR and abs(after[-1] - ended) < NEAR,
          f"{value:#x} was said from {began:.2f} to {ended:.2f} s, and is heard from {after[0]:.2f} to {after[-1]:.2f} s")
    print(f"{value:#x}: said {began:.2f} to {ended:.2f} s, in the recording from {after[0]:.2f} to {after[-1]:.2f} s")
    check(all(sample not in samples for other, samples in enumerate(wav.legs) if other != leg), f"{value:#x} is in another leg, too")


def legs_of(engine, call):
    return {leg["label"]: leg for leg in engine.show(call)["legs"]}


def test(folder):
    engine = harness.Engine(folder).start()
    call = engine.create_call(legs=("customer", "agent"))
    for name in ("customer", "agent"):
        engine.decide(call, name, "granted", purposes=["quality"])
    customer, agent = (Sender(leg) for leg in call["legs"])
    course = Course()

    say(course, 0.6, (agent, RINGING))  # early media, one way: the customer's side sends nothing yet
    time.sleep(0.6)                     # and it rings without a sound
    agent.ssrc, agent.sequence, agent.timestamp = agent.ssrc ^ 0xFFFF, 1, 1  # who answers is another stream
    say(course, 1.0, (customer, CUSTOMER), (agent, AGENT))

    # The customer's NAT binds it anew. Somebody who does not know the stream is there before, and stays out of it.
    moved, injector = Sender(call["legs"][0]), Sender(call["legs"][0])
    moved.ssrc, moved.sequence, moved.timestamp = customer.ssrc, customer.sequence, customer.timestamp
    say(course, 1.0, (injector, INJECTED), (moved, MOVED))
    before_hold = legs_of(engine, call)

    # On hold: the agent's side plays music from elsewhere, the customer's is silent, and its clock stands still meanwhile.
    agent.ssrc, agent.sequence, agent.timestamp = agent.ssrc ^ 0xF0F0, 70, 7000
    say(course, 2.0, (agent, MUSIC))
    say(course, 1.6, (moved, AGAIN))
    shown = legs_of(engine, call)
    wav = engine.wav(engine.end(call)["recording"])

    # Legs begin where the recording does, at the first of their audio.
    check_stretch(wav, 1, course, RINGING)
    check_stretch(wav, 0, course, CUSTOMER)
    check_stretch(wav, 1, course, AGENT)
    check_stretch(wav, 0, course, MOVED, cut=0.2)
    check_stretch(wav, 1, course, MUSIC)
    check_stretch(wav, 0, course, AGAIN, cut=RESUMED)
    foreign = harness.ULAW[INJECTED]
    check(not any(foreign in samples for samples in wav.legs), "what a stranger sent is in the recording")

    # 50 of the stranger's, and what came before it was sure that the stream had moved: 200 ms.
    injected = round((course.said[INJECTED][1] - course.said[INJECTED][0]) * 50)
    dropped = before_hold["customer"]["dropped"]
    lost = before_hold["customer"]["lost"]
    check(8 <= lost <= 14, f"of the customer {lost} packets are lost: those of 200 ms")
    check(dropped == injected + lost, f"of the customer {dropped} packets are dropped, not {injected} + {lost}")
    check(shown["agent"]["lost"] == 0 and shown["agent"]["dropped"] == 0, f"of the agent something is missing: {shown['agent']}")
    check(engine.total("assent_source_moves_total") == 1, "that the customer's source moved is not counted")
    check(engine.total("assent_drops_total", reason="foreign_source") == dropped, "what a stranger sent is not counted")
    engine.stop()


harness.run(test)

#!/usr/bin/env python3
"""What a call was like: talk and quiet of each leg, time on hold, jitter, loss, and how long a yes took, from a real call whose
course is known. They are read for a purpose, are nowhere in the clear, and can be erased alone."""
import os
import time

import harness
from harness import check

LOUD, QUIET = bytes([0x80, 0x00] * 80), b"\xff" * 160  # a square wave, and no sound at all


def near(value, wanted, by):
    return abs(value - wanted) <= by


def metrics_of(engine, recording, purpose="quality"):
    return engine.ask("GET", f"/v1/recordings/{recording}?purpose={purpose}")["metrics"]


def test(folder):
    engine = harness.Engine(folder).start()
    call = engine.create_call(legs=("agent", "customer"))
    agent, customer = (harness.Sender(leg) for leg in call["legs"])
    joined = time.monotonic()
    # Nobody has agreed to anything for the first second: it is held, and kept by the yes.
    for i in harness.paced(1.0):
        agent.send(QUIET)
        customer.send(LOUD)
    waited = time.monotonic() - joined
    engine.decide(call, "agent", "granted", purposes=["quality"])
    engine.decide(call, "customer", "granted", purposes=["quality"])
    # The customer talks for three seconds, the agent for one, each with silence after it; one in fifty is lost.
    lost = 0
    for i in harness.paced(5.0):
        agent.send(LOUD if i < 50 else QUIET)
        if i % 50 == 10:
            customer.skip()
            lost += 1
        else:
            customer.send(LOUD if i < 150 else QUIET)
    # The customer is on hold for three seconds, and the agent goes on.
    held = time.monotonic()
    for i in harness.paced(3.0):
        agent.send(QUIET)
        customer.timestamp += 160
    held = time.monotonic() - held
    for i in harness.paced(1.0):
        agent.send(QUIET)
        customer.send(QUIET)
    recording = engine.end(call)["recording"]

    shown = engine.ask("GET", f"/v1/recordings/{recording}")
    check(shown["metrics"] is None, "metrics without a purpose")
    check(engine.raw("GET", f"/v1/recordings/{recording}?purpose=training")[0] == 403, "a purpose nobody agreed to")
    metrics = metrics_of(engine, recording)
    legs = {leg["label"]: each for leg in shown["legs"] for each in metrics["legs"] if each["id"] == leg["id"]}
    print(metrics)
    check(near(legs["customer"]["talk_ms"], 4000 - lost * 20 + 200, 300), f"the customer talked for four seconds: {legs}")
    check(near(legs["customer"]["quiet_ms"], 3000 - 200, 300), f"and was quiet for three: {legs}")
    check(near(legs["agent"]["talk_ms"], 1200, 300), f"the agent talked for one: {legs}")
    check(near(legs["agent"]["quiet_ms"], 8800, 400), f"and listened to the rest: {legs}")
    check(near(legs["customer"]["hold_ms"], held * 1000, 150), f"the customer was on hold for three seconds: {legs}")
    check(legs["agent"]["hold_ms"] == 0, f"the agent was not: {legs}")
    check(legs["customer"]["lost"] == lost, f"{lost} packets were lost: {legs}")
    check(all(0 < leg["jitter_mean_us"] <= leg["jitter_max_us"] < 20000 for leg in legs.values()), f"jitter: {legs}")
    check(near(metrics["duration_ms"], 10000, 1500), f"ten seconds: {metrics}")
    for each in metrics["participants"]:
        check(near(each["opt_in_ms"], waited * 1000, 200), f"both said yes after a second: {metrics}")

    entries = engine.ask("GET", "/v1/ledger?call=" + call["id"])["entries"]
    uses = [(entry["kind"], entry["body"].get("purpose")) for entry in entries if entry["body"].get("use") == "details"]
    check(uses == [("refusal", "training"), ("access", "quality")], f"on record: {uses}")
    output = engine.command("show", recording, "--purpose", "quality", "--state", engine.state).stdout
    check("TALK" in output and "opt-in" in output, output)

    for place, _, names in os.walk(engine.state):
        for name in names:
            with open(os.path.join(place, name), "rb") as file:
                check(b"talk_ms" not in file.read(), f"metrics in the clear in {name}")
    check(engine.ask("DELETE", f"/v1/recordings/{recording}/metrics")["erased"], "erased")
    check(metrics_of(engine, recording)["legs"] == [], "metrics are left")
    check(engine.wav(recording).channels == 2, "and the recording with them")
    engine.stop()


harness.run(test)

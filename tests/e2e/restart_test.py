#!/usr/bin/env python3
"""SIGKILL in the middle of calls, and a start: the same calls with the same ids, ports, terms, consents and pauses, whatever
the pipeline file says by then. What was sealed goes on in a new segment, with the hole in time; what was held is gone; what
was refused stays refused; what ran out meanwhile is over. And once more, so that a second crash loses nothing of the first.
"""
import json
import time

import harness
from harness import check

SECOND = 50  # packets


def say(sender, tone, packets=SECOND):
    for _ in harness.paced(packets * 0.02):
        sender.send(bytes([tone] * 160))


def run_of(wav, tone, leg=0):
    """How many samples of this tone a leg has, and where the first one is."""
    value = harness.ULAW[tone]
    samples = wav.legs[leg]
    return samples.count(value), samples.index(value) if value in samples else -1


def shape(call):
    """What of a call must be the same after a restart."""
    return {"id": call["id"], "ref": call["ref"], "policy": call["policy"], "paused": call["paused"],
            "created": call["created"], "participants": call["participants"], "recording": call.get("recording"),
            "legs": [{name: leg[name] for name in ("label", "id", "participant", "codec", "gate", "address", "port", "rtcp_port")}
                     for leg in call["legs"]]}


def crash(engine, **options):
    """Ends it as a power cut would, and starts it again, with another file where options are given."""
    engine.kill()
    engine.configure(**options)
    began = time.monotonic()
    engine.start()
    return time.monotonic() - began


def all_of_it(folder):
    engine = harness.Engine(folder, name="all", ports="25000-25199", segment_time="5s").start()
    speaking = engine.create_call(("customer", "agent"), policy="per-party", ref="speaking")
    engine.decide(speaking, "customer", "granted", purposes=["quality", "training"])
    waiting = engine.create_call(ref="waiting")
    paused = engine.create_call(policy="per-party", ref="paused")
    engine.decide(paused, "customer", "granted")
    refused = engine.create_call(ref="refused")
    engine.decide(refused, "customer", "denied")
    taken_back = engine.create_call(policy="per-party", ref="taken back")
    engine.decide(taken_back, "customer", "granted")
    calls = {"speaking": speaking, "waiting": waiting, "paused": paused, "refused": refused, "taken back": taken_back}
    senders = {name: harness.Sender(call["legs"][0]) for name, call in calls.items()}
    for _ in harness.paced(3):
        for sender in senders.values():
            sender.send(b"\x10" * 160)
    engine.ask("POST", f"/v1/calls/{paused['id']}/pause", {"reason": "card payment"})
    engine.decide(taken_back, "customer", "withdrawn")
    before = {name: shape(engine.show(call)) for name, call in calls.items()}
    check(before["paused"]["paused"] and before["paused"]["legs"][0]["gate"] == "paused", f"{before['paused']}")
    # What is in the pipeline file is for calls that come from now on.
    took = crash(engine, policy="one-party", on_withdraw="erase", deadline="10m")
    after = {call["ref"]: shape(call) for call in engine.ask("GET", "/v1/calls")["calls"]}
    for name in calls:
        check(after.get(name) == before[name], f"{name} was\n{json.dumps(before[name])}\nand is\n{json.dumps(after.get(name))}")
    print(f"  {len(after)} calls back as they were, {took:.2f} s after the start began")

    for _ in harness.paced(2):
        for sender in senders.values():
            sender.send(b"\x20" * 160)
    engine.ask("POST", f"/v1/calls/{paused['id']}/resume", {"reason": "paid"})
    engine.decide(waiting, "customer", "granted")
    for _ in harness.paced(2):
        for sender in senders.values():
            sender.send(b"\x30" * 160)
    # Who comes after a restart is a participant like any other.
    late = engine.ask("POST", f"/v1/calls/{speaking['id']}/legs", {
        "participants": [{"ref": "expert", "role": "expert"}],
        "legs": [{"label": "expert", "participant": "expert", "codec": {"name": "PCMU", "payload_type": 0, "clock_rate": 8000}}]})
    engine.decide(speaking, "expert", "granted")
    expert = harness.Sender(late["legs"][-1])
    say(expert, 0x40, 2 * SECOND)
    crash(engine)
    legs = {leg["label"]: leg for leg in engine.show(speaking)["legs"]}
    check(legs["expert"]["port"] == expert.to[1] and legs["expert"]["gate"] == "open", f"the late one: {legs['expert']}")
    for _ in harness.paced(2):
        expert.send(b"\x50" * 160)
        senders["speaking"].send(b"\x50" * 160)
    ended = {name: engine.end(call) for name, call in calls.items()}

    recording = engine.ask("GET", f"/v1/recordings/{ended['speaking']['recording']}")
    check(recording["state"] == "recovered", f"a recording with holes is {recording['state']}")
    check(len(recording["lost"]["interruptions"]) == 2, f"what is told of the restarts: {recording['lost']}")
    numbers = [(segment["leg"], segment["number"]) for segment in recording["segments"]]
    check(len(set(numbers)) == len(numbers), f"a segment's number is given twice: {numbers}")
    wav = engine.wav(ended["speaking"]["recording"])
    (first, at_first), (second, at_second), (last, at_last) = (run_of(wav, tone) for tone in (0x10, 0x20, 0x50))
    check(first >= 8000 * (3 - 1.25) and second >= 8000 * 2 and last >= 8000 * 2, f"{first}, {second}, {last} samples")
    check(at_first < at_second < at_last, "the parts are not in order")
    check(at_second - at_first >= 8000 * 3, "the time when nothing ran is not in the recording")
    before, since = run_of(wav, 0x40, leg=1)[0], run_of(wav, 0x50, leg=1)[0]
    check(before >= 8000 * (2 - 1.25) and since >= 8000 * 2, f"the late one has {before} samples of before the crash, {since} since")

    check(ended["refused"]["recording"] is None and ended["refused"]["why"] == "denied", f"{ended['refused']}")
    wav = engine.wav(ended["waiting"]["recording"])
    check(run_of(wav, 0x10)[0] == 0, "what was held before the crash was kept")
    check(run_of(wav, 0x20)[0] >= 8000 * 1.9 and run_of(wav, 0x30)[0] >= 8000 * 0.7, "what was said after it was not")
    wav = engine.wav(ended["paused"]["recording"])
    check(run_of(wav, 0x20)[0] == 0, "the pause did not survive")
    check(run_of(wav, 0x30)[0] >= 8000 * 0.7, "nothing came after the resume")
    # Withdrawn with on_withdraw = "keep", which still holds though the file now says "erase": it is kept, and not played.
    status, _ = engine.raw("GET", f"/v1/recordings/{ended['taken back']['recording']}/audio?purpose=quality&format=wav")
    check(status == 403, f"what was withdrawn before the restart answers {status}")
    engine.stop()
    engine.command("verify", "--state", engine.state)


def ran_out(folder):
    engine = harness.Engine(folder, name="ran-out", ports="25000-25199", deadline="3s", consent='validity = "4s"').start()
    silent = engine.create_call(ref="silent")
    for_a_time = engine.create_call(ref="for a time")
    engine.decide(for_a_time, "customer", "granted")
    engine.kill()
    time.sleep(4)
    engine.start()
    for call in (silent, for_a_time):
        shown = engine.show(call)
        check(shown["legs"][0]["gate"] == "closed", f"{shown['ref']}: {shown['legs'][0]['gate']}")
        check({one["state"] for one in shown["participants"][0]["consents"]} <= {"expired", "pending"}, f"{shown['participants']}")
    check(engine.end(silent)["why"] == "expired", "a deadline that passed while nothing ran")
    engine.end(for_a_time)
    engine.stop()


def erased(folder):
    engine = harness.Engine(folder, name="erased", ports="25000-25199", on_withdraw="erase").start()
    call = engine.create_call(("customer", "agent"), policy="per-party", ref="erased")
    for leg in ("customer", "agent"):
        engine.decide(call, leg, "granted")
    senders = [harness.Sender(leg) for leg in call["legs"]]
    for _ in harness.paced(1):
        for sender in senders:
            sender.send(b"\x10" * 160)
    engine.decide(call, "customer", "withdrawn")
    crash(engine)
    refused = engine.raw("POST", f"/v1/calls/{call['id']}/consent", {"participant": "customer", "decision": "granted"})
    check(refused[0] == 409, f"agreeing again after an erasure and a restart: {refused}")
    for _ in harness.paced(1):
        for sender in senders:
            sender.send(b"\x20" * 160)
    ended = engine.end(call)
    samples = engine.wav(ended["recording"])
    check(sum(run_of(samples, 0x20, leg)[0] >= 7000 for leg in range(samples.channels)) == 1, "one leg alone goes on")
    engine.stop()


def cannot_go_on(folder):
    """A call whose port is no longer in the range ends, and says why; the others are not harmed."""
    engine = harness.Engine(folder, name="moved", ports="25000-25099").start()
    call = engine.create_call(ref="moved")
    engine.decide(call, "customer", "granted")
    sender = harness.Sender(call["legs"][0])
    say(sender, 0x10, 2 * SECOND)
    recording = engine.show(call)["recording"]
    crash(engine, ports="25100-25199")
    check(engine.ask("GET", "/v1/calls")["calls"] == [], "a call without a port is live")
    check("does not go on: no shard has its ports" in engine.log(), "the log does not say why: " + engine.log()[-1500:])
    check(engine.ask("GET", f"/v1/recordings/{recording}")["state"] == "recovered", "its recording")
    engine.stop()


def test(folder):
    all_of_it(folder)
    ran_out(folder)
    erased(folder)
    cannot_go_on(folder)


harness.run(test)

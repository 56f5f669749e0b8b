#!/usr/bin/env python3
"""The spoken answer: kept apart from the recording when the yes names the purpose consent-evidence, read for that purpose
only, with the seconds after the yes and no more; by a restart, too. A yes that does not name it keeps nothing of before.
"""
import os
import time

import harness
from harness import check

SECOND = 50  # packets
PURPOSE = "consent-evidence"
BEFORE, AROUND, AFTER = 0x10, 0x20, 0x30


def say(sender, tone, seconds):
    for _ in harness.paced(seconds):
        sender.send(bytes([tone] * 160))


def seconds_of(wav, tone, leg=0):
    return wav.legs[leg].count(harness.ULAW[tone]) / 8000


def status_of(engine, recording, purpose, what="audio", more="&format=wav"):
    return engine.raw("GET", f"/v1/recordings/{recording}/{what}?purpose={purpose}{more}")[0]


def check_both_sides(engine, recording):
    """What each purpose hears of a call in which BEFORE, AROUND and AFTER were said."""
    wav = engine.wav(recording, PURPOSE)
    check(1 <= seconds_of(wav, BEFORE) <= 2, f"{seconds_of(wav, BEFORE)} s of before the yes are evidence")
    check(seconds_of(wav, AROUND) >= 1.9, f"{seconds_of(wav, AROUND)} s of after the yes are evidence")
    check(seconds_of(wav, AFTER) <= 1, f"{seconds_of(wav, AFTER)} s of long after the yes are evidence")
    wav = engine.wav(recording)
    check(seconds_of(wav, BEFORE) == 0, f"{seconds_of(wav, BEFORE)} s of before the yes are recording")
    check(seconds_of(wav, AROUND) >= 1.9, f"{seconds_of(wav, AROUND)} s of after the yes are recording")
    return wav


def kept_apart(engine):
    call = engine.create_call(ref="answers")
    sender = harness.Sender(call["legs"][0])
    say(sender, BEFORE, 4)
    engine.decide(call, "customer", "granted", purposes=["quality", PURPOSE])
    say(sender, AROUND, 2)
    say(sender, AFTER, 3)
    recording = engine.end(call)["recording"]
    check(seconds_of(check_both_sides(engine, recording), AFTER) >= 2.9, "the recording does not go on")

    shown = engine.ask("GET", f"/v1/recordings/{recording}")
    uses = [segment["use"] for segment in shown["segments"]]
    check(uses == ["evidence", "both", "recording"], f"{uses}")
    granted = [consent for consent in shown["consents"] if consent["decision"] == "granted"]
    check(len(granted) == 2, f"{granted}")
    for consent in granted:
        check(consent["preroll_ms"] == 0 and 1000 <= consent["evidence_ms"] <= 2000, f"{consent}")
    status, _ = engine.raw("GET", f"/v1/recordings/{recording}/peaks?purpose={PURPOSE}")
    check(status == 200, f"the waveform of the evidence answered {status}")

    # A key opens the whole leg, so it takes both.
    check(engine.keys(recording)["keys"], "no keys for what was agreed to")
    refused = engine.command("export", recording, "--keys", "--purpose", PURPOSE, "--state", engine.state, code=None)
    check(refused.returncode != 0, "keys that open the recording were given away for the evidence")
    engine.command("withdraw", "--subject", "person-customer", "--purpose", PURPOSE, "--state", engine.state)
    check(status_of(engine, recording, PURPOSE) == 403, "evidence is read after its consent was taken back")
    check(status_of(engine, recording, "quality") == 200, "what is still agreed to is not read")
    refused = engine.command("export", recording, "--keys", "--purpose", "quality", "--state", engine.state, code=None)
    check(refused.returncode != 0, "keys that open the evidence were given away after its consent was taken back")


def not_agreed_to(engine):
    call = engine.create_call(ref="does not answer")
    sender = harness.Sender(call["legs"][0])
    say(sender, BEFORE, 2)
    engine.decide(call, "customer", "granted", purposes=["quality"])
    say(sender, AROUND, 1)
    recording = engine.end(call)["recording"]
    shown = engine.ask("GET", f"/v1/recordings/{recording}")
    check([segment["use"] for segment in shown["segments"]] == ["recording"], f"{shown['segments']}")
    check(status_of(engine, recording, PURPOSE) == 403, "evidence without consent to it")
    check(seconds_of(engine.wav(recording), BEFORE) == 0, "what was said before the yes was kept")


def restarted(engine):
    """SIGKILL a moment after the yes: what was sealed is evidence after the restart, too."""
    call = engine.create_call(ref="is cut off")
    sender = harness.Sender(call["legs"][0])
    say(sender, BEFORE, 4)
    engine.decide(call, "customer", "granted", purposes=["quality", PURPOSE])
    say(sender, AROUND, 1)
    time.sleep(1)  # a commit interval: what was sealed is durable
    engine.kill()
    engine.start()
    say(sender, AFTER, 2)
    recording = engine.end(call)["recording"]
    wav = engine.wav(recording, PURPOSE)
    check(1 <= seconds_of(wav, BEFORE) <= 2, f"{seconds_of(wav, BEFORE)} s of the evidence outlived a crash")
    check(seconds_of(wav, AFTER) == 0, "what was said after the restart is evidence")
    wav = engine.wav(recording)
    check(seconds_of(wav, BEFORE) == 0, "evidence became recording by a crash")
    check(seconds_of(wav, AFTER) >= 1.9, "the call does not go on")
    shown = engine.ask("GET", f"/v1/recordings/{recording}")
    check(any(one["salvaged"] and one["use"] != "recording" for one in shown["segments"]), f"{shown['segments']}")


def test(folder):
    engine = harness.Engine(folder, preroll="none", policy="per-party", consent='evidence = "2s"',
                            more=f'[[purposes]]\nid = "{PURPOSE}"\ndescription = "Proving that you agreed"').start()
    kept_apart(engine)
    not_agreed_to(engine)
    restarted(engine)
    engine.stop()
    engine.command("verify", "--state", engine.state)
    engine.command("ledger", "verify", "--state", engine.state)


harness.run(test)

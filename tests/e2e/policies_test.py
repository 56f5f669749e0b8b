#!/usr/bin/env python3
"""Who has to agree, and for how long: policies of tenants, consents on file, consents that end, people who join late, notices
and purposes that never change; and a no, which costs a call nothing but its recording."""
import os
import time

import harness
from harness import check

RULES = """
[notice]
id = "greeting"
version = "1"
language = "en"
text = "We would like to record this call."
"""
TENANTS = """
[consent.tenants]
acme = { policy = "per-party" }
brief = { validity = "4s" }
"""


def speak(senders, seconds, byte):
    for _ in harness.paced(seconds):
        for sender in senders:
            sender.send(bytes([byte]) * 160)


def state(engine, call, who):
    participants = {each["ref"]: each for each in engine.show(call)["participants"]}
    return {each["purpose"]: each["state"] for each in participants[who]["consents"]}["quality"]


def gates(engine, call):
    return [leg["gate"] for leg in engine.show(call)["legs"]]


def decrypted(engine, call, recording, folder, name):
    clear = os.path.join(folder, name)
    os.mkdir(clear)
    return b"".join(open(path, "rb").read() for path in engine.decrypt(recording, clear, call=call["id"]))


def audio_status(engine, recording, purpose="quality"):
    return engine.raw("GET", f"/v1/recordings/{recording}/audio?purpose={purpose}&format=wav")[0]


def policies_are_a_tenants(engine):
    for how, policy in (({}, "all-party"), ({"tenant": "acme"}, "per-party"), ({"tenant": "other"}, "all-party"),
                        ({"tenant": "acme", "policy": "one-party"}, "one-party")):
        call = engine.create_call(**how)
        check(call["policy"] == policy, f"{how} has the policy {call['policy']}")
        engine.end(call)


def on_file(engine):
    path = "/v1/subjects/person-agent/standing-consents"
    given = engine.ask("POST", path, {"purposes": ["quality"], "evidence": "contract of Alice Example, drawer 7"})
    check(given["state"] == "valid", f"{given}")
    call = engine.create_call(("customer", "agent"))
    check(state(engine, call, "agent") == "granted" and state(engine, call, "customer") == "pending", f"{call}")
    engine.decide(call, "customer", "granted")
    check(gates(engine, call) == ["open", "open"], f"{engine.show(call)}")
    senders = [harness.Sender(leg) for leg in call["legs"]]
    speak(senders, 2, 0x10)
    withdrawn = engine.ask("POST", f"{path}/{given['id']}/withdraw")
    check(withdrawn["state"] == "withdrawn", f"{withdrawn}")
    check("open" not in gates(engine, call), f"a consent on file was withdrawn, and a gate is open: {gates(engine, call)}")
    speak(senders, 1, 0x42)
    recording = engine.end(call)["recording"]
    check(recording, "what was said before is kept")
    check(audio_status(engine, recording) == 403, "it is still played")
    consents = engine.ask("GET", f"/v1/recordings/{recording}")["consents"]
    named = [(each["decision"], each["signal"]) for each in consents if each["signal"]["type"] == "standing"]
    signal = {"type": "standing", "value": given["id"]}
    check(named == [("granted", signal), ("withdrawn", signal)], f"{consents}")
    call = engine.create_call(("customer", "agent"))
    check(state(engine, call, "agent") == "pending", "a withdrawn consent on file counts in a new call")
    engine.end(call)
    for place, _, files in os.walk(engine.state):
        for name in files:
            with open(os.path.join(place, name), "rb") as file:
                text = file.read()
            check(b"Alice Example" not in text and b"person-agent" not in text, f"a person is named in {name}")
            check(b"\x42" * 32 not in text, f"what was said after the withdrawal is in {name}")


def ends_in_time(engine, folder):
    call = engine.create_call(tenant="brief")
    record = engine.decide(call, "customer", "granted")
    check(record["valid_until"], f"{record}")
    sender = harness.Sender(call["legs"][0])
    speak([sender], 3, 0x20)
    check(gates(engine, call) == ["open"], "its time is not over yet")
    recording = engine.show(call)["recording"]
    keys = engine.keys(recording)
    speak([sender], 1.5, 0x21)
    check(gates(engine, call) != ["open"] and state(engine, call, "customer") == "expired", f"{engine.show(call)}")
    speak([sender], 1, 0x43)
    engine.end(call)
    check(audio_status(engine, recording) == 403, "played after the consent's time")
    clear = os.path.join(folder, "brief")
    os.mkdir(clear)
    text = b"".join(open(path, "rb").read() for path in engine.decrypt(recording, clear, keys, call=call["id"]))
    check(b"\x20" * 160 in text, "what was said in time is there")
    check(b"\x43" * 16 not in text, "something said after the consent's time was sealed")

    # And one that ends after the call.
    call = engine.create_call(policy="per-party")
    engine.decide(call, "customer", "granted", validity_s=4)
    sender = harness.Sender(call["legs"][0])
    speak([sender], 1, 0x20)
    recording = engine.end(call)["recording"]
    check(audio_status(engine, recording) == 200, "the consent still holds")
    time.sleep(3.5)
    check(audio_status(engine, recording) == 403, "the consent's time is over")
    last = engine.ask("GET", f"/v1/recordings/{recording}")["consents"][-1]
    check((last["decision"], last["signal"]["type"]) == ("expired", "validity"), f"{last}")


def late_joiner(engine, folder, agrees):
    call = engine.create_call(("customer",))
    engine.decide(call, "customer", "granted")
    sender = harness.Sender(call["legs"][0])
    speak([sender], 2, 0x30)
    body = engine.call_body(("expert",))
    call = engine.ask("POST", f"/v1/calls/{call['id']}/legs",
                      {"participants": body["participants"], "legs": body["legs"]})
    check(gates(engine, call) == ["holding", "holding"], f"somebody new has not agreed, and: {gates(engine, call)}")
    expert = harness.Sender(call["legs"][1])
    speak([sender, expert], 1.5, 0x44)
    if agrees:
        engine.decide(call, "expert", "granted")
        check(gates(engine, call) == ["open", "open"], f"{gates(engine, call)}")
    recording = engine.end(call)["recording"]
    check(audio_status(engine, recording) == 200, "what was open stays, and is heard")
    text = decrypted(engine, call, recording, folder, f"late-{agrees}")
    check(b"\x30" * 160 in text, "what was said before they came is there")
    check((b"\x44" * 160 in text) == agrees, f"what was said while they had not agreed (they {'do' if agrees else 'never do'})")


def registers(engine, folder):
    notice = {"id": "greeting", "version": "1", "language": "de", "text": "Wir zeichnen auf."}
    added = engine.ask("POST", "/v1/notices", notice)
    check(engine.raw("POST", "/v1/notices", {**notice, "text": "Anders."})[0] == 409, "a notice's text was changed")
    status, text = engine.raw("POST", "/v1/calls", engine.call_body(notice={"id": "greeting", "version": "2"}))
    check(status == 422 and b"not on record" in text, f"an unknown notice: {status} {text}")
    call = engine.create_call(notice={"id": "greeting", "version": "1", "language": "de"})
    record = engine.decide(call, "customer", "granted")
    check(record["notice"]["hash"] == added["hash"], f"{record}")
    engine.end(call)
    found = engine.ask("GET", "/v1/notices?hash=" + record["notice"]["hash"])["notices"]
    check([each["text"] for each in found] == [notice["text"]], f"{found}")

    purpose = {"id": "research", "description": "Learning from calls", "processors": ["Acme Labs"]}
    check(engine.ask("POST", "/v1/purposes", purpose)["in_use"], "a new purpose is in use")
    call = engine.create_call(policy="per-party")
    engine.decide(call, "customer", "granted", purposes=["research"])
    speak([harness.Sender(call["legs"][0])], 0.5, 0x20)
    recording = engine.end(call)["recording"]
    check(audio_status(engine, recording, "research") == 200, "a purpose of the API is heard")
    check(audio_status(engine, recording) == 403, "and no other")
    engine.stop()
    engine.start()
    in_use = {each["id"] for each in engine.ask("GET", "/v1/purposes")["purposes"] if each["in_use"]}
    check(in_use == {"quality", "training", "research"}, f"after a start: {in_use}")
    check(audio_status(engine, recording, "research") == 200, "after a start it is heard as before")
    engine.stop()
    engine.configure(more=RULES.replace("We would like", "We are going") + TENANTS)
    started = False
    try:
        engine.start()
        started = True
    except AssertionError:
        pass
    check(not started and "new version" in engine.log(), "the file changed a notice, and the engine started: " + engine.log()[-500:])
    engine.configure(more=RULES.replace("We would like", "We are going").replace('version = "1"', 'version = "2"') + TENANTS)
    engine.start()


def a_no_is_no_error(engine):
    for decision in ("denied", "withdrawn"):
        call = engine.create_call(("customer", "agent"))
        engine.decide(call, "customer", decision)
        engine.decide(call, "agent", "granted")
        speak([harness.Sender(leg) for leg in call["legs"]], 0.5, 0x45)
        engine.ask("POST", f"/v1/calls/{call['id']}/pause", {"reason": "card"})
        engine.ask("POST", f"/v1/calls/{call['id']}/resume", {"reason": "card"})
        ended = engine.end(call)
        check(ended == {"recording": None, "why": "denied"}, f"a call whose customer said no: {ended}")
    check(engine.raw("GET", "/readyz")[0] == 200, "a no made the engine not ready")


def test(folder):
    engine = harness.Engine(folder, consent='standing_roles = ["agent"]', more=RULES + TENANTS).start()
    policies_are_a_tenants(engine)
    on_file(engine)
    ends_in_time(engine, folder)
    late_joiner(engine, folder, agrees=False)
    late_joiner(engine, folder, agrees=True)
    a_no_is_no_error(engine)
    registers(engine, folder)
    check(engine.ask("GET", "/v1/ledger/verify")["intact"], "the ledger's chain is broken")
    engine.stop()


harness.run(test)

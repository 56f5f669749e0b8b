#!/usr/bin/env python3
"""Withdrawal in mid-call, over the API: what was said after the reply is nowhere; with on_withdraw = erase, what was said
before it is gone, too: keys, objects, and the pages in the journal. And withdrawal of a person after their calls: nobody hears
them any more for that purpose, or at all."""
import json
import os
import urllib.request

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


def recorded(engine, byte, *purposes, seconds=1):
    """An ended call of the customer, one byte all over."""
    call = engine.create_call(policy="per-party")
    engine.decide(call, "customer", "granted", purposes=list(purposes))
    sender = harness.Sender(call["legs"][0])
    for i in harness.paced(seconds):
        sender.send(bytes([byte] * 160))
    return call, engine.end(call)["recording"]


def hears(engine, recording, purpose):
    return engine.raw("GET", f"/v1/recordings/{recording}/audio?purpose={purpose}&format=wav")[0]


def withdraw(engine, *arguments):
    """As people do it, from a command line."""
    done = engine.command("withdraw", "--subject", "person-customer", *arguments, "--json", "--state", engine.state)
    return json.loads(done.stdout)


def takes_back_one_purpose_everywhere(folder):
    engine = harness.Engine(folder, name="years").start()
    first, one = recorded(engine, 0x10, "quality", "training", seconds=6)
    _, other = recorded(engine, 0x20, "quality", "training")
    engine.stop()
    engine.start()  # calls of another run of the engine, which has forgotten them
    live = engine.create_call(policy="per-party")
    engine.decide(live, "customer", "granted", purposes=["quality", "training"])

    # Somebody is in the middle of listening, for either purpose.
    def listen(purpose):
        request = urllib.request.Request(
            f"http://{engine.api}/v1/recordings/{one}/audio?purpose={purpose}&format=mka&legs=customer")
        request.add_header("Authorization", "Bearer " + engine.token)
        reply = urllib.request.urlopen(request, timeout=60)
        check(reply.read(100), "nothing to hear")
        return reply
    listening = listen("training")

    reply = withdraw(engine, "--purpose", "quality", "--signal", "web", "--value", "form 12")
    states = [call["state"] for call in reply["calls"]]
    check(sorted(states) == ["ended", "ended", "live"], f"{reply}")
    check(all([record["purpose"] for record in call["records"]] == ["quality"] for call in reply["calls"]), f"{reply}")
    for recording in (one, other):
        check(hears(engine, recording, "quality") == 403, "heard after the withdrawal")
        check(hears(engine, recording, "training") == 200, "the other purpose is not heard any more")
    check(len(listening.read()) > 1000, "a stream for the other purpose was cut")
    consents = {one["purpose"]: one["state"] for one in engine.show(live)["participants"][0]["consents"]}
    check(consents == {"quality": "withdrawn", "training": "granted"}, f"{consents}")
    again = withdraw(engine, "--purpose", "quality")
    check(not again["calls"], f"the same again changed something: {again}")

    # In one call that is over, by participant.
    engine.decide(first, "customer", "withdrawn", purposes=["training"])
    check(hears(engine, one, "training") == 403, "heard after the withdrawal in its call")
    check(hears(engine, other, "training") == 200, "withdrawn in another call than was asked for")
    ledger = json.loads(engine.command("ledger", "verify", "--json", "--state", engine.state).stdout)
    check(ledger["intact"], f"{ledger}")
    engine.end(live)
    engine.stop()


def erases_years_after(folder):
    engine = harness.Engine(folder, name="forget", on_withdraw="erase").start()
    call, recording = recorded(engine, 0x10, "quality", "training")
    _, by_another = recorded(engine, 0x30, "quality")
    stored = open(engine.segment_files(call["id"])[0], "rb").read()
    piece = stored[-4096 - 2000:-4096 - 1900]
    check(any(piece in data for _, data in all_bytes(engine.state)), "the scan finds what is there")
    reply = withdraw(engine, "--purpose", "training")
    erasures = [one["erasure"] for one in reply["calls"]]
    check(len(erasures) == 1 and erasures[0], f"the erasure of the one call that was for training: {reply}")
    check(hears(engine, recording, "quality") == 404, "heard while it is being erased")
    harness.wait_until("the erasure is done", lambda: engine.ask("GET", "/v1/erasures/" + erasures[0])["done"])
    check(not engine.segment_files(call["id"]), "an object is left")
    left = [path for path, data in all_bytes(engine.state) if piece in data]
    check(not left, f"ciphertext is left in {left}")
    check(hears(engine, by_another, "quality") == 200, "a call that was not withdrawn is gone, too")
    engine.stop()


def test(folder):
    keeps_what_was_before(folder)
    erases_what_was_before(folder)
    takes_back_one_purpose_everywhere(folder)
    erases_years_after(folder)


harness.run(test)

#!/usr/bin/env python3
"""A call from creation to deletion, over the API, with a digit for the opt-in and packets lost on purpose."""
import harness
from harness import check


def test(folder):
    engine = harness.Engine(folder).start()
    call = engine.create_call(legs=("agent", "customer"))
    check(call["state"] == "live" and len(call["legs"]) == 2, f"created: {call}")
    agent, customer = (harness.Sender(leg) for leg in call["legs"])

    sent = [bytes([(i * 7 + k) % 256 for k in range(160)]) for i in range(150)]
    lost = {40, 41, 90}
    for i in harness.paced(3.0):
        agent.send(bytes([i % 256] * 160))
        if i in lost:
            customer.skip()
        else:
            customer.send(sent[i])
        if i == 50:
            check([leg["gate"] for leg in engine.show(call)["legs"]] == ["holding"] * 2, "holds before anyone agreed")
            record = engine.decide(call, "agent", "granted", purposes=["quality"])
            check(record["decision"] == "granted" and record["purpose"] == "quality", f"the record: {record}")
            check(not engine.segment_files(), "one of two has agreed, and something is stored")
    customer.press("1")
    harness.wait_until("both gates open", lambda: all(leg["gate"] == "open" for leg in engine.show(call)["legs"]))
    for i in harness.paced(1.0):
        agent.send(b"\xff" * 160)
        customer.send(b"\xd5" * 160)
    ended = engine.end(call)
    check(ended["recording"] and ended["why"] == "complete", f"ended: {ended}")
    recording = ended["recording"]

    wav = engine.wav(recording)
    check(wav.channels == 2 and wav.rate == 8000, "stereo at 8 kHz")
    expected = []
    for i, payload in enumerate(sent):
        expected += [0] * 160 if i in lost else [harness.ULAW[byte] for byte in payload]
    check(harness.find_run(wav.legs[1], expected) >= 0, "the customer's leg is not what was sent, sample for sample")

    refused = engine.raw("GET", f"/v1/recordings/{recording}/audio?purpose=training&format=wav")
    check(refused[0] == 403, f"a purpose nobody consented to: {refused}")
    ledger = engine.ask("GET", "/v1/ledger?call=" + call["id"])
    kinds = [entry["kind"] for entry in ledger["entries"]]
    check("consent" in kinds and "access" in kinds and "refusal" in kinds, f"on record: {kinds}")

    found = engine.ask("GET", "/v1/recordings?subject=person-customer")
    check([each["id"] for each in found["recordings"]] == [recording], f"found by subject: {found}")
    verified = engine.command("verify", recording, "--state", engine.state)
    print(verified.stdout.strip())

    erased = engine.ask("DELETE", f"/v1/recordings/{recording}")
    check(erased["state"] == "done", f"erased: {erased}")
    check(not engine.segment_files(), "files are left after the deletion")
    check(engine.raw("GET", f"/v1/recordings/{recording}/audio?purpose=quality&format=wav")[0] in (404, 410),
          "erased audio still plays")
    engine.stop()


harness.run(test)

#!/usr/bin/env python3
"""Receipts, judged by others: jose verifies each signature with the published key, a JSON Schema written from the field list
of ISO/IEC TS 27560:2023 says whether every mandatory field is there. One call is agreed to and then withdrawn, one is denied
and leaves nothing; a recording is deleted and a person erased."""
import json
import os
import shutil
import subprocess

import harness
from harness import check

SAID = """
[notice]
id = "recording-notice"
version = "1"
language = "en"
text = "We would like to record this call."
""" + harness.CONTROLLER
ORACLE = os.path.join(harness.ROOT, "tests", "receipts")
MARKER = "Alice-Marker-Person"


def judge(folder, receipts, keys):
    """What node makes of them: its exit status, and the receipts or the complaint."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        harness.skip("node and npm are needed for jose")
    if not os.path.isdir(os.path.join(ORACLE, "node_modules")):
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=ORACLE, check=True, capture_output=True)
    paths = []
    for name, content in (("receipts.json", receipts), ("keys.json", keys)):
        paths.append(os.path.join(folder, name))
        with open(paths[-1], "w") as file:
            json.dump(content, file)
    done = subprocess.run(["node", os.path.join(ORACLE, "judge.mjs"), *paths], capture_output=True, text=True, timeout=120)
    return done.returncode, json.loads(done.stdout) if done.returncode == 0 else done.stderr


def talk(call, packets):
    sender = harness.Sender(call["legs"][0])
    for i in harness.paced(packets * 0.02):
        sender.send(bytes((i + k) % 256 for k in range(160)))


def accepted(folder, engine, path):
    keys = json.loads(engine.raw("GET", "/.well-known/jwks.json")[1])
    receipts = engine.ask("GET", path)
    status, found = judge(folder, receipts, keys)
    check(status == 0, f"{path}: {found}")
    check(MARKER not in json.dumps(receipts), f"{path} names a person")
    return receipts, keys, found


def erasures(folder, engine):
    """A recording and a person, by the program: the receipts that it writes are those that the API has, and in order."""
    call = engine.create_call(participants=[{"ref": "customer", "role": "customer", "subject": "gone-" + MARKER, "name": MARKER}])
    engine.decide(call, "customer", "granted")
    talk(call, 50)
    recording = engine.end(call)["recording"]
    kept = os.path.join(folder, "deleted.jws")
    deleting = engine.command("delete", recording, "--yes", "--receipt", kept, "--state", engine.state)
    again = engine.command("erase", "--subject", "gone-" + MARKER, "--yes", "--receipt", kept, "--state", engine.state, code=None)
    check(again.returncode != 0 and "exists" in again.stderr, f"an older receipt is written over: {again.stderr}")
    check(os.stat(kept).st_mode & 0o777 == 0o600, "others read the receipt")
    erasing = json.loads(engine.command("erase", "--subject", "gone-" + MARKER, "--yes", "--json", "--receipt",
                                        os.path.join(folder, "erased.jws"), "--state", engine.state).stdout)
    rotating = json.loads(engine.command("keys", "rotate", "--json", "--state", engine.state).stdout)
    receipts = []
    for erasure in (deleting.stdout.split("(erasure ")[1].split(",")[0], erasing["id"], rotating["id"]):
        receipts.append(engine.ask("GET", f"/v1/erasures/{erasure}")["receipt"])
    check(receipts[0]["id"] in deleting.stdout, f"{deleting.stdout}")
    for name, receipt in (("deleted.jws", receipts[0]), ("erased.jws", receipts[1])):
        with open(os.path.join(folder, name)) as file:
            check(file.read() == receipt["jws"] + "\n", f"{name} is another receipt")
    check(MARKER not in json.dumps(receipts), "a receipt for an erasure names a person")
    keys = json.loads(engine.raw("GET", "/.well-known/jwks.json")[1])
    status, found = judge(folder, {"receipts": receipts}, keys)
    check(status == 0, f"{found}")
    deleted, erased, rotated = (each["signed"] for each in found)
    check(deleted["assent:destroyed"]["assent:recordings"]["assent:ids"] == ["urn:uuid:" + recording], f"{deleted}")
    check(deleted["assent:objectsRemoved"] == 1 and deleted["dct:publisher"]["dct:identifier"] == "DE123456789", f"{deleted}")
    check(erased["assent:destroyed"]["assent:people"]["assent:count"] == 1, f"{erased}")
    check(rotated["assent:destroyed"]["assent:keys"]["assent:count"] >= 3, f"{rotated}")
    changed = json.loads(json.dumps(receipts))
    changed[0]["jws"] = changed[0]["jws"].replace(".", ".A", 1)
    check(judge(folder, {"receipts": changed}, keys)[0] != 0, "a changed receipt was accepted")
    return {"receipts": receipts}


def test(folder):
    engine = harness.Engine(folder, more=SAID).start()
    people = [{"ref": "customer", "role": "customer", "subject": MARKER, "name": MARKER}]

    agreed = engine.create_call(policy="per-party", participants=people)
    engine.decide(agreed, "customer", "granted")
    talk(agreed, 50)
    engine.decide(agreed, "customer", "withdrawn")
    check(engine.end(agreed)["recording"], "something was recorded")
    receipts, keys, found = accepted(folder, engine, f"/v1/calls/{agreed['id']}/receipts")
    # A withdrawal that names no purpose is of all: what was still asked for is refused with it.
    check([each["kind"] for each in found] == ["consent", "withdrawal", "consent"], f"{found}")
    given, taken, refused = (each["signed"]["dpv:hasRecordOfActivity"] for each in found)
    check(refused["dpv:hasConsentStatus"]["@type"] == "dpv:ConsentRefused", f"{refused}")
    check(taken["dct:replaces"] == given["@id"], "a withdrawal names the consent that it takes back")
    check(given["dpv:hasNotice"]["dct:identifier"] == "recording-notice", f"{given['dpv:hasNotice']}")

    denied = engine.create_call(policy="per-party", participants=people)
    talk(denied, 100)
    engine.decide(denied, "customer", "denied")
    check(engine.end(denied)["recording"] is None, "nothing was recorded")
    _, _, found = accepted(folder, engine, f"/v1/calls/{denied['id']}/receipts")
    check([each["kind"] for each in found] == ["consent", "consent", "nothing-stored"], f"{found}")
    leg = found[2]["signed"]["assent:legs"][0]
    check(leg["assent:packetsReceived"] == 100, f"{leg}")
    check(100 * 160 < leg["assent:bytesHeldAtMost"] < 3 * 100 * 160, f"{leg}")
    check(found[2]["signed"]["assent:rule"] == "it was refused", f"{found[2]}")

    subject = receipts["receipts"][0]["subject"]
    _, _, found = accepted(folder, engine, f"/v1/subjects/{subject}/receipts")
    check([each["kind"] for each in found] == ["consent", "withdrawal", "consent", "consent", "consent", "nothing-stored"],
          f"{found}")

    # The judge is one: a changed letter, another's key, a missing field.
    changed = json.loads(json.dumps(receipts))
    body = changed["receipts"][0]["jws"].split(".")
    body[1] = body[1][:-2] + ("A" if body[1][-2] != "A" else "B") + body[1][-1]
    changed["receipts"][0]["jws"] = ".".join(body)
    check(judge(folder, changed, keys)[0] != 0, "a changed receipt was accepted")
    others = json.loads(json.dumps(keys))
    others["keys"][0]["x"] = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
    check(judge(folder, receipts, others)[0] != 0, "a receipt was accepted with another key")

    # What a purpose is, and who receives it, is told as it was when the consent was given.
    engine.ask("POST", "/v1/purposes", {"id": "quality", "version": "2", "description": "Checking quality by machine",
                                        "processors": ["Transcribers Ltd"]})
    later = engine.create_call(policy="per-party", participants=people)
    engine.decide(later, "customer", "granted")
    engine.end(later)
    told = {}
    for each in accepted(folder, engine, f"/v1/subjects/{subject}/receipts")[2]:
        if each["kind"] != "consent" or "dpv:hasRecordOfActivity" not in each["signed"]:
            continue
        process = each["signed"]["dpv:hasRecordOfActivity"]["dpv:hasProcess"]
        if process["dpv:hasPurpose"]["dct:identifier"] == "quality":
            told[process["dpv:hasPurpose"]["dct:hasVersion"]] = process["dpv:hasRecipientThirdParty"]
    check(told == {"1": [], "2": ["Transcribers Ltd"]}, f"{told}")

    # A withdrawal after the call has its receipt, too.
    engine.decide(later, "customer", "withdrawn")
    _, _, found = accepted(folder, engine, f"/v1/calls/{later['id']}/receipts")
    states = [each["signed"]["dpv:hasRecordOfActivity"]["dpv:hasConsentStatus"]["@type"] for each in found]
    check(states.count("dpv:ConsentWithdrawn") == 1, f"{found}")

    gone = erasures(folder, engine)
    keys = json.loads(engine.raw("GET", "/.well-known/jwks.json")[1])

    # A receipt outlives the key: what signed it stays on the ledger.
    kid = keys["keys"][0]["kid"]
    on_ledger = [entry for entry in engine.ask("GET", "/v1/ledger")["entries"] if entry["kind"] == "ledger_key"]
    check(kid in [entry["body"]["key"] for entry in on_ledger], f"{kid} is not on the ledger")
    engine.stop()
    engine.command("ledger", "rotate-key", "--state", engine.state)
    engine.start()
    rotated = json.loads(engine.raw("GET", "/.well-known/jwks.json")[1])
    check(rotated["keys"][0]["kid"] != kid and kid in [key["kid"] for key in rotated["keys"]], f"{rotated}")
    check(judge(folder, receipts, rotated)[0] == 0, "a receipt from before the key was changed is not accepted")
    check(judge(folder, gone, rotated)[0] == 0, "a receipt for an erasure from before the key was changed is not accepted")
    erasure = gone["receipts"][0]["receipt"]["assent:erasure"].removeprefix("urn:uuid:")
    anew = engine.ask("GET", f"/v1/erasures/{erasure}")["receipt"]
    check(anew["receipt"] == gone["receipts"][0]["receipt"], f"signed by another key it says something else: {anew}")
    check(judge(folder, {"receipts": [anew]}, rotated)[0] == 0, "a receipt that is signed anew is not accepted")
    engine.stop()

    bare = harness.Engine(folder, name="bare").start()
    call = bare.create_call(policy="per-party")
    try:
        bare.ask("GET", f"/v1/calls/{call['id']}/receipts")
        check(False, "a receipt without a controller")
    except harness.Problem as problem:
        check(problem.status == 409 and "[controller]" in problem.body["detail"], f"{problem.status} {problem.body}")
    bare.end(call)
    bare.stop()
    print("receipts: consent, withdrawal, nothing-stored and erasure accepted by jose and the schema; forged ones not")


harness.run(test)

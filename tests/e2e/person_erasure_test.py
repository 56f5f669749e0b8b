#!/usr/bin/env python3
"""A person erased from all their calls, by the program: heard by nobody from the answer on, gone from every file at the end,
also when the engine is killed on the way; what they were not part of stays. And a whole tenant, and one who leaves the firm.
"""
import json
import os
import sqlite3

import harness
from harness import check

PERSON = "marker-person-5b1f"
NAME = "Marker Name 77aa"


def record(engine, ref, people, policy="all-party", tenant=None):
    """A call of two, both agreed, a second of audio each."""
    body = engine.call_body(tuple(people), policy=policy, ref=ref, **({"tenant": tenant} if tenant else {}))
    for participant, person in zip(body["participants"], people.values()):
        participant["subject"] = person
        participant["name"] = NAME if person == PERSON else "somebody"
    call = engine.ask("POST", "/v1/calls", body)
    for leg in people:
        engine.decide(call, leg, "granted", purposes=["quality"])
    senders = [harness.Sender(leg) for leg in call["legs"]]
    for _ in harness.paced(1):
        for sender in senders:
            sender.send(b"\x21" * 160)
    return engine.end(call)["recording"]


def status_of(engine, recording, legs=""):
    return engine.raw("GET", f"/v1/recordings/{recording}/audio?purpose=quality&format=wav{legs}")[0]


def wrapped_keys(engine, where):
    """The wrapped bytes of these keys, as the catalog holds them."""
    with sqlite3.connect(f"file:{engine.state}/catalog.db?mode=ro", uri=True) as catalog:
        return [bytes(row[0]) for row in catalog.execute(
            f"SELECT s.body FROM keys k JOIN sealed s ON s.n = k.sealed WHERE k.id IN ({where})")]


def holders_of(engine, needles):
    """The files of the state folder in which one of these stands."""
    found = []
    for folder, _, names in os.walk(engine.state):
        for name in names:
            with open(os.path.join(folder, name), "rb") as file:
                content = file.read()
            found += [name for needle in needles if needle in content]
    return found


def of_a_person(folder):
    engine = harness.Engine(folder, name="person", calls=50, sealed_pages=4096).start()
    alone = [record(engine, f"a{i}", {"customer": PERSON, "agent": "agent-1"}) for i in range(6)]
    per_party = record(engine, "p", {"customer": PERSON, "agent": "agent-1"}, policy="per-party")
    others = record(engine, "o", {"customer": "customer-2", "agent": "agent-1"})
    engine.ask("POST", f"/v1/subjects/{PERSON}/standing-consents", {"purposes": ["quality"], "evidence": "drawer 7"})
    keys = wrapped_keys(engine, "SELECT key FROM subjects UNION SELECT key FROM legs UNION SELECT key FROM calls")
    check(len(keys) >= 20 and len(holders_of(engine, keys)) >= len(keys), "the keys are not where they are looked for")
    objects = len(engine.segment_files())

    # Killed as soon as it has begun, and started again: it goes on by itself.
    status, _, begun, _ = engine.reply("POST", f"/v1/subjects/{PERSON}/erase")
    check(status == 202, f"{status}: {begun}")
    for recording in alone:
        check(status_of(engine, recording) in (403, 404), "the person is heard after the reply")
    check(status_of(engine, per_party, "&legs=customer") in (403, 404), "their leg is heard after the reply")
    engine.kill()
    engine.start()

    def is_done():
        shown = engine.ask("GET", f"/v1/erasures/{begun['id']}")
        check(("receipt" in shown) == (shown["state"] == "done"), f"a receipt too early, or none: {shown}")
        return shown if shown["state"] == "done" else None
    check("receipt" not in begun, f"a receipt too early: {begun}")
    done = harness.wait_until("the erasure is done", is_done, 60)
    check(done["subject"] == begun["subject"] and done["steps"][-1]["step"] == "done", f"{done}")

    # Killed in the middle or not, it says all that went: the person, six calls whole, their leg of the per-party one.
    said = done["receipt"]["receipt"]
    counts = {kind.removeprefix("assent:"): each["assent:count"] for kind, each in said["assent:destroyed"].items()}
    check(counts == {"people": 1, "calls": 6, "recordings": 6, "legs": 13, "participants": 13, "keys": 1 + 6 * 5 + 2}, f"{counts}")
    check(set(said["assent:destroyed"]["assent:recordings"]["assent:ids"]) == {"urn:uuid:" + each for each in alone}, f"{said}")
    check(said["assent:objectsRemoved"] == 13, f"{said}")
    check(PERSON not in json.dumps(done) and NAME not in json.dumps(done), "the receipt names somebody")

    for recording in alone:
        check(engine.ask("GET", f"/v1/recordings/{recording}")["state"] == "erased", "a state")
    check(status_of(engine, per_party, "&legs=agent") == 200, "the other's leg of a per-party call is gone")
    check(status_of(engine, others) == 200, "a call they were not part of is gone")
    left = len(engine.segment_files())
    check(left < objects and left == 3, f"{left} of {objects} objects are left")
    survivors = wrapped_keys(engine, "SELECT key FROM subjects UNION SELECT key FROM legs UNION SELECT key FROM calls")
    destroyed = [key for key in keys if key not in survivors]
    # Theirs; of six calls two legs' and the call's; of the per-party one, their leg's.
    check(len(destroyed) == 1 + 6 * 3 + 1, f"{len(destroyed)} keys destroyed")
    engine.stop()
    check(holders_of(engine, destroyed) == [], f"destroyed keys lie in {holders_of(engine, destroyed)}")
    check(holders_of(engine, [PERSON.encode(), NAME.encode()]) == [], "their name lies in a file")
    engine.start()
    check(engine.raw("POST", f"/v1/subjects/{PERSON}/erase")[0] == 404, "somebody is found by the reference")
    engine.command("ledger", "verify", "--state", engine.state)
    engine.stop()
    engine.command("verify", "--state", engine.state)


def of_a_tenant(folder):
    engine = harness.Engine(folder, name="tenant", ports="22000-22999", calls=50).start()
    theirs = [record(engine, f"t{i}", {"customer": f"c{i}", "agent": "agent"}, tenant="acme",
                     policy=("per-party", "all-party")[i % 2]) for i in range(4)]
    others = record(engine, "o", {"customer": "c0", "agent": "agent"})
    live = engine.create_call(tenant="acme")
    refused = engine.command("erase", "--account", "acme", "--yes", "--state", engine.state, code=None)
    check(refused.returncode != 0 and live["id"] in refused.stderr, f"with a live call: {refused.stderr}")
    engine.end(live)
    done = json.loads(engine.command("erase", "--account", "acme", "--yes", "--json", "--state", engine.state).stdout)
    check(done["state"] == "done", f"{done}")
    for recording in theirs:
        check(status_of(engine, recording) in (403, 404), "an erased tenant's call is heard")
    check(status_of(engine, others) == 200, "another tenant's call is gone")
    check(len(engine.segment_files()) == 2, f"{engine.segment_files()}")
    check(status_of(engine, record(engine, "n", {"customer": "c0"}, tenant="acme")) == 200, "the name is not free again")
    engine.stop()


def of_one_who_leaves(folder):
    """Whose role speaks for them takes their own legs along, and not the calls of the firm; whoever must say yes takes it all."""
    engine = harness.Engine(folder, name="leaver", ports="23000-23999", calls=50, consent='standing_roles = ["agent"]').start()
    first = record(engine, "l1", {"customer": "customer-1", "agent": "agent-1"})
    second = record(engine, "l2", {"customer": "customer-2", "agent": "agent-1"})
    engine.command("erase", "--subject", "agent-1", "--yes", "--state", engine.state)
    for recording in (first, second):
        check(status_of(engine, recording, "&legs=customer") == 200, "the customer's leg went with an agent who left")
        check(status_of(engine, recording, "&legs=agent") in (403, 404), "an erased agent is heard")
    engine.command("erase", "--subject", "customer-1", "--yes", "--state", engine.state)
    check(status_of(engine, first, "&legs=customer") in (403, 404), "an erased customer is heard")
    check(status_of(engine, second, "&legs=customer") == 200, "another customer's call is gone")
    check(len(engine.segment_files()) == 1, f"{engine.segment_files()}")
    engine.stop()
    engine.command("verify", "--state", engine.state)


def test(folder):
    of_a_person(folder)
    of_a_tenant(folder)
    of_one_who_leaves(folder)


harness.run(test)

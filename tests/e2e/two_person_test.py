#!/usr/bin/env python3
"""Two people in a call, and one of them goes: what the other still has, for every policy, every `consent.erasure`, and every way
to go, also where one of them is there by their role. TABLE is the documentation: it stands in ARCHITECTURE.md word for word.

A and B agree to quality and training, have a note in their call, and each a call of their own. A is erased; or takes everything
back, or one purpose, with on_withdraw keep and erase; or has the recording deleted. Then the audio is decoded and looked at for
each one's tone, for each purpose; names, references, notes and receipts are asked for.
"""
import base64
import concurrent.futures
import json
import os

import harness
from harness import check

try:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
except ImportError:
    harness.skip("python3-cryptography is not installed")

A, B, A_ALONE, B_ALONE = 0x10, 0x25, 0x3A, 0x4F  # what is said: one byte of mu-law all over
SECONDS = 0.6
CODEC = {"name": "PCMU", "payload_type": 0, "clock_rate": 8000}
PURPOSES = ("quality", "training")
POLICIES = ("all-party", "per-party", "one-party")
SCOPES = ("", "leg", "call")
TABLE = """
| A | in a call under | A is heard for | B is heard for | names left | call's reference | notes | A's other call | A is found |
| --- | --- | --- | --- | --- | --- | --- | --- | --- |
| is erased | all-party, or `erasure = "call"` | nothing | nothing | none | gone | gone | gone | no |
| is erased | per-party, one-party, or `erasure = "leg"`; or A by their role | nothing | all | B's | stays | gone | gone | no |
| withdraws, `keep` | all-party | nothing | nothing | both | stays | stay | stays | yes |
| withdraws, `keep` | per-party, one-party | nothing | all | both | stays | stay | stays | yes |
| withdraws training, `keep` | all-party | quality | quality | both | stays | stay | stays | yes |
| withdraws training, `keep` | per-party, one-party | quality | all | both | stays | stay | stays | yes |
| withdraws either, `erase` | all-party | nothing | nothing | none | gone | gone | stays | yes |
| withdraws either, `erase` | per-party, one-party | nothing | all | both | stays | stay | stays | yes |
| has it deleted | any policy | nothing | nothing | none | gone | gone | stays | yes |
"""
# Who of the two is there by their role, with a consent on file.
STAFF = ("", "A", "B")
WAYS = ("erased", "withdraws", "withdraws-training", "deleted")


def tenant_of(policy, scope, staff):
    return "-".join(part for part in (policy, scope, "staff" if staff else "") if part)


def pipeline_of_tenants():
    lines = []
    for policy in POLICIES:
        for scope in SCOPES:
            for staff in ("", "A"):
                rules = [f'policy = "{policy}"'] + ([f'erasure = "{scope}"'] if scope else []) + \
                        (['standing_roles = ["agent"]'] if staff else [])
                lines.append(f'"{tenant_of(policy, scope, staff)}" = {{ {", ".join(rules)} }}')
    return "[consent.tenants]\n" + "\n".join(lines) + """
""" + harness.CONTROLLER


class Pair:
    """A and B in one call, and each in one of their own; what is seen of it."""

    def __init__(self, engine, key, on_withdraw):
        self.engine, self.key, self.on_withdraw = engine, key, on_withdraw
        self.policy, self.scope, self.staff, self.way = key
        self.tenant = tenant_of(self.policy, self.scope, self.staff)
        self.name = f"{self.way}-{on_withdraw}-{self.policy}-{self.scope or 'none'}-{self.staff or 'none'}"
        self.people = {"A": f"A-marker-{self.name}", "B": f"B-marker-{self.tenant}-{self.staff}-{on_withdraw}"}
        self.senders = []

    def start(self, b_alone):
        """B is in the calls of many an A, and has one call of their own (a list of it, to be filled by the first)."""
        standing = [who for who in self.staff if who == "A" or not b_alone]
        for who in standing:
            self.ask("POST", f"/v1/subjects/{self.people[who]}/standing-consents",
                     {"tenant": self.tenant, "purposes": list(PURPOSES), "evidence": f"contract of {self.people[who]}"})
        if not b_alone:
            b_alone.append(self.begin("B", {"B": B_ALONE}))
        self.call = self.begin("AB", {"A": A, "B": B})
        self.ask("POST", f"/v1/calls/{self.call['id']}/notes", {"text": f"note on {self.name}"})
        self.alone = {"A": self.begin("A", {"A": A_ALONE}), "B": b_alone[0]}

    def ask(self, *request):
        return self.engine.ask(*request)

    def begin(self, who, said):
        body = {"ref": f"{who}-ref-{self.name}", "tenant": self.tenant, "participants": [], "legs": []}
        for each in who:
            # Who is there by their role is in the shared call only.
            role = "agent" if each == self.staff or (not self.staff and each == "B") else "customer"
            body["participants"].append({"ref": each, "role": role, "subject": self.people[each],
                                         "name": f"{each} {self.people[each]}", "address": "tel:" + self.people[each]})
            body["legs"].append({"label": each, "participant": each, "codec": CODEC})
        call = self.ask("POST", "/v1/calls", body)
        for participant in call["participants"]:
            states = {each["purpose"]: each["state"] for each in participant["consents"]}
            if states.get("quality") != "granted":
                self.engine.decide(call, participant["ref"], "granted", purposes=list(PURPOSES))
        self.senders += [(harness.Sender(leg), bytes([said[leg["label"]]]) * 160) for leg in call["legs"]]
        return call

    def end(self):
        for sender, _ in self.senders:
            sender.close()
        for call in (self.call, *self.alone.values()):
            if "ended" not in call:
                call["ended"] = self.engine.end(call)
                call["recording"] = call["ended"]["recording"]
                check(call["recording"], f"{self.name}: {call['ended']}")
        shown = self.shown(self.call)
        self.ids = {each["ref"]: each["subject_id"] for each in shown["participants"]}

    def shown(self, call):
        return self.ask("GET", f"/v1/recordings/{call['recording']}")

    def go(self):
        """A goes, or asks for the deletion; what that leaves to be done is waited for."""
        erasure = None
        if self.way == "erased":
            erasure = self.ask("POST", f"/v1/subjects/{self.people['A']}/erase", {"tenant": self.tenant})["id"]
        elif self.way == "deleted":
            check(self.ask("DELETE", f"/v1/recordings/{self.call['recording']}")["done"], f"{self.name}: not done")
        else:
            purposes = {"purposes": ["training"]} if self.way == "withdraws-training" else {}
            self.engine.decide(self.call, "A", "withdrawn", **purposes)
        if erasure:
            harness.wait_until(f"{self.name} is done", lambda: self.ask("GET", f"/v1/erasures/{erasure}")["done"], 60)

    # ---- what is left ----

    def hears(self, call, who, said, purpose):
        """Whether this one's leg is heard for the purpose: with its tone, or not at all."""
        status, body = self.engine.raw("GET", f"/v1/recordings/{call['recording']}/audio?purpose={purpose}&format=wav&legs={who}")
        if status != 200:
            check(status in (403, 404, 410), f"{self.name}: audio answered {status}: {body[:200]}")
            return False
        heard = max(leg.count(harness.ULAW[said]) for leg in harness.Wav(body).legs) / 8000
        check(heard == 0 or heard > SECONDS - 0.1, f"{self.name}: {heard} s of {who}")
        return heard > 0

    def heard(self, call, who, said):
        heard = [purpose for purpose in PURPOSES if self.hears(call, who, said, purpose)]
        return "all" if len(heard) == len(PURPOSES) else " and ".join(heard) or "nothing"

    def found(self, who):
        """Whether both calls of somebody are found by their reference."""
        recordings = self.ask("GET", f"/v1/recordings?subject={self.people[who]}&tenant={self.tenant}")["recordings"]
        ids = {each["id"] for each in recordings}
        found = [call["recording"] in ids for call in (self.call, self.alone[who])]
        return "yes" if all(found) else "one of two calls" if any(found) else "no"

    def receipts(self, who):
        """Kinds of this one's receipts, each verified with the published key; nothing of a person may be in one."""
        path = f"/v1/subjects/{self.ids[who]}/receipts" if who == "A" else f"/v1/calls/{self.call['id']}/receipts"
        receipts = self.ask("GET", path)["receipts"]
        check("marker" not in json.dumps(receipts), f"{self.name}: a receipt names somebody")
        return [verified(receipt, self.published)["kind"] for receipt in receipts if receipt["subject"] == self.ids[who]]

    def row(self):
        """The number of the table's row that this pair belongs to."""
        everybody = self.policy == "all-party"
        if self.way == "erased":
            return 0 if (self.scope or ("call" if everybody else "leg")) == "call" and self.staff != "A" else 1
        if self.way == "deleted":
            return 8
        if self.on_withdraw == "erase":
            return 6 if everybody else 7
        return {"withdraws": 2, "withdraws-training": 4}[self.way] + (0 if everybody else 1)

    def seen(self):
        """The cells of that row, by what is there."""
        self.published = json.loads(self.engine.raw("GET", "/.well-known/jwks.json")[1])
        shown = self.shown(self.call)
        people = {each["subject_id"]: each for each in shown["participants"]}
        named = [who for who in "AB" if people[self.ids[who]]["name"]]
        check(all(self.people[who] in people[self.ids[who]]["name"] for who in named), f"{self.name}: {people}")
        names = "both" if len(named) == 2 else f"{named[0]}'s" if named else "none"
        a_alone, found = self.heard(self.alone["A"], "A", A_ALONE), self.found("A")
        check(found in ("no", "yes"), f"{self.name}: A is found in {found}")
        check(a_alone in ("nothing", "all"), f"{self.name}: A's other call is heard for {a_alone}")

        # What is B's own is there in any case; whoever is gone has receipts all the same, that say nothing of them.
        check(self.heard(self.alone["B"], "B", B_ALONE) == "all", f"{self.name}: B's other call is not heard")
        check(self.found("B") == "yes", f"{self.name}: B is not found by their reference")
        check(self.receipts("B") == ["consent"] * 2, f"{self.name}: B's receipts: {self.receipts('B')}")
        taken_back = {"withdraws": 2, "withdraws-training": 1}.get(self.way, 0)
        check(sorted(self.receipts("A")) == ["consent"] * 4 + ["withdrawal"] * taken_back, f"{self.name}: {self.receipts('A')}")
        return [self.heard(self.call, "A", A), self.heard(self.call, "B", B), names, "stays" if shown["ref"] else "gone",
                "stay" if shown["notes"] else "gone", "stays" if a_alone == "all" else "gone", found]


def verified(receipt, keys):
    """Ed25519 (RFC 8037) over a JWS: the receipt as it is signed."""
    head, body, signature = receipt["jws"].split(".")

    def decoded(text):
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    kid = json.loads(decoded(head))["kid"]
    key = next(each for each in keys["keys"] if each["kid"] == kid)
    Ed25519PublicKey.from_public_bytes(decoded(key["x"])).verify(decoded(signature), f"{head}.{body}".encode())
    check(json.loads(decoded(body)) == receipt["receipt"], "the receipt that is shown is not the one that is signed")
    return receipt


def pairs_of(engine, on_withdraw, ways):
    return [Pair(engine, (policy, scope, staff, way), on_withdraw) for policy in POLICIES
            for scope in SCOPES for staff in STAFF if not (staff and scope == "leg") for way in ways]


def each_at_once(pool, pairs, act):
    return list(pool.map(act, pairs))


def recorded(pool, pairs):
    groups = {}
    for pair in pairs:
        groups.setdefault(pair.people["B"], []).append(pair)

    def start(group):
        b_alone = []
        for pair in group:
            pair.start(b_alone)
    each_at_once(pool, groups.values(), start)
    for _ in harness.paced(SECONDS):
        for pair in pairs:
            for sender, payload in pair.senders:
                sender.send(payload)
    each_at_once(pool, groups.values(), lambda group: [pair.end() for pair in group])


def test(folder):
    with open(os.path.join(harness.ROOT, "ARCHITECTURE.md")) as file:
        check(TABLE in file.read(), "ARCHITECTURE.md has another table than this test")
    told = [[cell.strip() for cell in line.strip("|").split("|")] for line in TABLE.strip().splitlines()[2:]]
    options = dict(calls=500, ports="30000-31999", hold="5s", backing="locked", more=pipeline_of_tenants())
    engine = harness.Engine(folder, **options).start()
    pool = concurrent.futures.ThreadPoolExecutor(12)
    pairs = pairs_of(engine, "keep", WAYS)
    recorded(pool, pairs)
    engine.stop()
    engine.configure(on_withdraw="erase")
    engine.start()
    erasing = pairs_of(engine, "erase", ("withdraws", "withdraws-training"))
    recorded(pool, erasing)
    each_at_once(pool, pairs + erasing, Pair.go)
    rows = {}
    for pair, seen in zip(pairs + erasing, each_at_once(pool, pairs + erasing, Pair.seen)):
        check(seen == told[pair.row()][2:], f"{pair.name}: {seen}, and the table says {told[pair.row()]}")
        rows[pair.row()] = rows.get(pair.row(), 0) + 1
    check(sorted(rows) == list(range(len(told))), f"rows that no call was in: {rows}")
    engine.stop()
    engine.command("ledger", "verify", "--state", engine.state)
    engine.command("verify", "--state", engine.state)
    print(f"{len(pairs + erasing)} pairs of people, as the table says: {rows}")


harness.run(test)

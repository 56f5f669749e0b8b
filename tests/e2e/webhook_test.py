#!/usr/bin/env python3
"""An IVR tells of decisions with signed requests and no token: what it signs counts once; what is not rightly signed changes
nothing; and its secret is changed under a running engine. The signatures are made here, with Python's own hmac."""
import hashlib
import hmac
import json
import os
import signal
import time
import urllib.error
import urllib.request

import harness
from harness import check

SECRET = "5b1f0c2f6f1c4a7ab93f3c0b7a2d4e88"
NEXT = "e2a90f6c0d3b4c5f8e7a6b5c4d3e2f10"

WEBHOOKS = """
[[webhooks]]
name = "ivr"
secret_file = "ivr.secret"
{more}
"""


def signature(body, secret=SECRET, at=None):
    at = int(time.time()) if at is None else at
    tag = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={tag}"


def send(engine, body, header, source="ivr"):
    """Without a token. Status and content."""
    request = urllib.request.Request(f"http://{engine.api}/v1/signals/{source}", data=body, method="POST")
    request.add_header("Content-Type", "application/json")
    if header is not None:
        request.add_header("Assent-Signature", header)
    try:
        with urllib.request.urlopen(request, timeout=60) as reply:
            return reply.status, json.loads(reply.read())
    except urllib.error.HTTPError as refused:
        check(refused.headers["Content-Type"] == "application/problem+json", f"a problem, not {refused.headers}")
        return refused.code, json.loads(refused.read())


def decision(call, what, **more):
    return json.dumps({"call": call, "participant": "customer", "decision": what, **more}).encode()


def write_secret(engine, name, secret, mode=0o600):
    path = os.path.join(engine.state, name)
    with open(path, "w") as file:
        file.write(secret + "\n")
    os.chmod(path, mode)


def consents(engine, call):
    participants = engine.show(call)["participants"]
    return {each["purpose"]: each["state"] for each in participants[0]["consents"]}


def wrong_ones_change_nothing(engine, call):
    body = decision("call-1", "granted", purposes=["quality"])
    now = int(time.time())
    right = signature(body)
    refused = {
        "no signature": (None, "bad-signature"),
        "another secret": (signature(body, NEXT), "bad-signature"),
        "another body": (signature(body + b" "), "bad-signature"),
        "a tag cut short": (right[:-2], "bad-signature"),
        "another time": (f"t={now + 7}," + right.split(",")[1], "bad-signature"),
        "too old": (signature(body, at=now - 310), "stale-signature"),
        "too far ahead": (signature(body, at=now + 310), "stale-signature"),
    }
    for why, (header, problem) in refused.items():
        status, content = send(engine, body, header)
        check(status == 401 and content["type"] == "urn:assent:problem:" + problem, f"{why}: {status} {content}")
    status, content = send(engine, body, right, source="nobody")
    check(status == 401 and content["type"].endswith("bad-signature"), f"an unknown source: {status} {content}")
    check(consents(engine, call)["quality"] == "pending", "something that was refused changed the consent")
    check(engine.total("assent_webhook_signals_total", source="ivr", result="bad_signature") == 5, "counted: bad")
    check(engine.total("assent_webhook_signals_total", source="ivr", result="stale") == 2, "counted: stale")
    check(engine.total("assent_webhook_unknown_source_total") == 1, "counted: unknown")


def right_ones_count_once(engine, call):
    sender = harness.Sender(call["legs"][0])
    for _ in harness.paced(1):
        sender.send(b"\x55" * 160)
    notice = {"id": "ivr-notice", "version": "7", "language": "de"}
    engine.ask("POST", "/v1/notices", {**notice, "text": "Wir zeichnen auf, wenn Sie die 1 drücken."})
    body = decision("call-1", "granted", purposes=["quality"], notice=notice)
    header = signature(body)
    status, record = send(engine, body, header)
    check(status == 200, f"a signed grant: {status} {record}")
    check(record["signal"] == {"type": "webhook", "value": "ivr"}, f"the record's signal: {record}")
    check(record["notice"]["id"] == "ivr-notice", f"the record's notice: {record}")
    check(consents(engine, call) == {"quality": "granted", "training": "pending"}, "the grant is in force")
    again = send(engine, body, header)
    check(again == (200, record), f"a repetition gets the first reply, not {again}")

    # Taken back through the API; the IVR's old word, sent again, does not bring it back.
    engine.decide(call, "customer", "withdrawn")
    check(send(engine, body, header) == (200, record), "a repetition after the withdrawal")
    check(consents(engine, call)["quality"] == "withdrawn", "an old word brought a consent back")

    # An id makes it one event, however often it is signed anew.
    grant = decision(call["id"], "granted", id="event-1", purposes=["training"])
    first = send(engine, grant, signature(grant))
    check(first[0] == 200, f"a grant with an id: {first}")
    check(send(engine, grant, signature(grant, at=int(time.time()) - 5)) == first, "the event, signed anew")
    other = decision(call["id"], "withdrawn", id="event-1")
    check(send(engine, other, signature(other))[0] == 422, "the event's id with another decision")
    check(consents(engine, call)["training"] == "granted", "the id's second use counted")

    # A failure can be sent again once its cause is gone.
    early = decision("call-2", "granted")
    header = signature(early)
    check(send(engine, early, header)[0] == 404, "a call that is not there")
    second = engine.create_call(ref="call-2")
    check(send(engine, early, header)[0] == 200, "the same once it is")
    engine.end(second)
    check(engine.total("assent_webhook_signals_total", source="ivr", result="repeated") == 3, "counted: repeated")


def records_name_the_webhook(engine, call):
    entries = engine.ask("GET", f"/v1/ledger?call={call['id']}")
    signals = [entry["body"]["signal_type"] for entry in entries["entries"] if entry["kind"] == "consent"]
    check("webhook" in signals, f"the ledger says that a webhook said it: {signals}")


def the_secret_changes(engine, call):
    write_secret(engine, "ivr.secret.old", SECRET)
    write_secret(engine, "ivr.secret", NEXT)
    engine.configure(more=WEBHOOKS.format(more='previous_secret_file = "ivr.secret.old"'))
    reload(engine)
    for secret in (SECRET, NEXT):
        body = decision("call-1", "denied", id="with " + secret[:4])
        check(send(engine, body, signature(body, secret))[0] == 200, "both secrets are good")
    engine.configure(more=WEBHOOKS.format(more=""))
    reload(engine)
    body = decision("call-1", "granted")
    check(send(engine, body, signature(body, SECRET))[0] == 401, "the old secret is still good")
    # A file that others may read is refused, and what was there stays.
    write_secret(engine, "ivr.secret", SECRET, 0o644)
    reload(engine)
    check(send(engine, body, signature(body, SECRET))[0] == 401, "a secret that others may read was taken")
    check(send(engine, body, signature(body, NEXT))[0] == 200, "the secret from before is gone")


def reload(engine):
    """SIGHUP, and wait until the file was read again."""
    before = engine.total("assent_reloads_total")
    os.kill(engine.pid, signal.SIGHUP)
    harness.wait_until("the file is read again", lambda: engine.total("assent_reloads_total") > before)


def test(folder):
    engine = harness.Engine(folder, more=WEBHOOKS.format(more=""))
    os.mkdir(engine.state, 0o700)
    write_secret(engine, "ivr.secret", SECRET)
    engine.start()
    time.sleep(1.1)  # what was signed before the engine began is not taken
    call = engine.create_call()
    wrong_ones_change_nothing(engine, call)
    right_ones_count_once(engine, call)
    records_name_the_webhook(engine, call)
    the_secret_changes(engine, call)
    engine.stop()
    for secret in (SECRET, NEXT):
        check(secret not in engine.log(), "a secret stands in the log")


harness.run(test)

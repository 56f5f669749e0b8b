#!/usr/bin/env python3
"""Third parties are told of consents and erasures, and an erasure stays open until each has confirmed: ones that answer, are
down, are slow, fail, answer late, answer twice, are given up, leave the file; an engine killed in between. They are real
servers here, which check each signature with Python's own hmac.

KILLS is how many random moments the engine is killed at, SEED which.
"""
import hashlib
import hmac
import http.client
import http.server
import json
import os
import random
import threading
import time
import urllib.error
import urllib.request

import harness
from harness import check, wait_until

KILLS = int(os.environ.get("KILLS", "8"))
SEED = int(os.environ.get("SEED", "1"))
SECRETS = {"crm": "6f1c4a7ab93f3c0b7a2d4e885b1f0c2f", "stt": "0d3b4c5f8e7a6b5c4d3e2f10e2a90f6c"}
NEXT = "9b3c0b7a2d4e885b1f0c2f6f1c4a7ab9"

PROCESSOR = """
[[processors]]
name = "{name}"
url = "http://127.0.0.1:{port}/events"
purposes = {purposes}
secret_file = "{name}.secret"
timeout = "{timeout}"
retry_first = "{retry_first}"
retry_longest = "500ms"
attempts = {attempts}
{more}
"""


class Processor:
    """A third party's server. `answers` says what erasures are answered next, then 200; with `delay` it takes its time."""

    def __init__(self, name, port=0):
        self.name, self.port, self.secrets = name, port, [SECRETS[name]]
        self.heard, self.unsigned, self.answers, self.delay, self.usual = [], [], [], 0, 200
        self.lock = threading.Lock()
        self.server = None
        self.open()

    def open(self):
        processor = self

        class Handler(http.server.BaseHTTPRequestHandler):
            # One keeps its connections; the other, which goes away, does not.
            protocol_version = "HTTP/1.1" if processor.name == "crm" else "HTTP/1.0"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status = processor.take(self.path, self.headers, body)
                self.send_response(status)
                self.send_header("Content-Length", "0")
                if status == 302:
                    self.send_header("Location", "/elsewhere")
                self.end_headers()

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            allow_reuse_address = True
            daemon_threads = True

            def handle_error(self, *_):
                pass  # whoever asked has gone
        self.server = Server(("127.0.0.1", self.port), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def is_signed(self, header, body):
        parts = [part.split("=", 1) for part in header.split(",")]
        sent = dict(parts[:1])["t"]
        tags = [value for name, value in parts[1:] if name == "v1"]
        fresh = abs(time.time() - int(sent)) < 300
        return fresh and any(
            hmac.compare_digest(hmac.new(secret.encode(), sent.encode() + b"." + body, hashlib.sha256).hexdigest(), tag)
            for secret in self.secrets for tag in tags)

    def take(self, path, headers, body):
        event = json.loads(body)
        with self.lock:
            if path != "/events" or not self.is_signed(headers["Assent-Signature"], body):
                self.unsigned.append((path, dict(headers), body))
                return 401
            check(headers["Assent-Event"] == event["id"], "the header names the event")
            is_next = self.answers and event["kind"].startswith("erasure.")
            status = self.answers.pop(0) if is_next else self.usual
            self.heard.append((event, status))
        if self.delay:
            time.sleep(self.delay)
        return status

    def events(self, **wanted):
        """What it heard, each attempt; of those with these members."""
        with self.lock:
            return [event for event, _ in self.heard if all(event.get(key) == value for key, value in wanted.items())]

    def confirm(self, engine, event, secret=None, name=None, at=None):
        body = json.dumps({"event": event}).encode()
        at = int(time.time()) if at is None else at
        tag = hmac.new((secret or self.secrets[0]).encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
        request = urllib.request.Request(f"http://{engine.api}/v1/processors/{name or self.name}/confirmations", data=body,
                                         method="POST", headers={"Assent-Signature": f"t={at},v1={tag}"})
        try:
            with urllib.request.urlopen(request, timeout=30) as reply:
                return reply.status, json.loads(reply.read())
        except urllib.error.HTTPError as refused:
            return refused.code, json.loads(refused.read())


class Rig:
    def __init__(self, folder):
        self.crm, self.stt = Processor("crm"), Processor("stt")
        self.engine = harness.Engine(folder, policy="per-party", more=self.file())
        os.mkdir(self.engine.state, 0o700)
        for name, secret in SECRETS.items():
            self.write_secret(name + ".secret", secret)
        self.engine.start()

    def file(self, only=("crm", "stt"), **options):
        settings = {"timeout": "1s", "retry_first": "50ms", "attempts": 400, "more": "", **options}
        purposes = {"crm": '["quality"]', "stt": '["training"]'}
        ports = {"crm": self.crm.port, "stt": self.stt.port}
        return "".join(PROCESSOR.format(name=name, port=ports[name], purposes=purposes[name], **settings) for name in only)

    def write_secret(self, name, secret):
        path = os.path.join(self.engine.state, name)
        with open(path, "w") as file:
            file.write(secret + "\n")
        os.chmod(path, 0o600)

    def reload(self, **options):
        before = self.engine.total("assent_reloads_total")
        self.engine.configure(more=self.file(**options))
        os.kill(self.engine.pid, harness.signal.SIGHUP)
        wait_until("the file is read again", lambda: self.engine.total("assent_reloads_total") > before)

    def record(self, person="person-customer"):
        """A recording of one person, who agreed to quality."""
        body = self.engine.call_body(("customer",))
        body["participants"][0]["subject"] = person
        call = self.engine.ask("POST", "/v1/calls", body)
        self.engine.decide(call, "customer", "granted", purposes=["quality"])
        sender = harness.Sender(call["legs"][0])
        for _ in harness.paced(0.1):
            sender.send(b"\x21" * 160)
        return call, self.engine.end(call)["recording"]

    def delete(self, recording):
        status, text = self.engine.raw("DELETE", f"/v1/recordings/{recording}")
        erasure = json.loads(text)
        check(status in (200, 202), f"a deletion: {status} {erasure}")
        check((status == 200) == (erasure["state"] == "done"), f"{status} {erasure}")
        return erasure["id"]

    def erasure(self, erasure):
        shown = self.engine.ask("GET", f"/v1/erasures/{erasure}")
        check((shown["state"] == "done") == ("receipt" in shown), f"a receipt too early, or none: {shown}")
        return shown

    def is_open_for(self, erasure, name):
        """What the erasure says of this processor, once everything here is done and it waits for it."""
        def waiting():
            shown = self.erasure(erasure)
            check(shown["state"] != "done", f"it closed without {name}: {shown}")
            one = {each["name"]: each for each in shown["processors"]}[name]
            return shown["steps"][-1]["step"] == "processors" and one["attempts"] > 0 and one
        return wait_until(f"the erasure waits for {name}", waiting)

    def closed(self, erasure, patience=20):
        """The receipt's processors, by name; it closed exactly once."""
        def done():
            shown = self.erasure(erasure)
            return shown if shown["state"] == "done" else None
        shown = wait_until("the erasure is done", done, patience)
        self.closed_once(erasure)
        receipt = shown["receipt"]["receipt"]
        return {one["assent:name"]: one for one in receipt["assent:processors"]}

    def ledger(self, kind):
        entries, after = [], 0
        while True:
            page = self.engine.ask("GET", f"/v1/ledger?after={after}")["entries"]
            if not page:
                return entries
            entries += [entry for entry in page if entry["kind"] == kind]
            after = page[-1]["seq"]

    def closed_once(self, *erasures):
        done = [entry["body"]["erasure"] for entry in self.ledger("erasure_done")]
        for erasure in erasures:
            check(done.count(erasure) == 1, f"erasure {erasure} is done {done.count(erasure)} times on the ledger")


def consents_are_told(rig):
    call = rig.engine.create_call(("customer", "agent"))
    rig.engine.decide(call, "agent", "denied")
    rig.engine.decide(call, "customer", "granted", purposes=["quality"])
    rig.engine.decide(call, "customer", "withdrawn")
    wait_until("crm hears both", lambda: len(rig.crm.events(call=call["id"])) == 2)
    granted, withdrawn = rig.crm.events(call=call["id"])
    check(granted["kind"] == "consent.granted" and withdrawn["kind"] == "consent.withdrawn", f"{granted} {withdrawn}")
    check(granted["purposes"] == ["quality"] and granted["erasure_scope"] == "leg", f"{granted}")
    check(granted["participant"] == withdrawn["participant"] and granted["subject"] == withdrawn["subject"], "whose")
    check(rig.stt.events() == [], f"stt is fed by another purpose: {rig.stt.events()}")
    text = json.dumps(rig.crm.heard)
    for name in ("person-customer", "call-1", "customer"):
        check(name not in text, f"{name} was told")
    rig.engine.end(call)


def all_are_up(rig):
    call, recording = rig.record()
    erasure = rig.delete(recording)
    processors = rig.closed(erasure)
    check(set(processors) == {"crm", "stt"}, f"{processors}")
    check(all("assent:confirmed" in one for one in processors.values()), f"{processors}")
    for one in (rig.crm, rig.stt):
        [told] = one.events(erasure=erasure)
        check(told["kind"] == "erasure.recording" and told["recording"] == recording, f"{told}")
        check(told["call"] == call["id"], f"{told}")
    status, _ = rig.engine.raw("DELETE", f"/v1/recordings/{recording}")
    check(status == 404, f"erased twice: {status}")


def one_is_down(rig):
    rig.stt.close()
    _, recording = rig.record()
    erasure = rig.delete(recording)
    told = rig.is_open_for(erasure, "stt")
    check(told["state"] == "pending" and "connect" in told["trouble"], f"{told}")
    states = {one["name"]: one["state"] for one in rig.erasure(erasure)["processors"]}
    check(states["crm"] == "confirmed", f"crm was held up: {states}")
    check(rig.delete(recording) == erasure, "asked again, it is the same erasure")
    rig.engine.kill()
    rig.engine.start()
    rig.is_open_for(erasure, "stt")
    rig.stt.open()
    check("assent:confirmed" in rig.closed(erasure)["stt"], "closed when it was back")
    check(len({event["id"] for event in rig.stt.events(erasure=erasure)}) == 1, "one event")


def one_is_slow(rig):
    rig.stt.delay = 3  # longer than its timeout
    _, recording = rig.record()
    began = time.monotonic()
    erasure = rig.delete(recording)
    wait_until("crm confirms", lambda: rig.crm.events(erasure=erasure))
    took = time.monotonic() - began
    check(took < 0.9, f"crm waited {took:.2f} s for stt")
    told = rig.is_open_for(erasure, "stt")
    check("timed out" in told["trouble"].lower(), f"{told}")
    began = time.monotonic()
    _, another = rig.record()
    check(time.monotonic() - began < 1.5, "a slow processor delayed a decision")
    other = rig.delete(another)
    rig.stt.delay = 0
    rig.closed(erasure)
    rig.closed(other)


def one_fails(rig):
    rig.stt.answers = [500, 503, 302, 201]
    _, recording = rig.record()
    erasure = rig.delete(recording)
    check("assent:confirmed" in rig.closed(erasure)["stt"], "closed at the fifth attempt")
    told = rig.stt.events(erasure=erasure)
    check(len(told) == 5 and len({event["id"] for event in told}) == 1, f"{told}")
    check(rig.stt.unsigned == [], "a redirect was followed, or something came unsigned")


def one_answers_late(rig):
    rig.stt.usual = 202
    _, recording = rig.record()
    erasure = rig.delete(recording)
    told = rig.is_open_for(erasure, "stt")
    check(told["state"] == "accepted" and "not confirmed" in told["trouble"], f"{told}")
    [event] = rig.stt.events(erasure=erasure)
    event = event["id"]
    consent = next(each["id"] for each in rig.crm.events() if each["kind"] == "consent.granted")
    now = int(time.time())
    for why, status, got in (
            ("another's secret", 401, rig.stt.confirm(rig.engine, event, SECRETS["crm"])),
            ("too old", 401, rig.stt.confirm(rig.engine, event, at=now - 310)),
            ("nobody", 401, rig.stt.confirm(rig.engine, event, name="nobody")),
            ("another's event", 404, rig.stt.confirm(rig.engine, consent)),
            ("no erasure", 409, rig.crm.confirm(rig.engine, consent)),
            ("no id", 422, rig.stt.confirm(rig.engine, "x"))):
        check(got[0] == status, f"{why}: {got}")
    rig.engine.kill()
    rig.engine.start()
    check(rig.is_open_for(erasure, "stt")["state"] == "accepted", "a restart forgot it")
    check(len(rig.stt.events(erasure=erasure)) == 1, "what was accepted was sent again")
    first = rig.stt.confirm(rig.engine, event)
    check(first[0] == 200 and first[1]["state"] == "confirmed" and first[1]["erasure"] == erasure, f"{first}")
    check(rig.stt.confirm(rig.engine, event) == first, "confirmed twice")
    confirmed = rig.closed(erasure)["stt"]["assent:confirmed"]
    check(confirmed == first[1]["at"], f"{confirmed} {first}")
    check(rig.stt.confirm(rig.engine, event) == first, "confirmed after it was closed")
    rig.closed_once(erasure)
    rig.stt.usual = 200


def one_is_given_up(rig):
    rig.reload(attempts=3)
    rig.stt.usual = 500
    _, recording = rig.record()
    erasure = rig.delete(recording)
    wait_until("it is given up", lambda: rig.engine.total("assent_processor_events", processor="stt", state="dead") == 1)
    check(rig.is_open_for(erasure, "stt")["trouble"] == "it answered 500", "why")
    told = rig.engine.command("processors", "--state", rig.engine.state).stdout
    check("given up: stt erasure.recording" in told and "3 attempts: it answered 500" in told, told)
    listed = json.loads(rig.engine.command("processors", "--json", "--state", rig.engine.state).stdout)
    stt = {one["name"]: one for one in listed["processors"]}["stt"]
    check(stt["dead"] == 1 and stt["dead_letters"][0]["erasure"] == erasure and stt["oldest"], f"{stt}")
    check("could not be told" in rig.engine.log(), "the log tells of it")
    rig.stt.usual = 200
    rig.engine.command("processors", "retry", "stt", "--state", rig.engine.state)
    rig.closed(erasure)
    check(rig.engine.total("assent_processor_deliveries_total", processor="stt", result="dead") == 1, "counted")
    rig.reload()


def one_leaves(rig):
    rig.stt.usual = 202
    _, recording = rig.record()
    erasure = rig.delete(recording)
    rig.is_open_for(erasure, "stt")
    rig.reload(only=("crm",))
    check("not in the pipeline file" in rig.is_open_for(erasure, "stt")["trouble"], "why")
    _, after = rig.record()
    check(set(rig.closed(rig.delete(after))) == {"crm"}, "who is none any more was told")
    rig.engine.kill()
    rig.engine.start()
    rig.is_open_for(erasure, "stt")
    rig.engine.command("processors", "waive", "stt", "--state", rig.engine.state, code=2)
    rig.engine.command("processors", "waive", "stt", "--reason", "out of business", "--erasure", erasure,
                       "--state", rig.engine.state)
    told = rig.closed(erasure)["stt"]
    check("assent:waived" in told and told["assent:reason"] == "out of business", f"{told}")
    changes = [entry["body"] for entry in rig.ledger("processor")]
    waived = [body for body in changes if body["change"] == "waived"]
    check(len(waived) == 1 and waived[0]["erasures"] == [erasure] and waived[0]["by"].startswith("token:"), f"{waived}")
    of_stt = [body["change"] for body in changes if body["processor"] == "stt"]
    check(of_stt == ["registered", "removed", "waived"], f"{changes}")
    check(all("secret" not in json.dumps(body) for body in changes), "no secret on the ledger")
    rig.reload()
    event = rig.stt.events(erasure=erasure)[0]["id"]
    late = rig.stt.confirm(rig.engine, event)
    check(late[0] == 200 and late[1]["state"] == "waived", f"a late confirmation: {late}")
    rig.closed_once(erasure)
    rig.stt.usual = 200


def a_person_is_erased(rig):
    for _ in range(3):
        rig.record("person-erased")
    rig.stt.usual = 202
    told = rig.engine.command("erase", "--subject", "person-erased", "--yes", "--state", rig.engine.state, code=1).stdout
    check("not confirmed by stt (accepted since" in told and "stays open" in told, told)
    [event] = [event for event in rig.stt.events(kind="erasure.subject")]
    shown = rig.erasure(event["erasure"])
    check(shown["subject"] == event["subject"], f"{shown} {event}")
    granted = [each for each in rig.crm.events(kind="consent.granted", subject=event["subject"])]
    check(len(granted) == 3, "a processor finds what it has by the subject")
    check(len(rig.crm.events(kind="erasure.participant")) == 0, "parts of it are not told one by one")
    rig.stt.confirm(rig.engine, event["id"])
    check(set(rig.closed(event["erasure"])) == {"crm", "stt"}, "both on the receipt")
    rig.stt.usual = 200


def a_withdrawal_erases(rig):
    rig.engine.stop()
    rig.engine.configure(on_withdraw="erase")
    rig.engine.start()
    call = rig.engine.create_call(("customer",))
    rig.engine.decide(call, "customer", "granted", purposes=["quality"])
    sender = harness.Sender(call["legs"][0])
    for _ in harness.paced(0.1):
        sender.send(b"\x21" * 160)
    rig.stt.close()
    began = time.monotonic()
    rig.engine.decide(call, "customer", "withdrawn")
    check(time.monotonic() - began < 3, "the withdrawal waited for a processor")
    rig.engine.end(call)
    rig.stt.open()
    wait_until("stt hears", lambda: rig.stt.events(kind="erasure.participant"))
    [told] = rig.stt.events(kind="erasure.participant")
    check(told["call"] == call["id"] and told["leg"] == call["legs"][0]["id"] and "participant" in told, f"{told}")
    kinds = [event["kind"] for event in rig.crm.events(call=call["id"])]
    check(kinds == ["consent.granted", "consent.withdrawn", "erasure.participant"], f"in order: {kinds}")
    check(set(rig.closed(told["erasure"])) == {"crm", "stt"}, "both on the receipt")
    rig.engine.stop()
    rig.engine.configure(on_withdraw="keep")
    rig.engine.start()


def the_secret_changes(rig):
    rig.write_secret("stt.secret", NEXT)
    rig.write_secret("stt.secret.old", SECRETS["stt"])
    rig.reload(only=("stt",), more='previous_secret_file = "stt.secret.old"')
    for secret in (SECRETS["stt"], NEXT):
        rig.stt.secrets = [secret]
        rig.closed(rig.delete(rig.record()[1]))
    rig.write_secret("stt.secret.old", "0" * 32)
    rig.reload()
    rig.stt.secrets = [NEXT]
    rig.closed(rig.delete(rig.record()[1]))
    check(rig.stt.unsigned == [], f"{rig.stt.unsigned}")


def killed_at_any_moment(rig):
    chance = random.Random(SEED)
    erasures = {}
    for _ in range(KILLS):
        recordings = [rig.record()[1] for _ in range(2)]
        rig.crm.answers = [chance.choice((200, 202, 500)) for _ in range(2)]
        rig.stt.delay = chance.choice((0, 0.05))

        def erase(recording):
            try:
                status, text = rig.engine.raw("DELETE", f"/v1/recordings/{recording}")
                if status in (200, 202):
                    erasures[recording] = json.loads(text)["id"]
            except (OSError, http.client.HTTPException):
                pass  # it died
        threads = [threading.Thread(target=erase, args=(recording,)) for recording in recordings]
        for thread in threads:
            thread.start()
        time.sleep(chance.uniform(0, 0.25))
        rig.engine.kill()
        for thread in threads:
            thread.join()
        rig.engine.start()
        for recording in recordings:  # whatever became of it
            status, text = rig.engine.raw("DELETE", f"/v1/recordings/{recording}")
            if status in (200, 202):
                erasures[recording] = json.loads(text)["id"]
    rig.crm.answers, rig.stt.delay = [], 0
    confirmed = set()

    def all_closed():
        for event, status in list(rig.crm.heard):
            if status == 202 and event["kind"].startswith("erasure.") and event["id"] not in confirmed:
                check(rig.crm.confirm(rig.engine, event["id"])[0] == 200, "a confirmation")
                confirmed.add(event["id"])
        return all(rig.erasure(erasure)["state"] == "done" for erasure in erasures.values())
    wait_until("all are closed", all_closed, 60)
    rig.closed_once(*erasures.values())
    for erasure in erasures.values():
        receipt = rig.erasure(erasure)["receipt"]["receipt"]["assent:processors"]
        check({one["assent:name"] for one in receipt} == {"crm", "stt"}, f"{receipt}")
        for one in (rig.crm, rig.stt):
            check(len({event["id"] for event in one.events(erasure=erasure)}) == 1, "one event for each erasure")
    print(f"{KILLS} kills, {len(erasures)} erasures, {len(rig.crm.events()) + len(rig.stt.events())} deliveries")


def test(folder):
    rig = Rig(folder)
    for step in (consents_are_told, all_are_up, one_is_down, one_is_slow, one_fails, one_answers_late, one_is_given_up,
                 one_leaves, a_person_is_erased, a_withdrawal_erases, the_secret_changes, killed_at_any_moment):
        began = time.monotonic()
        step(rig)
        print(f"{step.__name__}: {time.monotonic() - began:.1f} s", flush=True)
    for one in (rig.crm, rig.stt):
        check(one.unsigned == [], f"{one.name} was sent what it could not verify: {one.unsigned[:1]}")
    rig.engine.command("ledger", "verify", "--state", rig.engine.state)
    rig.engine.stop()
    for secret in [*SECRETS.values(), NEXT]:
        check(secret not in rig.engine.log(), "a secret stands in the log")


harness.run(test)

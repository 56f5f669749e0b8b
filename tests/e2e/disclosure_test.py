#!/usr/bin/env python3
"""All that is stored of a person, given to them: everything that was written of them is found in the archive, nothing that
the other said or is called; downloads that are cut off, an engine that is killed, an age key, an erasure.
"""
import hashlib
import html.parser
import io
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import threading
import time
import zipfile

import harness
from harness import check
from vcon_check import audio_of, check_vcon

PERSON, NAME, NUMBER, REF = "person-Marker-5b1f", "Ada <Marker> & Co", "+49 30 5550123", "participant-marker-7"
OTHER, OTHER_NAME, OTHER_NUMBER = "other-Hidden-99", "Hidden Name 42", "+49 89 7770000"
FORM, OTHER_FORM = "form <b>12</b>", "form thirteen hidden"
NOTE, EVIDENCE, CALL_REF = "noted: <b>marker</b> & \"more\"", "drawer marker 12", "call-ref-marker-"
ANSWER, SPEECH, OTHERS = 0x10, 0x20, 0x35  # what each says, as a byte of mu-law
EVIDENCE_PURPOSE, HOLD = "consent-evidence", "case 2026-7"
MORE = f"""
[[purposes]]
id = "{EVIDENCE_PURPOSE}"
description = "Proving that you agreed"
[[purposes]]
id = "disclosure"
description = "Being given to who took part"
""" + harness.CONTROLLER


def begin_call(engine, policy, number):
    body = engine.call_body(("customer", "agent"), policy=policy, ref=f"{CALL_REF}{number}")
    for participant, person in zip(body["participants"], (PERSON, OTHER)):
        participant["subject"] = person
    body["participants"][0].update(ref=REF, name=NAME, address=NUMBER)
    body["participants"][1].update(ref="other-ref-hidden", name=OTHER_NAME, address=OTHER_NUMBER)
    body["legs"][0]["participant"], body["legs"][1]["participant"] = REF, "other-ref-hidden"
    return engine.ask("POST", "/v1/calls", body)


def talk(engine, call, seconds=3, purposes=("quality", EVIDENCE_PURPOSE)):
    """Both talk; each says yes in the middle, the person to the evidence of it, too."""
    customer, agent = [harness.Sender(leg) for leg in call["legs"]]
    for i in harness.paced(2):
        customer.send(bytes([ANSWER] * 160))
        agent.send(bytes([OTHERS] * 160))
    engine.decide(call, "other-ref-hidden", "granted", purposes=list(purposes), signal={"type": "web", "value": OTHER_FORM})
    engine.decide(call, REF, "granted", purposes=["quality", EVIDENCE_PURPOSE], signal={"type": "web", "value": FORM})
    for i in harness.paced(seconds):
        customer.send(bytes([SPEECH] * 160))
        agent.send(bytes([OTHERS] * 160))
    return engine.end(call)["recording"]


def token(engine, role):
    return engine.ask("POST", "/v1/tokens", {"id": f"the-{role}", "role": role})["token"]


def write_everything(engine):
    """A person into every table and file there is; the recordings."""
    engine.ask("POST", f"/v1/subjects/{PERSON}/standing-consents", {"purposes": ["training"], "evidence": EVIDENCE})
    recordings = {}
    for number, policy in enumerate(("per-party", "all-party", "per-party")):
        call = begin_call(engine, policy, number)
        recordings[policy if number < 2 else "erased"] = (talk(engine, call), call["id"])
        engine.ask("POST", f"/v1/calls/{call['id']}/notes", {"text": NOTE})
    supervisor = token(engine, "supervisor")
    first = recordings["per-party"][0]
    status, _ = engine.raw("GET", f"/v1/recordings/{first}/audio?purpose=quality&format=wav&legs=customer", token=supervisor)
    check(status == 200, f"a supervisor hears: {status}")
    status, _ = engine.raw("GET", f"/v1/recordings/{first}/audio?purpose=disclosure&format=wav", token=supervisor)
    check(status == 403, f"a supervisor hears for what nobody agreed to: {status}")
    engine.keys(first)
    engine.ask("DELETE", f"/v1/recordings/{recordings['erased'][0]}")
    # Withdrawn: it is given all the same.
    engine.command("withdraw", "--subject", PERSON, "--purpose", "quality", "--state", engine.state)
    return recordings


def disclose(engine, file, *more, code=0):
    done = engine.command("disclose", PERSON, "--output", file, "--json", "--state", engine.state, *more, code=code)
    return json.loads(done.stdout) if code == 0 else done


class Nesting(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.sources, self.text, self.tags = [], [], "", set()

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        self.sources += [value for name, value in attributes if name in ("src", "href")]
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag):
        check(self.open and self.open[-1] == tag, f"</{tag}> closes {self.open[-3:]}")
        self.open.pop()

    def handle_data(self, data):
        self.text += data


def seconds_of(wav, byte):
    return wav.legs[0].count(harness.ULAW[byte]) / 8000


def check_archive(data, recordings):
    archive = zipfile.ZipFile(io.BytesIO(data))
    check(archive.testzip() is None, "a damaged archive")
    files = {name: archive.read(name) for name in archive.namelist()}
    manifest = {one["file"]: one for one in json.loads(files["manifest.json"])["files"]}
    check(set(manifest) == set(files) - {"manifest.json"}, f"the manifest lists {set(manifest) ^ set(files)}")
    for name, one in manifest.items():
        check(one["sha256"] == hashlib.sha256(files[name]).hexdigest() and one["bytes"] == len(files[name]), f"{name}: the manifest")

    # All that was written of the person is there; and nothing that the other is called.
    person, page = files["person.json"].decode(), files["index.html"].decode()
    as_json = {"name": NAME, "number": NUMBER, "reference": PERSON, "their ref": REF, "a call's ref": CALL_REF + "1", "note": NOTE,
               "evidence": EVIDENCE, "form": FORM}
    for what, text in as_json.items():
        check(json.dumps(text)[1:-1] in person, f"person.json has no {what}")
    parsed = Nesting()
    parsed.feed(page)
    check(not parsed.open and "script" not in parsed.tags and "b" not in parsed.tags, f"the page: {parsed.open} {parsed.tags}")
    check(all(source in files for source in parsed.sources), f"the page leads to {parsed.sources}")
    for what, text in as_json.items():
        check(text in parsed.text, f"the page has no {what}")
    check("the-supervisor" in parsed.text and "refused" in parsed.text and "keys given away" in parsed.text, "the page tells no accesses")
    for name, content in files.items():
        for text in (OTHER, OTHER_NAME, OTHER_NUMBER, OTHER_FORM, "other-ref-hidden"):
            check(text.encode() not in content, f"{name} has the other's {text}")

    told = json.loads(person)
    check(len(told["calls"]) == 3 and told["consents_on_file"][0]["evidence"] == EVIDENCE, f"{told['consents_on_file']}")
    kinds = {record["kind"] for record in told["ledger"]}
    check({"consent", "access", "refusal", "export_keys", "note", "standing_consent", "erasure_step", "disclosure"} <= kinds, f"{kinds}")

    held = [call["id"] for call in told["calls"] if [hold["reason"] for hold in call["legal_holds"]] == [HOLD]]
    check(held == [recordings["all-party"][1]] and HOLD in parsed.text, f"held: {held}")
    wavs = 0
    for policy, (_, call) in recordings.items():
        vcon = json.loads(files[f"calls/{call}/vcon.json"])
        check_vcon(vcon)
        check(set(vcon["parties"][1]) == {"type", "role"}, f"the other is {vcon['parties'][1]}")
        purposes = {one["purpose"] for one in vcon["attachments"]}
        of_call = next(one for one in told["calls"] if one["id"] == call)
        check(all(one["jws"].count(".") == 2 for one in of_call["receipts"]) and of_call["receipts"], "signed receipts")
        of_leg = [name for name in files if name.startswith(f"calls/{call}/") and name.endswith(".wav")]
        if policy == "erased":
            check(of_leg == [] and "not there any more" in purposes, f"erased: {of_leg} {purposes}")
            gone = next(one["body"][0] for one in vcon["attachments"] if one["purpose"] == "not there any more")
            check(gone["what"] == "recording" and gone["at"] and "was erased" in parsed.text, f"{gone}")
            continue
        check(vcon["parties"][0]["name"] == NAME and vcon["parties"][0]["tel"] == NUMBER, f"{vcon['parties']}")
        check({"consent", "consent receipts", "note", "call metrics", "recipients"} <= purposes, f"{purposes}")
        decided = next(one for one in vcon["attachments"] if one["purpose"] == "consent")
        states = {one["purpose"]: one["status"] for one in decided["consents"]}
        check(states["quality"] == "revoked" and states[EVIDENCE_PURPOSE] == "granted", f"{states}")
        check(len(of_leg) == 1 and len(vcon["dialog"]) == 2, f"{of_leg}")
        wavs += 1
        wav = harness.Wav(files[of_leg[0]])
        check(seconds_of(wav, SPEECH) >= 2.9, f"{seconds_of(wav, SPEECH)} s of what was said")
        check(seconds_of(wav, ANSWER) >= 1, f"{seconds_of(wav, ANSWER)} s of the spoken answer")
        check(seconds_of(wav, OTHERS) == 0, "what the other said")
        length = len(wav.legs[0]) / wav.rate
        check(4 <= length <= 5.5 and abs(length - vcon["dialog"][1]["duration"]) < 0.1, f"{length} s, {vcon['dialog'][1]['duration']}")
        ogg = audio_of(vcon["dialog"][1])
        check(ogg[:4] == b"OggS" and b"OpusHead" in ogg[:64], "the vCon's audio is no Ogg Opus")
    check(wavs == 2, f"{wavs} WAV files")
    return files


def read_tree(folder):
    for parent, _, names in os.walk(folder):
        for name in names:
            with open(os.path.join(parent, name), "rb") as file:
                yield os.path.join(parent, name), file.read()


def steps(engine, export):
    """What is on record of an export."""
    rows, after = [], 0
    while True:
        page = engine.ask("GET", f"/v1/ledger?after={after}&limit=100")["entries"]
        rows += [row["body"] for row in page if row["kind"] == "disclosure" and row["body"]["export"] == export]
        if len(page) < 100:
            return rows
        after = page[-1]["seq"]


class CuttingProxy(threading.Thread):
    """Between a client and the engine: the first reply longer than `limit` is cut there, or stands still; later ones pass."""

    def __init__(self, api, limit, then):
        super().__init__(daemon=True)
        host, port = api.rsplit(":", 1)
        self.to, self.limit, self.then, self.cut = (host, int(port)), limit, then, threading.Event()
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.api = "127.0.0.1:%d" % self.listening.getsockname()[1]
        self.start()

    def run(self):
        while True:
            client, _ = self.listening.accept()
            threading.Thread(target=self.pass_on, args=(client,), daemon=True).start()

    def pass_on(self, client):
        engine = socket.create_connection(self.to)

        def requests():
            try:
                while data := client.recv(65536):
                    engine.sendall(data)
            except OSError:
                pass
        threading.Thread(target=requests, daemon=True).start()
        passed = 0
        try:
            while data := engine.recv(16384):
                passed += len(data)
                if passed > self.limit and not self.cut.is_set():
                    self.cut.set()
                    if self.then == "stand still":
                        time.sleep(60)
                    break
                client.sendall(data)
        except OSError:
            pass
        for end in (client, engine):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            end.close()


def everything(folder, engine, recordings):
    file = os.path.join(folder, "given.zip")
    hold = engine.ask("POST", "/v1/holds", {"on": "call", "id": recordings["all-party"][1], "reason": HOLD})["id"]
    job = disclose(engine, file, "--keep")
    engine.ask("DELETE", f"/v1/holds/{hold}?reason=over")
    with open(file, "rb") as given:
        data = given.read()
    check(job["sha256"] == hashlib.sha256(data).hexdigest() and job["bytes"] == len(data) and job["calls"] == 3, f"{job}")
    check(os.stat(file).st_mode & 0o777 == 0o600 and not os.path.exists(file + ".part"), "the file's mode")
    files = check_archive(data, recordings)
    exports = os.path.join(engine.state, "exports")
    held = list(read_tree(exports))
    check(len(held) == 2 and any(len(content) > len(data) for _, content in held), f"{[name for name, _ in held]}")
    for name, content in held:
        for marker in (PERSON, NAME, NUMBER, NOTE, EVIDENCE, "RIFF", "OggS", "README", "PK\x03\x04", "index.html"):
            check(marker.encode() not in content, f"{marker} lies in {name}")
    check([one["step"] for one in steps(engine, job["id"])] == ["requested", "ready", "downloaded"], f"{steps(engine, job['id'])}")
    engine.ask("DELETE", f"/v1/exports/{job['id']}")
    check(list(read_tree(exports)) == [], "what was deleted lies there")
    print(f"everything: {len(files)} files, {len(data)} bytes")
    return data


def agreed_by_the_other(folder, engine):
    """Whoever agrees to be disclosed is heard in it, and still not named; what is taken back is not there any more."""
    call = begin_call(engine, "per-party", "agreed")
    talk(engine, call, purposes=("quality", EVIDENCE_PURPOSE, "disclosure"))
    file = os.path.join(folder, "agreed.zip")
    job = disclose(engine, file, "--keep")
    archive = zipfile.ZipFile(file)
    wavs = [harness.Wav(archive.read(name)) for name in archive.namelist() if call["id"] in name and name.endswith(".wav")]
    heard = sorted((seconds_of(wav, OTHERS), seconds_of(wav, SPEECH)) for wav in wavs)
    check(len(heard) == 2 and heard[0][0] == 0 and heard[0][1] >= 2.9, f"{heard}")
    # From the yes on, with the moments around it; not the other's spoken answer of before.
    check(2.9 <= heard[1][0] <= 3.9 and heard[1][1] == 0, f"{heard}")
    vcon = json.loads(archive.read(f"calls/{call['id']}/vcon.json"))
    check_vcon(vcon)
    check(sorted(one["parties"] for one in vcon["dialog"][1:]) == [0, 1], "whose the recordings are")
    check(all(OTHER_NAME.encode() not in archive.read(name) for name in archive.namelist()), "the other is named")
    engine.decide(call, "other-ref-hidden", "withdrawn", purposes=["disclosure"])
    status, _ = engine.raw("GET", f"/v1/exports/{job['id']}/archive")
    check(status in (404, 409), f"what was taken back is given: {status}")
    harness.wait_until("its file is gone", lambda: os.listdir(os.path.join(engine.state, "exports")) == [job["id"] + ".json"])
    engine.ask("DELETE", f"/v1/exports/{job['id']}")
    print(f"agreed by the other: {heard}")


def cut_off(folder, engine):
    file = os.path.join(folder, "cut.zip")
    proxy = CuttingProxy(engine.api, 60000, "cut")
    job = disclose(engine, file, "--api", proxy.api, "--token", engine.token, "--keep")
    check(proxy.cut.is_set(), "nothing was cut")
    parts = [one["what"] for one in steps(engine, job["id"]) if one["step"] == "downloaded"]
    check(len(parts) == 2 and parts[0].startswith("bytes 0-") and not parts[1].startswith("bytes 0-"), f"{parts}")
    with open(file, "rb") as given:
        check(hashlib.sha256(given.read()).hexdigest() == job["sha256"], "what was gone on with is not the archive")
    engine.ask("DELETE", f"/v1/exports/{job['id']}")

    # Killed while it downloads, and asked again: the same export, from where it stopped.
    file = os.path.join(folder, "killed.zip")
    proxy = CuttingProxy(engine.api, 60000, "stand still")
    command = subprocess.Popen([engine.program, "disclose", PERSON, "--output", file, "--api", proxy.api, "--token", engine.token],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    check(proxy.cut.wait(60), "the download does not begin")
    harness.wait_until("some of it is there", lambda: os.path.exists(file + ".part") and os.path.getsize(file + ".part") > 0)
    command.kill()
    command.wait()
    there = os.path.getsize(file + ".part")
    check(there > 0, "nothing is there of the download")
    before = len(os.listdir(os.path.join(engine.state, "exports")))
    job = disclose(engine, file)
    parts = [one["what"] for one in steps(engine, job["id"]) if one["step"] == "downloaded"]
    check(len(parts) == 2 and parts[1].startswith(f"bytes {there}-"), f"{there}: {parts}")
    check(zipfile.ZipFile(file).testzip() is None and before == 2, "the archive")
    check(os.listdir(os.path.join(engine.state, "exports")) == [], "the export stays")
    print(f"cut off: {parts}")


def killed(folder, engine):
    """SIGKILL while it is made, and once more while it is begun anew."""
    job = engine.ask("POST", f"/v1/subjects/{PERSON}/export")
    for _ in range(2):
        shown = harness.wait_until("calls are gathered", lambda: (
            lambda one: one if one["calls_done"] >= 1 or one["state"] != "running" else None)(
                engine.ask("GET", f"/v1/exports/{job['id']}")))
        print(f"killed: {shown['calls_done']} of {shown['calls']} calls, {shown['state']}")
        check(shown["state"] == "running", "the job was over before the engine could be killed")
        engine.kill()
        engine.start()
    ready = harness.wait_until("the export is ready", lambda: (
        lambda one: one if one["state"] == "ready" else None)(engine.ask("GET", f"/v1/exports/{job['id']}")), 120)
    status, data = engine.raw("GET", f"/v1/exports/{job['id']}/archive")
    check(status == 200 and hashlib.sha256(data).hexdigest() == ready["sha256"], f"{status}")
    check(zipfile.ZipFile(io.BytesIO(data)).testzip() is None, "the archive after a crash")
    check(sorted(name.split(".")[1] for name in os.listdir(os.path.join(engine.state, "exports"))) == ["json", "sealed"], "leftovers")
    engine.ask("DELETE", f"/v1/exports/{job['id']}")


def encrypted(folder, engine):
    if shutil.which("age") is None:
        print("skipped: the package age is not installed")
        return
    identity = os.path.join(folder, "age.key")
    subprocess.run(["age-keygen", "-o", identity], check=True, capture_output=True)
    recipient = subprocess.run(["age-keygen", "-y", identity], check=True, capture_output=True, text=True).stdout.strip()
    file, opened = os.path.join(folder, "given.age"), os.path.join(folder, "opened.zip")
    job = disclose(engine, file, "--recipient", recipient)
    check(job["recipient"]["key"] == recipient, f"{job}")
    fingerprints = {one.get("recipient") for one in steps(engine, job["id"])}
    check(fingerprints == {job["recipient"]["sha256"]}, f"the ledger names {fingerprints}")
    with open(file, "rb") as given:
        check(given.read(21) == b"age-encryption.org/v1", "no age file")
    subprocess.run(["age", "-d", "-i", identity, "-o", opened, file], check=True)
    names = zipfile.ZipFile(opened).namelist()
    check(zipfile.ZipFile(opened).testzip() is None and "index.html" in names, f"{names}")
    other = "p" if recipient.endswith("q") else "q"  # one in 32 keys ends with q itself
    refused = disclose(engine, os.path.join(folder, "no.age"), "--recipient", recipient[:-1] + other, code=None)
    check(refused.returncode != 0 and "checksum" in refused.stderr, f"{refused.stderr}")
    print(f"encrypted: {os.path.getsize(file)} bytes, opened by age: {os.path.getsize(opened)}")


def export_keys(engine):
    with sqlite3.connect(f"file:{engine.state}/catalog.db?mode=ro", uri=True) as catalog:
        return catalog.execute("SELECT count(*) FROM keys WHERE kind = 9").fetchone()[0]


def erased(folder, engine):
    job = disclose(engine, os.path.join(folder, "last.zip"), "--keep")
    check(export_keys(engine) == 1, f"{export_keys(engine)} keys of exports")
    engine.command("erase", "--subject", PERSON, "--yes", "--state", engine.state)
    status, _ = engine.raw("GET", f"/v1/exports/{job['id']}/archive")
    check(status == 404, f"the export after the person's erasure: {status}")
    check(os.listdir(os.path.join(engine.state, "exports")) == [] and export_keys(engine) == 0, "the export outlives the person")
    refused = disclose(engine, os.path.join(folder, "none.zip"), code=None)
    check(refused.returncode != 0 and "nobody" in refused.stderr, f"{refused.stderr}")


def test(folder):
    engine = harness.Engine(folder, preroll="none", calls=60, sealed_pages=4096, consent='evidence = "2s"', more=MORE).start()
    recordings = write_everything(engine)
    for role in ("agent", "supervisor"):
        secret = engine.ask("POST", "/v1/tokens", {"id": f"x-{role}", "role": role})["token"]
        status, _ = engine.raw("POST", f"/v1/subjects/{PERSON}/export", {}, token=secret)
        check(status == 403, f"{role} may disclose: {status}")
    everything(folder, engine, recordings)
    agreed_by_the_other(folder, engine)
    cut_off(folder, engine)
    encrypted(folder, engine)
    # Enough calls that it takes a while.
    calls = [begin_call(engine, "per-party", f"k{i}") for i in range(30)]
    threads = [threading.Thread(target=talk, args=(engine, call, 6)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    killed(folder, engine)
    erased(folder, engine)
    engine.command("ledger", "verify", "--state", engine.state)
    engine.stop()
    engine.command("verify", "--state", engine.state)


harness.run(test)

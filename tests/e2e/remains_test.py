#!/usr/bin/env python3
"""What remains of what was erased: nothing, in any file of the state folder and in the raw image of the file system below it.

One engine on a file system of the test's own; every kind of erasure in turn. Before each, what must go is read from where it
lies: wrapped keys and sealed fields from the catalog, pieces of ciphertext from every stored segment and from the journal; and
the scan has to find it. When the erasure says that it is done (nothing else is synced) the scan must not, neither in a file
nor in blocks that a file has given back; what is others' must be where it was, and play as before. Names, numbers, references
and notes are in no form anywhere from the beginning.
"""
import base64
import os
import random
import shutil
import sqlite3
import struct
import urllib.parse

import harness
from harness import check
from volume import Volume, holders

PAGE = 4096
MAGIC = b"asjrnl01"
SECONDS = 3.0
STEM = "Zyx" + os.urandom(6).hex() + "Qv"  # in everything that says who somebody is
CODEC = {"name": "L16", "payload_type": 96, "clock_rate": 48000}


def forms(text):
    """Every form in which a text may lie: as it is, in UTF-16, in hexadecimal, in base64 at each of the three places."""
    raw = text.encode()
    found = {"UTF-8": raw, "UTF-16LE": text.encode("utf-16-le"), "UTF-16BE": text.encode("utf-16-be"),
             "hex": raw.hex().encode(), "HEX": raw.hex().upper().encode()}
    for shift in range(3):
        encoded = base64.b64encode(b"\0" * shift + raw)
        found[f"base64 + {shift}"] = encoded[4 if shift else 0:len(encoded) - 4]
    return {f"{text} in {name}": form for name, form in found.items()}


CLEAR = forms(STEM)


def check_forms():
    """Each form is found in what others would write."""
    raw = STEM.encode()
    for before in (b"", b"a", b"ab"):
        for text in (raw, STEM.encode("utf-16-le"), STEM.encode("utf-16-be"), raw.hex().encode(), raw.hex().upper().encode(),
                     base64.b64encode(before + raw + b" and more")):
            check(any(form in b"before " + before + text for form in CLEAR.values()), f"{text} is not found")


class Catalog:
    """What the catalog holds now; nothing is left open, which would keep the log from being emptied."""

    def __init__(self, engine):
        catalog = sqlite3.connect(f"file:{engine.state}/catalog.db?mode=ro", uri=True)
        self.keys = dict(catalog.execute("SELECT hex(k.id), s.body FROM keys k JOIN sealed s ON s.n = k.sealed"))
        self.sealed = {n: body for n, body in catalog.execute("SELECT n, body FROM sealed") if any(body)}
        catalog.close()

    def gone_in(self, later):
        """Wrapped keys and sealed fields that a later state does not have any more."""
        left = set(later.sealed.values())
        return {f"sealed row {n}": bytes(body) for n, body in self.sealed.items() if body not in left}


def pieces(content, name):
    """The first, middle and last 32 bytes, and 32 bytes from within each frame in between."""
    at = {0, len(content) // 2, len(content) - 32} | {page + 2000 for page in range(PAGE, len(content) - PAGE, 8 * PAGE)}
    found = {f"{name} at {place}": content[place:place + 32] for place in at}
    check(all(len(set(piece)) > 12 for piece in found.values()), f"what is looked for of {name} is in every file")
    return found


def pieces_of_objects(engine, call, leg=""):
    found = {}
    for path in engine.segment_files(call["id"]):
        if leg in path:
            with open(path, "rb") as file:
                found.update(pieces(file.read(), os.path.basename(path)))
    check(found, "nothing of the call is stored")
    return found


def journal_pages(engine, *legs):
    """Of every page in the journal that is of one of these legs: 32 bytes. By what the index pages say (journal_format.h), and by
    a segment's header, which names the leg."""
    pages, theirs = {}, set()
    folder = os.path.join(engine.state, "journal")
    for name in sorted(os.listdir(folder)):
        with open(os.path.join(folder, name), "rb") as file:
            content = file.read()
        at = 0
        while content[at:at + 8] == MAGIC:
            count, = struct.unpack(">I", content[at + 20:at + 24])
            for i in range(1, count + 1):
                segment = content[at + 24 * i:at + 24 * i + 16]
                page = content[at + PAGE * i:at + PAGE * (i + 1)]
                is_header = any(leg.encode() in page for leg in legs)
                pages.setdefault(segment, {})[f"page {i} from {at} on of {name}"] = page[:32] if is_header else page[2000:2032]
                if is_header:
                    theirs.add(segment)
            at += PAGE * (count + 1)
    return {name: piece for segment in theirs for name, piece in pages[segment].items()}


def call_body(ref, people, policy, tenant=None):
    """Everything in it that says something of somebody has the stem in it."""
    body = {"ref": f"{STEM}-{ref}", "policy": policy, "participants": [], "legs": []}
    for role, person in people.items():
        body["participants"].append({"ref": role, "role": role, "subject": f"{STEM}-{person}", "name": f"{STEM} {person}",
                                     "address": f"tel:+49-{STEM}-{person}"})
        body["legs"].append({"label": f"{STEM}-{role}", "participant": role, "codec": CODEC})
    return {**body, "tenant": tenant} if tenant else body


class Calls:
    """Calls that are recorded at once, to be erased one after the other."""

    def __init__(self, engine, specs):
        self.engine, self.calls, self.senders = engine, {}, {}
        chosen = random.Random(1)
        for ref, spec in specs.items():
            call = engine.ask("POST", "/v1/calls", call_body(ref, *spec))
            for participant in call["participants"]:
                engine.decide(call, participant["ref"], "granted", purposes=["quality"],
                              signal={"type": "web", "value": f"form of {STEM}"})
            engine.ask("POST", f"/v1/calls/{call['id']}/notes", {"text": f"{STEM} says that {ref} is well"})
            self.calls[ref] = call
            self.senders[ref] = [(harness.Sender(leg, 96, 960), chosen.randbytes(1920)) for leg in call["legs"]]

    def talk(self, seconds, *refs):
        senders = [each for ref in refs or self.calls for each in self.senders[ref]]
        for _ in harness.paced(seconds):
            for sender, payload in senders:
                sender.send(payload)

    def end(self, *refs):
        for ref in refs:
            ended = self.engine.end(self.calls[ref])
            check(ended["recording"], f"{ref}: {ended}")
            self.calls[ref]["recording"] = ended["recording"]

    def leg(self, ref, role):
        """The id of somebody's leg, which stands in the names of its objects."""
        return next(leg["id"] for leg in self.calls[ref]["legs"] if leg["label"].endswith(role))


class Scene:
    """One engine on its volume, and what must be there and not there."""

    def __init__(self, volume, engine):
        self.volume, self.engine = volume, engine
        self.gone = {}  # everything that was erased, by any of the erasures

    def erase(self, what, needles, act, keys, kept=(), found_before=()):
        """`act` erases; then nothing of the needles, nor of what the catalog had and has no more, is anywhere."""
        os.sync()
        before = Catalog(self.engine)
        found = self.volume.find(needles)
        check(len(found) == len(needles), f"{what}: the scan does not find {set(needles) - set(found)}: it would prove nothing")
        sounds = {recording: self.sound(recording, legs) for recording, legs in kept}
        act()
        after = Catalog(self.engine)
        sealed = before.gone_in(after)
        check(len(before.keys.keys() - after.keys.keys()) >= keys, f"{what}: too few keys are destroyed")
        check(len(sealed) >= keys, f"{what}: {len(sealed)} sealed rows are gone")
        gone = {**needles, **sealed, **dict(found_before)}
        self.gone.update({f"{what}: {name}": needle for name, needle in gone.items()})
        check_nothing(self.volume, self.engine, {**gone, **CLEAR}, what)
        for (recording, legs), sound in zip(kept, sounds.values()):
            check(sound == self.sound(recording, legs), f"{what}: what is others' does not play as before")
        print(f"{what}: {len(needles)} pieces and {len(sealed)} sealed rows were there, and are nowhere")

    def sound(self, recording, legs):
        """Without silence before and after it, which is there for the sake of legs that began sooner or ended later."""
        status, body = self.engine.raw("GET", f"/v1/recordings/{recording}/audio?purpose=quality&format=wav{legs}")
        check(status == 200 and len(body) > 48000, f"what is others' is answered with {status}")
        return body[44:].strip(b"\0")

    def until_done(self, erasure):
        def is_done():
            shown = self.engine.ask("GET", f"/v1/erasures/{erasure}")
            return shown["done"] and shown
        return harness.wait_until(f"erasure {erasure} is done", is_done, 60)


def check_nothing(volume, engine, needles, what):
    """In the files first, which tells more."""
    left = holders(engine.folder, needles)
    check(not left, f"{what}: {len(left)} are left in files: {left[:8]}")
    found = volume.find(needles)
    check(not found, f"{what}: {len(found)} of {len(needles)} are left in the image, in no file: {list(found.items())[:8]}")


SPECS = {
    "killed": ({"customer": "killed-c", "agent": "agent"}, "all-party"),
    "live": ({"customer": "live-c", "agent": "agent"}, "per-party"),
    "deleted": ({"customer": "deleted-c", "agent": "agent"}, "all-party"),
    "leg": ({"customer": "leg-c", "agent": "agent"}, "per-party"),
    "whole": ({"customer": "whole-c", "agent": "agent"}, "all-party"),
    "person-1": ({"customer": "person", "agent": "agent"}, "all-party"),
    "person-2": ({"customer": "person", "agent": "agent"}, "per-party"),
    "tenant-1": ({"customer": "tenant-c", "agent": "agent"}, "all-party", "acme"),
    "tenant-2": ({"customer": "tenant-c", "agent": "agent"}, "per-party", "acme"),
    "kept": ({"customer": "kept-c", "agent": "agent"}, "all-party"),
}


def path_of(person):
    return urllib.parse.quote(f"{STEM}-{person}", safe="")


def every_erasure(scene, calls):
    engine, made = scene.engine, calls.calls
    kept = (made["kept"]["recording"], "")
    agents = {ref: (made[ref]["recording"], "&legs=" + urllib.parse.quote(f"{STEM}-agent")) for ref in ("leg", "person-2")}

    def delete(recording):
        check(engine.ask("DELETE", f"/v1/recordings/{recording}")["done"], "a deletion is answered before it is done")

    # In the middle of a call: what is in the journal and nowhere else.
    theirs = harness.wait_until("pages of the live call are in the journal",
                                lambda: journal_pages(engine, calls.leg("live", "customer")))
    scene.erase("a leg withdrawn in a call", theirs, lambda: engine.decide(made["live"], "customer", "withdrawn"), 1, [kept])
    calls.end("live")

    # Of a call in which the engine is killed there is what the journal held, and what the start made of it.
    pages = journal_pages(engine, calls.leg("killed", "customer"), calls.leg("killed", "agent"))
    os.sync()
    check(len(scene.volume.find(pages)) == len(pages) > 10, "the scan does not find the journal's pages: it would prove nothing")
    engine.kill()
    engine.start()
    calls.talk(1, "killed")
    calls.end("killed")
    scene.erase("a recording deleted that was salvaged", pieces_of_objects(engine, made["killed"]),
                lambda: delete(made["killed"]["recording"]), 3, [kept], pages)
    scene.erase("a recording deleted", pieces_of_objects(engine, made["deleted"]),
                lambda: delete(made["deleted"]["recording"]), 3, [kept])

    def withdraw(person):
        reply = engine.ask("POST", f"/v1/subjects/{path_of(person)}/withdraw", {"signal": {"type": "web"}})
        scene.until_done(reply["calls"][0]["erasure"])
    scene.erase("a leg withdrawn after its call", pieces_of_objects(engine, made["leg"], calls.leg("leg", "customer")),
                lambda: withdraw("leg-c"), 1, [kept, agents["leg"]])
    scene.erase("a call withdrawn whole", pieces_of_objects(engine, made["whole"]), lambda: withdraw("whole-c"), 3, [kept])

    engine.ask("POST", f"/v1/subjects/{path_of('person')}/standing-consents",
               {"purposes": ["quality"], "evidence": f"contract of {STEM}, drawer 7"})
    needles = pieces_of_objects(engine, made["person-1"])
    needles.update(pieces_of_objects(engine, made["person-2"], calls.leg("person-2", "customer")))
    scene.erase("a person erased", needles,
                lambda: scene.until_done(engine.ask("POST", f"/v1/subjects/{path_of('person')}/erase")["id"]),
                7, [kept, agents["leg"], agents["person-2"]])

    needles = {**pieces_of_objects(engine, made["tenant-1"]), **pieces_of_objects(engine, made["tenant-2"])}
    scene.erase("a tenant erased", needles, lambda: scene.until_done(engine.ask("DELETE", "/v1/tenants/acme")["id"]),
                10, [kept, agents["leg"], agents["person-2"]])

    with open(os.path.join(engine.state, "root.key"), "rb") as file:
        root = next(line.split()[1][:64] for line in file if line.startswith(b"assent-root-key-1 "))
    scene.erase("the keys replaced", {"the root key": root}, lambda: engine.command("keys", "rotate", "--state", engine.state),
                3, [kept, agents["leg"], agents["person-2"]])


def test(folder):
    if os.geteuid() != 0:
        harness.skip("mounting a file system needs root")
    if shutil.which("mkfs.ext4") is None:
        harness.skip("mkfs.ext4 is not on this machine")
    check_forms()
    volume = Volume(folder)
    try:
        engine = harness.Engine(volume.mount, on_withdraw="erase", journal_file="4MiB", calls=200, hold="5s",
                                backing="locked").start()
        scene = Scene(volume, engine)
        calls = Calls(engine, SPECS)
        calls.talk(SECONDS)
        calls.end(*(ref for ref in SPECS if ref not in ("live", "killed")))
        os.sync()
        check_nothing(volume, engine, CLEAR, "before anything is erased")
        every_erasure(scene, calls)
        engine.stop()
        check_nothing(volume, engine, {**scene.gone, **CLEAR}, "after a stop")
        engine.start()
        scene.sound(calls.calls["kept"]["recording"], "")
        engine.stop()
        engine.command("verify", "--state", engine.state)
        engine.command("ledger", "verify", "--state", engine.state)
    finally:
        for process in harness.Engine.started:
            if process.poll() is None:
                process.kill()
                process.wait()
        volume.unmount()
    found = volume.find({**scene.gone, **CLEAR})
    check(not found, f"unmounted: {len(found)} are left in the image: {list(found.items())[:8]}")
    print(f"{len(scene.gone)} pieces, keys and fields are nowhere in the image")


harness.run(test)

#!/usr/bin/env python3
"""Recordings that end by themselves, and legal holds, by the program: a tenant's own time to the second; a hold that keeps a
recording from its end and from every deletion that is asked for; an erasure that is shown as waiting, survives SIGKILL, and begins
once when the hold is released or its time is over; settings that change at SIGHUP.
"""
import calendar
import json
import os
import signal
import sqlite3
import time

import harness
from harness import check

OWN = """
[retention.tenants.brief]
quality = "{quality}"
[retention.tenants.default]
quality = "keep"
"""


def seconds_of(text):
    whole, fraction = text.rstrip("Z").split(".")
    return calendar.timegm(time.strptime(whole, "%Y-%m-%dT%H:%M:%S")) + float("0." + fraction)


def engine_in(folder, name, quality="3s", **more):
    return harness.Engine(folder, name=name, more=OWN.format(quality=quality), **more)


def shown(engine, recording):
    return engine.ask("GET", f"/v1/recordings/{recording}")


def heard(engine, recording):
    return engine.raw("GET", f"/v1/recordings/{recording}/audio?purpose=quality&format=wav")[0]


def erased(engine, recording):
    return harness.wait_until("it is erased", lambda: shown(engine, recording)["state"] == "erased", 30)


def done(engine, erasure):
    def is_done():
        found = engine.ask("GET", f"/v1/erasures/{erasure}")
        return found if found["state"] == "done" else None
    return harness.wait_until("the erasure is done", is_done, 30)


def place(engine, *on, **more):
    told = engine.command("hold", "place", *on, "--reason", "case 2026-114", "--state", engine.state, "--json", **more)
    return json.loads(told.stdout)


def release(engine, hold):
    engine.command("hold", "release", hold["id"], "--reason", "case closed", "--state", engine.state)


def rows(engine, sql, *arguments):
    with sqlite3.connect(f"file:{engine.state}/catalog.db?mode=ro", uri=True) as catalog:
        return catalog.execute(sql, arguments).fetchall()


def begun_times(engine, erasure):
    """How often an erasure destroyed something, by the ledger."""
    return len([1 for (body,) in rows(engine, "SELECT body FROM ledger WHERE kind = 'erasure_step'")
                if json.loads(body).get("erasure") == erasure and "by" in json.loads(body) and "destroyed" in json.loads(body)])


def by_themselves(folder):
    engine = engine_in(folder, "brief").start()
    kept, _ = engine.record("kept", {"customer": "c1", "agent": "a1"})
    brief, call = engine.record("brief", {"customer": "c2", "agent": "a2"}, tenant="brief")
    held, _ = engine.record("held", {"customer": "c3", "agent": "a3"}, tenant="brief")
    hold = place(engine, "--recording", held)
    view = shown(engine, brief)
    ends = seconds_of(view["expires"])
    check(abs(ends - seconds_of(view["ended"]) - 3) < 0.01, f"{view['ended']} and {view['expires']}")
    check(shown(engine, kept)["expires"] is None, "what is kept has an end")
    check(shown(engine, held)["holds"][0]["id"] == hold["id"], f"{shown(engine, held)['holds']}")
    told = engine.command("recordings", "--state", engine.state).stdout
    check("EXPIRES" in told and view["expires"] in told, told)
    check(view["expires"] in engine.command("show", brief, "--state", engine.state).stdout, "show")

    erased(engine, brief)
    took = time.time() - ends
    check(0 <= took < 4, f"erased {took:.1f} s after its end")
    entries = harness.wait_until("it is done", lambda: rows(engine, "SELECT body FROM ledger WHERE kind = 'erasure_done'"))
    check(engine.segment_files(call) == [], "objects are left")
    check(json.loads(entries[0][0])["by"] == "retention", f"{entries}")
    ends = seconds_of(shown(engine, held)["expires"])
    harness.wait_until("the held one has been due for a second", lambda: time.time() > ends + 1)
    check(shown(engine, held)["state"] == "complete" and heard(engine, held) == 200, "a held recording was touched")
    check(time.time() > seconds_of(shown(engine, held)["expires"]), "the held one is not due yet")
    release(engine, hold)
    erased(engine, held)
    check(shown(engine, kept)["state"] == "complete", "what is kept is gone")

    # Other settings at SIGHUP hold for what is there.
    later, _ = engine.record("later", {"customer": "c4", "agent": "a4"}, tenant="brief", seconds=0.1)
    engine.configure(more=OWN.format(quality="40d"))
    os.kill(engine.pid, signal.SIGHUP)
    harness.wait_until("it is reckoned anew", lambda: seconds_of(shown(engine, later)["expires"]) > time.time() + 1e6, 10)
    engine.configure(more=OWN.format(quality="1s"))
    os.kill(engine.pid, signal.SIGHUP)
    erased(engine, later)
    engine.stop()
    engine.command("verify", "--state", engine.state)
    return took


def asked_for_under_a_hold(folder):
    engine = engine_in(folder, "held", "30d", ports="22000-22999").start()
    first, first_call = engine.record("f", {"customer": "c1", "agent": "a1"})
    second, _ = engine.record("s", {"customer": "c1", "agent": "a2"})
    other, _ = engine.record("o", {"customer": "c9", "agent": "a9"})
    hold = place(engine, "--call", first_call)
    objects = len(engine.segment_files())

    # A recording's deletion, by the command.
    told = engine.command("delete", first, "--yes", "--state", engine.state, code=1)
    check(hold["id"] in told.stderr and "case 2026-114" in told.stderr and "until it is released" in told.stderr, told.stderr)
    # The person's, who is in another call, too: all of it waits.
    status, _, begun, _ = engine.reply("POST", "/v1/subjects/c1/erase")
    check(status == 202 and begun["state"] == "held" and begun["steps"][-1]["step"] == "held", f"{status}: {begun}")
    # And the tenant's.
    status, _, whole, _ = engine.reply("DELETE", "/v1/tenants/default")
    check(status == 202 and whole["state"] == "held", f"{status}: {whole}")
    for recording in (first, second, other):
        check(heard(engine, recording) == 403, "somebody hears what is to be erased")
    check(len(engine.segment_files()) == objects, f"a held object is gone: {engine.segment_files()}")
    listed = json.loads(engine.command("hold", "list", "--json", "--state", engine.state).stdout)["holds"]
    check(len(listed) == 1 and len(listed[0]["waiting"]) == 3 and begun["id"] in listed[0]["waiting"], f"{listed}")
    check("case 2026-114" in engine.command("hold", "list", "--state", engine.state).stdout, "the list")

    # Killed while they wait, and again in the moment of the release.
    engine.kill()
    engine.start()
    check(engine.ask("GET", f"/v1/erasures/{begun['id']}")["state"] == "held", "a restart began it")
    check(len(engine.segment_files()) == objects, "a restart erased what is held")
    engine.command("keys", "rotate", "--state", engine.state)
    release(engine, hold)
    engine.kill()
    engine.start()
    for erasure in (begun["id"], whole["id"], *[one for one in listed[0]["waiting"]]):
        done(engine, erasure)
    check(engine.segment_files() == [], f"{len(engine.segment_files())} objects are left")
    for erasure in listed[0]["waiting"]:
        check(begun_times(engine, erasure) == 1, f"an erasure began {begun_times(engine, erasure)} times")
    finished = [json.loads(body)["erasure"] for (body,) in rows(engine, "SELECT body FROM ledger WHERE kind = 'erasure_done'")]
    check(len(finished) == len(set(finished)), f"an erasure is done twice: {finished}")
    receipt = done(engine, begun["id"])["receipt"]["receipt"]
    check(receipt is not None, "no receipt")
    engine.stop()
    engine.command("verify", "--state", engine.state)
    engine.command("ledger", "verify", "--state", engine.state)


def withdrawn_under_a_hold(folder):
    """on_withdraw = erase: in a live call, and in one that is over; a hold that ends by its time."""
    engine = engine_in(folder, "withdrawn", "30d", ports="24000-24999", on_withdraw="erase").start()
    recording, call = engine.record("w", {"customer": "c1", "agent": "a1"})
    body = engine.call_body(("customer",), policy="per-party", ref="live")
    body["participants"][0]["subject"] = "c7"
    live = engine.ask("POST", "/v1/calls", body)
    engine.decide(live, "customer", "granted", purposes=["quality"])
    until = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 12))
    hold = place(engine, "--account", "default", "--until", until)
    sender = harness.Sender(live["legs"][0])
    for _ in harness.paced(1):
        sender.send(b"\x33" * 160)
    engine.decide(live, "customer", "withdrawn")
    of_live = engine.end(live)["recording"]
    engine.command("withdraw", "--subject", "c1", "--state", engine.state)
    waiting = json.loads(engine.command("hold", "list", "--json", "--state", engine.state).stdout)["holds"][0]["waiting"]
    check(len(waiting) == 2, f"{waiting} wait")
    check(heard(engine, recording) == 403, "a withdrawn call is heard")
    # What a live call has sealed by then is stored in its own time.
    harness.wait_until("what is held is stored", lambda: len(engine.segment_files(live["id"])) == 1)
    check(len(engine.segment_files(call)) == 2, f"a held object is gone: {engine.segment_files()}")
    check(len(rows(engine, "SELECT 1 FROM legs l JOIN keys k ON k.id = l.key")) == 3, "a held key is gone")
    told = engine.command("hold", "place", "--subject", "nobody", "--reason", "c", "--state", engine.state, code=1)
    check("nobody" in told.stderr, told.stderr)
    for erasure in waiting:
        done(engine, erasure)
    check(time.time() >= seconds_of(until.replace("Z", ".0Z")), "it began before the hold's time was over")
    check(engine.segment_files() == [], "objects are left")
    ended = json.loads(engine.command("hold", "list", "--ended", "--json", "--state", engine.state).stdout)["holds"]
    check(ended[0]["id"] == hold["id"] and ended[0]["state"] == "ended" and ended[0]["ended_by"] == "time", f"{ended}")
    check(shown(engine, of_live)["state"] == "erased", "the live call's recording")
    engine.stop()
    engine.command("verify", "--state", engine.state)
    engine.command("ledger", "verify", "--state", engine.state)


def test(folder):
    took = by_themselves(folder)
    asked_for_under_a_hold(folder)
    withdrawn_under_a_hold(folder)
    print(f"erased {took:.1f} s after its end; three erasures waited through two kills and a rotation, and began once")


harness.run(test)

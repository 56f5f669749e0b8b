#!/usr/bin/env python3
"""The ledger from outside: what a call puts on it, verified by us and by others, then damaged in every way a file can be."""
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys

import harness
from harness import check

CHECKER = os.path.join(harness.ROOT, "tests", "ledger", "check_export.py")


def verify(engine, code=0, *more):
    done = engine.command("ledger", "verify", "--state", engine.state, "--json", *more, code=code)
    return json.loads(done.stdout)


def change(engine, *statements):
    """What somebody does who has the file but not the key."""
    database = sqlite3.connect(os.path.join(engine.state, "catalog.db"))
    for trigger in ("ledger_stands", "ledger_stays"):
        database.execute("DROP TRIGGER IF EXISTS " + trigger)
    for statement in statements:
        database.execute(*statement) if isinstance(statement, tuple) else database.execute(statement)
    database.commit()
    database.close()


def row(engine, seq, column):
    database = sqlite3.connect(os.path.join(engine.state, "catalog.db"))
    value = database.execute(f"SELECT {column} FROM ledger WHERE seq = ?", (seq,)).fetchone()[0]
    database.close()
    return value


def refuses_to_start(engine, seq):
    done = subprocess.run([engine.program, "run", engine.pipeline, "--state", engine.state], capture_output=True, text=True,
                          timeout=120)
    check(done.returncode == 1, f"it started on a broken ledger: {done.returncode} {done.stderr}")
    check(f"the ledger breaks at record {seq}:" in done.stderr, f"the refusal does not name record {seq}: {done.stderr}")
    check("Nothing is recorded on a broken ledger" in done.stderr, f"it does not say what to do: {done.stderr}")


def export(engine, name, folder):
    path = os.path.join(folder, name)
    engine.command("ledger", "export", "--state", engine.state, "--out", path)
    return path


def check_export(path, code=0, *more):
    done = subprocess.run([sys.executable, CHECKER, path, *more], capture_output=True, text=True, timeout=120)
    if done.returncode == 77:
        harness.skip(done.stdout.strip())
    check(done.returncode == code, f"the independent check of {path} ended with {done.returncode}: {done.stdout}{done.stderr}")
    return done.stdout


def test(folder):
    engine = harness.Engine(folder).start()
    call = engine.create_call(legs=("customer",), policy="per-party")
    engine.decide(call, "customer", "granted", purposes=["quality"])
    sender = harness.Sender(call["legs"][0])
    for _ in harness.paced(1.0):
        sender.send(b"\xff" * 160)
    engine.end(call)
    engine.decide(engine.create_call(legs=("customer",), policy="per-party"), "customer", "denied")

    # While it runs: by the engine and beside it.
    verdict = engine.ask("GET", "/v1/ledger/verify")
    check(verdict["intact"] and verdict["end"] == "proven" and verdict["records"] >= 4, f"verified: {verdict}")
    beside = verify(engine)
    check(beside["head"] == verdict["head"] and beside["records"] == verdict["records"], f"beside it: {beside}")
    metrics = engine.metrics()
    check(metrics["assent_ledger_records_total"] == verdict["records"], "the metric counts other records")
    engine.stop()

    # Stopped: the stop is signed, and the log said the head.
    with open(engine.log_path, errors="replace") as log:
        noted = re.search(r"the ledger ends at (\d+:[0-9a-f]{64})", log.read()).group(1)
    whole = verify(engine, 0, "--expect-head", noted)
    check(whole["head"] == noted and whole["last_checkpoint"]["seq"] == whole["records"], f"after the stop: {whole}")
    print(engine.command("ledger", "verify", "--state", engine.state).stdout.strip())

    exported = export(engine, "ledger.jsonl", folder)
    said = check_export(exported, 0, "--public-key", whole["public_key"], "--expect-head", noted)
    check(f"{whole['records']} records" in said, f"others count differently: {said}")
    with open(exported, encoding="utf-8") as file:
        lines = file.readlines()
    damaged = os.path.join(folder, "damaged.jsonl")
    consent = next(i for i, line in enumerate(lines) if '"granted"' in line)
    for what, changed in (("a word", [*lines[:consent], lines[consent].replace("granted", "Granted"), *lines[consent + 1:]]),
                          ("a record", lines[:consent] + lines[consent + 1:]), ("the end", lines[:-1]),
                          ("more of the end", lines[:-3] + lines[-1:])):
        with open(damaged, "w", encoding="utf-8") as file:
            file.writelines(changed)
        check("BROKEN" in check_export(damaged, 1), f"{what} is missing, and nobody noticed")

    # One byte of one record.
    kept = os.path.join(folder, "kept")
    shutil.copytree(engine.state, kept)

    def restore():
        shutil.rmtree(engine.state)
        shutil.copytree(kept, engine.state)

    seq = 3
    body = row(engine, seq, "body")
    flipped = body[:-3] + chr(ord(body[-3]) ^ 1) + body[-2:]
    change(engine, ("UPDATE ledger SET body = ? WHERE seq = ?", (flipped, seq)))
    fault = verify(engine, 1)["fault"]
    check(f"at record {seq}:" in fault, f"a flipped byte: {fault}")
    refuses_to_start(engine, seq)
    restore()

    # The end: the last record, the last checkpoint with it, and with a kept head of one's own.
    last = whole["records"]
    change(engine, f"DELETE FROM ledger WHERE seq = {last}")
    check(f"at record {last}:" in verify(engine, 1)["fault"], "a cut of one record")
    refuses_to_start(engine, last)
    restore()
    change(engine, f"DELETE FROM ledger WHERE seq >= {last - 2}",
           f"UPDATE ledger_head SET seq = {last - 3}, hash = (SELECT hash FROM ledger WHERE seq = {last - 3}), checkpoint = 0")
    check("is not authentic" in verify(engine, 1)["fault"], "a forged kept head")
    restore()

    # Another record in its place, chained well: only the key tells.
    change(engine, ("INSERT INTO ledger SELECT ?, at, 'note', NULL, '{}', ? FROM ledger WHERE seq = ?",
                    (last + 1, chained(engine, last), last)))
    fault = verify(engine, 1)["fault"]
    check(f"at record {last + 1}: nobody with the ledger's key wrote it" in fault, f"an added record: {fault}")
    restore()

    # It goes on where it was, with another key; and the whole folder put back as it was is found by what was noted.
    engine.command("ledger", "rotate-key", "--state", engine.state)
    engine.start()
    engine.stop()
    longer = verify(engine, 0, "--expect-head", noted)
    check(longer["records"] > last and longer["public_key"] != whole["public_key"], f"after the rotation: {longer}")
    check_export(export(engine, "longer.jsonl", folder), 0, "--public-key", whole["public_key"], "--expect-head", longer["head"])
    restore()
    check(verify(engine)["intact"], "the old folder is whole by itself")
    fault = verify(engine, 1, "--expect-head", longer["head"])["fault"]
    check(f"at record {last + 1}: it is missing" in fault, f"an old folder: {fault}")


def chained(engine, last):
    """The hash of a note that follows the last record, as anybody can reckon it."""
    import hashlib
    record = {"at_ns": row(engine, last, "at"), "body": {}, "call": None, "kind": "note", "seq": last + 1}
    text = json.dumps(record, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(row(engine, last, "hash") + text.encode()).digest()


harness.run(test)

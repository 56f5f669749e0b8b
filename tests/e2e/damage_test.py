#!/usr/bin/env python3
"""A stored segment, damaged in every way that has a name: `assent verify` says where and what, and it never plays."""
import random
import struct

import harness
from harness import check

PAGE = 4096


def header_size(data):
    """The length of the message header, tag included, from its own fields (AWS Encryption SDK message format v2)."""
    at = 1 + 2 + 32
    at += 2 + struct.unpack(">H", data[at:at + 2])[0]
    keys = struct.unpack(">H", data[at:at + 2])[0]
    at += 2
    for _ in range(keys * 3):
        at += 2 + struct.unpack(">H", data[at:at + 2])[0]
    return at + 1 + 4 + 32 + 16


def flip(data, at):
    damaged = bytearray(data)
    damaged[at] ^= 1 << random.randrange(8)
    return bytes(damaged)


def damages(data):
    """(name, bytes) of each damage."""
    h = header_size(data)
    frame = lambda n: data[h + (n - 1) * PAGE:h + n * PAGE]
    yield "cut in the header", data[:h - 5]
    yield "cut in a frame", data[:h + PAGE + 100]
    yield "cut before the final frame", data[:h + (len(data) - h) // PAGE * PAGE]
    yield "cut by one byte", data[:-1]
    yield "empty", b""
    for name, at in {"version": 0, "suite": 2, "message id": 20, "context length": 36, "context": 60, "key count": None,
                     "commit key": h - 40, "header tag": h - 3, "frame length": h - 16 - 32 - 2,
                     "content type": h - 16 - 32 - 5}.items():
        if at is not None:
            yield "a bit of the " + name, flip(data, at)
    for name, at in {"sequence number": 2, "IV": 10, "ciphertext": 2000, "tag": PAGE - 4}.items():
        yield f"a bit of a frame's {name}", flip(data, h + PAGE + at)
    final = h + (len(data) - h) // PAGE * PAGE
    for name, at in {"mark": 1, "sequence number": 6, "IV": 12, "length": 22, "ciphertext": 40}.items():
        yield f"a bit of the final frame's {name}", flip(data, final + at)
    yield "two frames swapped", data[:h] + frame(2) + frame(1) + data[h + 2 * PAGE:]
    yield "a frame repeated", data[:h + PAGE] + frame(1) + data[h + PAGE:]
    yield "a frame missing", data[:h + PAGE] + data[h + 2 * PAGE:]
    yield "a byte after the end", data + b"\0"
    yield "a frame after the end", data + frame(2)


def test(folder):
    random.seed(1)
    engine = harness.Engine(folder).start()
    call = engine.create_call(policy="per-party")
    engine.decide(call, "customer", "granted")
    sender = harness.Sender(call["legs"][0])
    for i in harness.paced(2):
        sender.send(bytes((i + k) % 256 for k in range(160)))
    recording = engine.end(call)["recording"]
    [path] = engine.segment_files()
    with open(path, "rb") as file:
        whole = file.read()
    engine.command("verify", path, "--state", engine.state)
    audio = f"/v1/recordings/{recording}/audio?purpose=quality&format=wav"
    check(engine.raw("GET", audio)[0] == 200, "the whole one plays")

    number = 0
    for name, damaged in damages(whole):
        with open(path, "wb") as file:
            file.write(damaged)
        said = engine.command("verify", path, "--state", engine.state, code=1)
        text = (said.stdout + said.stderr).strip()
        check("byte" in text or "frame" in text, f"{name}: no place is named: {text}")
        try:
            status, body = engine.raw("GET", audio)
            played = status == 200
        except Exception:
            played = False  # the stream was cut where the damage begins
        check(not played, f"{name}: plays")
        number += 1
        print(f"{name}: {text.splitlines()[0][:150] if text else ''}")
    with open(path, "wb") as file:
        file.write(whole)
    check(engine.raw("GET", audio)[0] == 200, "put right again, it plays")
    print(f"{number} kinds of damage reported, none played")
    engine.stop()


harness.run(test)

#!/usr/bin/env python3
"""A caller without telephone events presses a key: the tones within their audio decide, also while somebody speaks; a call that
names telephone events is not listened to; and the first digit of a call counts, however soon it comes."""
import math
import shutil
import struct
import subprocess

import harness
from harness import check

ROWS = (697, 770, 852, 941)
COLUMNS = (1209, 1336, 1477, 1633)
KEYS = "123A456B789C*0#D"


def tone(key, seconds, level=0.2):
    """A key (ITU-T Q.23) as floats from -1 to 1, at 8000 Hz."""
    row, column = ROWS[KEYS.index(key) // 4], COLUMNS[KEYS.index(key) % 4]
    return [level * (math.sin(2 * math.pi * row * n / 8000) + math.sin(2 * math.pi * column * n / 8000))
            for n in range(int(8000 * seconds))]


def speech(text, peak):
    """What espeak-ng says, at 8000 Hz, with the loudest sample at `peak`."""
    if shutil.which("espeak-ng") is None:
        harness.skip("espeak-ng is needed for speech")
    done = subprocess.run(["espeak-ng", "-v", "en", "--stdout", text], capture_output=True, check=True)
    at = done.stdout.index(b"data") + 8
    rate, = struct.unpack("<I", done.stdout[24:28])
    count = (len(done.stdout) - at) // 2
    samples = struct.unpack(f"<{count}h", done.stdout[at:at + 2 * count])
    out = [samples[min(count - 1, int(n * rate / 8000))] for n in range(int(count * 8000 / rate))]
    loudest = max(map(abs, out))
    return [peak * sample / loudest for sample in out]


def nearest(table):
    """An encoder made from the decoder: the code whose sample is nearest, by the upper bits of the sample."""
    codes = sorted(range(256), key=lambda code: table[code])
    found, out = 0, []
    for value in range(-32768, 32768, 16):
        while found < 255 and abs(table[codes[found + 1]] - value) <= abs(table[codes[found]] - value):
            found += 1
        out.append(codes[found])
    return lambda sample: out[(max(-32768, min(32767, int(sample * 32767))) + 32768) // 16]


CODECS = {
    "PCMU": ({"name": "PCMU", "payload_type": 0, "clock_rate": 8000}, nearest(harness.ULAW)),
    "PCMA": ({"name": "PCMA", "payload_type": 8, "clock_rate": 8000}, nearest(harness.ALAW)),
}


def encode(name, samples):
    if name == "L16":
        return b"".join(struct.pack(">h", max(-32768, min(32767, int(sample * 32767)))) for sample in samples)
    return bytes(map(CODECS[name][1], samples))


def codec_of(name):
    return {"name": "L16", "payload_type": 96, "clock_rate": 8000} if name == "L16" else CODECS[name][0]


def create(engine, codec="PCMU", events=False):
    body = engine.call_body(codec=codec_of(codec), policy="per-party")
    if not events:
        del body["legs"][0]["dtmf_payload_type"]
    return engine.ask("POST", "/v1/calls", body)


def say(sender, codec, samples):
    audio = encode(codec, samples)
    size = 320 if codec == "L16" else 160
    packets = [audio[at:at + size] for at in range(0, len(audio) - size + 1, size)]
    for i in harness.paced(len(packets) * 0.02):
        sender.send(packets[i])


def gate(engine, call):
    return engine.show(call)["legs"][0]["gate"]


def opens(engine, call):
    harness.wait_until("the gate is open", lambda: gate(engine, call) == "open")


def a_key_grants(engine):
    for codec in ("PCMU", "PCMA", "L16"):
        call = create(engine, codec)
        sender = harness.Sender(call["legs"][0], codec_of(codec)["payload_type"])
        say(sender, codec, [0.0] * 4000 + tone("1", 0.1) + [0.0] * 4000)
        opens(engine, call)
        ended = engine.end(call)
        check(ended["recording"], f"{codec}: what was consented to is kept: {ended}")
        sender.close()


def a_key_is_heard_over_speech(engine):
    call = create(engine)
    sender = harness.Sender(call["legs"][0])
    words = speech("Yes, of course, one moment please, I am pressing the key now.", 0.08)
    press = [0.0] * 8000 + tone("1", 0.15) + [0.0] * len(words)
    say(sender, "PCMU", [a + b for a, b in zip(words + [0.0] * len(press), press)][:len(words)])
    opens(engine, call)
    engine.end(call)
    sender.close()


def speech_alone_is_no_key(engine):
    call = create(engine)
    sender = harness.Sender(call["legs"][0])
    say(sender, "PCMU", speech("One. Two. Three. I have not agreed to anything at all, and I will not.", 0.8))
    check(gate(engine, call) == "holding", "speech was taken for a key")
    check(engine.end(call)["recording"] is None, "something was kept")
    sender.close()


def paused_calls_are_not_listened_to(engine):
    call = create(engine)
    sender = harness.Sender(call["legs"][0])
    say(sender, "PCMU", [0.0] * 1600)
    engine.ask("POST", f"/v1/calls/{call['id']}/pause", {"reason": "card"})
    say(sender, "PCMU", tone("1", 0.2) + [0.0] * 1600 + tone("9", 0.2) + [0.0] * 1600)
    states = {each["state"] for each in engine.show(call)["participants"][0]["consents"]}
    check(states == {"pending"}, f"a key was heard while the call was paused: {states}")
    engine.ask("POST", f"/v1/calls/{call['id']}/resume", {"reason": "paid"})
    say(sender, "PCMU", [0.0] * 1600 + tone("1", 0.2) + [0.0] * 1600)
    opens(engine, call)
    engine.end(call)
    sender.close()


def legs_with_events_are_not(engine):
    call = create(engine, events=True)
    sender = harness.Sender(call["legs"][0])
    say(sender, "PCMU", tone("1", 0.2) + [0.0] * 4000)
    check(gate(engine, call) == "holding", "a tone counted on a leg that has telephone events")
    sender.press("1")
    opens(engine, call)
    engine.end(call)
    sender.close()


def the_first_packet_may_be_a_digit(engine):
    """As soon as the caller knows the port, a digit counts: there is no moment in which it would be lost."""
    for _ in range(10):
        call = create(engine, events=True)
        sender = harness.Sender(call["legs"][0])
        sender.press("1")
        opens(engine, call)
        engine.end(call)
        sender.close()


def test(folder):
    engine = harness.Engine(folder, inband_dtmf="auto").start()
    a_key_grants(engine)
    a_key_is_heard_over_speech(engine)
    speech_alone_is_no_key(engine)
    paused_calls_are_not_listened_to(engine)
    legs_with_events_are_not(engine)
    the_first_packet_may_be_a_digit(engine)
    engine.stop()


harness.run(test)

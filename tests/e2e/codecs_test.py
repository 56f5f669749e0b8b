#!/usr/bin/env python3
"""Every codec that is recorded, encoded by others, sent as RTP, and exported: the WAV is what another program makes of the same
payloads with the same decoder, to the sample.

Then one leg whose sender goes from PCMU to G.722 to Opus and back, with a SIGKILL of the engine in between, which has each
stretch at its time in one recording; redundancy (RFC 2198) that makes a leg with lost packets whole; and what is said of a
codec that is not recorded, and of talk that is not measured."""
import json
import math
import os
import struct
import time

import harness
import speech_codecs
from harness import Engine, Sender, check, find_run

SECONDS = 1.6


def recorded(engine, body, talk):
    """A call of one leg that agrees, and whose audio `talk(sender)` sends, which says in how many packets; its recording."""
    call = engine.ask("POST", "/v1/calls", body)
    engine.decide(call, "customer", "granted", purposes=["quality"])
    sender = Sender(call["legs"][0])
    sent = talk(sender)
    sender.close()
    have_come(engine, call, sent)
    return engine.end(call)["recording"]


def have_come(engine, call, packets):
    harness.wait_until(f"{packets} packets have come", lambda: engine.show(call)["legs"][0]["packets"] >= packets)


def check_codec(engine, codec):
    payloads = codec.encode(speech_codecs.chirp(SECONDS, codec.rate))
    wanted = codec.decode(payloads)[:len(payloads) * codec.rate // 50]

    def talk(sender):
        sender.payload_type, sender.ticks = codec.codec["payload_type"], codec.ticks
        for payload, _ in zip(payloads, harness.paced(60, 0.002)):
            sender.send(payload)
        return len(payloads)

    recording = recorded(engine, engine.call_body(codec=codec.codec), talk)
    wav = engine.wav(recording)
    check(wav.rate == codec.rate, f"the WAV has {wav.rate} Hz")
    got = list(wav.legs[0])
    at = find_run(got, wanted)
    check(at >= 0, "what another program makes of the payloads is not in the WAV")
    check(at < codec.rate // 100, f"the WAV begins {at} samples before its audio")

    status, ogg = engine.raw("GET", f"/v1/recordings/{recording}/audio?purpose=quality&format=ogg")
    check(status == 200 and ogg[:4] == b"OggS", f"ogg answered {status}")
    status, mka = engine.raw("GET", f"/v1/recordings/{recording}/audio?purpose=quality&format=mka&legs=customer")
    check(status == 200, f"mka answered {status}")
    for payload in payloads[::10]:
        check(payload in mka, "a payload is not in the Matroska file as it came")
    leg = engine.ask("GET", f"/v1/recordings/{recording}?purpose=quality")["metrics"]["legs"][0]
    check(leg["talk_ms"] is None and leg["quiet_ms"] is None, f"talk was not measured, but is {leg['talk_ms']}")
    check(leg["packets"] == len(payloads) and leg["lost"] == 0, f"{leg['packets']} packets, {leg['lost']} lost")
    name = codec.codec["name"] + (" " + codec.codec["fmtp"] if "fmtp" in codec.codec else "")
    print(f"{name}: {len(payloads)} payloads, {len(wanted)} samples, every one as it should be")


# ---- one leg, several codecs ----

PCMU = {"name": "PCMU", "payload_type": 0, "clock_rate": 8000}


def ulaw(sample):
    """ITU-T G.711, table 2: the code whose sample is nearest."""
    return min(range(256), key=lambda code: abs(harness.ULAW[code] - sample))


def power_at(samples, rate, hertz):
    real = sum(s * math.cos(2 * math.pi * hertz * n / rate) for n, s in enumerate(samples))
    imaginary = sum(s * math.sin(2 * math.pi * hertz * n / rate) for n, s in enumerate(samples))
    return (real * real + imaginary * imaginary) / len(samples) ** 2


def check_switches(engine, folder):
    """0 to 1 s PCMU with 400 Hz, then a second of G.722 with 1000 Hz, of Opus with 1700 Hz, and of PCMU with 650 Hz."""
    codes = {}
    for hertz in (400, 650):
        codes[hertz] = bytes(codes_of(speech_codecs.tone(hertz, 1, 8000)))
    stretches = [
        (400, 0, 160, speech_codecs.cut(codes[400], 160)),
        (1000, 9, 160, speech_codecs.G722().encode(speech_codecs.tone(1000, 1, 16000))),
        (1700, 111, 960, speech_codecs.Opus(folder).encode(speech_codecs.tone(1700, 1, 48000))[:50]),
        (650, 0, 160, speech_codecs.cut(codes[650], 160)),
    ]
    leg = {"label": "customer", "participant": "customer", "dtmf_payload_type": 101, "comfort_noise_payload_type": 13,
           "codecs": [PCMU, speech_codecs.G722.codec, speech_codecs.Opus.codec]}
    call = engine.ask("POST", "/v1/calls", engine.call_body(legs=("customer",)) | {"legs": [leg]})
    engine.decide(call, "customer", "granted", purposes=["quality"])
    sender = Sender(call["legs"][0])

    def send(stretches):
        """50 packets a second, and 50 a stretch."""
        packets = ((payload_type, ticks, payload) for _, payload_type, ticks, payloads in stretches for payload in payloads)
        for (sender.payload_type, sender.ticks, payload), _ in zip(packets, harness.paced(60)):
            sender.send(payload)

    begun = time.monotonic()
    send(stretches[:3])
    shown = engine.show(call)["legs"][0]
    check(shown["codec"].startswith("opus/48000/2"), f"the leg is shown with {shown['codec']}")
    check(shown["level_dbov"] is None, "a level of Opus is shown, which nobody measured")
    killed = time.monotonic() - begun
    engine.kill()
    engine.start()
    last_start = time.monotonic() - begun
    send(stretches[3:])
    have_come(engine, call, 50)
    recording = engine.end(call)["recording"]
    wav = engine.wav(recording)
    check(wav.rate == 48000, f"the WAV has {wav.rate} Hz")
    samples = list(wav.legs[0])
    print(f"killed after {killed:.2f} s, back and going on after {last_start:.2f} s")
    for which, (hertz, *_) in enumerate(stretches):
        start = which if which < 3 else last_start
        # A margin at both ends for what arrival can differ by, and Opus takes to rise; what SIGKILL may lose at the end.
        first, last = start + 0.06, start + (1.0 if which != 2 else 0.4) - 0.06
        for at in (first, (first + last) / 2, last - 0.04):
            window = samples[int(at * 48000):int((at + 0.04) * 48000)]
            powers = {each: power_at(window, 48000, each) for each, *_ in stretches}
            check(max(powers, key=powers.get) == hertz and powers[hertz] > 1e5,
                  f"at {at:.2f} s there is not {hertz} Hz: {powers}")
    silence = samples[int((killed + 0.15) * 48000):int((last_start - 0.1) * 48000)]
    check(all(sample == 0 for sample in silence), "while nothing ran, there is something")
    shown = engine.ask("GET", f"/v1/recordings/{recording}?purpose=quality")
    check(shown["legs"][0]["codec"] == "PCMU/8000, G722/8000, opus/48000/2", f"codecs {shown['legs'][0]['codec']}")


def codes_of(samples):
    nearest = {}
    for sample in samples:
        if sample not in nearest:
            nearest[sample] = ulaw(sample)
    return [nearest[sample] for sample in samples]


# ---- redundancy and comfort noise ----

def check_redundancy(engine):
    """Each packet carries the one before it, too (RFC 2198); every third is lost. Then a second of comfort noise."""
    payloads = speech_codecs.cut(bytes(codes_of(speech_codecs.tone(500, 1, 8000))), 160)
    lost = range(1, len(payloads) - 1, 3)
    body = engine.call_body(codec=PCMU)
    body["legs"][0]["redundancy_payload_type"] = 121

    def talk(sender):
        for (n, payload), _ in zip(enumerate(payloads), harness.paced(60, 0.005)):
            if n == 0:
                packet = sender.packet(payload, 0)
            else:
                head = struct.pack(">IB", 0x80000000 | 160 << 10 | 160, 0)
                packet = sender.packet(head + payloads[n - 1] + payload, 121)
            if n not in lost:
                sender.socket.sendto(packet, sender.to)
            sender.timestamp += 160
        sender.socket.sendto(sender.packet(b"\x3c", 13), sender.to)
        sender.timestamp += 8000
        sender.send(payloads[7])
        return len(payloads) - len(lost) + 2

    recording = recorded(engine, body, talk)
    samples = list(engine.wav(recording).legs[0])
    wanted = [harness.ULAW[code] for payload in payloads for code in payload]
    at = find_run(samples, wanted)
    check(at >= 0, "what was lost is not there again")
    behind = samples[at + len(wanted):]
    check(behind[:8000] == [0] * 8000 and behind[8000:8160] == [harness.ULAW[code] for code in payloads[7]],
          "a second of comfort noise is not a second of silence")
    leg = engine.ask("GET", f"/v1/recordings/{recording}?purpose=quality")["metrics"]["legs"][0]
    check(leg["lost"] == 0, f"{leg['lost']} packets are counted as lost")
    check(leg["talk_ms"] > 0, "talk of PCMU is measured")
    print(f"redundancy: {len(lost)} of {len(payloads)} packets lost and restored, to the sample")


def check_refusals(engine):
    for codec, why in (({"name": "GSM", "payload_type": 3, "clock_rate": 8000}, "is not recorded; PCMU, PCMA, L16, G722"),
                       ({"name": "G722", "payload_type": 9, "clock_rate": 16000}, "its RTP clock rate is 8000"),
                       ({"name": "AMR", "payload_type": 97, "clock_rate": 8000, "fmtp": "interleaving=4"}, "interleaving")):
        status, body = engine.raw("POST", "/v1/calls", engine.call_body(codec=codec))
        check(status == 400 or status == 422, f"{codec} answered {status}")
        check(why in json.loads(body)["detail"], f"{codec}: {body}")


def test(folder):
    engine = Engine(folder, calls_at_stop="keep")
    engine.start()
    check_refusals(engine)
    for codec in (speech_codecs.Opus(folder), speech_codecs.G722(), speech_codecs.Amr(False, True),
                  speech_codecs.Amr(False, False), speech_codecs.Amr(True, True), speech_codecs.Amr(True, False),
                  speech_codecs.G729(), speech_codecs.Ilbc()):
        check_codec(engine, codec)
    check_redundancy(engine)
    check_switches(engine, folder)
    engine.stop()


if __name__ == "__main__":
    harness.run(test)

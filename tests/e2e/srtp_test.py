#!/usr/bin/env python3
"""Calls whose legs are SRTP: every suite, from ffmpeg, GStreamer (libsrtp) and a sender written from the RFCs, recorded and
exported sample for sample; bursts of bad packets; other keys in the middle; SIGKILL in the middle of a stream that has wrapped.

  srtp_test.py            BURST=20000: bad packets on one call
"""
import base64
import os
import random
import shutil
import subprocess

import harness
import srtp_sender
from harness import check
from senders_test import make_source, check_same
from srtp_sender import SUITES, SrtpSender, new_key, srtp_of

BURST = int(os.environ.get("BURST", "20000"))
PCMU = {"name": "PCMU", "payload_type": 0, "clock_rate": 8000}
GST = {"AES_CM_128": "aes-128-icm", "AES_256_CM": "aes-256-icm", "AEAD_AES_128": "aes-128-gcm", "AEAD_AES_256": "aes-256-gcm"}


def body_with(srtp, label="customer", **more):
    return {"ref": "srtp", "policy": "per-party", "participants": [{"ref": label, "role": label, "subject": "person"}],
            "legs": [{"label": label, "participant": label, "codec": PCMU, "dtmf_payload_type": 101, **({"srtp": srtp} if srtp else {}), **more}]}


def begin(engine, srtp, **more):
    call = engine.ask("POST", "/v1/calls", body_with(srtp, **more))
    engine.decide(call, "customer", "granted", purposes=["quality"])
    return call


def say(sender, payloads):
    for payload, _ in zip(payloads, harness.paced(len(payloads) * 0.02)):
        sender.send(payload)


def noise(seed, packets):
    drawn = random.Random(seed)
    return [drawn.randbytes(160) for _ in range(packets)]


def leg_of(engine, call):
    return engine.show(call)["legs"][0]


def recorded(engine, call, name, payloads):
    recording = engine.end(call)["recording"]
    check(recording, f"{name}: nothing was recorded")
    check_same(name, engine.wav(recording).legs[0], b"".join(payloads), harness.ULAW)


# ---- others' SRTP ---------------------------------------------------------------------------------------------------

def from_ffmpeg(engine, folder, suite):
    key = new_key(suite)
    call = begin(engine, srtp_of(suite, key))
    leg = call["legs"][0]
    subprocess.run(["ffmpeg", "-v", "error", "-y", "-re", "-i", os.path.join(folder, "source.wav"), "-c:a", "pcm_mulaw", "-f", "rtp",
                    "-srtp_out_suite", suite, "-srtp_out_params", base64.b64encode(key).decode(),
                    f"srtp://{leg['address']}:{leg['port']}"], check=True, timeout=60, stdout=subprocess.DEVNULL)
    with open(os.path.join(folder, "source.ulaw"), "rb") as file:
        recorded(engine, call, f"ffmpeg, {suite}", [file.read()])


def from_gstreamer(engine, folder, suite):
    key = new_key(suite)
    call = begin(engine, srtp_of(suite, key))
    leg = call["legs"][0]
    cipher = next(cipher for prefix, cipher in GST.items() if suite.startswith(prefix))
    authentication = "null" if suite.startswith("AEAD") else "hmac-sha1-" + suite[-2:]
    subprocess.run(["gst-launch-1.0", "-q", "filesrc", f"location={folder}/source.wav", "!", "wavparse", "!", "audioconvert", "!",
                    "mulawenc", "!", "rtppcmupay", "min-ptime=20000000", "max-ptime=20000000", "!", "srtpenc",
                    f"key={key.hex()}", f"rtp-cipher={cipher}", f"rtp-auth={authentication}",
                    f"rtcp-cipher={cipher}", f"rtcp-auth={authentication}", "!", "udpsink", f"host={leg['address']}",
                    f"port={leg['port']}"], check=True, timeout=60)
    with open(os.path.join(folder, "gst.ulaw"), "rb") as file:
        recorded(engine, call, f"GStreamer, {suite}", [file.read()])


def others(engine, folder):
    make_source(os.path.join(folder, "source.wav"), 2)
    subprocess.run(["ffmpeg", "-v", "error", "-y", "-i", f"{folder}/source.wav", "-c:a", "pcm_mulaw", "-f", "mulaw",
                    f"{folder}/source.ulaw"], check=True, timeout=60)
    subprocess.run(["gst-launch-1.0", "-q", "filesrc", f"location={folder}/source.wav", "!", "wavparse", "!", "audioconvert", "!",
                    "mulawenc", "!", "filesink", f"location={folder}/gst.ulaw"], check=True, timeout=60)
    for suite in SUITES:
        if suite.startswith("AES_CM_128"):  # the only ones that it has
            from_ffmpeg(engine, folder, suite)
        from_gstreamer(engine, folder, suite)


# ---- our own --------------------------------------------------------------------------------------------------------

def by_the_rfcs(engine):
    """Every suite in each of the API's forms, with RTCP."""
    for number, suite in enumerate(SUITES):
        key, mki, said = new_key(suite), b"\x00\x07", noise(number, 50)
        encoded = base64.b64encode(key).decode()
        for form, srtp, name in (("a key", srtp_of(suite, key), b""),
                                 ("keys with MKIs", {"suite": suite, "keys": [srtp_of(suite, new_key(suite), mki="0001"),
                                                                              {"key": encoded, "mki": "0007"}]}, mki),
                                 ("a line of SDP", f"a=crypto:1 {suite} inline:{encoded}|2^31", b"")):
            if "keys" in srtp and isinstance(srtp, dict):
                srtp["keys"] = [{"key": one["key"], "mki": one["mki"]} for one in srtp["keys"]]
            call = begin(engine, srtp)
            sender = SrtpSender(call["legs"][0], suite, key, mki=name)
            say(sender, said)
            sender.to = (sender.to[0], call["legs"][0]["rtcp_port"])
            sender.bye()
            shown = harness.wait_until("RTCP is opened", lambda: leg_of(engine, call)["srtp"]["opened"] == len(said) + 1
                                       and leg_of(engine, call))
            check(shown["srtp"]["suite"] == suite and shown["dropped"] == 0, f"{shown}")
            recorded(engine, call, f"by the RFCs, {suite}, {form}", said)


def bad_packets(engine):
    suite = "AES_CM_128_HMAC_SHA1_80"
    key, said = new_key(suite), noise(50, 150)
    call = begin(engine, srtp_of(suite, key))
    sender = SrtpSender(call["legs"][0], suite, key)
    drawn, sent = random.Random(7), 0
    for payload, _ in zip(said, harness.paced(len(said) * 0.02)):
        good = sender.packet(payload)
        sender.socket.sendto(good, sender.to)
        sender.timestamp += 160
        for _ in range(BURST // len(said)):
            bad = bytearray(good)
            kind = drawn.randrange(4)
            if kind == 0:
                bad[drawn.randrange(len(bad))] ^= 1 << drawn.randrange(8)
            elif kind == 1:
                del bad[drawn.randrange(len(bad)):]
            elif kind == 2:
                bad = drawn.randbytes(drawn.randrange(300))
            sender.socket.sendto(bad, sender.to)
            sent += 1
    # A byte that was changed may make it look like RTCP; whatever it looks like, it is counted and goes nowhere.
    def all_counted():
        counts = leg_of(engine, call)["srtp"]
        faults = sum(counts[name] for name in ("malformed", "unknown_mki", "replayed", "too_old", "unauthentic"))
        return faults == sent and counts
    counts = harness.wait_until("every bad packet is counted", all_counted)
    check(counts["opened"] == len(said), f"{counts}")
    check(engine.total("assent_drops_total", reason="srtp_unauthentic") >= counts["unauthentic"] > 0, f"{counts}")
    print(f"{sent} bad packets: {counts}")
    recorded(engine, call, "among bad packets", said)


def other_keys(engine):
    """Keys with MKIs so that nothing is lost in between; then another suite; then a plain leg that gets keys."""
    first, second = "AES_CM_128_HMAC_SHA1_80", "AEAD_AES_256_GCM"
    keys = [new_key(first), new_key(first), new_key(second)]
    said = noise(60, 150)
    call = begin(engine, {"suite": first, "keys": [{"key": base64.b64encode(keys[0]).decode(), "mki": "01"}]})

    def change(**what):
        return engine.ask("POST", f"/v1/calls/{call['id']}/legs", {"changes": [{"label": "customer", **what}]})
    sender = SrtpSender(call["legs"][0], first, keys[0], first=65500, mki=b"\x01")
    say(sender, said[:50])
    change(srtp={"suite": first, "keys": [{"key": base64.b64encode(key).decode(), "mki": name}
                                          for key, name in zip(keys, ("01", "02"))]})
    sender.protection = srtp_sender.Protection(first, keys[1], b"\x02")
    say(sender, said[50:100])
    change(srtp=srtp_of(second, keys[2]))
    sender.protection, sender.sequence = srtp_sender.Protection(second, keys[2]), sender.sequence & 0xFFFF
    say(sender, said[100:])
    shown = leg_of(engine, call)
    check(shown["srtp"]["suite"] == second and shown["dropped"] == 0, f"{shown}")
    for wrong in ({"label": "nobody", "srtp": srtp_of(second, keys[2])}, {"label": "customer"},
                  {"label": "customer", "srtp": {"suite": second, "key": "AAAA"}}):
        try:
            engine.ask("POST", f"/v1/calls/{call['id']}/legs", {"changes": [wrong]})
            check(False, f"{wrong} was taken")
        except harness.Problem as refused:
            check(refused.status == 422 and "AAAA" not in str(refused), f"{refused}")
    recorded(engine, call, "over two changes of keys", said)


def a_restart(engine):
    """A stream in its fourth time round, which wraps, and is there again after a crash in its fifth."""
    suite = "AES_256_CM_HMAC_SHA1_80"
    key, said = new_key(suite), noise(70, 200)
    call = begin(engine, srtp_of(suite, key))
    sender = SrtpSender(call["legs"][0], suite, key, first=4 * 65536 - 50)
    say(sender, said[:100])
    check(leg_of(engine, call)["packets"] == 100, "a stream that had wrapped before is not heard")
    other = new_key(suite)
    engine.ask("POST", f"/v1/calls/{call['id']}/legs", {"changes": [{"label": "customer", "srtp": srtp_of(suite, other)}]})
    sender.protection = srtp_sender.Protection(suite, other)
    engine.kill()
    engine.start()
    for payload in (key, other):
        check(base64.b64encode(payload).decode() not in engine.log(), "a key is in the log")
    say(sender, said[100:])
    harness.wait_until("it is heard again", lambda: leg_of(engine, call)["packets"] == 100)
    check(leg_of(engine, call)["srtp"]["unauthentic"] == 0, f"{leg_of(engine, call)}")
    recording = engine.end(call)["recording"]
    check_same("after a crash", engine.wav(recording).legs[0], b"".join(said[100:]), harness.ULAW)


def keys_are_shown_to_nobody(engine):
    suite = "AEAD_AES_128_GCM"
    key = new_key(suite)
    call = begin(engine, srtp_of(suite, key))
    told = engine.raw("GET", f"/v1/calls/{call['id']}")[1] + engine.raw("GET", "/v1/calls")[1] + engine.raw("GET", "/metrics")[1]
    check(base64.b64encode(key) not in told, "a key is shown")
    files = [os.path.join(folder, file) for folder, _, names in os.walk(engine.state) for file in names]
    for path in files:
        with open(path, "rb") as file:
            content = file.read()
        check(key not in content and base64.b64encode(key) not in content, f"a key is in {path}")
    engine.end(call)
    print(f"no key in what is shown, nor in {len(files)} files while the call is live")


def test(folder):
    for program in ("gst-launch-1.0", "ffmpeg"):
        if shutil.which(program) is None:
            harness.skip(program + " is not on this machine")
    if subprocess.run(["gst-inspect-1.0", "srtpenc"], capture_output=True).returncode != 0:
        harness.skip("GStreamer's srtpenc is not on this machine")
    engine = harness.Engine(folder).start()
    check("SRTP: opened" in engine.log(), "the start report does not say what opens SRTP")
    others(engine, folder)
    by_the_rfcs(engine)
    bad_packets(engine)
    other_keys(engine)
    a_restart(engine)
    keys_are_shown_to_nobody(engine)
    engine.stop()


if __name__ == "__main__":
    harness.run(test)

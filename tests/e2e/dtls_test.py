#!/usr/bin/env python3
"""Calls whose legs are DTLS-SRTP: handshakes by OpenSSL, with every SRTP profile, and by GStreamer, and every packet after them recorded;
whatever is sent into them from wherever; who has another certificate; SIGKILL in the middle; legs that change and senders that move.

  dtls_test.py            CALLS=10: among sprays; ONLY=sprayed: one part; ROUNDS=1: of each part
"""
import base64
import os
import random
import shutil
import subprocess
import time

import harness
from dtls_peer import COMMON, FORGERIES, PROFILES, Certificate, DtlsSender, GStreamer, Handshake, Relay, Spray
from harness import check
from injection_test import FOREIGN, check_recording, own
from senders_test import make_source
from srtp_sender import Protection, new_key, srtp_of
from srtp_test import begin, body_with, leg_of, noise, recorded, say

CALLS = int(os.environ.get("CALLS", "10"))
ROUNDS = int(os.environ.get("ROUNDS", "1"))
HASHES = ("sha-256", "sha-384", "sha-512", "sha-256")
SECOND = 50  # packets


def begin_dtls(engine, certificate, function="sha-256"):
    """A call that waits for whoever has this certificate."""
    call = begin(engine, {"fingerprint": certificate.fingerprint(function)})
    leg = call["legs"][0]
    check(leg["srtp"]["suite"] is None and leg["srtp"]["setup"] == "passive", f"before its handshake: {leg}")
    check(leg["rtcp_port"] == leg["port"], f"RTCP has a port of its own: {leg}")
    return call


def shake_hands(engine, call, sender, *profile):
    """As the API tells of it."""
    agreed = sender.shake_hands(*profile)
    shown = leg_of(engine, call)["srtp"]
    check(shown["suite"] == agreed.suite, f"{agreed.suite} was agreed on, and it says {shown}")
    check(shown["fingerprint"] == agreed.fingerprint, f"the certificate that was shown is of {agreed.fingerprint}, and it says {shown}")
    return agreed


def handshakes(engine, result):
    return engine.total("assent_dtls_handshakes_total", result=result)


def change(engine, call, **what):
    engine.ask("POST", f"/v1/calls/{call['id']}/legs", {"changes": [{"label": "customer", **what}]})


def heard(engine, call, packets):
    """The leg, once it has so many."""
    return harness.wait_until(f"{packets} packets are heard",
                              lambda: leg_of(engine, call)["packets"] == packets and leg_of(engine, call))


# ---- everybody's handshakes -----------------------------------------------------------------------------------------

def every_profile(engine, certificate):
    """With RTCP on the same port, and the fingerprint by every hash function."""
    for number, (profile, function) in enumerate(zip(PROFILES, HASHES)):
        call, said = begin_dtls(engine, certificate, function), noise(100 + number, SECOND)
        sender = DtlsSender(call["legs"][0], certificate)
        shake_hands(engine, call, sender, profile)
        say(sender, said)
        sender.bye()
        shown = harness.wait_until("RTCP is opened", lambda: leg_of(engine, call)["srtp"]["opened"] == len(said) + 1
                                   and leg_of(engine, call))
        check(shown["packets"] == len(said) and shown["lost"] == 0 and shown["dropped"] == 0, f"{profile}: {shown}")
        recorded(engine, call, f"{profile}, {function}", said)


def again(engine, certificate):
    """One sender's handshakes one after the other, each with another profile."""
    call, said = begin_dtls(engine, certificate), noise(110, len(PROFILES) * SECOND)
    sender = DtlsSender(call["legs"][0], certificate)
    keys = set()
    for number, profile in enumerate(PROFILES):
        keys.add(shake_hands(engine, call, sender, profile).key)
        say(sender, said[number * SECOND:][:SECOND])
    shown = heard(engine, call, len(said))
    check(len(keys) == len(PROFILES) and shown["lost"] == 0 and shown["dropped"] == 0, f"{shown}")
    recorded(engine, call, f"{len(PROFILES)} handshakes", said)


def gstreamer(engine, certificate):
    """It offers one profile."""
    rsa = Certificate(certificate.folder, "gstreamer", key=("rsa:2048",))
    source, sent = (os.path.join(rsa.folder, name) for name in ("source.wav", "source.ulaw"))
    make_source(source, 2)
    subprocess.run(["gst-launch-1.0", "-q", "filesrc", f"location={source}", "!", "wavparse", "!", "audioconvert", "!", "mulawenc",
                    "!", "filesink", f"location={sent}"], check=True, timeout=60)
    with open(sent, "rb") as file:
        said = file.read()
    call = begin_dtls(engine, rsa)
    talking = GStreamer(call["legs"][0], rsa, source)
    shown = heard(engine, call, len(said) // 160)
    talking.end()
    check(shown["srtp"]["suite"] == "AES_CM_128_HMAC_SHA1_80" and shown["dropped"] == 0, f"GStreamer: {shown}")
    recorded(engine, call, "GStreamer", [said])


# ---- who does not belong there --------------------------------------------------------------------------------------

def surrounded(engine, certificate):
    """Each datagram of a handshake has forgeries before and after it, from its own address and port."""
    disturbed = []
    for number, (name, make) in enumerate(FORGERIES.items()):
        call = begin_dtls(engine, certificate)
        relay = Relay(call["legs"][0], among=make(random.Random(number)))
        handshake = Handshake(certificate, 0, ("127.0.0.1", relay.port), COMMON)
        try:
            handshake.agreed()
        except AssertionError as failure:
            disturbed.append(f"{name}: {failure}")
        relay.end()
        engine.end(call)
    check(not disturbed, "handshakes are disturbed by " + "; ".join(disturbed))
    print(f"handshakes among forgeries: {', '.join(FORGERIES)}")


def sprayed(engine, certificate):
    calls = [begin_dtls(engine, certificate) for _ in range(CALLS)]
    senders = [DtlsSender(call["legs"][0], certificate) for call in calls]
    said = [own(120 + number) for number in range(CALLS)]
    done, failed = handshakes(engine, "done"), handshakes(engine, "failed")
    spray = Spray(senders, FOREIGN)
    began = time.monotonic()
    for sender, handshake in [(sender, sender.begin()) for sender in senders]:
        sender.take_keys(handshake.agreed(30))
    took = time.monotonic() - began
    for payloads, _ in zip(zip(*said), harness.paced(60)):
        for sender, payload in zip(senders, payloads):
            sender.send(payload)
    sent = spray.end()
    check(handshakes(engine, "done") == done + CALLS and handshakes(engine, "failed") == failed, "the handshakes are not what was made")
    for family in ("assent_dtls_hellos_total", "assent_dtls_dropped_datagrams_total"):
        check(engine.total(family) > 0, f"nothing of the spray is in {family}")
    for call, payloads in zip(calls, said):
        shown = leg_of(engine, call)
        check(shown["packets"] == len(payloads) and shown["lost"] == 0, f"among a spray: {shown}")
        check_recording(engine, call, "among a spray", payloads)
    print(f"{CALLS} handshakes in {took:.1f} s and {CALLS} calls, all whole, among {sent}")


def wrong_certificate(engine, certificate):
    call, said = begin_dtls(engine, certificate), own(130)[:2 * SECOND]
    leg = call["legs"][0]
    strangers = DtlsSender(leg, Certificate(certificate.folder, "stranger")), harness.Sender(leg)

    def is_refused():
        before = handshakes(engine, "failed")
        attempt = strangers[0].begin()
        harness.wait_until("the handshake has failed", lambda: handshakes(engine, "failed") == before + 1)
        check(not attempt.is_done(), f"a stranger has keys: {attempt.said()[-2000:]}")
        attempt.end()
    is_refused()
    for _ in range(SECOND):
        for stranger in strangers:
            stranger.send(FOREIGN)
    harness.wait_until("they are counted", lambda: leg_of(engine, call)["srtp"]["unkeyed"] == 2 * SECOND)
    shown = leg_of(engine, call)
    check(shown["srtp"]["suite"] is None and shown["packets"] == 0 and shown["srtp"]["opened"] == 0, f"by strangers: {shown}")
    check(engine.total("assent_drops_total", reason="srtp_unkeyed") >= 2 * SECOND, "the metrics have no srtp_unkeyed")

    sender = DtlsSender(leg, certificate)
    shake_hands(engine, call, sender)
    say(sender, said[:SECOND])
    is_refused()
    for _ in range(SECOND):
        for stranger in strangers:
            stranger.send(FOREIGN)
    say(sender, said[SECOND:])
    shown = heard(engine, call, len(said))
    check(shown["lost"] == 0 and shown["srtp"]["unkeyed"] == 2 * SECOND, f"beside strangers: {shown}")
    check_recording(engine, call, "beside strangers", said)
    print("whoever has another certificate, or none, is not heard, and the call is")


# ---- what happens to a call -----------------------------------------------------------------------------------------

def killed(engine, certificate):
    """Its sender notices nothing, and may begin anew."""
    call, said = begin_dtls(engine, certificate), noise(140, 6 * SECOND)
    sender = DtlsSender(call["legs"][0], certificate)
    before = shake_hands(engine, call, sender)
    say(sender, said[:2 * SECOND])
    heard(engine, call, 2 * SECOND)
    engine.kill()
    engine.start()
    check(base64.b64encode(before.key).decode() not in engine.log(), "a key is in the log")
    check(leg_of(engine, call)["srtp"]["suite"] == before.suite, f"after the restart: {leg_of(engine, call)}")
    say(sender, said[2 * SECOND:4 * SECOND])
    shown = heard(engine, call, 2 * SECOND)
    check(shown["srtp"]["unauthentic"] == 0 and shown["srtp"]["unkeyed"] == 0, f"after the restart: {shown}")
    after = shake_hands(engine, call, sender)
    check(after.fingerprint != before.fingerprint and after.key != before.key, "the certificate is that of before the restart")
    say(sender, said[4 * SECOND:])
    heard(engine, call, 4 * SECOND)
    recorded(engine, call, "after a crash, under the keys of before, and others", said[2 * SECOND:])


def changed(engine, certificate):
    """Keys that were told, and then those of a handshake with whom the leg is told to expect."""
    suite, said = "AEAD_AES_128_GCM", noise(150, 3 * SECOND)
    key = new_key(suite)
    call = begin(engine, srtp_of(suite, key))
    sender = DtlsSender(call["legs"][0], certificate)
    sender.protection = Protection(suite, key)
    say(sender, said[:SECOND])
    change(engine, call, srtp={"fingerprint": certificate.fingerprint()})
    say(sender, said[SECOND:2 * SECOND])
    check(heard(engine, call, 2 * SECOND)["srtp"]["suite"] == suite, "the former keys do not hold until the handshake")
    shake_hands(engine, call, sender)
    say(sender, said[2 * SECOND:])
    check(heard(engine, call, len(said))["lost"] == 0, f"over a change: {leg_of(engine, call)}")
    recorded(engine, call, "from told keys to a handshake", said)


def moved(engine, certificate):
    """The same stream from another port, whose handshake says whose it is. What was said meanwhile is lost, as on a real network."""
    call, said = begin_dtls(engine, certificate), noise(160, 4 * SECOND)
    sender = DtlsSender(call["legs"][0], certificate)
    first = shake_hands(engine, call, sender)
    say(sender, said[:2 * SECOND])
    heard(engine, call, 2 * SECOND)
    began = time.monotonic()
    sender.move()
    check(shake_hands(engine, call, sender).key != first.key, "the keys are those of before")
    missed = int((time.monotonic() - began) * SECOND) + 1
    for _ in range(missed):
        sender.skip()
    say(sender, said[2 * SECOND:])
    shown = heard(engine, call, len(said))
    check(shown["lost"] == missed <= SECOND and shown["dropped"] == 0, f"{missed} packets were not sent: {shown}")
    recording = engine.end(call)["recording"]
    got = engine.wav(recording).legs[0]
    places = [harness.find_run(got, [harness.ULAW[byte] for byte in b"".join(part)]) for part in (said[:2 * SECOND], said[2 * SECOND:])]
    check(places[0] >= 0 and places[1] - places[0] == (2 * SECOND + missed) * 160, f"what was said is at {places}")
    print(f"a sender that moved: {missed * 20} ms are missing")


def refused(engine, certificate):
    """What is said of a certificate must make sense."""
    good = certificate.fingerprint()
    for wrong in ({"fingerprint": "sha-1 " + ":".join(["AB"] * 20)}, {"fingerprint": good[:-3]}, {"fingerprint": ""},
                  {"fingerprint": good, "suite": "AEAD_AES_128_GCM", "key": "AAAA"}):
        try:
            engine.ask("POST", "/v1/calls", body_with(wrong))
            check(False, f"{wrong} was taken")
        except harness.Problem as problem:
            check(problem.status == 422 and "AAAA" not in str(problem), f"{problem}")


PARTS = (every_profile, again, gstreamer, surrounded, sprayed, wrong_certificate, killed, changed, moved, refused)


def test(folder):
    if shutil.which("openssl") is None:
        harness.skip("openssl is not on this machine")
    if subprocess.run(["gst-inspect-1.0", "dtlssrtpenc"], capture_output=True).returncode != 0:
        harness.skip("GStreamer's dtlssrtpenc is not on this machine")
    only = os.environ.get("ONLY")
    check(only in (None, *(part.__name__ for part in PARTS)), f"there is no part {only}")
    engine = harness.Engine(folder, ports="27000-27999", calls=2 * CALLS + 20).start()
    certificate = Certificate(folder, "customer")
    for part in PARTS:
        for _ in range(ROUNDS if only in (None, part.__name__) else 0):
            began = time.monotonic()
            part(engine, certificate)
            print(f"  {part.__name__}: {time.monotonic() - began:.1f} s")
    engine.stop()


if __name__ == "__main__":
    harness.run(test)

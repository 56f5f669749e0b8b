#!/usr/bin/env python3
"""Somebody sends packets into a call, ten to each of the call's own: of RTP from other addresses and ports, copied from the call's
own but for what they say; of SRTP also from the very address and port, under other keys, plain, or replayed. Not a byte of it is
recorded, nothing of the call is missing, and every packet of it is counted.
"""
import random
import socket

import harness
from harness import check
from srtp_sender import SrtpSender, new_key, srtp_of
from srtp_test import body_with, leg_of, noise

PACKETS = 150
TIMES = 10
FOREIGN = bytes([0xD5] * 160)  # a value that the call's own packets do not have
SUITE = "AES_CM_128_HMAC_SHA1_80"


def own(seed):
    return [payload.replace(b"\xd5", b"\x55") for payload in noise(seed, PACKETS)]


def socket_from(address="127.0.0.1", port=0):
    injector = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    injector.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    injector.bind((address, port))
    return injector


def free_port():
    with socket_from() as probe:
        return probe.getsockname()[1]


def play(sender, said, inject):
    """Each packet among TIMES others, before and after it."""
    drawn, sent = random.Random(11), 0
    for payload, _ in zip(said, harness.paced(len(said) * 0.02)):
        good = sender.packet(payload)
        place = drawn.randrange(TIMES)
        for i in range(TIMES):
            if i == place:
                sender.socket.sendto(good, sender.to)
            inject(sender, good, i)
            sent += 1
        sender.timestamp += 160
    return sent


def check_recording(engine, call, name, said):
    recording = engine.end(call)["recording"]
    got = engine.wav(recording).legs[0]
    check(harness.ULAW[0xD5] not in got, f"{name}: a foreign byte was recorded")
    wanted = [harness.ULAW[byte] for byte in b"".join(said)]
    check(harness.find_run(got, wanted) >= 0, f"{name}: what was recorded is not what the call said")


def begin(engine, body):
    call = engine.ask("POST", "/v1/calls", body)
    engine.decide(call, "customer", "granted", purposes=["quality"])
    return call


def rtp(engine, name, source):
    """The leg's source is given, or is who spoke first."""
    body = body_with(None)
    port = free_port()
    if source:
        body["legs"][0]["source"] = f"127.0.0.1:{port}"
    call = begin(engine, body)
    sender, said = harness.Sender(call["legs"][0]), own(1)
    sender.socket.bind(("127.0.0.1", port))
    # Another port of the same machine, and other machines.
    injectors = [socket_from(), socket_from("127.0.0.2"), socket_from("127.1.2.3", port)]
    before = engine.total("assent_drops_total", reason="foreign_source")
    if not source:
        sender.socket.sendto(sender.packet(said[0]), sender.to)
        sender.timestamp += 160
        harness.wait_until("it is heard", lambda: leg_of(engine, call)["packets"] == 1)
    sent = play(sender, said if source else said[1:],
                lambda _, good, i: injectors[i % len(injectors)].sendto(good[:12] + FOREIGN, sender.to))
    harness.wait_until("all are counted",
                       lambda: engine.total("assent_drops_total", reason="foreign_source") == before + sent)
    shown = leg_of(engine, call)
    check(shown["packets"] == PACKETS and shown["lost"] == 0 and shown["dropped"] == sent, f"{name}: {shown}")
    check_recording(engine, call, name, said)
    print(f"{name}: {sent} packets injected beside {PACKETS}, all counted as foreign, none recorded")


def srtp(engine):
    key, port = new_key(SUITE), free_port()
    call = begin(engine, body_with(srtp_of(SUITE, key)))
    leg = call["legs"][0]
    sender, said = SrtpSender(leg, SUITE, key, port=port), own(2)
    forger = SrtpSender(leg, SUITE, new_key(SUITE), port=port)
    elsewhere = socket_from("127.0.0.2")
    before = []

    def inject(_, good, i):
        forger.sequence, forger.ssrc, forger.timestamp = sender.sequence - 1, sender.ssrc, sender.timestamp
        if i % 4 == 0:  # from elsewhere, and even authentic: a copy ahead of the call's own would make that a replay
            elsewhere.sendto(good, sender.to)
        elif i % 4 == 1:  # the call's own address and port, another key
            forger.socket.sendto(forger.packet(FOREIGN), sender.to)
        elif i % 4 == 2:  # ... no key at all, as large as what it expects
            forger.socket.sendto(good[:12] + FOREIGN, sender.to)
        else:  # ... and what was said before
            before.append(good)
            forger.socket.sendto(before[-min(len(before), 20)] if len(before) > 1 else good[:-1], sender.to)

    sender.socket.sendto(sender.packet(said[0]), sender.to)
    sender.timestamp += 160
    harness.wait_until("it is heard", lambda: leg_of(engine, call)["packets"] == 1)
    sent = play(sender, said[1:], inject)
    harness.wait_until("all are counted", lambda: leg_of(engine, call)["dropped"] == sent)
    shown = leg_of(engine, call)
    check(shown["packets"] == PACKETS and shown["lost"] == 0, f"SRTP: {shown}")
    for reason in ("srtp_unauthentic", "srtp_replayed", "foreign_source"):
        check(engine.total("assent_drops_total", reason=reason) > 0, f"no {reason} in the metrics")
    check_recording(engine, call, "SRTP", said)
    print(f"SRTP: {sent} packets injected beside {PACKETS}, all counted ({shown['srtp']}), none recorded")


def nobody_is_taken_for_the_call(engine):
    """Before the call's own packets come, from wherever they then come."""
    key = new_key(SUITE)
    call = begin(engine, body_with(srtp_of(SUITE, key)))
    leg = call["legs"][0]
    forger, plain = SrtpSender(leg, SUITE, new_key(SUITE)), harness.Sender(leg)
    for _ in range(50):
        forger.send(FOREIGN)
        plain.send(FOREIGN)
    harness.wait_until("they are counted", lambda: leg_of(engine, call)["dropped"] == 100)
    sender, said = SrtpSender(leg, SUITE, key), own(3)
    for payload, _ in zip(said, harness.paced(len(said) * 0.02)):
        sender.send(payload)
    check(leg_of(engine, call)["packets"] == PACKETS, f"{leg_of(engine, call)}")
    check_recording(engine, call, "SRTP, forgers first", said)
    print("SRTP: who forges first is not taken for the call")


def test(folder):
    engine = harness.Engine(folder).start()
    rtp(engine, "RTP, its source given", True)
    rtp(engine, "RTP, its source heard", False)
    srtp(engine)
    nobody_is_taken_for_the_call(engine)
    engine.stop()


if __name__ == "__main__":
    harness.run(test)

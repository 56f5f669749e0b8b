#!/usr/bin/env python3
"""The lease: the catalog cannot be written for longer than `consent.lease`, while everything else can (stalling_disk.cpp,
preloaded into the engine and kept to catalog.db).

Its disk hangs: open gates are suspended in time, nothing newly agreed to opens, a withdrawal closes; readiness, metrics and the
log say so. When the disk answers the gates open again. What was sealed is decrypted by the AWS Encryption SDK: each packet
before and after is there, none between, and where the audio goes on there is as much silence as was said. The recording is
incomplete and tells the gap to the packet; the ledger tells the lapse.

Its disk is full: the same, without a restart.
"""
import os
import threading
import time

import harness
from harness import check

LEASE = 10.0
PROOF = LEASE / 5  # how old the last proof may have been when the disk stopped
SLACK = 2.0        # of a machine with other things to do


class Voice(threading.Thread):
    """Numbered packets of PCMU, 20 ms each, until it is told to stop; and when each was sent."""

    def __init__(self, leg):
        super().__init__(daemon=True)  # a check that fails ends the test
        self.sender, self.done, self.sent_at = harness.Sender(leg), threading.Event(), []
        self.start()

    @staticmethod
    def payload(number):
        return (b"\x5a" + number.to_bytes(2, "big") + b"\xa5") * 40

    def run(self):
        start = time.monotonic()
        while not self.done.is_set():
            time.sleep(max(0.0, start + len(self.sent_at) * 0.02 - time.monotonic()))
            self.sender.send(self.payload(len(self.sent_at)))
            self.sent_at.append(time.monotonic())
        self.sender.close()

    def stop(self):
        self.done.set()
        self.join()


def leg_of(engine, call):
    return engine.show(call)["legs"][0]


def gate_is(engine, call, gate):
    return lambda: leg_of(engine, call)["gate"] == gate


def start(folder, name, **disk):
    stall = harness.Stall(folder, name, only="catalog.db", **disk)
    engine = harness.Engine(folder, name=name, wrapper=stall.wrapper, consent=f'lease = "{LEASE:.0f}s"', calls=8,
                            policy="per-party", more='[overload]\ndisk_reserve = "1MiB"').start()
    return engine, stall


def suspended(engine, call, stall):
    """Waits until the call's gate is suspended, which must be in time."""
    harness.wait_until("the gate is suspended", gate_is(engine, call, "suspended"), LEASE + SLACK)
    check(LEASE - PROOF - SLACK < stall.seconds() < LEASE + SLACK, f"suspended after {stall.seconds():.1f} s")
    status, _, body, _ = engine.reply("GET", "/readyz")
    check(status == 503 and "more than consent.lease" in body["detail"], f"readiness: {status} {body}")
    metrics = engine.metrics()
    check(metrics["assent_consent_lease_lapses_total"] == 1, "the lapse is not counted")
    check(metrics["assent_ledger_proof_age_seconds"] >= LEASE == metrics["assent_consent_lease_seconds"], "the proof's age")
    check(metrics['assent_legs{gate="suspended",shard="0"}'] >= 1, "no leg is shown as suspended")


def lapses(engine):
    return [entry["body"] for entry in engine.ask("GET", "/v1/ledger?limit=100")["entries"] if entry["kind"] == "gate"]


def numbers_in(engine, call, recording, folder, last):
    """Which of the numbered packets are in the sealed segments, decrypted."""
    os.mkdir(folder)
    clear = b"".join(open(path, "rb").read() for path in engine.decrypt(recording, folder, call=call["id"]))
    return [n for n in range(last) if Voice.payload(n) in clear]


def check_hole(engine, call, ended, voice, stall, folder):
    """One run of packets is missing, it is the one that the recording tells, and the audio goes on in its time."""
    sent = len(voice.sent_at)
    kept = numbers_in(engine, call, ended["recording"], os.path.join(folder, "clear"), sent)
    missing = sorted(set(range(sent)) - set(kept))
    check(missing and missing == list(range(missing[0], missing[-1] + 1)), f"another hole than one: {missing}")
    after = voice.sent_at[missing[0]] - stall.began
    check(LEASE - PROOF - SLACK < after <= LEASE + 0.1, f"the first packet that is missing was sent {after:.2f} s into the stall")
    back = voice.sent_at[missing[-1]] - stall.ended
    check(-0.1 < back < SLACK, f"the last packet that is missing was sent {back:.2f} s after the disk came back")

    shown = engine.ask("GET", f"/v1/recordings/{ended['recording']}")
    check(shown["state"] == "incomplete", f"the recording is {shown['state']}")
    check(sum(gap["packets"] for gap in shown["gaps"]) == len(missing), f"{len(missing)} are missing, and told: {shown['gaps']}")
    samples = engine.wav(ended["recording"]).legs[0]
    for number in (missing[0] - 1, missing[-1] + 1):
        at = harness.find_run(samples, [harness.ULAW[byte] for byte in Voice.payload(number)])
        check(at == number * 160, f"packet {number} is at sample {at}, not {number * 160}")
    print(f"{sent} packets sent, {len(missing)} in the hole and none of them sealed; the first came {after:.2f} s into the stall, "
          f"the last {back * 1000:.0f} ms after its end")


def hangs(folder):
    engine, stall = start(folder, "hangs")
    call, asking, leaving = (engine.create_call() for _ in range(3))
    for each in (call, leaving):
        engine.decide(each, "customer", "granted")
    voices = [Voice(each["legs"][0]) for each in (call, asking, leaving)]
    time.sleep(3)
    stall.begin()
    suspended(engine, call, stall)
    harness.wait_until("the lapse is logged", lambda: "open gates are suspended" in engine.log(), 2)
    # A yes and a no while nothing can be put on record.
    yes = harness.Asking(engine, "POST", f"/v1/calls/{asking['id']}/consent", {"participant": "customer", "decision": "granted"})
    no = harness.Asking(engine, "POST", f"/v1/calls/{leaving['id']}/consent", {"participant": "customer", "decision": "withdrawn"})
    harness.wait_until("the yes waits", gate_is(engine, asking, "opening"), 2)
    harness.wait_until("the no closes", gate_is(engine, leaving, "closed"), 2)
    time.sleep(1.5)  # seal.max_delay: what was admitted before is sealed by now
    sealed = [leg_of(engine, each)["sealed_blocks"] for each in (call, asking, leaving)]
    time.sleep(2)
    check([leg_of(engine, each)["sealed_blocks"] for each in (call, asking, leaving)] == sealed, "something more was sealed")
    check(sealed[0] > 0 and sealed[1] == 0, f"sealed blocks: {sealed}")
    check(yes.reply is None and no.reply is None, "answered before it is on record")
    stall.end()
    stall.ended = time.monotonic()
    check(yes.answer()[0] == 200 and no.answer()[0] == 200, f"the answers: {yes.reply} {no.reply}")
    for each in (call, asking):
        harness.wait_until("the gate is open", gate_is(engine, each, "open"), 5)
    check(leg_of(engine, leaving)["gate"] == "closed", "a withdrawal is no matter of the lease")
    time.sleep(3)
    for voice in voices:
        voice.stop()
    ended, granted, left = (engine.end(each) for each in (call, asking, leaving))
    check(ended["why"].startswith("incomplete: "), f"ended: {ended}")
    check(granted["why"] == "complete", f"what was held until the yes was on record is all there: {granted}")
    check_hole(engine, call, ended, voices[0], stall, folder)
    check(left["recording"], f"what was said before the withdrawal is kept: {left}")
    check(engine.reply("GET", "/readyz")[0] == 200, "it is ready again")
    harness.wait_until("the lapse is on record", lambda: lapses(engine), 5)
    told = lapses(engine)
    check(len(told) == 1 and told[0]["gates"] == "suspended" and told[0]["from"] < told[0]["to"], f"on record: {told}")
    check(engine.log().count("open gates are suspended") == 1, "the lapse is logged once")
    check("what was suspended is open again" in engine.log(), "its end is not logged")
    engine.stop()
    engine.command("ledger", "verify", "--state", engine.state)


def is_full(folder):
    engine, stall = start(folder, "full", full=True)
    call = engine.create_call()
    engine.decide(call, "customer", "granted")
    voice = Voice(call["legs"][0])
    time.sleep(2)
    stall.begin()
    suspended(engine, call, stall)
    troubles = [each["detail"] for each in engine.reply("GET", "/readyz")[2]["errors"]]
    check(any(each.startswith("catalog: ") and "full" in each for each in troubles), f"what readiness says: {troubles}")
    time.sleep(1)
    stall.end()
    harness.wait_until("the gate is open", gate_is(engine, call, "open"), 5)
    time.sleep(1)
    voice.stop()
    check(engine.end(call)["why"].startswith("incomplete: "), "the gap is not told")
    harness.wait_until("the lapse is on record", lambda: lapses(engine), 5)
    engine.stop()
    print("a full disk suspends, too, and room for the catalog ends it without a restart")


def test(folder):
    if not os.path.exists(harness.Stall.SHIM):
        harness.skip(f"{harness.Stall.SHIM} is not built")
    hangs(folder)
    is_full(folder)


if __name__ == "__main__":
    harness.run(test)

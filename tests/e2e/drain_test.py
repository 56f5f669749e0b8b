#!/usr/bin/env python3
"""SIGTERM: no new calls, while those in progress go on, until they end by themselves, or shutdown.drain has passed, or SIGTERM
comes again. However it ends, the status is 0 and every second that was consented to is stored.
"""
import json
import os
import signal
import socket
import time
import urllib.error
import urllib.request

import harness
from harness import check

PACKETS = 50  # a second
SOON = 15.0   # what storing may take on a busy machine


def talk(sender, tone):
    for _ in harness.paced(PACKETS * 0.02):
        sender.send(bytes([tone] * 160))


def consented_call(engine):
    call = engine.create_call()
    engine.decide(call, "customer", "granted")
    return call, harness.Sender(call["legs"][0])


def terminate(engine):
    """SIGTERM, and waits until the engine says that it drains."""
    os.kill(engine.pid, signal.SIGTERM)
    harness.wait_until("the engine drains", lambda: engine.raw("GET", "/readyz")[0] == 503)
    return time.monotonic()


def ended_well(engine, since, at_most):
    check(engine.process.wait(at_most + 60) == 0, f"the status is {engine.process.returncode}: {engine.log()[-2000:]}")
    took = time.monotonic() - since
    check(took < at_most, f"it took {took:.1f} s to go down, of at most {at_most}")
    return took


def kept(folder):
    """The default: calls that are left go on at the next start, and nothing of what was agreed to is missing but the time between."""
    engine = harness.Engine(folder, name="kept", ports="25000-25099", calls_at_stop="keep").start()
    call, sender = consented_call(engine)
    undecided = engine.create_call()
    talk(sender, 0x11)
    since = time.monotonic()
    os.kill(engine.pid, signal.SIGTERM)
    took = ended_well(engine, since, SOON)
    check("calls that go on at the next start: 2" in engine.log(), "the log does not say so: " + engine.log()[-1000:])
    engine.command("verify", "--state", engine.state)
    engine.start()
    check({one["id"] for one in engine.ask("GET", "/v1/calls")["calls"]} == {call["id"], undecided["id"]}, "they do not go on")
    talk(sender, 0x22)
    check(engine.show(undecided)["legs"][0]["gate"] == "holding", "who had not answered was taken to have refused")
    ended = engine.end(call)
    samples = engine.wav(ended["recording"]).legs[0]
    for tone in (0x11, 0x22):
        check(harness.find_run(samples, [harness.ULAW[tone]] * (PACKETS * 160)) >= 0, f"not all of {tone:#x} is there")
    shown = engine.ask("GET", f"/v1/recordings/{ended['recording']}")
    check(shown["state"] == "recovered" and len(shown["lost"]["interruptions"]) == 1, f"{shown['state']}: {shown['lost']}")
    engine.end(undecided)
    engine.stop()
    print(f"  calls that were kept: down in {took:.1f} s, every packet of both runs there")


def stored(folder, name, recording, tones):
    """A later start finds the recording complete, with these seconds of audio."""
    engine = harness.Engine(folder, name=name, ports="25000-25099").start()
    shown = engine.ask("GET", f"/v1/recordings/{recording}")
    check(shown["state"] == "complete", f"the recording is {shown['state']}")
    samples = engine.wav(recording).legs[0]
    for tone in tones:
        wanted = [harness.ULAW[tone]] * (PACKETS * 160)
        check(harness.find_run(samples, wanted) >= 0, f"the second of {tone:#x} is not there")
    engine.stop()
    engine.command("verify", "--state", engine.state)


def refuses_new_calls(engine):
    body = {"ref": "late", "participants": [{"ref": "a", "role": "a"}], "legs": [
        {"label": "a", "participant": "a", "codec": {"name": "PCMU", "payload_type": 0, "clock_rate": 8000}}]}
    request = urllib.request.Request(f"http://{engine.api}/v1/calls", method="POST", data=json.dumps(body).encode())
    request.add_header("Authorization", "Bearer " + engine.token)
    request.add_header("Content-Type", "application/json")
    try:
        urllib.request.urlopen(request, timeout=10)
    except urllib.error.HTTPError as refused:
        detail = json.loads(refused.read())["detail"]
        check(refused.code == 503 and "being stopped" in detail, f"refused with {refused.code}: {detail}")
        check(int(refused.headers["Retry-After"]) >= 1, f"no Retry-After: {refused.headers}")
        return
    raise AssertionError("a new call was taken")


def calls_end_by_themselves(folder):
    engine = harness.Engine(folder, name="ending", ports="25000-25099", drain="10m").start()
    call, sender = consented_call(engine)
    undecided = engine.create_call()
    talk(sender, 0x11)
    since = terminate(engine)
    refuses_new_calls(engine)
    check(engine.ask("GET", "/healthz")["draining"] is True, "/healthz does not say that it drains")
    check("\nassent_draining 1\n" in engine.raw("GET", "/metrics")[1].decode(), "nor do the metrics")
    talk(sender, 0x22)
    # A word of consent still counts, and so does everything else that concerns calls in progress.
    engine.decide(undecided, "customer", "granted")
    check(engine.show(undecided)["legs"][0]["gate"] == "open", "an opt-in during the drain did not open the gate")
    check(engine.process.poll() is None, "the engine did not wait")
    recording = engine.end(call)["recording"]
    check(engine.process.poll() is None, "the engine did not wait for the other call")
    engine.end(undecided)
    took = ended_well(engine, since, 120)
    stored(folder, "ending", recording, [0x11, 0x22])
    print(f"  calls ended after SIGTERM: down {took:.1f} s after it, with what was said meanwhile")


def deadline_passes(folder):
    engine = harness.Engine(folder, name="deadline", ports="25000-25099", drain="3s").start()
    call, sender = consented_call(engine)
    talk(sender, 0x33)
    recording = engine.show(call)["recording"]
    since = terminate(engine)
    talk(sender, 0x44)
    took = ended_well(engine, since, 3 + SOON)
    check(took > 1.5, f"the call was not let go on: {took:.1f} s")
    check("calls that are ended now: 1" in engine.log(),
          "the log does not say that a call was ended: " + engine.log()[-1000:])
    stored(folder, "deadline", recording, [0x33, 0x44])
    print(f"  the drain's 3 s passed: down {took:.1f} s after SIGTERM")


def second_signal(folder):
    engine = harness.Engine(folder, name="second", ports="25000-25099", drain="10m").start()
    call, sender = consented_call(engine)
    talk(sender, 0x55)
    recording = engine.show(call)["recording"]
    terminate(engine)
    talk(sender, 0x66)
    check(engine.process.poll() is None, "the engine did not wait")
    again = time.monotonic()
    os.kill(engine.pid, signal.SIGTERM)
    took = ended_well(engine, again, SOON)
    stored(folder, "second", recording, [0x55, 0x66])
    print(f"  a second SIGTERM: down {took:.1f} s after it")


def option_goes_before_the_file(folder):
    engine = harness.Engine(folder, name="option", ports="25000-25099", drain="10m", arguments=["--drain", "0s"]).start()
    call, sender = consented_call(engine)
    talk(sender, 0x77)
    recording = engine.show(call)["recording"]
    since = time.monotonic()
    os.kill(engine.pid, signal.SIGTERM)
    ended_well(engine, since, SOON)
    stored(folder, "option", recording, [0x77])


def service_manager_is_told(folder):
    path = os.path.join(folder, "manager")
    manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    manager.bind(path)
    manager.settimeout(20)
    os.environ["NOTIFY_SOCKET"] = path
    try:
        engine = harness.Engine(folder, name="notify", ports="25000-25099", drain="90s").start()
        check(manager.recv(512) == b"READY=1", "no READY=1")
        os.kill(engine.pid, signal.SIGHUP)
        told = manager.recv(512).decode().split("\n")
        check(told[0] == "RELOADING=1" and told[1].startswith("MONOTONIC_USEC="), f"{told}")
        check(0 <= time.clock_gettime(time.CLOCK_MONOTONIC) - int(told[1].split("=")[1]) / 1e6 < 20, f"{told}")
        check(manager.recv(512) == b"READY=1", "no READY=1 after the reload")
        engine.stop()
        check(manager.recv(512) == b"STOPPING=1\nEXTEND_TIMEOUT_USEC=150000000", "no STOPPING=1 with the time it takes")
    finally:
        del os.environ["NOTIFY_SOCKET"]


def test(folder):
    kept(folder)
    calls_end_by_themselves(folder)
    deadline_passes(folder)
    second_signal(folder)
    option_goes_before_the_file(folder)
    service_manager_is_told(folder)


harness.run(test)

#!/usr/bin/env python3
"""Quotas of tenants: calls at once and bytes stored, each refused with 429 and by its name, no matter how others do; what is
stored counts after a restart, too, and no longer after its erasure."""
import time

import harness
from harness import check

QUOTA = """
[quota]
calls = 2
[quota.tenants]
big = { calls = 3 }
full = { stored = "1MiB" }
"""


def ask(engine, tenant):
    return engine.reply("POST", "/v1/calls", engine.call_body(policy="per-party", tenant=tenant))


def is_refused(answer, word):
    status, headers, body, _ = answer
    check(status == 429 and body["type"] == "urn:assent:problem:over-quota" and int(headers["Retry-After"]) > 0,
          f"over its quota a tenant is answered {status}: {body}")
    check(word in body["detail"], f"the detail does not name the quota: {body['detail']}")


def test(folder):
    engine = harness.Engine(folder, more=QUOTA, calls=40).start()
    calls = {}
    for tenant, most in (("small", 2), ("big", 3)):
        calls[tenant] = [ask(engine, tenant)[2] for _ in range(most)]
        check(all("id" in call for call in calls[tenant]), f"{tenant} has a quota of {most} calls: {calls[tenant]}")
        is_refused(ask(engine, tenant), "calls in progress")
    check(ask(engine, "another")[0] == 201, "one tenant's calls are no other's")
    engine.end(calls["small"][0])
    status, _, again, _ = ask(engine, "small")
    check(status == 201, f"a call that has ended is counted: {status} {again}")
    is_refused(ask(engine, "small"), "calls in progress")

    # A little more than a megabyte, in one call, which its quota does not end.
    status, _, call, _ = engine.reply("POST", "/v1/calls", engine.call_body(
        policy="per-party", tenant="full", codec={"name": "L16", "payload_type": 96, "clock_rate": 48000}))
    check(status == 201, f"nothing is stored yet: {call}")
    engine.decide(call, "customer", "granted")
    sender = harness.Sender(call["legs"][0], 96, 960)
    for _ in harness.paced(12.5):
        sender.send(bytes(1920))
    recording = engine.end(call)["recording"]
    stored = sum(segment["size_bytes"] for segment in engine.ask("GET", f"/v1/recordings/{recording}")["segments"])
    check(stored > 1 << 20, f"{stored} bytes are stored")

    def refusal():
        answer = ask(engine, "full")
        if answer[0] == 201:
            engine.end(answer[2])
        return answer if answer[0] != 201 else None
    is_refused(harness.wait_until("what is stored is counted", refusal, 15), "bytes")
    engine.stop()
    engine.start()
    is_refused(ask(engine, "full"), "bytes")
    check(ask(engine, "small")[0] == 201, "calls of before the restart are over")
    engine.ask("DELETE", f"/v1/recordings/{recording}")

    def admitted():
        return ask(engine, "full")[0] == 201
    began = time.monotonic()
    harness.wait_until("what has been erased is not counted", admitted, 15)
    print(f"quotas of calls and of {stored} stored bytes are kept, over a restart; room {time.monotonic() - began:.0f} s after erasure")
    engine.stop()


harness.run(test)

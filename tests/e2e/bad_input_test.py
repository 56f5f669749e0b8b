#!/usr/bin/env python3
"""Bad input: wrong files, tokens, ids, bodies and numbers get a clear error, and change nothing."""
import json
import os

import harness
from harness import check


def refused(engine, method, path, body, status, **more):
    got, text = engine.raw(method, path, body, **more)
    wanted = status if isinstance(status, tuple) else (status,)
    check(got in wanted, f"{method} {path} {str(body)[:120]}: {got} instead of {status}: {text[:300]}")
    problem = json.loads(text)
    check(problem["status"] == got and problem["type"] and (problem.get("detail") or problem.get("title")),
          f"a problem that says something: {problem}")


def valid_call():
    return {"ref": "r", "participants": [{"ref": "a", "role": "agent"}],
            "legs": [{"label": "a", "participant": "a", "codec": {"name": "PCMU", "payload_type": 0, "clock_rate": 8000}}]}


def changed(path, value):
    body = valid_call()
    place = body
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return body


def test(folder):
    engine = harness.Engine(folder).start()
    nobody = "00000000-0000-7000-8000-000000000000"
    for token in ("", "x", "0" * 64):
        refused(engine, "GET", "/v1/calls", None, 401, token=token)
    for path in ("/v1/calls/" + nobody, "/v1/recordings/" + nobody, "/v1/erasures/" + nobody):
        refused(engine, "GET", path, None, 404)
    for path in ("/v1/calls/1", "/v1/recordings/../x", "/v1/calls/" + "a" * 3000):
        refused(engine, "GET", path, None, (400, 404, 414))
    refused(engine, "PUT", "/v1/calls", {}, 405)
    refused(engine, "GET", "/v2/calls", None, 404)
    refused(engine, "POST", "/v1/calls", b"x" * (1 << 20), 413)
    for body in (b"", b"{", b"[]", b"null", b'"x"', b"{}", b"[" * 10000, b'{"ref":"a","ref":"b"}', b"\xff\xfe", b'{"ref":1e999}'):
        refused(engine, "POST", "/v1/calls", body, (400, 422))
    for path, value in ((("legs", 0, "codec", "payload_type"), -1), (("legs", 0, "codec", "payload_type"), 128),
                        (("legs", 0, "codec", "payload_type"), 10**30), (("legs", 0, "codec", "clock_rate"), 0),
                        (("legs", 0, "codec", "clock_rate"), -8000), (("legs", 0, "codec", "clock_rate"), 8000.5),
                        (("legs", 0, "codec", "name"), "MP3"), (("legs", 0, "codec", "channels"), 3),
                        (("legs", 0, "codec"), None), (("legs", 0, "participant"), "nobody"), (("legs", 0, "label"), ""),
                        (("legs", 0, "label"), "x" * 5000), (("legs",), []), (("participants",), []),
                        (("legs",), [valid_call()["legs"][0]] * 2), (("legs",), [valid_call()["legs"][0]] * 100),
                        (("policy",), "nobody"), (("policy",), 7), (("unknown",), 1), (("ref",), None),
                        (("legs", 0, "source"), "not an address"), (("legs", 0, "dtmf_payload_type"), 0),
                        (("legs", 0, "srtp"), {"suite": "AES_CM_128_HMAC_SHA1_80", "key": "x"})):
        refused(engine, "POST", "/v1/calls", changed(path, value), (400, 422))
    check(engine.ask("GET", "/v1/calls")["calls"] == [], "a refused call is there")

    call = engine.create_call(policy="per-party")
    consent = f"/v1/calls/{call['id']}/consent"
    for body in ({}, {"participant": "customer"}, {"participant": "x", "decision": "granted"},
                 {"participant": "customer", "decision": "yes"}, {"participant": "customer", "decision": "expired"},
                 {"participant": "customer", "decision": "granted", "purposes": ["spying"]},
                 {"participant": "customer", "decision": "granted", "purposes": "quality"},
                 {"participant": "customer", "decision": "granted", "signal": {"type": "deadline"}}):
        refused(engine, "POST", consent, body, (400, 422))
    refused(engine, "POST", f"/v1/calls/{nobody}/consent", {"participant": "customer", "decision": "granted"}, 404)
    refused(engine, "POST", f"/v1/calls/{call['id']}/pause", {"reason": "4111 1111 1111 1111"}, (400, 422))
    shown = engine.show(call)
    check(all(state["state"] == "pending" for state in shown["participants"][0]["consents"]), f"unchanged: {shown}")
    check(shown["legs"][0]["gate"] == "holding" and not shown["paused"], f"unchanged: {shown}")
    engine.end(call)
    refused(engine, "POST", consent, {"participant": "customer", "decision": "granted"}, (404, 409))

    # A configuration file: every error at once, each with its place.
    wrong = os.path.join(folder, "wrong.toml")
    with open(wrong, "w") as file:
        file.write('[listen]\napi = "nowhere"\n[capacity]\ncalls = -5\n[consent]\nholt = "30s"\nhold = "forever"\n')
    for command in (("check", wrong), ("run", wrong, "--state", os.path.join(folder, "never"))):
        said = engine.command(*command, code=1)
        text = said.stdout + said.stderr
        for place in ("wrong.toml:2", "wrong.toml:4", "wrong.toml:6", "wrong.toml:7"):
            check(place in text, f"{command[0]} names {place}: {text}")
    check(not os.path.exists(os.path.join(folder, "never")), "a wrong configuration made a state folder")
    engine.command("check", wrong + ".missing", code=1)
    engine.command("calls", "--nonsense", code=2)
    # A second engine on the same folder is refused, and the first goes on.
    second = engine.command("run", engine.pipeline, "--state", engine.state, code=1)
    check("another engine" in second.stderr, f"a second engine: {second.stderr}")
    check(engine.ask("GET", "/v1/calls")["calls"] == [], "the first engine goes on")
    engine.stop()


harness.run(test)

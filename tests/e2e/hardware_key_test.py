#!/usr/bin/env python3
"""The root key on a PKCS#11 token (SoftHSM2): the engine runs, seals, restarts and replaces its keys with a root that is in no
file; without the token nothing opens, the error says so, and nothing is lost when it comes back.
"""
import json
import os
import shutil
import subprocess

import harness
from harness import check

MODULES = ("/usr/lib/softhsm/libsofthsm2.so", "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so")
KEYS = """[keys]
provider = "pkcs11"
module = "{module}"
token = "assent"
pin_file = "{pin}"
"""


def make_token(folder):
    tokens = os.path.join(folder, "tokens")
    os.mkdir(tokens)
    config = os.path.join(folder, "softhsm2.conf")
    with open(config, "w") as file:
        file.write(f"directories.tokendir = {tokens}\nobjectstore.backend = file\nlog.level = ERROR\n")
    os.environ["SOFTHSM2_CONF"] = config
    subprocess.run(["softhsm2-util", "--init-token", "--free", "--label", "assent", "--so-pin", "12345678", "--pin", "8765"],
                   check=True, capture_output=True)
    pin = os.path.join(folder, "token.pin")
    with open(os.open(pin, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
        file.write("8765\n")
    return tokens, pin


def record(engine):
    call = engine.create_call()
    engine.decide(call, "customer", "granted", purposes=["quality"])
    sender = harness.Sender(call["legs"][0])
    for _ in harness.paced(0.5):
        sender.send(b"\x21" * 160)
    return engine.end(call)["recording"]


def is_heard(engine, recording):
    return engine.raw("GET", f"/v1/recordings/{recording}/audio?purpose=quality&format=wav")[0] == 200


def refused_start(engine):
    """What the engine says when it does not start."""
    before = len(engine.log())
    try:
        engine.start()
    except AssertionError:
        return engine.log()[before:]
    raise AssertionError("the engine started")


def test(folder):
    module = next((module for module in MODULES if os.path.exists(module)), None)
    if module is None or shutil.which("softhsm2-util") is None:
        harness.skip("SoftHSM2 is not installed")
    tokens, pin = make_token(folder)
    engine = harness.Engine(folder, more=KEYS.format(module=module, pin=pin)).start()
    check("PKCS#11" in engine.log() or "token" in engine.log(), "the start does not say where the root key is")
    kept = [record(engine)]
    engine.stop()
    check(not os.path.exists(os.path.join(engine.state, "root.key")), "there is a root key in a file")
    engine.command("verify", "--state", engine.state)

    engine.start()
    check(is_heard(engine, kept[0]), "not heard after a restart")
    before = engine.ask("GET", "/v1/keys")["root"]["id"]
    engine.command("keys", "rotate", "--state", engine.state)
    after = engine.ask("GET", "/v1/keys")["root"]["id"]
    check(before != after, "the root key is the same")
    kept.append(record(engine))
    engine.kill()
    engine.start()
    for recording in kept:
        check(is_heard(engine, recording), "not heard after a rotation and a kill")
    engine.stop()

    # Without the token.
    shutil.move(tokens, tokens + ".away")
    os.mkdir(tokens)
    said = refused_start(engine)
    check("token" in said and "assent" in said, f"without the token it says {said}")
    alone = engine.command("verify", "--state", engine.state, code=None)
    check(alone.returncode != 0 and "token" in alone.stderr, f"verify without the token: {alone.stderr}")
    checked = engine.command("check", engine.pipeline, "--state", engine.state, "--json", code=None)
    check(any("token" in trouble for trouble in json.loads(checked.stdout)["state"]), f"check says {checked.stdout}")

    # A wrong PIN is said, too, and offered once.
    os.rmdir(tokens)
    shutil.move(tokens + ".away", tokens)
    with open(pin, "w") as file:
        file.write("0000\n")
    said = refused_start(engine)
    check("PIN" in said, f"with a wrong PIN it says {said}")
    with open(pin, "w") as file:
        file.write("8765\n")
    engine.start()
    for recording in kept:
        check(is_heard(engine, recording), "not heard when the token is back")
    engine.stop()
    engine.command("verify", "--state", engine.state)
    engine.command("ledger", "verify", "--state", engine.state)


harness.run(test)

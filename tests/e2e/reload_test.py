#!/usr/bin/env python3
"""SIGHUP: new calls get the settings of the file as it is now, live calls keep theirs; what cannot change under them is named;
a file with an error changes nothing, and its line and column are told. /healthz and the metrics say what came of it.
"""
import os
import re
import signal

import harness
from harness import check


def counts(engine):
    text = engine.raw("GET", "/metrics")[1].decode()
    return {result: float(count) for result, count in re.findall(r'^assent_reloads_total{result="(\w+)"} (\S+)$', text, re.M)}


def reload(engine, append="", **options):
    """Writes the file, sends SIGHUP, and returns what /healthz and the log say of it."""
    engine.configure(**options)
    with open(engine.pipeline, "a") as file:
        file.write(append)
    log_before = len(engine.log())
    before = sum(counts(engine).values())
    os.kill(engine.pid, signal.SIGHUP)
    harness.wait_until("the file is read again", lambda: sum(counts(engine).values()) == before + 1)
    return engine.ask("GET", "/healthz")["last_reload"], lambda: engine.log()[log_before:]


def logged(log, pattern):
    harness.wait_until(f"the log says {pattern!r}", lambda: re.search(pattern, log()))


def new_calls_get_what_changed(engine):
    old = engine.create_call()
    check(old["policy"] == "all-party", f"the policy at the start: {old['policy']}")
    reloaded, log = reload(engine, policy="per-party", hold="5s", deadline="2s", drain="1s")
    check(reloaded["result"] == "applied" and reloaded["at_next_start"] == [], f"{reloaded}")
    check(reloaded["changed"] == ["consent.policy", "consent.hold", "consent.deadline", "shutdown.drain"], f"{reloaded}")
    logged(log, "reloaded: consent.policy, consent.hold, consent.deadline, shutdown.drain")
    new = engine.create_call()
    check(new["policy"] == "per-party", f"a new call's policy: {new['policy']}")
    check(engine.show(old)["policy"] == "all-party", "a live call's policy changed")
    # The new one's deadline is 2 s; the live one keeps its minute, and goes on holding.
    senders = [harness.Sender(call["legs"][0]) for call in (old, new)]
    for _ in harness.paced(3.0):
        for sender in senders:
            sender.send(b"\x55" * 160)
    check(engine.show(new)["legs"][0]["gate"] == "closed", "the new deadline did not close the new call's gate")
    check(engine.show(old)["legs"][0]["gate"] == "holding", "it closed the live call's gate, too")
    check(engine.end(new)["recording"] is None, "something was kept of the new call")
    return old


def what_cannot_change_is_named(engine):
    reloaded, log = reload(engine, ports="31000-31499", shards=2, calls=30, segment_time="30s", deadline="60s", hold="40s")
    check(reloaded["result"] == "partial", f"{reloaded}")
    check(set(reloaded["at_next_start"]) == {"consent.hold above 30s", "listen.rtp_ports", "capacity.calls",
                                             "threads.shards", "seal.segment_time"}, f"{reloaded}")
    check(reloaded["changed"] == ["consent.deadline"], f"{reloaded}")
    logged(log, "takes effect at the next start only: .*threads.shards")
    # A call that comes now goes by what the engine has room for.
    call = engine.create_call()
    check(31000 <= call["legs"][0]["port"] <= 31999, "the ports changed")
    engine.end(call)
    reloaded, _ = reload(engine, ports="31000-31999", shards=1, calls=20, segment_time="60s", hold="5s")
    check(reloaded["result"] == "applied" and reloaded["changed"] == [], f"{reloaded}")


def other_purposes_wait(engine):
    reloaded, _ = reload(engine, policy="one-party",
                         append='[[purposes]]\nid = "research"\ndescription = "Learning from calls"\n')
    check(reloaded["result"] == "partial" and reloaded["changed"] == [], f"{reloaded}")
    check(reloaded["at_next_start"] == ["consent (its settings name purposes)", "purposes"], f"{reloaded}")
    call = engine.create_call()
    check(call["policy"] == "per-party", "consent settings changed with purposes that the engine does not know")
    engine.end(call)
    reload(engine, policy="per-party")


def error_changes_nothing(engine):
    before = counts(engine)
    reloaded, log = reload(engine, policy="one-party", hold="10m")
    check(reloaded["result"] == "failed" and reloaded["changed"] == [], f"{reloaded}")
    check(counts(engine)["failed"] == before["failed"] + 1, f"{counts(engine)}")
    logged(log, r"not reloaded: .*\.toml:\d+:\d+: consent.hold: '10m' is too long")
    call = engine.create_call()
    check(call["policy"] == "per-party", "something of a file with an error counts")
    engine.end(call)
    check(engine.raw("GET", "/readyz")[0] == 200, "a wrong file made the engine not ready")

    os.remove(engine.pipeline)
    os.kill(engine.pid, signal.SIGHUP)
    harness.wait_until("the missing file is told", lambda: counts(engine)["failed"] == before["failed"] + 2)
    reload(engine, policy="per-party", hold="5s")


def notice_changes(engine):
    text = '[notice]\nid = "n"\nversion = "2"\nlanguage = "en"\ntext = "We record."\n'
    reloaded, _ = reload(engine, append=text)
    check(reloaded["changed"] == ["notice"], f"{reloaded}")
    call = engine.create_call()
    record = engine.decide(call, "customer", "granted")
    check(record["notice"]["version"] == "2", f"the new notice is not on the record: {record}")
    engine.end(call)
    reload(engine)


def log_level_changes(engine):
    _, log = reload(engine, append='[log]\nlevel = "error"\n')
    call = engine.create_call()
    engine.end(call)
    check("reloaded" not in log(), "what is no error is still logged")
    _, log = reload(engine)
    logged(log, "reloaded: log.level")


def test(folder):
    engine = harness.Engine(folder).start()
    live = new_calls_get_what_changed(engine)
    what_cannot_change_is_named(engine)
    other_purposes_wait(engine)
    error_changes_nothing(engine)
    notice_changes(engine)
    log_level_changes(engine)
    check(engine.show(live)["policy"] == "all-party", "the live call did not live through it all")
    # The audio it held is as it was, and what is agreed to now is kept by its own settings.
    engine.decide(live, "customer", "granted")
    check(engine.end(live)["recording"] is not None, "the live call's ring was lost")
    engine.stop()


harness.run(test)

#!/usr/bin/env python3
"""A disk that stalls in mid-call (stalling_disk.cpp, preloaded into the engine).

For ten seconds, within the stated budget: assent-load compares every packet of every consented call with what was recorded,
and none is missing. Meanwhile everything else gives way in its order and comes back: queries wait, settling waits, rings
shorten, new calls are answered 503 with Retry-After; decisions take effect at once, and are answered when they are durable.

For longer than the budget: what could not be sealed is a gap that the recording, its legs, `assent verify` and the metrics
tell, to the packet; the recording is not called complete; and nothing else is wrong.

  CALLS=20 tests/e2e/stalled_disk_test.py
"""
import json
import os
import re
import subprocess
import threading
import time

import harness
from harness import check

CALLS = int(os.environ.get("CALLS", "20"))
STAGES = ("queries_wait", "settling_waits", "rings_shorten", "admission_stops")


def stage(engine):
    return int(engine.metrics()["assent_overload_stage"])


def decision(engine, call, what):
    return harness.Asking(engine, "POST", f"/v1/calls/{call['id']}/consent",
                  {"participant": "customer", "decision": what, "signal": {"type": "api"}})


def leg_of(engine, call):
    return engine.show(call)["legs"][0]


def keep_talking(leg, seconds, tone, done):
    sender = harness.Sender(leg)
    for _ in harness.paced(seconds):
        if done.is_set():
            break
        sender.send(bytes([tone] * 160))
    sender.close()


def within_the_budget(folder):
    disk = harness.Stall(folder, "within")
    engine = harness.Engine(folder, name="within", wrapper=disk.wrapper, ports="16000-30999", calls=2 * CALLS + 8, hold="30s",
                            deadline="300s", segment_time="5s", more='[overload]\ndisk_reserve = "1MiB"').start()
    # Three calls of the test's own: one that will be withdrawn, one denied, one that goes on waiting for an answer.
    withdrawn, denied, pending = (engine.create_call(policy="per-party") for _ in range(3))
    engine.decide(withdrawn, "customer", "granted")
    done = threading.Event()
    talkers = [threading.Thread(target=keep_talking, args=(call["legs"][0], 120, tone, done))
               for call, tone in ((withdrawn, 0x11), (denied, 0x22), (pending, 0x33))]
    for talker in talkers:
        talker.start()
    load = subprocess.Popen([harness.LOAD, "run", "--state", engine.state, "--calls", str(CALLS), "--seconds", "36", "--sample",
                             str(CALLS), "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        harness.wait_until("the load runs", lambda: engine.metrics()['assent_packets_total{shard="0"}'] > CALLS * 100 * 4)
        harness.wait_until("the pending call holds more than the floor", lambda: leg_of(engine, pending)["held_ms"] > 13000)
        check(stage(engine) == 0, "a load that the disk keeps up with is no overload")
        disk.begin()
        # Decisions take effect at once; that they did is said when it is on record.
        sealed = leg_of(engine, withdrawn)["sealed_blocks"]
        asked = {"withdrawal": decision(engine, withdrawn, "withdrawn"), "denial": decision(engine, denied, "denied")}
        harness.wait_until("the withdrawal closes the gate", lambda: leg_of(engine, withdrawn)["gate"] == "closed", 2)
        harness.wait_until("the denial closes the gate", lambda: leg_of(engine, denied)["gate"] == "closed", 2)
        check(leg_of(engine, denied)["held_ms"] == 0, "what was held is wiped at the denial, not at its answer")
        print(f"withdrawal and denial closed their gates {disk.seconds():.1f} s into the stall")
        disk.wait_for(2.6)
        query = harness.Asking(engine, "GET", "/v1/recordings")
        disk.wait_for(4.6)
        held_before = leg_of(engine, pending)["held_ms"]
        check(stage(engine) >= 2, "settling waits after four seconds")
        disk.wait_for(7.0)
        held = leg_of(engine, pending)["held_ms"]
        check(held_before > 13000 and held <= 11500, f"the ring shortens from {held_before} to the floor, not {held} ms")
        disk.wait_for(8.6)
        status, headers, body, took = engine.reply("POST", "/v1/calls", engine.call_body())
        check(status == 503 and body["type"] == "urn:assent:problem:overloaded", f"a new call is answered {status}: {body}")
        check(int(headers["Retry-After"]) > 0 and took < 1, f"it is refused at once, with Retry-After: {took:.1f} s, {headers}")
        more_legs = engine.reply("POST", f"/v1/calls/{pending['id']}/legs", {
            "legs": [{"label": "second", "participant": "customer", "codec": {"name": "PCMU", "payload_type": 0,
                                                                             "clock_rate": 8000}}]})
        check(more_legs[0] == 503, f"a new leg is answered {more_legs}")
        status, _, body, took = engine.reply("GET", "/readyz")
        check(status == 503 and "no new calls" in body["detail"] and took < 1, f"readiness: {status} {body}")
        print("readiness says: " + body["detail"])
        status, headers, body, took = query.answer()
        check(status == 503 and 4 < took < 7, f"a query waits and is then turned away: {status} after {took:.1f} s: {body}")
        check(headers["Retry-After"], "a query that is turned away is told when to try again")
        for what, asking in asked.items():
            check(asking.reply is None, f"the {what} is answered before it can be durable: {asking.reply}")
        check(leg_of(engine, withdrawn)["sealed_blocks"] <= sealed + 1, "blocks are sealed after the withdrawal")
        disk.wait_for(10)
        stalled = disk.end()
        for what, asking in asked.items():
            status, _, body, took = asking.answer()
            check(status == 200, f"the {what} is answered {status}: {body}")
            print(f"the {what} was answered after {took:.1f} s, {disk.seconds() - stalled:.1f} s after the disk came back")
        harness.wait_until("it is calm again", lambda: stage(engine) == 0, 15)
        calm = disk.seconds() - stalled
        check(engine.reply("GET", "/v1/recordings")[0] == 200, "queries are answered again")
        check(engine.reply("GET", "/readyz")[0] == 200, "it is ready again")
        again = engine.create_call(policy="per-party")
        check(engine.end(again)["recording"] is None, "new calls are taken again")
        harness.wait_until("the ring grows again", lambda: leg_of(engine, pending)["held_ms"] > 13000)
        out, err = load.communicate(timeout=180)
    finally:
        done.set()
        if load.poll() is None:
            load.kill()
    for talker in talkers:
        talker.join()
    said = json.loads(out)
    # That the generator was late now and then (which it says) is no matter here: what it sent is what is asked for.
    recordings = said["recordings"]
    check(said["failures"]["count"] == 0 and recordings["made"] == CALLS, f"not every call was recorded: {out} {err}")
    check(said["lost"] == 0 and not recordings["mismatches"], f"a consented packet is missing: {out} {err}")
    check(recordings["compared_packets"] == said["sent"] > CALLS * 3000, f"every packet is compared: {out}")
    metrics = engine.metrics()
    for name in STAGES:
        check(metrics[f'assent_overload_stage_seconds_total{{stage="{name}"}}'] > 0, f"the stage {name} is not seen")
        check(f"overload: {name}" in engine.log(), f"the log does not tell of {name}")
    check("overload: calm" in engine.log(), "the log does not tell when it is over")
    check(metrics['assent_blocks_total{fate="lost",shard="0"}'] == 0, "blocks were lost")
    for call in (withdrawn, denied, pending):
        engine.end(call)
    engine.stop()
    engine.command("verify", "--state", engine.state)
    print(f"{CALLS} calls, {stalled:.1f} s of stall: {recordings['compared_packets']} packets compared, none missing or different; "
          f"calm {calm:.1f} s after the disk came back")


def l16(legs):
    return dict(legs=legs, codec={"name": "L16", "payload_type": 96, "clock_rate": 48000}, policy="per-party")


MARK = b"\x5a\xa5"


def numbered(number):
    return (MARK + number.to_bytes(2, "big")) * 480


def beyond_the_budget(folder):
    # 256 pages for 100 a second last for 2.6 s; then each leg's own part of the arena, 6 s at most.
    disk = harness.Stall(folder, "beyond")
    engine = harness.Engine(folder, name="beyond", wrapper=disk.wrapper, ports="31000-31999", calls=14, hold="1s",
                            sealed_pages=256, segment_time="60s", more='[overload]\ndisk_reserve = "1MiB"').start()
    names = ("a", "b", "c", "d")
    call = engine.create_call(**l16(names))
    for name in names:
        engine.decide(call, name, "granted")
    done = threading.Event()
    streams = [harness.Stream(leg, done, numbered) for leg in call["legs"]]
    time.sleep(3)
    disk.begin()
    disk.wait_for(14)
    during = engine.show(call)
    check(all(leg["gate"] == "open" for leg in during["legs"]), f"the call is disturbed: {during}")
    lost = harness.wait_until("blocks are lost", lambda: engine.metrics()['assent_blocks_total{fate="lost",shard="0"}'], 20)
    disk.wait_for(16)
    stalled = disk.end()
    time.sleep(4)
    done.set()
    for stream in streams:
        stream.join()
    ended = engine.end(call)
    metrics = engine.metrics()
    check(ended["recording"] and ended["why"].startswith("incomplete: "), f"ended: {ended}")
    shown = engine.ask("GET", f"/v1/recordings/{ended['recording']}")
    check(shown["state"] == "incomplete", f"the recording is {shown['state']}")
    check({gap["leg"] for gap in shown["gaps"]} == {leg["id"] for leg in shown["legs"]}, f"gaps: {shown['gaps']}")
    blocks = sum(gap["blocks"] for gap in shown["gaps"])
    check(blocks == metrics['assent_blocks_total{fate="lost",shard="0"}'] >= lost, f"gaps of {blocks} blocks, and the metrics: {metrics}")
    no_block = metrics['assent_drops_total{reason="no_block",shard="0"}']
    check(no_block == 0, f"{no_block} datagrams found no memory: a leg took what others count on")

    clear = os.path.join(folder, "clear")
    for stream, leg in zip(streams, shown["legs"]):
        counts = leg["counts"]
        gap = [gap for gap in shown["gaps"] if gap["leg"] == leg["id"]]
        missing = sum(each["packets"] for each in gap)
        check(counts["PACKETS_RECEIVED"] == stream.sent, f"{counts} of {stream.sent}")
        check(counts["GAP_PACKETS"] == missing > 0, f"the leg counts {counts}, its gaps are {gap}")
        check(counts["PACKETS_RECORDED"] == stream.sent - missing, f"{counts} of {stream.sent} without {missing}")
        heard = numbers_of(engine, ended["recording"], leg["label"])
        check(len(heard) == len(set(heard)) == stream.sent - missing, f"{len(heard)} packets of {stream.sent} are recorded, and "
              f"{missing} are said to be missing")
        check(heard == sorted(heard) and heard[0] == 0 and heard[-1] == stream.sent - 1, "in their order, from the first to the last")
        lost_numbers = sorted(set(range(stream.sent)) - set(heard))
        from_s, to_s = seconds_since(shown, gap[0]["from"]), seconds_since(shown, gap[-1]["to"])
        check(abs(lost_numbers[0] * 0.02 - from_s) < 0.3 and abs(lost_numbers[-1] * 0.02 - to_s) < 0.3,
              f"the gap is said to be from {from_s} to {to_s} s, and is from packet {lost_numbers[0]} to {lost_numbers[-1]}")
        print(f"leg {leg['label']}: {stream.sent} packets sent, {len(heard)} recorded, {missing} said to be missing, "
              f"from {from_s:.1f} to {to_s:.1f} s")
    engine.stop()
    verified = engine.command("verify", "--state", engine.state).stdout
    check("is incomplete" in verified and verified.count("could not be sealed in time") >= 4, f"verify says: {verified}")
    told = json.loads(engine.command("verify", ended["recording"], "--state", engine.state, "--json").stdout)
    check(told["good"] and len(told["missing"]) > 4, f"what is there is good, what is not is told: {told}")
    print(f"{stalled:.1f} s of stall with pages for 2.6 s: {blocks} blocks lost, all told")


def seconds_since(recording, text):
    def seconds(time_text):
        whole, fraction = re.fullmatch(r"(.*)\.(\d+)Z", time_text).groups()
        return time.mktime(time.strptime(whole, "%Y-%m-%dT%H:%M:%S")) + float("0." + fraction)
    return seconds(text) - min(seconds(segment["started"]) for segment in recording["segments"])


def numbers_of(engine, recording, leg):
    """The numbers that the packets of a leg carry, as its Matroska export has them."""
    status, data = engine.raw("GET", f"/v1/recordings/{recording}/audio?purpose=quality&format=mka&legs={leg}")
    check(status == 200, f"the export answered {status}")
    numbers, at = [], data.find(MARK)
    while at >= 0:
        number = int.from_bytes(data[at + 2:at + 4], "big")
        payload = numbered(number)
        check(data[at:at + len(payload)] == payload, f"the packet at byte {at} is not what was sent")
        numbers.append(number)
        at = data.find(MARK, at + len(payload))
    return numbers


def test(folder):
    for file in (harness.Stall.SHIM, harness.LOAD):
        if not os.path.exists(file):
            harness.skip(file + " is not built")
    within_the_budget(folder)
    beyond_the_budget(folder)


harness.run(test)

#!/usr/bin/env python3
"""Two shards: calls spread over both and are recorded, each shard's thread keeps to its CPU, and after SIGKILL a start with
one shard loses nothing of either: every segment verifies and every recording is there.
"""
import os
import re
import threading

import harness
from harness import check

CALLS = 6
SECONDS = 3.0
MAX_LOST_S = 1.0 + 0.25  # seal.max_delay and one commit interval


def threads_of(pid):
    """Name and CPUs of each thread, as the kernel tells them."""
    found = []
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/status") as file:
            status = file.read()
        found.append((re.search(r"^Name:\t(.*)$", status, re.M)[1],
                      re.search(r"^Cpus_allowed_list:\t(.*)$", status, re.M)[1]))
    return found


def by_shard(engine, metric):
    text = engine.raw("GET", "/metrics")[1].decode()
    return {int(shard): float(value)
            for shard, value in re.findall(rf'^{metric}{{[^}}]*shard="(\d+)"}} (\S+)$', text, re.M)}


def record(engine):
    """Calls with consent, which all talk at once; each with its recording once there is one."""
    calls = [engine.create_call(policy="per-party") for _ in range(CALLS)]
    for call in calls:
        engine.decide(call, "customer", "granted")
    senders = [harness.Sender(call["legs"][0]) for call in calls]
    for i in harness.paced(SECONDS):
        for sender in senders:
            sender.send(bytes([i % 256] * 160))
    for sender in senders:
        sender.close()
    recordings = [harness.wait_until("the recording is there", lambda: engine.show(call).get("recording"))
                  for call in calls]
    return calls, recordings


def length(engine, recording):
    return sum(harness.seconds_of(segment) for segment in engine.ask("GET", f"/v1/recordings/{recording}")["segments"])


def check_recordings(engine, recordings, state, at_least_s):
    for recording in recordings:
        shown = engine.ask("GET", f"/v1/recordings/{recording}")
        check(shown["state"] == state, f"a recording is {shown['state']}, not {state}")
        have = length(engine, recording)
        check(have >= at_least_s, f"{have:.2f} s of {SECONDS} s are there")
    engine.command("verify", "--state", engine.state)
    check(engine.ask("GET", "/v1/ledger/verify")["intact"], "the ledger does not verify")


def check_threads(engine, cpus):
    threads = threads_of(engine.pid)
    names = [name for name, _ in threads]
    for shard in range(2):
        for kind in ("shard", "journal", "settler"):
            check(names.count(f"{kind}-{shard}") == 1, f"no thread {kind}-{shard} among {names}")
    check("sealer" in names, f"no thread sealer among {names}")
    nice = {name: os.getpriority(os.PRIO_PROCESS, thread) for thread, name in harness.threads_of(engine.pid).items()}
    check(nice["settler-0"] > nice["journal-0"] == nice["shard-0"], "settling does not run behind the journal")
    everywhere = dict(threads)["settler-0"]
    for name, allowed in threads:
        if name.startswith("shard-"):
            wanted = str(cpus[int(name[-1])])
            check(allowed == wanted, f"{name} may run on {allowed}, not on {wanted}")
        else:  # the workers that encrypt, too, which a shard wakes
            check(allowed == everywhere, f"{name} may run on {allowed}, and others on {everywhere}")
    if len(os.sched_getaffinity(0)) > 1:
        check(everywhere != str(cpus[0]), "every thread is kept to one CPU")


def refuses_foreign_cpu(folder):
    foreign = max(os.sched_getaffinity(0)) + 1
    engine = harness.Engine(folder, name="foreign", shards=1, pin_shards=[foreign], ports="23800-23899")
    done = engine.command("run", engine.pipeline, "--state", engine.state, code=None)
    check(done.returncode != 0 and f"CPU {foreign}" in done.stderr + done.stdout,
          f"a CPU that is not there was taken: {done.returncode} {done.stderr[-500:]}")


def erases_on_both(folder):
    """A withdrawal erases, and so does a deletion, whichever shard had the call."""
    engine = harness.Engine(folder, name="erasing", shards=2, on_withdraw="erase", ports="23400-23599").start()
    calls, recordings = record(engine)
    for call in calls[:2]:
        engine.decide(call, "customer", "withdrawn")
    for call in calls[2:]:
        engine.end(call)
    check(len({path.split("/")[-2] for path in engine.segment_files()}) == CALLS - 2, "what was withdrawn is there")
    for recording in recordings[2:4]:
        engine.ask("DELETE", f"/v1/recordings/{recording}")
    check(len({path.split("/")[-2] for path in engine.segment_files()}) == CALLS - 4, "what was erased is there")
    for call in calls[:2]:
        engine.end(call)
    engine.stop()
    engine.command("verify", "--state", engine.state)


def test(folder):
    usable = sorted(os.sched_getaffinity(0))
    if len(usable) < 2:
        harness.skip("two shards cannot be pinned to one CPU")
    cpus = [usable[1], usable[0]]
    options = dict(ports="23000-23399", journal_file="4MiB", segment_time="5s")
    engine = harness.Engine(folder, shards=2, pin_shards=cpus, **options).start()
    check("over 2 shards" in engine.log(), "the start report does not say that there are two shards")

    calls, ended = record(engine)
    check(by_shard(engine, "assent_calls") == {0: CALLS / 2, 1: CALLS / 2}, "the calls did not spread")
    packets = by_shard(engine, "assent_packets_total")
    check(all(count == CALLS / 2 * SECONDS / 0.02 for count in packets.values()), f"packets by shard: {packets}")
    check(len(engine.ask("GET", "/v1/calls")["calls"]) == CALLS, "not every call is listed")
    ports = sorted(call["legs"][0]["port"] for call in calls)
    check(ports[CALLS // 2 - 1] < 23200 <= ports[CALLS // 2], f"the range is not halved: {ports}")
    check_threads(engine, cpus)
    ends = [threading.Thread(target=engine.end, args=(call,)) for call in calls]
    for end in ends:
        end.start()
    for end in ends:
        end.join()
    check_recordings(engine, ended, "complete", SECONDS - 0.1)

    in_progress, killed = record(engine)
    engine.kill()
    journals = {name.split("-")[1] for name in os.listdir(os.path.join(engine.state, "journal"))}
    check(journals == {"0", "1"}, f"journals of {journals}")

    engine = harness.Engine(folder, shards=1, **options).start()
    back = {call["id"] for call in engine.ask("GET", "/v1/calls")["calls"]}
    check(back == {call["id"] for call in in_progress}, "the calls do not go on, on the one shard that has all ports now")
    for call in in_progress:
        engine.end(call)
    check_recordings(engine, killed, "recovered", SECONDS - MAX_LOST_S)
    check_recordings(engine, ended, "complete", SECONDS - 0.1)
    journals = {name.split("-")[1] for name in os.listdir(os.path.join(engine.state, "journal"))}
    check(journals == {"0"}, f"journals of {journals} beside the only shard's")
    calls, again = record(engine)
    check(by_shard(engine, "assent_calls") == {0: CALLS}, "not one shard")
    engine.stop()  # with calls in progress: what was consented to is stored

    engine = harness.Engine(folder, shards=2, **options).start()
    check_recordings(engine, again, "complete", SECONDS - 0.1)
    check_recordings(engine, killed, "recovered", SECONDS - MAX_LOST_S)
    engine.stop()
    erases_on_both(folder)
    refuses_foreign_cpu(folder)


harness.run(test)

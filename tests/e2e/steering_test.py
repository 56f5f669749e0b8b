#!/usr/bin/env python3
"""All ports steered to one socket, and what that takes: legs need no file descriptors, the capabilities are given up in every
thread, a killed engine leaves its ports to others, and without the capabilities a socket a port does the same work.
"""
import json
import os
import shutil
import socket

import harness
from harness import check

CAP_NET_ADMIN, CAP_BPF = 12, 39
GIVEN_UP = 1 << CAP_NET_ADMIN | 1 << CAP_BPF
# Also without CAP_SYS_ADMIN, which stands for CAP_BPF.
UNPRIVILEGED = ["setpriv", "--bounding-set", "-net_admin,-bpf,-sys_admin", "--inh-caps", "-net_admin,-bpf,-sys_admin"]
PORTS = "24000-24199"
WORDS = [bytes([value] * 160) for value in range(1, 101)]  # 2 s, each packet different


def may_steer(engine):
    plan = json.loads(engine.command("check", "--json", engine.pipeline).stdout)["capacity"]
    if not plan["steered"]:
        harness.skip(plan["sockets"])


def udp_sockets(engine):
    """File descriptors of the engine that are UDP sockets on IPv4."""
    with open(f"/proc/{engine.pid}/net/udp") as file:
        sockets = {f"socket:[{line.split()[9]}]" for line in file if "inode" not in line}
    folder = f"/proc/{engine.pid}/fd"
    return sum(os.readlink(os.path.join(folder, fd)) in sockets for fd in os.listdir(folder))


def capability_sets(engine):
    """Thread -> set -> bits."""
    threads = {}
    for thread in os.listdir(f"/proc/{engine.pid}/task"):
        with open(f"/proc/{engine.pid}/task/{thread}/status") as file:
            threads[thread] = {line.split(":")[0]: int(line.split()[1], 16) for line in file if line.startswith("Cap")}
    return threads


def check_given_up(engine):
    threads = capability_sets(engine)
    check(len(threads) > 5, f"only {len(threads)} threads")
    for thread, sets in threads.items():
        for name, bits in sets.items():
            check(bits & GIVEN_UP == 0, f"thread {thread} still has {bits & GIVEN_UP:x} in {name}")


def record(engine):
    """A consented call of 2 s, heard again whole."""
    call = engine.create_call(policy="per-party")
    engine.decide(call, "customer", "granted")
    sender = harness.Sender(call["legs"][0])
    for i in harness.paced(len(WORDS) * 0.02):
        sender.send(WORDS[i])
    leg = harness.wait_until("every packet is received",
                             lambda: [leg for leg in engine.show(call)["legs"] if leg["packets"] == len(WORDS)])[0]
    check(leg["lost"] == 0, f"lost {leg['lost']}")
    recording = engine.end(call)["recording"]
    check(recording, "there is no recording")
    spoken = [harness.ULAW[byte] for word in WORDS for byte in word]
    check(harness.find_run(engine.wav(recording).legs[0], spoken) >= 0, "the audio is not whole")


def listen(port):
    listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    listener.bind(("127.0.0.1", port))
    listener.settimeout(5)
    return listener


def steered(folder):
    engine = harness.Engine(folder, sockets="steered", ports=PORTS)
    may_steer(engine)
    # Another program has one of the ports before, and keeps it.
    neighbour = listen(24000)
    engine.start()
    check("all ports steered to one socket a shard" in engine.log(), "the start report does not say it")
    check("holds 20 calls" in engine.log(), "memory is locked without the capabilities")
    check_given_up(engine)

    record(engine)
    calls = [engine.create_call(legs=("agent", "customer")) for _ in range(15)]
    ports = [leg["port"] for call in calls for leg in call["legs"]]
    check(len(set(ports)) == 30 and 24000 not in ports, f"ports {ports}")
    check(udp_sockets(engine) == 1, f"{udp_sockets(engine)} sockets for 30 legs")
    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sender.sendto(b"for the neighbour", ("127.0.0.1", 24000))
    check(neighbour.recv(100) == b"for the neighbour", "the neighbour's datagram")

    status, text = engine.raw("GET", "/metrics")
    check(status == 200 and b'assent_drops_total{reason="kernel",shard="0"} 0' in text, "no count of the kernel's drops")

    port = ports[0]
    engine.kill()
    listener = listen(port)
    sender.sendto(b"after the engine", ("127.0.0.1", port))
    check(listener.recv(100) == b"after the engine", "a killed engine still has its ports")
    listener.close()
    engine.start()
    record(engine)
    engine.stop()


def two_engines(folder):
    """Two engines with the same range of ports share it."""
    engines = [harness.Engine(folder, name=name, sockets="steered", ports=PORTS).start() for name in ("one", "two")]
    calls = [engine.create_call(legs=("agent", "customer")) for engine in engines for _ in range(5)]
    ports = [leg["port"] for call in calls for leg in call["legs"]]
    check(len(set(ports)) == len(ports), f"ports twice: {sorted(ports)}")
    for engine in engines:
        record(engine)
        engine.stop()


def without_capabilities(folder):
    if shutil.which("setpriv") is None:
        return print("SKIPPED in part: setpriv is not on this machine")
    engine = harness.Engine(folder, name="auto", wrapper=UNPRIVILEGED, ports=PORTS)
    engine.start()
    check("RTP: one socket a port, because steering ports needs CAP_NET_ADMIN and CAP_BPF" in engine.log(),
          "the start report does not say why")
    record(engine)
    for _ in range(5):
        engine.create_call()
    check(udp_sockets(engine) == 10, f"{udp_sockets(engine)} sockets for five legs with RTCP")
    engine.stop()

    engine = harness.Engine(folder, name="forced", wrapper=UNPRIVILEGED, sockets="steered", ports=PORTS)
    try:
        engine.start()
    except AssertionError:
        check("needs CAP_NET_ADMIN and CAP_BPF" in engine.log(), "the refusal does not say why: " + engine.log())
    else:
        engine.stop()
        check(False, "started although steering is not permitted")


def test(folder):
    without_capabilities(folder)
    steered(folder)
    two_engines(folder)


harness.run(test)

#!/usr/bin/env python3
"""Real senders: GStreamer, ffmpeg, and two captures replayed. What is exported is what was sent, sample for sample."""
import glob
import os
import random
import shutil
import struct
import subprocess
import time
import wave

import harness
from harness import check


def make_source(path, seconds):
    """Noise of varying loudness: every stretch of it is unmistakable."""
    noise = random.Random(7)
    samples = [int(noise.gauss(0, 3000 + 2500 * ((i // 4000) % 3))) for i in range(8000 * seconds)]
    with wave.open(path, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(struct.pack(f"<{len(samples)}h", *(max(-32768, min(32767, s)) for s in samples)))


def record(engine, codec, send):
    call = engine.create_call(codec=codec, policy="per-party")
    leg = call["legs"][0]
    engine.decide(call, "customer", "granted", purposes=["quality"])
    send(leg)
    ended = engine.end(call)
    check(ended["recording"], f"nothing was recorded: {ended}")
    return engine.wav(ended["recording"]).legs[0]


def check_same(name, got, sent_bytes, table):
    sent = [table[byte] for byte in sent_bytes]
    at = harness.find_run(got, sent)
    check(at >= 0, f"{name}: what was exported ({len(got)} samples) is not what was sent ({len(sent)} samples)")
    print(f"{name}: {len(sent)} samples equal, at {at}")


def from_gstreamer(engine, folder):
    source, sent = os.path.join(folder, "source.wav"), os.path.join(folder, "gst.ulaw")

    def send(leg):
        subprocess.run(["gst-launch-1.0", "-q", "filesrc", f"location={source}", "!", "wavparse", "!", "audioconvert", "!",
                        "mulawenc", "!", "tee", "name=t", "t.", "!", "queue", "!", "filesink", f"location={sent}", "t.", "!",
                        "queue", "!", "rtppcmupay", "min-ptime=20000000", "max-ptime=20000000", "!", "udpsink",
                        f"host={leg['address']}", f"port={leg['port']}"], check=True, timeout=60)
    got = record(engine, None, send)
    with open(sent, "rb") as file:
        check_same("gst-launch-1.0, PCMU", got, file.read(), harness.ULAW)


def from_ffmpeg(engine, folder):
    source, sent = os.path.join(folder, "source.wav"), os.path.join(folder, "ffmpeg.alaw")
    quiet = ["ffmpeg", "-v", "error", "-y"]
    subprocess.run([*quiet, "-i", source, "-c:a", "pcm_alaw", "-f", "alaw", sent], check=True, timeout=60)

    def send(leg):
        subprocess.run([*quiet, "-re", "-i", source, "-c:a", "pcm_alaw", "-f", "rtp",
                        f"rtp://{leg['address']}:{leg['port']}"], check=True, timeout=60, stdout=subprocess.DEVNULL)
    got = record(engine, {"name": "PCMA", "payload_type": 8, "clock_rate": 8000}, send)
    with open(sent, "rb") as file:
        check_same("ffmpeg, PCMA", got, file.read(), harness.ALAW)


def packets_of(path):
    """(seconds, UDP payload) of a pcap file with Ethernet frames."""
    with open(path, "rb") as file:
        data = file.read()
    order = "<" if data[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"
    at, found = 24, []
    while at + 16 <= len(data):
        seconds, micros, size = struct.unpack(order + "III", data[at:at + 12])
        frame = data[at + 16:at + 16 + size]
        at += 16 + size
        ip = 14 + 4 * (frame[12:14] == b"\x81\x00")
        if frame[ip] >> 4 == 4 and frame[ip + 9] == 17:
            udp = ip + 4 * (frame[ip] & 15)
            found.append((seconds + micros / 1e6, frame[udp + 8:udp + struct.unpack(">H", frame[udp + 4:udp + 6])[0]]))
    return found


def capture(name):
    found = glob.glob("/usr/share/*/" + name) + glob.glob("/usr/share/*/*/" + name) + glob.glob("/usr/share/*/*/*/" + name)
    return found[0] if found else None


def replay(packets, leg):
    sender = harness.Sender(leg)
    start, first = time.monotonic(), packets[0][0]
    for at, payload in packets:
        wait = start + (at - first) - time.monotonic()
        if wait > 0:
            time.sleep(wait)
        sender.socket.sendto(payload, sender.to)


def from_captures(engine):
    speech, digit = capture("g711a.pcap"), capture("dtmf_2833_1.pcap")
    if not speech or not digit:
        print("SKIPPED: the captures of sip-tester are not on this machine")
        return
    packets = packets_of(speech)
    sent = b"".join(packet[12:] for _, packet in packets)
    got = record(engine, {"name": "PCMA", "payload_type": 8, "clock_rate": 8000}, lambda leg: replay(packets, leg))
    check_same("g711a.pcap", got, sent, harness.ALAW)

    packets = packets_of(digit)
    payload_type = packets[0][1][1] & 0x7F
    call = engine.create_call(policy="per-party", legs=("customer",))
    engine.end(call)
    body = {"ref": "digit", "policy": "per-party", "participants": [{"ref": "customer", "role": "customer"}],
            "legs": [{"label": "customer", "participant": "customer", "dtmf_payload_type": payload_type,
                      "codec": {"name": "PCMU", "payload_type": 0, "clock_rate": 8000}}]}
    call = engine.ask("POST", "/v1/calls", body)
    replay(packets, call["legs"][0])
    harness.wait_until("the captured digit opens the gate",
                       lambda: engine.show(call)["legs"][0]["gate"] == "open")
    records = [entry for entry in engine.ask("GET", "/v1/ledger?call=" + call["id"])["entries"]
               if entry["kind"] == "consent"]
    check(len(records) == 1, f"one press, one record: {records}")
    print("dtmf_2833_1.pcap: one press, one consent")
    engine.end(call)


def test(folder):
    for program in ("gst-launch-1.0", "ffmpeg"):
        if shutil.which(program) is None:
            harness.skip(program + " is not on this machine")
    make_source(os.path.join(folder, "source.wav"), 4)
    engine = harness.Engine(folder).start()
    from_gstreamer(engine, folder)
    from_ffmpeg(engine, folder)
    from_captures(engine)
    engine.stop()


if __name__ == "__main__":
    harness.run(test)

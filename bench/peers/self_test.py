#!/usr/bin/env python3
"""Does the comparison measure and count? Twenty calls for 3 s on every peer: each must have been sent, and have recorded, what
20 calls are; the results must say so in all three forms; nothing may stay behind. What the figures are is not tested: so few
calls cost what a process costs. First, what needs no recorder: that a packet which is missing from a file is missed, what
counts as held, and the sums.

  bench/peers/self_test.py         exit status 77 when something is not installed
"""
import glob
import json
import os
import struct
import subprocess
import sys
import tempfile

FOLDER = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, FOLDER)
import ng_client
import packet_counts
import summary
import verdict

CALLS, SECONDS = 20, 3
PACKETS = CALLS * 2 * 50 * SECONDS
PEERS = ["assent", "rtpengine", "rtpengine-forward", "gstreamer-wav", "gstreamer-matroska"]
MISSING, BARS_MISSED, NOT_COMPARABLE = 2, 1, 3


def check(condition, what):
    if not condition:
        raise AssertionError(what)


def element(identifier, content):
    return identifier + struct.pack(">Q", 1 << 56 | len(content)) + content


def counts_are_right():
    record = struct.pack("<IIII", 0, 0, packet_counts.RTP_PACKET_BYTES, packet_counts.RTP_PACKET_BYTES) + bytes(200)
    rtcp = struct.pack("<IIII", 0, 0, 80, 80) + bytes(80)
    pcap = b"\xd4\xc3\xb2\xa1" + bytes(20) + record + rtcp + record
    check(packet_counts.pcap_packets(pcap) == 2, "two packets and something else in a pcap file")
    check(packet_counts.pcap_packets(pcap[:-1]) == 1, "a pcap file cut short")

    wav = b"RIFF" + struct.pack("<I", 0) + b"WAVEfmt " + struct.pack("<I", 18) + bytes(18)
    wav += b"data" + struct.pack("<I", 480) + bytes(480)
    check(packet_counts.wav_packets(wav) == 3, "three packets in a WAV file")
    check(packet_counts.wav_packets(wav[:-1]) == 2, "a WAV file cut short")

    block = element(b"\xa3", b"\x81\x00\x00\x80" + bytes(160))
    group = element(b"\xa0", element(b"\xa1", b"\x81\x00\x00\x00" + bytes(160)))
    cluster = element(b"\x1f\x43\xb6\x75", element(b"\xe7", b"\x00") + block + group)
    unsized = b"\x1f\x43\xb6\x75\x01" + b"\xff" * 7 + block
    matroska = element(b"\x1a\x45\xdf\xa3", b"") + b"\x18\x53\x80\x67\xff" + cluster + unsized
    check(packet_counts.matroska_packets(matroska) == 3, "three packets in a Matroska file")
    check(packet_counts.matroska_packets(matroska[:-1]) == 2, "a Matroska file cut short")

    message = {"command": "offer", "flags": ["a", 7], "sdp": "v=0\r\n"}
    check(ng_client.bencode(message) == b"d7:command5:offer5:flagsl1:ai7ee3:sdp5:v=0\r\ne", "bencode")
    check(ng_client.bdecode(ng_client.bencode(message))[0]["flags"] == [b"a", 7], "bencode and back")


def measured(peer, calls, cpu_ns, why=None, **more):
    figures = dict.fromkeys(summary.MEDIANS, 0.0)
    return {**figures, "peer": peer, "calls": calls, "cpu_ns_per_packet": cpu_ns, "held": why is None, "why": why,
            "valid": why not in verdict.NOT_VALID, "disturbed": False, "sent": 100, "lost": 0, "loss": 0.0,
            "sender": {"lag_ms": {"p99": 0.1, "max": 1.0}}, **more}


def sums_are_right():
    found = summary.summarise([
        measured("assent", 10, 1000), measured("assent", 10, 1200), measured("assent", 10, 9000),
        measured("assent", 20, 1000), measured("assent", 30, 1000), measured("assent", 40, 1, verdict.SENDER_LATE),
        measured("rtpengine", 10, 6000), measured("rtpengine", 20, 3900), measured("rtpengine", 20, 1, verdict.LOST),
        measured("rtpengine", 30, 7000), measured("gstreamer-wav", 5, 1, verdict.OTHERS),
        measured("gstreamer-wav", 10, 24000), measured("gstreamer-wav", 20, 1, verdict.LOST)])
    most = {peer: (each["held"], each["held_once"], each["ended_at"]) for peer, each in found["largest"].items()}
    check(most == {"assent": (30, 30, 40), "rtpengine": (10, 30, 20), "gstreamer-wav": (10, 10, 20)}, f"largest: {most}")
    shares = [(each["peer"], each["calls"], each["share"], each["met"]) for each in found["comparisons"]]
    check(shares == [("rtpengine", 10, 0.2, True), ("gstreamer-wav", 10, 0.05, True),
                     ("rtpengine", 20, 1000 / 3900, False), ("rtpengine", 30, 1000 / 7000, True)], f"shares: {shares}")
    check(found["bars"]["rtpengine"]["calls"] == 30 and found["bars"]["gstreamer-matroska"] is None, f"{found['bars']}")


def verdicts_are_right():
    good = {"sender": {"valid": True}, "lost": 0, "loss": 0.0, "core_share": 0.5, "others_share_of_core": 0.01,
            "disturbed": False}
    for change, wanted in (({}, None), ({"loss": 1e-4}, verdict.LOST), ({"core_share": 0.98}, verdict.FULL),
                           ({"loss": 1e-4, "disturbed": True}, verdict.OTHERS), ({"disturbed": True}, None),
                           ({"lost": -1}, verdict.TOO_MANY), ({"sender": {"valid": False}}, verdict.SENDER_LATE)):
        found = verdict.why_not_held({**good, **change})
        check(found == wanted, f"{change}: {found}")


def everything_is_counted(results):
    found = {each["peer"]: each for each in results["measurements"]}
    check(sorted(found) == sorted(PEERS), f"measured: {sorted(found)}; left out: {results['left_out']}")
    for name, each in found.items():
        check(each["sent"] == PACKETS, f"{name} was sent {each['sent']} packets and not {PACKETS}")
        # Whoever else is on the machine may make a jitter buffer late, but not a socket's.
        least = PACKETS * 0.99 if name.startswith("gstreamer") else PACKETS
        check(least <= each["recorded"] <= PACKETS, f"{name} recorded {each['recorded']} of {PACKETS}")
        check(100 < each["cpu_ns_per_packet"] < 1e6, f"{name} takes {each['cpu_ns_per_packet']} ns a packet")
        check(each["resident_mib"] > 1 and 0 < each["core_share"] < 1, f"{name}: {each}")
    check(found["rtpengine"]["forwarded"] == PACKETS, f"rtpengine forwarded {found['rtpengine']['forwarded']}")


def everything_is_written(out, results):
    with open(os.path.join(out, "peers.txt")) as file:
        text = file.read()
    for title in results["titles"].values():
        check(title in text, f"the table does not name {title}")
    with open(os.path.join(out, "peers.json")) as file:
        check(json.load(file) == results, "what was printed and what was written differ")
    picture = os.path.join(out, "peers.png")
    if os.path.exists(picture):
        with open(picture, "rb") as file:
            check(file.read(8) == b"\x89PNG\r\n\x1a\n", "not a picture")
    else:
        check(any("no picture" in warning for warning in results["warnings"]), "no picture, and no word of it")


def main():
    counts_are_right()
    verdicts_are_right()
    sums_are_right()
    with tempfile.TemporaryDirectory(prefix="assent-peers-test-") as folder:
        out, scratch = os.path.join(folder, "out"), os.path.join(folder, "scratch")
        os.mkdir(scratch)
        done = subprocess.run([sys.executable, os.path.join(FOLDER, "compare.py"), "--calls", str(CALLS), "--seconds",
                               str(SECONDS), "--json", "--out", out, "--scratch", scratch], capture_output=True, text=True)
        if done.returncode == MISSING:
            print("SKIPPED: " + done.stderr.strip())
            return 77
        check(done.returncode in (0, BARS_MISSED, NOT_COMPARABLE), f"it ended with {done.returncode}: {done.stderr[-3000:]}")
        print(done.stderr, end="")
        results = json.loads(done.stdout)
        everything_is_counted(results)
        everything_is_written(out, results)
        check(not os.listdir(scratch), f"left behind: {os.listdir(scratch)}")
    for path in glob.glob("/proc/[0-9]*/cmdline"):
        try:
            with open(path, "rb") as file:
                check(scratch.encode() not in file.read(), f"a process is left behind: {path}")
        except (FileNotFoundError, ProcessLookupError):
            pass
    print("passed")
    return 0


sys.exit(main())

#!/usr/bin/env python3
"""The format by other people's programs: the AWS Encryption SDK decrypts every segment of a recording, and ffprobe, ffmpeg
and GStreamer read the result."""
import os
import shutil
import subprocess

import harness
from harness import check


def test(folder):
    for program in ("gst-launch-1.0", "ffmpeg", "ffprobe"):
        if shutil.which(program) is None:
            harness.skip(program + " is not on this machine")
    engine = harness.Engine(folder, segment_time="5s").start()
    call = engine.create_call(policy="per-party")
    engine.decide(call, "customer", "granted")
    sender = harness.Sender(call["legs"][0])
    sent = b""
    for i in harness.paced(12):
        payload = bytes((i * 3 + k * 5) % 256 for k in range(160))
        sent += payload
        sender.send(payload)
    recording = engine.end(call)["recording"]
    check(recording, "there is a recording")
    files = engine.segment_files()
    check(len(files) == 3, f"12 s in segments of 5 s: {files}")

    clear = os.path.join(folder, "clear")
    os.mkdir(clear)
    plain = engine.decrypt(recording, clear)
    check(len(plain) == len(files), f"the SDK decrypted {len(plain)} of {len(files)}")

    by_ffmpeg = by_gstreamer = b""
    for path in plain:
        probe = subprocess.run(["ffprobe", "-v", "error", "-show_entries", "stream=codec_name,sample_rate,channels", "-of",
                                "csv=p=0", path], capture_output=True, text=True, check=True)
        check(probe.stdout.strip() == "pcm_mulaw,8000,1", f"ffprobe: {probe.stdout}")
        by_ffmpeg += subprocess.run(["ffmpeg", "-v", "error", "-i", path, "-c", "copy", "-f", "mulaw", "-"],
                                    capture_output=True, check=True).stdout
        out = os.path.join(folder, "gst.ulaw")
        subprocess.run(["gst-launch-1.0", "-q", "filesrc", f"location={path}", "!", "matroskademux", "!", "filesink",
                        f"location={out}"], check=True, timeout=60)
        with open(out, "rb") as file:
            by_gstreamer += file.read()
    check(by_ffmpeg == sent, f"ffmpeg reads {len(by_ffmpeg)} bytes, {len(sent)} were sent")
    check(by_gstreamer == sent, f"GStreamer reads {len(by_gstreamer)} bytes, {len(sent)} were sent")
    print(f"{len(files)} segments: the SDK, ffprobe, ffmpeg and GStreamer agree on {len(sent)} bytes of audio")
    engine.stop()


harness.run(test)

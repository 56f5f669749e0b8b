"""One GStreamer pipeline a leg, all in one process (gst_recorder.cpp): udpsrc, rtpjitterbuffer, rtppcmudepay, and a WAV or a
Matroska file.
"""
import os
import subprocess

import packet_counts
import process
from ports import ADDRESS, FIRST_PORT

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
PROGRAM = os.environ.get("GST_RECORDER", os.path.join(ROOT, "build", "release", "bench", "peers", "gst_recorder"))


class GStreamer:
    def __init__(self, folder, calls):
        self.process = None
        self.files = [os.path.join(folder, f"{leg}.{self.ending}") for leg in range(2 * calls)]
        self.ports = [(ADDRESS, FIRST_PORT + 2 * leg) for leg in range(2 * calls)]

    @staticmethod
    def missing():
        return None if os.path.exists(PROGRAM) else "gst_recorder is not built (cmake --build --preset release)"

    def set_up(self):
        self.process = process.start([PROGRAM, self.element], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        lines = (f"{address} {port} {file}\n" for (address, port), file in zip(self.ports, self.files))
        self.process.stdin.write("".join(lines) + "\n")
        self.process.stdin.flush()
        process.read_line(self.process, "ready", 120)

    @property
    def pid(self):
        return self.process.pid

    def finish(self):
        self.process.stdin.close()
        process.read_line(self.process, "done", 120)

    def recorded_packets(self):
        packets = 0
        for path in self.files:
            with open(path, "rb") as file:
                packets += self.count(file.read())
        return packets

    def close(self):
        process.stop(self.process)


class ToWav(GStreamer):
    name, title = "gstreamer-wav", "GStreamer, WAV"
    element, ending = "wavenc", "wav"
    count = staticmethod(packet_counts.wav_packets)


class ToMatroska(GStreamer):
    name, title = "gstreamer-matroska", "GStreamer, Matroska"
    element, ending = "matroskamux", "mkv"
    count = staticmethod(packet_counts.matroska_packets)

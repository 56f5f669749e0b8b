"""Encoders and decoders that are not ours, for the test of codecs: what goes into RTP payloads, and what another program
makes of the same payloads. Each encoder gives payloads of 20 ms; each decoder takes them and gives 16-bit samples.

GStreamer and ffmpeg where they encode; libraries of Debian by ctypes where they do not (AMR, AMR-WB, G.729). Nothing in
Debian encodes iLBC: its frames are drawn at random, which a decoder takes for sound like any other bits.
"""
import ctypes
import ctypes.util
import math
import os
import random
import struct
import subprocess

from harness import check, skip


def tone(hertz, seconds, rate, level=0.3):
    """A tone with a slow change of loudness, so that no stretch of it is like another."""
    return [int(32767 * level * (0.6 + 0.4 * math.sin(2 * math.pi * 1.3 * n / rate)) * math.sin(2 * math.pi * hertz * n / rate))
            for n in range(int(seconds * rate))]


def chirp(seconds, rate, lowest=300, highest=1800):
    """A tone that rises, which a vocoder takes for somebody's voice."""
    out, phase = [], 0.0
    for n in range(int(seconds * rate)):
        phase += 2 * math.pi * (lowest + (highest - lowest) * n / (seconds * rate)) / rate
        out.append(int(9000 * math.sin(phase)))
    return out


def raw(samples):
    return struct.pack(f"<{len(samples)}h", *samples)


def samples_of(data):
    return list(struct.unpack(f"<{len(data) // 2}h", data[:len(data) // 2 * 2]))


def run(command, data=b""):
    done = subprocess.run(command, input=data, capture_output=True, timeout=60)
    check(done.returncode == 0, f"{' '.join(command)}: {done.stderr[-1000:]}")
    return done.stdout


def ffmpeg_encode(samples, rate, *how):
    return run(["ffmpeg", "-v", "error", "-f", "s16le", "-ar", str(rate), "-ac", "1", "-i", "-", *how, "-"], raw(samples))


def ffmpeg_decode(data, format_name, rate, *how):
    return samples_of(run(["ffmpeg", "-v", "error", "-f", format_name, *how, "-i", "-", "-f", "s16le", "-ac", "1", "-ar",
                           str(rate), "-"], data))


def cut(data, size):
    return [data[at:at + size] for at in range(0, len(data) - size + 1, size)]


def library(name):
    try:
        return ctypes.CDLL(name)
    except OSError:
        skip(f"{name} is needed to encode (tools/packages.txt)")


def framed(data):
    """RFC 4571: RTP packets in a stream, each behind its length."""
    while data:
        size, = struct.unpack(">H", data[:2])
        yield data[2:2 + size]
        data = data[2 + size:]


class G722:
    codec = {"name": "G722", "payload_type": 9, "clock_rate": 8000}
    rate, ticks = 16000, 160

    def encode(self, samples):
        return cut(ffmpeg_encode(samples, 16000, "-c:a", "g722", "-f", "g722"), 160)

    def decode(self, payloads):
        return ffmpeg_decode(b"".join(payloads), "g722", 16000)


class Opus:
    codec = {"name": "opus", "payload_type": 111, "clock_rate": 48000, "channels": 2, "fmtp": "minptime=10;useinbandfec=1"}
    rate, ticks = 48000, 960

    def __init__(self, folder):
        self.folder = folder

    def encode(self, samples):
        source, out = os.path.join(self.folder, "opus.raw"), os.path.join(self.folder, "opus.rtp")
        with open(source, "wb") as file:
            file.write(raw(samples))
        run(["gst-launch-1.0", "-q", "filesrc", "location=" + source, "!", "rawaudioparse", "sample-rate=48000",
             "num-channels=1", "!", "opusenc", "!", "rtpopuspay", "pt=111", "!", "rtpstreampay", "!", "filesink",
             "location=" + out])
        with open(out, "rb") as file:
            return [packet[12:] for packet in framed(file.read())]

    def decode(self, payloads):
        source, out = os.path.join(self.folder, "again.rtp"), os.path.join(self.folder, "opus.pcm")
        with open(source, "wb") as file:
            for n, payload in enumerate(payloads):
                packet = struct.pack(">BBHII", 0x80, 111, n & 0xFFFF, n * 960, 7) + payload
                file.write(struct.pack(">H", len(packet)) + packet)
        run(["gst-launch-1.0", "-q", "filesrc", "location=" + source, "!",
             "application/x-rtp-stream,media=audio,clock-rate=48000,encoding-name=OPUS,payload=111", "!",
             "rtpstreamdepay", "!", "rtpopusdepay", "!", "opusdec", "!",
             "audio/x-raw,format=S16LE,rate=48000,channels=1", "!", "filesink", "location=" + out])
        with open(out, "rb") as file:
            return samples_of(file.read())


class Amr:
    """Octet-aligned or compact, by `aligned`; the frames of the file format are what is taken apart (RFC 4867 section 5.3)."""
    def __init__(self, wide, aligned):
        self.wide, self.aligned = wide, aligned
        self.rate = 16000 if wide else 8000
        self.ticks = self.rate // 50
        self.codec = {"name": "AMR-WB" if wide else "AMR", "payload_type": 97, "clock_rate": self.rate}
        if aligned:
            self.codec["fmtp"] = "octet-align=1"

    def frames(self, samples):
        out = ctypes.create_string_buffer(128)
        if self.wide:
            encoder = library("libvo-amrwbenc.so.0")
            encoder.E_IF_init.restype = ctypes.c_void_p
            state, mode = ctypes.c_void_p(encoder.E_IF_init()), 8
            call = lambda speech: encoder.E_IF_encode(state, mode, speech, out, 0)
        else:
            encoder = library("libopencore-amrnb.so.0")
            encoder.Encoder_Interface_init.restype = ctypes.c_void_p
            state, mode = ctypes.c_void_p(encoder.Encoder_Interface_init(0)), 7
            call = lambda speech: encoder.Encoder_Interface_Encode(state, mode, speech, out, 0)
        for at in range(0, len(samples) - self.ticks + 1, self.ticks):
            size = call((ctypes.c_int16 * self.ticks)(*samples[at:at + self.ticks]))
            yield out.raw[:size]

    def payload(self, frame):
        if self.aligned:
            return b"\xf0" + frame
        bits = {False: 244, True: 477}[self.wide]
        value = 15 << 6 | (frame[0] >> 2 & 31)  # no request; one frame: F is 0, then its type and quality
        value = value << bits | int.from_bytes(frame[1:], "big") >> (8 * (len(frame) - 1) - bits)
        used = 10 + bits
        return (value << -used % 8).to_bytes((used + 7) // 8, "big")

    def encode(self, samples):
        return [self.payload(frame) for frame in self.frames(samples)]

    def frame(self, payload):
        if self.aligned:
            return payload[1:]
        bits = {False: 244, True: 477}[self.wide]
        value = int.from_bytes(payload, "big") >> -(10 + bits) % 8
        head = (value >> bits & 63) << 2
        size = (bits + 7) // 8
        return bytes([head]) + ((value & (1 << bits) - 1) << (8 * size - bits)).to_bytes(size, "big")

    def decode(self, payloads):
        decoder = library("libopencore-amrwb.so.0" if self.wide else "libopencore-amrnb.so.0")
        begin, decode = ((decoder.D_IF_init, decoder.D_IF_decode) if self.wide else
                         (decoder.Decoder_Interface_init, decoder.Decoder_Interface_Decode))
        begin.restype = ctypes.c_void_p
        state, out, samples = ctypes.c_void_p(begin()), (ctypes.c_int16 * self.ticks)(), []
        for payload in payloads:
            decode(state, self.frame(payload), out, 0)
            samples += out
        return samples


class G729:
    codec = {"name": "G729", "payload_type": 18, "clock_rate": 8000}
    rate, ticks = 8000, 160

    def encode(self, samples):
        encoder = library("libbcg729.so.0")
        encoder.initBcg729EncoderChannel.restype = ctypes.c_void_p
        state = ctypes.c_void_p(encoder.initBcg729EncoderChannel(0))
        out, size, frames = ctypes.create_string_buffer(16), ctypes.c_uint8(), []
        for at in range(0, len(samples) - 79, 80):
            encoder.bcg729Encoder(state, (ctypes.c_int16 * 80)(*samples[at:at + 80]), out, ctypes.byref(size))
            frames.append(out.raw[:size.value])
        return [a + b for a, b in zip(frames[::2], frames[1::2])]

    def decode(self, payloads):
        return ffmpeg_decode(b"".join(payloads), "g729", 8000)


class Ilbc:
    codec = {"name": "iLBC", "payload_type": 98, "clock_rate": 8000, "fmtp": "mode=20"}
    rate, ticks = 8000, 160

    def encode(self, samples):
        drawn = random.Random(5)
        return [drawn.randbytes(38) for _ in range(len(samples) // 160)]

    def decode(self, payloads):
        return ffmpeg_decode(b"#!iLBC20\n" + b"".join(payloads), "ilbc", 8000)

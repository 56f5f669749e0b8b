#!/usr/bin/env python3
"""A browser's part of a WebRTC call, by GStreamer: it offers to send Opus, takes the answer, and talks until it is told to stop.

    /usr/bin/python3 webrtc_talker.py

What it says is noise, of which no two packets are alike. Commands come by stdin and answers go to stdout, a JSON value a line:

    -                       {"offer": SDP}, with all candidates
    {"answer": SDP}         {"connected": true}
    {"stop": true}          {"sent": [PAYLOAD ...]}, each Opus packet that was sent since it was connected, in hex

Run by the distribution's Python, which has GStreamer's bindings.
"""
import json
import sys
import threading

import gi
gi.require_version("Gst", "1.0")
gi.require_version("GstSdp", "1.0")
gi.require_version("GstWebRTC", "1.0")
from gi.repository import GLib, Gst, GstSdp, GstWebRTC  # noqa: E402

PIPELINE = """
audiotestsrc is-live=true wave=pink-noise samplesperbuffer=960 ! audio/x-raw,rate=48000,channels=1
! opusenc frame-size=20 audio-type=voice ! rtpopuspay name=payloads pt=111
! application/x-rtp,media=audio,encoding-name=OPUS,payload=111,clock-rate=48000,encoding-params=(string)2
! webrtcbin name=peer bundle-policy=max-bundle
"""


def say(what):
    print(json.dumps(what), flush=True)


class Talker:
    def __init__(self):
        self.sent = []
        self.pipeline = Gst.parse_launch(PIPELINE)
        self.peer = self.pipeline.get_by_name("peer")
        self.peer.connect("on-negotiation-needed", self.offer)
        self.peer.connect("notify::ice-gathering-state", self.gathered)
        self.peer.connect("notify::connection-state", self.connected)
        payloads = self.pipeline.get_by_name("payloads").get_static_pad("src")
        payloads.add_probe(Gst.PadProbeType.BUFFER | Gst.PadProbeType.BUFFER_LIST, self.note)

    def is_connected(self):
        return self.peer.get_property("connection-state") == GstWebRTC.WebRTCPeerConnectionState.CONNECTED

    def note(self, _, info):
        if self.is_connected():
            packet = info.get_buffer()
            self.sent.append(packet.extract_dup(12, packet.get_size() - 12).hex())
        return Gst.PadProbeReturn.OK

    def offer(self, peer):
        def made(promise, *_):
            reply = promise.get_reply()  # which owns what it gives
            peer.emit("set-local-description", reply.get_value("offer"), None)
        peer.emit("create-offer", None, Gst.Promise.new_with_change_func(made, None))

    def gathered(self, peer, _):
        if peer.get_property("ice-gathering-state") == GstWebRTC.WebRTCICEGatheringState.COMPLETE:
            say({"offer": peer.get_property("local-description").sdp.as_text()})

    def connected(self, *_):
        if self.is_connected():
            say({"connected": True})

    def take(self, answer):
        _, sdp = GstSdp.SDPMessage.new_from_text(answer)
        description = GstWebRTC.WebRTCSessionDescription.new(GstWebRTC.WebRTCSDPType.ANSWER, sdp)
        self.peer.emit("set-remote-description", description, None)

    def stop(self):
        self.pipeline.set_state(Gst.State.NULL)
        say({"sent": self.sent})


def main():
    Gst.init(None)
    talker = Talker()
    loop = GLib.MainLoop()

    def listen():
        for line in sys.stdin:
            command = json.loads(line)
            if "answer" in command:
                talker.take(command["answer"])
            if "stop" in command:
                break
        loop.quit()

    threading.Thread(target=listen, daemon=True).start()
    talker.pipeline.set_state(Gst.State.PLAYING)
    loop.run()
    talker.stop()


main()

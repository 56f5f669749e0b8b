#!/usr/bin/env python3
"""How often speech is taken for a key, and how many keys are heard beside it: espeak-ng reads this repository's texts in many
voices and languages for an hour, ffmpeg makes G.711 of it, and key_tone_bench counts.

    python3 bench/micro/key_tones.py [--hours 1] [--keep speech.ulaw]
"""
import argparse
import os
import subprocess
import tempfile

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
PROGRAM = os.environ.get("KEY_TONE_BENCH", os.path.join(ROOT, "build", "release", "bench", "micro", "key_tone_bench"))
TEXTS = ("LICENSE", "README.md", "ARCHITECTURE.md")
VOICES = [language + variant for variant in ("", "+f2", "+m3", "+f4", "+m7", "+f5", "+croak")
          for language in ("en-us", "de", "fr", "es", "en-gb", "it", "pl", "tr", "pt", "nl", "sv", "ru", "cmn", "hi", "ar")]


def speak(voice, text, pitch, out):
    """Appends what the voice makes of the text; how many seconds that was."""
    said = subprocess.run(["espeak-ng", "-v", voice, "-p", str(pitch), "--stdout", "-f", text], capture_output=True, check=True)
    made = subprocess.run(["ffmpeg", "-v", "error", "-i", "-", "-ar", "8000", "-ac", "1", "-f", "mulaw", "-"],
                          input=said.stdout, capture_output=True, check=True)
    out.write(made.stdout)
    return len(made.stdout) / 8000


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--hours", type=float, default=1)
    arguments.add_argument("--keep", help="where the speech is left, to be used again")
    options = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = options.keep or os.path.join(folder, "speech.ulaw")
        seconds, turn = 0.0, 0
        with open(path, "wb") as out:
            while seconds < options.hours * 3600:
                voice = VOICES[turn % len(VOICES)]
                seconds += speak(voice, os.path.join(ROOT, TEXTS[turn % len(TEXTS)]), 30 + 10 * (turn % 6), out)
                turn += 1
        print(f"{seconds / 3600:.2f} hours of speech by {min(turn, len(VOICES))} voices")
        subprocess.run([PROGRAM, path], check=True)


if __name__ == "__main__":
    main()

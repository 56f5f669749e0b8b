#!/usr/bin/env python3
"""The official AWS Encryption SDK opens what we seal, and we open what it seals.

check.py SEAL_SAMPLE READ_SAMPLE. Exits 77 (skipped) with the reason when npm or its packages cannot be had.
"""

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
SKIPPED = 77


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(SKIPPED)


def install_packages():
    if not shutil.which("node") or not shutil.which("npm"):
        skip("node and npm are not installed")
    # npm records what it installed; packages older than the lock are not the locked ones.
    installed = HERE / "node_modules" / ".package-lock.json"
    if installed.exists() and installed.stat().st_mtime >= (HERE / "package-lock.json").stat().st_mtime:
        return
    done = subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=HERE, capture_output=True, text=True)
    if done.returncode != 0:
        skip("npm ci does not reach its registry:\n" + done.stderr[-500:])


def node(script, *arguments):
    return subprocess.run(["node", HERE / script, *arguments], capture_output=True, text=True)


def check(condition, what):
    print(("ok      " if condition else "FAILED  ") + what)
    return condition


def sdk_opens_ours(seal_sample, folder):
    subprocess.run([seal_sample, folder], check=True)
    sealed = sorted(folder.glob("*.sealed"))
    done = node("decrypt.mjs", "--keys", folder / "keys.json", "--out", folder, *sealed)
    good = check(done.returncode == 0 and len(sealed) == 3, f"the SDK opens {len(sealed)} of our messages {done.stderr}")
    for file in sealed if good else []:
        plain = file.with_name(file.name + ".plain").read_bytes()
        good &= check(plain == file.with_suffix(".expected").read_bytes(), f"{file.stem}: {len(plain)} identical bytes")
    contexts = [json.loads(line)["context"] for line in done.stdout.splitlines()]
    good &= check(all(c == {"tenant": "t", "call": "c", "segment": "1"} for c in contexts), "the contexts come through")
    return good


def sdk_refuses_damage(folder):
    damaged = folder / "damaged.sealed"
    content = bytearray((folder / "frames-2.sealed").read_bytes())
    content[-1] ^= 1
    damaged.write_bytes(content)
    done = node("decrypt.mjs", "--keys", folder / "keys.json", "--out", folder, damaged)
    refused = done.returncode == 1 and not (folder / "damaged.sealed.plain").exists()
    return check(refused, "the SDK refuses ours with one bit changed")


def we_open_the_sdks(read_sample, folder):
    good = True
    key = json.loads((folder / "keys.json").read_text())["keys"][0]
    for frame, plain in ((4064, "frames-50.expected"), (4064, "frames-1.expected"), (100, "frames-2.expected")):
        expected = (folder / plain).read_bytes()
        theirs = folder / "theirs.sealed"
        made = node("encrypt.mjs", "--keys", folder / "keys.json", "--frame", str(frame), "--out", theirs, folder / plain)
        read = subprocess.run([read_sample, key["id"], key["key"], theirs], capture_output=True)
        same = made.returncode == 0 and read.returncode == 0 and read.stdout == expected
        what = f"we open the SDK's message of {len(expected)} bytes in frames of {frame}"
        good &= check(same, what if same else what + made.stderr + read.stderr.decode())
    return good


def main():
    seal_sample, read_sample = sys.argv[1:]
    install_packages()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        good = sdk_opens_ours(seal_sample, folder) and sdk_refuses_damage(folder) and we_open_the_sdks(read_sample, folder)
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()

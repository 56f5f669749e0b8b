"""A file system of a test's own in an image file, and looking for bytes in that image: in its files, and in what they left."""
import mmap
import os
import subprocess

import harness


class Volume:
    """Loop-mounted; needs root."""

    def __init__(self, folder, mib=192):
        self.image = os.path.join(folder, "image")
        self.mount = os.path.join(folder, "mounted")
        os.mkdir(self.mount)
        with open(self.image, "wb") as file:
            file.truncate(mib << 20)
        subprocess.run(["mkfs.ext4", "-q", self.image], check=True)
        if subprocess.run(["mount", "-o", "loop", self.image, self.mount], capture_output=True).returncode:
            harness.skip("a file system image cannot be mounted here (needs root and loop devices)")

    def unmount(self):
        subprocess.run(["umount", self.mount], check=True)

    def find(self, needles):
        """The names of those of the needles ({name: bytes}) that stand in the image as it is on the disk, with the first place
        of each. Holes of the image, which were never written, are passed over."""
        found = {}
        with open(self.image, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as image:
            for begin, end in written_extents(file):
                data = image[begin:end]
                for name, needle in needles.items():
                    if name not in found and (at := data.find(needle)) >= 0:
                        found[name] = begin + at
        return found


def written_extents(file):
    """Where a sparse file has bytes; neighbours count as one, so that nothing lies across two."""
    size, at = os.fstat(file.fileno()).st_size, 0
    while at < size:
        try:
            begin = os.lseek(file.fileno(), at, os.SEEK_DATA)
        except OSError:  # no more
            return
        at = os.lseek(file.fileno(), begin, os.SEEK_HOLE)
        yield begin, at


def holders(folder, needles):
    """The files below the folder in which one of the needles stands, with which."""
    found = []
    for place, _, names in os.walk(folder):
        for name in names:
            with open(os.path.join(place, name), "rb") as file:
                content = file.read()
            found += [(name, needle) for needle, looked_for in needles.items() if looked_for in content]
    return found

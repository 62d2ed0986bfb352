"""A microphone without a sound card: an ALSA device of our own below the real PortAudio."""

from __future__ import annotations

import contextlib
import importlib
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from needing import needs

SOURCE = Path(__file__).parent / "alsa" / "microphone.c"
NAME = "desk"
ON_LINUX = sys.platform.startswith("linux")
_HEADER = Path("/usr/include/alsa/pcm_ioplug.h")
_INSTALL = "apt-get install libportaudio2 libasound2-dev gcc"


@contextlib.contextmanager
def plugged_in(folder: Path):
    """Let PortAudio find the microphone, and nothing else, until the block ends."""
    needs(
        ON_LINUX and shutil.which("gcc") and _HEADER.exists(),
        "a C compiler and ALSA's headers",
        install=_INSTALL,
    )
    try:
        sounddevice = importlib.import_module("sounddevice")
    except OSError:
        needs(False, "the library PortAudio", install=_INSTALL)
        raise
    plugin = folder / "standin.so"
    command = ["gcc", "-O2", "-fPIC", "-shared", "-DPIC", SOURCE, "-o", plugin, "-lasound"]
    subprocess.run(command, check=True, timeout=60)
    config = folder / "asound.conf"
    config.write_text(
        f'pcm_type.standin {{ lib "{plugin}" }}\n'
        f'pcm.{NAME} {{ type standin hint {{ show on description "{NAME}" }} }}\n'
        "pcm.!default { type standin }\n"
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ALSA_CONFIG_PATH", str(config))
        _look_again(sounddevice)
        try:
            yield
        finally:
            patch.undo()
            _look_again(sounddevice)


def _look_again(sounddevice):
    sounddevice._terminate()
    sounddevice._initialize()

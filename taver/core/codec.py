"""Frames as stored: colour as JPEG, depth, infrared and heat as lossless 16 bit, sound as FLAC."""

from __future__ import annotations

import io
import struct
from typing import TYPE_CHECKING, Final

import numpy as np

from taver.core.errors import DataError
from taver.core.extras import need
from taver.core.frames import Modality

if TYPE_CHECKING:
    import numpy.typing as npt

    from taver.core.frames import Pixels

JPEG: Final = "jpeg"
RASTER: Final = "blosc"
SOUND: Final = "flac"
RASTER_DTYPE: Final = np.dtype("<u2")
# Of Blosc's header of 16 bytes: its flags, how much comes out, of which a block is so much, and how
# much went in. After it stands where each block begins.
_BLOSC_HEAD: Final = struct.Struct("<2xBxIII")
_BLOSC_OUT_AT: Final = 4
_BLOSC_INT: Final = struct.Struct("<I")
_BLOSC_PLAIN: Final = 0x02  # a flag: it could not be packed, and has no blocks
# Asked for, it gives blocks of 64 KiB, a tenth to a seventh of a picture: a reader unpacks those it
# looks at. Larger ones are no faster and less than 1 % smaller.
_BLOCK_BYTES: Final = 2**15
_LARGEST_RASTER_BYTES: Final = 2**27  # eight thousand pixels each way


def codec_of(modality: Modality) -> str:
    """Return the name of the codec that frames of `modality` are stored with."""
    return {Modality.COLOR: JPEG, Modality.SOUND: SOUND}.get(modality, RASTER)


def encode_raster(pixels: npt.NDArray[np.uint16]) -> bytes:
    """Encode 16-bit pixels without loss.

    LZ4 on shuffled bits: Zstandard's lightest level would be a tenth smaller, and takes two and a
    half times as long to write and twice as long to read; JPEG-XL is read twenty times more slowly.
    """
    blosc = need("numcodecs.blosc", extra="capture", to="store depth and thermal pictures")
    data: bytes = blosc.compress(
        np.ascontiguousarray(pixels, RASTER_DTYPE), b"lz4", 5, blosc.BITSHUFFLE, _BLOCK_BYTES
    )
    return data


def encode_sound(samples: npt.NDArray[np.int16], samples_hz: int) -> bytes:
    """Encode a block of sound (samples, channels) without loss, so that it can be heard alone."""
    soundfile = need("soundfile", extra="sound", to="store sound")
    data = io.BytesIO()
    soundfile.write(data, samples, samples_hz, format="FLAC", subtype="PCM_16")
    return data.getvalue()


def decode_sound(data: bytes | memoryview) -> npt.NDArray[np.int16]:
    """Return the samples (samples, channels) of a stored block of sound."""
    soundfile = need("soundfile", extra="sound", to="read sound")
    try:
        samples: npt.NDArray[np.int16]
        samples, _ = soundfile.read(io.BytesIO(data), dtype="int16", always_2d=True)
    except (RuntimeError, ValueError) as error:  # soundfile's own errors are RuntimeErrors
        raise DataError(
            f"A block of sound is no readable FLAC ({error})",
            fix="run: taver session verify on this session",
        ) from None
    return samples


def decode(
    modality: Modality,
    data: bytes | memoryview,
    height_px: int,
    width_px: int,
    *,
    rows: slice | None = None,
) -> Pixels:
    """Return the pixels of a stored picture; raises DataError if they are not of that size.

    Of 16-bit pictures no more than some rows may be asked for; the others then are as they are
    stored, or 0.
    """
    if modality is Modality.COLOR:
        pixels: Pixels = _decode_color(data)
        shape: tuple[int, ...] = (height_px, width_px, 3)
    else:
        row = RASTER_DTYPE.itemsize * width_px
        part = None if rows is None else (row * max(rows.start, 0), row * min(rows.stop, height_px))
        pixels = _decode_raster(data, part)
        shape = (height_px, width_px)
        if pixels.size == height_px * width_px:
            pixels = pixels.reshape(shape)
    if pixels.shape != shape:
        raise DataError(
            f"A {modality} frame decodes to {pixels.shape}, not {shape}",
            fix="run: taver session verify on this session; the file does not fit its header",
        )
    return pixels


def _decode_color(data: bytes | memoryview) -> npt.NDArray[np.uint8]:
    simplejpeg = need("simplejpeg", extra="capture", to="read colour pictures")
    try:
        pixels: npt.NDArray[np.uint8] = simplejpeg.decode_jpeg(data, colorspace="RGB")
    except ValueError as error:
        raise DataError(
            f"A colour frame is no readable JPEG ({error})",
            fix="run: taver session verify on this session",
        ) from None
    return pixels


def _decode_raster(
    data: bytes | memoryview, part: tuple[int, int] | None
) -> npt.NDArray[np.uint16]:
    """Return the pixels of which some bytes are looked at, from the first to before the last."""
    blosc = need("numcodecs.blosc", extra="capture", to="read depth and thermal pictures")
    packed = bytes(data)
    try:
        size, block = _unpacked_size(packed)
        chosen = None if part is None or not block else _chosen(size, block, *part)
        if chosen is None:
            # What comes out can be written to, so that nobody has to copy it to do so.
            pixels = np.empty(size, np.uint8)
            blosc.decompress(packed, pixels)
        else:
            first, last = chosen
            pixels = np.zeros(size, np.uint8)
            there = pixels[first * block : last * block]
            blosc.decompress(_alone(packed, first, last, len(there)), there)
        return pixels.view(RASTER_DTYPE)
    except (RuntimeError, ValueError, struct.error) as error:
        raise DataError(
            f"A 16-bit frame cannot be unpacked ({error})",
            fix="run: taver session verify on this session",
        ) from None


def _unpacked_size(packed: bytes) -> tuple[int, int]:
    """Return how many bytes come out, of which each block is how many; 0 where it has no blocks.

    ValueError if Blosc's header lies: the library obeys it.
    """
    flags, unpacked_size, block_size, packed_size = _BLOSC_HEAD.unpack_from(packed)
    if packed_size != len(packed) or unpacked_size > _LARGEST_RASTER_BYTES:
        raise ValueError("its sizes cannot be")
    return int(unpacked_size), 0 if flags & _BLOSC_PLAIN else int(block_size)


def _chosen(size: int, block: int, begin: int, end: int) -> tuple[int, int] | None:
    """Return the blocks that hold these bytes, first and behind the last; None if all of them do.

    The last one of all, which may be smaller, does not stand alone: Blosc takes that for damage.
    """
    blocks = -(-size // block)
    first = min(begin // block, max(blocks - 2, 0))
    last = min(max(-(-end // block), first + 1), blocks)
    return None if first == 0 and last == blocks else (first, last)


def _alone(packed: bytes, first: int, last: int, size: int) -> bytes:
    """Return the packed picture with the head of one that has these blocks only."""
    at = _BLOSC_HEAD.size
    begins = struct.unpack_from(f"<{last - first}I", packed, at + _BLOSC_INT.size * first)
    changed = bytearray(packed)
    _BLOSC_INT.pack_into(changed, _BLOSC_OUT_AT, size)
    struct.pack_into(f"<{last - first}I", changed, at, *begins)
    return bytes(changed)

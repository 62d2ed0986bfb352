"""Words inside a PNG: any viewer reads picture and words."""

import zlib

import cv2
import numpy as np
import pytest

from capture.png import with_text

PIXELS = np.arange(20 * 30 * 3, dtype=np.uint8).reshape(20, 30, 3)
WORDS = {"Software": "taver", "Simulated": "yes", "Source": "얼굴 °C", "Empty": ""}


def chunks_of(png):
    """Return the chunks, after every checksum was checked."""
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    at, found = 8, []
    while at < len(png):
        size = int.from_bytes(png[at : at + 4], "big")
        kind, body = png[at + 4 : at + 8], png[at + 8 : at + 8 + size]
        assert int.from_bytes(png[at + 8 + size : at + 12 + size], "big") == zlib.crc32(kind + body)
        found.append((kind, body))
        at += 12 + size
    assert at == len(png)
    return found


@pytest.fixture(scope="module")
def png():
    return bytes(cv2.imencode(".png", PIXELS)[1])


def test_the_picture_stays_as_it_was(png):
    decoded = cv2.imdecode(np.frombuffer(with_text(png, WORDS), np.uint8), cv2.IMREAD_UNCHANGED)
    assert np.array_equal(decoded, PIXELS)


def test_every_word_stands_in_it_as_international_text_behind_the_header(png):
    chunks = chunks_of(with_text(png, WORDS))
    assert chunks[0][0] == b"IHDR"
    assert chunks[-1][0] == b"IEND"
    told = {}
    for kind, body in chunks[1 : 1 + len(WORDS)]:
        assert kind == b"iTXt"
        key, _, rest = body.partition(b"\0")
        assert rest[:4] == bytes(4)  # not compressed, no language, no translated key
        told[key.decode("latin-1")] = rest[4:].decode()
    assert told == WORDS


def test_without_words_nothing_changes(png):
    assert with_text(png, {}) == png

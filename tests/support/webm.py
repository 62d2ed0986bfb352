"""Films whose pictures tell their own number, to see which one is on the screen."""

from __future__ import annotations

import numpy as np

from annotate_web.media import video

BITS = 12
# A block of the code is so wide, whatever the picture's size; a strip of BITS blocks, white is 1,
# lies along the upper edge, and its complement below it.
BLOCK_PX = 16


def barcode(path, *, frames=100, width_px=320, height_px=180, sound_s=0.0):
    """Write a film of numbered pictures as annotators are given it; return its path."""
    sound = None
    if sound_s:
        moments = np.arange(round(sound_s * 48_000)) / 48_000
        hum = (3000 * np.sin(2 * np.pi * 220 * moments)).astype(np.int16)
        sound = (hum[:, None], 48_000)
    pictures = (picture(number, width_px, height_px) for number in range(frames))
    video.write(path, pictures, title="barcode", sound=sound)
    return path


def picture(number, width_px=320, height_px=180):
    """Return one picture: its number as blocks, and a bar that moves on."""
    shown = np.full((height_px, width_px, 3), 96, np.uint8)
    for bit in range(BITS):
        left = bit * BLOCK_PX
        white = bool(number >> bit & 1)
        shown[:BLOCK_PX, left : left + BLOCK_PX] = 255 if white else 0
        shown[BLOCK_PX : 2 * BLOCK_PX, left : left + BLOCK_PX] = 0 if white else 255
    at = number * 7 % max(1, width_px - 20)
    shown[height_px // 2 : height_px // 2 + 40, at : at + 20] = (224, 123, 57)
    return shown


# Reads a picture's number in the browser: `frameOnScreen(video)`, or -1 if it cannot be read.
READER = f"""
window.frameOnScreen = (() => {{
  const canvas = new OffscreenCanvas({BITS * BLOCK_PX}, {2 * BLOCK_PX});
  const pen = canvas.getContext("2d", {{ willReadFrequently: true }});
  return (video) => {{
    pen.drawImage(video, 0, 0, canvas.width, canvas.height, 0, 0, canvas.width, canvas.height);
    const pixels = pen.getImageData(0, 0, canvas.width, canvas.height).data;
    const at = (x, y) => pixels[4 * (y * canvas.width + x) + 1];
    let number = 0;
    for (let bit = 0; bit < {BITS}; bit += 1) {{
      const x = bit * {BLOCK_PX} + {BLOCK_PX // 2};
      const upper = at(x, {BLOCK_PX // 2});
      const lower = at(x, {BLOCK_PX + BLOCK_PX // 2});
      if (Math.abs(upper - lower) < 60) return -1;
      if (upper > lower) number += 2 ** bit;
    }}
    return number;
  }};
}})();
undefined;
"""

"""The sheet for the docs: people by row, moods by column, and what each camera makes of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from capture.sim.head.emotion import units_for
from capture.sim.render.renderer import Renderer
from capture.sim.scene import Actor, Performance, Scene
from taver.core.frames import PICTURES, Modality
from taver.core.pose import Pose

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from capture.sim.ideal import Ideal
    from capture.sim.rig import Rig

    Picture = npt.NDArray[np.uint8]

PEOPLE = (0, 4, 12, 10, 9, 2)
MOODS = ((0.0, 0.0), (0.9, 0.5), (-0.8, 0.5), (0.2, 0.95), (-0.3, -0.95))  # valence, arousal
_YAWS_DEG = (0.0, 14.0, -12.0, 4.0, -6.0)
_FAR_MM = 700.0
_CELL = 320  # pixels across


def sheet(rig: Rig, people: Sequence[int] = PEOPLE) -> Picture:
    """Return one picture: a row a person in five moods, then infrared, depth and heat."""
    renderer = Renderer(rig)
    rows = []
    for identity in people:
        cells = []
        for (valence, arousal), yaw_deg in zip(MOODS, _YAWS_DEG, strict=True):
            ideal = renderer.render(posed(identity, valence, arousal, yaw_deg), [Modality.COLOR])
            assert ideal.color is not None
            cells.append(_cut(ideal.color, rig, Modality.COLOR))
        ideal = renderer.render(posed(identity, *MOODS[1], _YAWS_DEG[1]), PICTURES)
        cells += _others(ideal, rig)
        rows.append(np.hstack(cells))
    return np.vstack(rows)


def posed(identity: int, valence: float, arousal: float, yaw_deg: float = 0.0) -> Scene:
    """Return a scene with one person near the cameras who feels so."""
    head = Pose.from_rotation_vector((0.0, np.radians(-yaw_deg), 0.0), (0.0, 10.0, _FAR_MM))
    performance = Performance(head=head, units=units_for(valence, arousal))
    return Scene(actors=(Actor(identity=identity, performance=performance),))


def _others(ideal: Ideal, rig: Rig) -> list[Picture]:
    """Return infrared in grey, depth and heat in false colours."""
    assert ideal.reflectance is not None
    assert ideal.depth_mm is not None
    assert ideal.thermal_k is not None
    gray = np.clip(ideal.reflectance * 330, 0, 255).astype(np.uint8)
    near = (ideal.depth_mm - (_FAR_MM - 60)) / 260
    warm = (ideal.thermal_k - 295) / 14
    return [
        _cut(np.repeat(gray[..., None], 3, axis=2), rig, Modality.IR),
        _cut(_false_color(1 - near), rig, Modality.DEPTH),
        _cut(_false_color(warm), rig, Modality.THERMAL),
    ]


def _cut(picture: Picture, rig: Rig, modality: Modality) -> Picture:
    """Return the head's surroundings, scaled to one cell by nearest pixels."""
    camera = rig.of(modality)
    corners = camera.camera.project(
        camera.from_color.apply([[-150, -165, _FAR_MM], [150, 200, _FAR_MM]])
    )
    (left, top), (right, bottom) = np.rint(corners)
    height, width = picture.shape[:2]
    x = np.clip(np.rint(np.linspace(left, right, _CELL)), 0, width - 1).astype(np.int64)
    y = np.clip(np.rint(np.linspace(top, bottom, _CELL * 365 // 300)), 0, height - 1)
    return np.ascontiguousarray(picture[y.astype(np.int64)[:, None], x[None, :]])


def _false_color(share: npt.NDArray[np.floating]) -> Picture:
    """Return 0 to 1 as colours from dark blue over purple and orange to pale yellow."""
    stops = np.array(
        [[4, 6, 40], [70, 16, 110], [160, 42, 100], [226, 98, 54], [250, 178, 44], [252, 250, 200]]
    )
    at = np.clip(share, 0, 1) * (len(stops) - 1)
    channels = [np.interp(at, np.arange(len(stops)), stops[:, i]) for i in range(3)]
    return np.stack(channels, axis=-1).astype(np.uint8)

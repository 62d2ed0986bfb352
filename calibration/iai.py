"""Reads and writes iai_kinect2's calibration: four YAML files in a folder named by the serial.

calib_color, calib_ir (the lenses), calib_pose (from infrared to colour, in metres), calib_depth
(the shift, in millimetres). What those files do not tell of a rig, such as its thermal camera, is
not written; what is read and not understood is refused.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Final

import numpy as np

from calibration.rig import Rig
from calibration.solve.state import orthogonal
from calibration.vision import vision
from taver.core import atomic
from taver.core.camera import Camera
from taver.core.distortion import Distortion
from taver.core.errors import AlreadyThereError, DataError, NotFoundError
from taver.core.frames import Modality
from taver.core.pose import Pose
from taver.core.session.manifest import software
from taver.core.storage import explained

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

COLOR, IR, POSE, DEPTH = "calib_color.yaml", "calib_ir.yaml", "calib_pose.yaml", "calib_depth.yaml"
FILES: Final = (COLOR, IR, POSE, DEPTH)
_SIZES: Final = {COLOR: (1920, 1080), IR: (512, 424)}
_MM: Final = 1000.0


def read(folder: Path) -> Rig:
    """Return the rig that the four files describe; its serial is the folder's name."""
    trees = {}
    missing = []
    for name in FILES:
        path = folder / name
        with explained(path):
            if not path.is_file():
                missing.append(name)
                continue
            trees[name] = path.read_bytes()
    if missing:
        raise NotFoundError(
            f"{folder} has no {', '.join(missing)}",
            fix="name the folder that iai_kinect2 calls by the Kinect's serial number",
        )
    color = _camera(folder, COLOR, trees[COLOR])
    infrared = _camera(folder, IR, trees[IR])
    pose = _matrices(folder / POSE, trees[POSE], {"rotation": (3, 3), "translation": (3, 1)})
    shift = _number(folder / DEPTH, trees[DEPTH], "depthShift")
    return Rig(
        color=color,
        ir=infrared,
        ir_to_color=_pose(folder, pose["rotation"], pose["translation"] * _MM),
        depth_shift_mm=shift,
        serials=dict.fromkeys((Modality.COLOR, Modality.IR, Modality.DEPTH), folder.name),
        made=dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        method="imported",
        settings={"format": "iai_kinect2"},
        software=software(),
    )


def write(rig: Rig, folder: Path) -> None:
    """Write the four files into a new folder, whole or not at all."""
    with explained(folder):
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise AlreadyThereError(
                f"{folder} exists already", fix="choose a folder that is not there, or empty"
            )
        folder.mkdir(parents=True, exist_ok=True)
    r = rig.ir_to_color.rotation_matrix
    t = np.array(rig.ir_to_color.translation_mm) / _MM
    cross = np.array([[0.0, -t[2], t[1]], [t[2], 0.0, -t[0]], [-t[1], t[0], 0.0]])
    essential = cross @ r
    fundamental = np.linalg.inv(rig.color.matrix).T @ essential @ np.linalg.inv(rig.ir.matrix)
    texts = {
        COLOR: _lens_text(rig.color),
        IR: _lens_text(rig.ir),
        POSE: _text(
            rotation=r, translation=t[:, None], essential=essential, fundamental=fundamental
        ),
        DEPTH: f"%YAML:1.0\n---\ndepthShift: {rig.depth_shift_mm!r}\n".encode(),
    }
    for name, text in texts.items():
        atomic.write_bytes(folder / name, text)


def _lens_text(camera: Camera) -> bytes:
    coefficients = np.array([camera.distortion.coefficients or (0.0,) * 5])
    projection = np.zeros((4, 4))
    projection[:3, :3], projection[3, 3] = camera.matrix, 1.0
    return _text(
        cameraMatrix=camera.matrix,
        distortionCoefficients=coefficients,
        rotation=np.eye(3),
        projection=projection,
    )


def _text(**matrices: Floats) -> bytes:
    """Return OpenCV's YAML; every number with all its digits."""
    lines = ["%YAML:1.0", "---"]
    for name, matrix in matrices.items():
        numbers = ", ".join(repr(float(value)) for value in matrix.reshape(-1))
        lines += [
            f"{name}: !!opencv-matrix",
            f"   rows: {matrix.shape[0]}",
            f"   cols: {matrix.shape[1]}",
            "   dt: d",
            f"   data: [ {numbers} ]",
        ]
    return ("\n".join(lines) + "\n").encode()


def _camera(folder: Path, name: str, data: bytes) -> Camera:
    read_here = _matrices(
        folder / name, data, {"cameraMatrix": (3, 3), "distortionCoefficients": None}
    )
    coefficients = read_here["distortionCoefficients"].reshape(-1)
    width, height = _SIZES[name]
    return Camera.from_matrix(
        read_here["cameraMatrix"],
        width_px=width,
        height_px=height,
        distortion=Distortion(coefficients=tuple(coefficients.tolist())),
    )


def _pose(folder: Path, rotation: Floats, translation_mm: Floats) -> Pose:
    if float(np.abs(rotation @ rotation.T - np.eye(3)).max()) > 1e-3:
        raise DataError(
            f"{folder / POSE}: 'rotation' is no rotation", fix="restore the file from a backup"
        )
    exact = float(np.abs(rotation @ rotation.T - np.eye(3)).max()) < 1e-9
    return Pose.from_matrix(rotation if exact else orthogonal(rotation), translation_mm)


def _matrices(
    path: Path, data: bytes, wanted: dict[str, tuple[int, int] | None]
) -> dict[str, Floats]:
    found = {}
    problems = []
    for name, shape in wanted.items():
        matrix = _value(path, data, name)
        if not isinstance(matrix, np.ndarray) or not np.isfinite(matrix).all():
            problems.append(f"it has no matrix {name!r}")
        elif shape is not None and matrix.shape != shape:
            problems.append(f"{name!r} is {matrix.shape}, not {shape}")
        else:
            found[name] = matrix
    if problems:
        raise DataError(
            f"{path} is no calibration of iai_kinect2: {'; '.join(problems)}",
            fix="restore the file from a backup, or calibrate with taver",
            problems=problems,
        )
    return found


def _number(path: Path, data: bytes, name: str) -> float:
    value = _value(path, data, name)
    if not isinstance(value, float) or not np.isfinite(value):
        raise DataError(
            f"{path} has no number {name!r}",
            fix="restore the file from a backup, or calibrate with taver",
        )
    return value


def _value(path: Path, data: bytes, name: str) -> Floats | float | None:
    """Return a matrix or a number of OpenCV's YAML, or None if there is neither of that name."""
    cv2 = vision()
    try:
        storage = cv2.FileStorage(
            data.decode("utf-8"), cv2.FILE_STORAGE_READ | cv2.FILE_STORAGE_MEMORY
        )
        node = storage.getNode(name)
        if node.isReal() or node.isInt():
            return float(node.real())
        return np.asarray(node.mat(), np.float64) if node.isMap() else None
    except (cv2.error, SystemError, UnicodeDecodeError, TypeError, ValueError):
        raise DataError(
            f"{path} is not readable as OpenCV's YAML", fix="restore the file from a backup"
        ) from None

"""Fingerprints of what a recording of the dataset is made of: equal ones give equal bytes."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final

import msgspec
import numpy as np

from taver.core import receipt
from taver.core.frames import Modality
from taver.core.session import clocks

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    from taver.core.session.folder import Session
    from taver.core.study import Study

# Raised when the same inputs give other pictures than before, or other bytes of them.
ENGINE: Final = 4


def of_inputs(
    study: Study, session: Session, modalities: tuple[Modality, ...], *, with_rig: bool
) -> dict[str, str]:
    """Return the fingerprints of the files that a recording's pictures are made of."""
    files = [
        path
        for modality in sorted({Modality.COLOR, *modalities})
        for path in session.stream_files(modality)
    ]
    if (session.folder / clocks.FILE).is_file():
        files.append(session.folder / clocks.FILE)
    told = {f"{session.name}/{path.name}": receipt.fingerprint(path) for path in files}
    if with_rig:
        told[study.rig_file.name] = receipt.fingerprint(study.rig_file)
    return told


def of_values(columns: Mapping[str, npt.NDArray[Any]], told: Any) -> str:
    """Return what tells these columns and this plain value from any others."""
    digest = hashlib.sha256(msgspec.json.encode(told, order="sorted"))
    for name in sorted(columns):
        values = np.ascontiguousarray(columns[name])
        digest.update(f"{name} {values.dtype.str} {values.shape}".encode())
        digest.update(values.tobytes())
    return digest.hexdigest()

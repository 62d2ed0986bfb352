"""dlib's detector of frontal faces, unpacked once and kept in the user's cache folder.

dlib carries it packed, and takes most of a second to unpack it: every process would.
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from taver.core import atomic, home
from taver.core.errors import StorageError

if TYPE_CHECKING:
    from types import ModuleType

_DIGEST: Final = hashlib.sha256


def detector(dlib: ModuleType) -> tuple[Any, bytes]:
    """Return the detector, and the bytes that it is saved as."""
    file = path_of(dlib)
    saved = _kept(file)
    if saved is not None:
        made = dlib.fhog_object_detector.__new__(dlib.fhog_object_detector)
        made.__setstate__((saved,))
        return made, saved
    made = dlib.get_frontal_face_detector()
    (saved,) = made.__getstate__()
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        atomic.write_bytes(file, _DIGEST(saved).digest() + saved)
    except (OSError, StorageError):
        pass  # a home that cannot be written: it is unpacked again the next time
    return made, saved


def path_of(dlib: ModuleType) -> Path:
    """Return where the detector of this dlib is kept; another one has a file of its own."""
    library = Path(str(sys.modules[dlib.fhog_object_detector.__module__].__file__))
    told = library.stat()
    installed = f"{library} {told.st_size} {told.st_mtime_ns}".encode()
    return home.cache() / f"dlib-{dlib.__version__}-frontal-{_DIGEST(installed).hexdigest()[:12]}"


def _kept(file: Path) -> bytes | None:
    """Return the bytes that were kept, or None where they are not there or not whole."""
    try:
        kept = file.read_bytes()
    except OSError:
        return None
    size = _DIGEST().digest_size
    saved = kept[size:]
    return saved if _DIGEST(saved).digest() == kept[:size] else None

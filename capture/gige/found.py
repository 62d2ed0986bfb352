"""Which GigE Vision cameras answer on this machine's networks."""

from __future__ import annotations

from typing import Final, NamedTuple

from capture.gige.search import answers
from taver.core.errors import DeviceError, NotFoundError

_PATIENCE_S: Final = 1.0


class Found(NamedTuple):
    """What a camera says of itself when it is looked for."""

    vendor: str
    model: str
    version: str
    serial: str
    address: str

    def __str__(self) -> str:
        return f"{self.vendor} {self.model} {self.serial} at {self.address}"


def find() -> list[Found]:
    """Ask all networks; takes the second that cameras have to answer in."""
    return sorted(Found(*told) for told in answers(_PATIENCE_S))


def choose(found: list[Found], serial: str) -> Found:
    """Return the camera of a serial, or the only one; two of one serial cannot be told apart.

    Raises NotFoundError if there is none, DeviceError if there are several.
    """
    fitting = [one for one in found if not serial or one.serial == serial]
    if not fitting:
        raise NotFoundError(
            f"No GigE Vision camera {serial} answers"
            if serial
            else "No GigE Vision camera answers",
            fix="check its cable and power, and that this machine has an address in its network; "
            "what answers is listed by: taver devices",
            problems=[f"there is {one}" for one in found],
        )
    if len(fitting) > 1:
        raise DeviceError(
            f"{len(fitting)} GigE Vision cameras have the serial {serial}"
            if serial
            else f"{len(fitting)} GigE Vision cameras answer",
            fix="unplug all but one, or name the address of one"
            if serial
            else "name the serial of one of them",
            problems=[str(one) for one in fitting],
        )
    return fitting[0]

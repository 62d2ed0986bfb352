"""Who records: what study.toml names, what is found, or the simulated rig."""

import pytest

from capture.agent.choice import choose
from capture.agent.launch import DeviceLaunch
from capture.master.crews import LocalDevice, RemoteAgent, crews_for
from taver.core.errors import ConfigError, InputError, NotFoundError
from taver.core.frames import Modality
from taver.core.study import Study


def configured(study, text):
    path = study.folder / "study.toml"
    path.write_text(path.read_text(encoding="utf-8") + text, encoding="utf-8")
    return Study(study.folder)


def test_devices_and_agents_are_those_that_the_study_names(study):
    changed = configured(
        study,
        """
[[capture.devices]]
driver = "pattern"
serial = "p7"
settings = { scale = 0.1 }

[[capture.agents]]
name = "thermal"
address = "thermal-pc:7200"
""",
    )
    assert crews_for(changed, sim=False, streams=None) == [
        LocalDevice(driver="pattern", config={"scale": 0.1, "serial": "p7"}),
        RemoteAgent(name="thermal", address="thermal-pc:7200", keys=changed.keys_folder),
    ]


def test_what_is_wrong_with_the_devices_named_is_told_at_once(study):
    changed = configured(
        study,
        """
[[capture.devices]]
driver = "pattern"
settings = { sclae = 0.1 }

[[capture.devices]]
driver = "nix"
""",
    )
    with pytest.raises(InputError) as caught:
        crews_for(changed, sim=False, streams=None)
    told = "\n".join([*caught.value.problems, caught.value.fix])
    for part in ("sclae", "'nix'", "scale"):
        assert part in told


def test_an_agent_that_is_named_twice_is_refused(study):
    twice = '\n[[capture.agents]]\nname = "a"\naddress = "x:1"\n' * 2
    with pytest.raises(ConfigError, match="'a' twice"):
        crews_for(configured(study, twice), sim=False, streams=None)


def test_the_simulated_rig_has_the_devices_of_the_real_one(study):
    crews = crews_for(study, sim=True, streams=tuple(Modality), seconds=5)
    given = {crew.name: crew.config["modalities"] for crew in crews}
    assert given == {
        "sim:sim-kinect": [Modality.COLOR, Modality.DEPTH, Modality.IR],
        "sim:sim-a65": [Modality.THERMAL],
        "sim:sim-microphone": [Modality.SOUND],
    }
    (thermal,) = crews_for(study, sim=True, streams=(Modality.THERMAL,))
    assert thermal.config["serial"] == "sim-a65"


def test_a_driver_a_family_and_a_serial_number_can_be_named():
    assert choose(["pattern:7", "sim"]) == (
        DeviceLaunch(driver="pattern", config={"serial": "7"}),
        DeviceLaunch(driver="sim", config={}),
    )


@pytest.mark.parametrize(
    ("texts", "kind"),
    [(["nix"], NotFoundError), ([""], NotFoundError), (["pattern", "pattern"], InputError)],
)
def test_devices_that_cannot_be_meant_are_refused(texts, kind):
    with pytest.raises(kind):
        choose(texts)

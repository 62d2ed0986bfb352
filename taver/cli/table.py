"""Which commands there are: a name, where it lives, and its one line of help."""

from __future__ import annotations

from typing import NamedTuple


class Entry(NamedTuple):
    """A command that is imported only when it is run, or its own help is asked for."""

    target: str
    help: str


COMMANDS = {
    "agent": Entry("taver.cli.agent:agent", "Record a sensor from another machine's session."),
    "annotate": Entry(
        "taver.cli.annotate:annotate", "Let people rate arousal and valence in their browsers."
    ),
    "build-dataset": Entry(
        "taver.cli.build_dataset:build_dataset",
        "Make a Zarr dataset of sessions, faces and labels.",
    ),
    "calibrate": Entry(
        "taver.cli.calibrate:calibrate", "Find the cameras, their places and the depth shift."
    ),
    "capture": Entry("taver.cli.capture:capture", "Record a session, in real time."),
    "dataset": Entry(
        "taver.cli.dataset:dataset", "Look at, check, compare, document and import datasets."
    ),
    "demo": Entry("taver.cli.demo:demo", "Run the whole story on simulated sensors."),
    "devices": Entry("taver.cli.devices:devices", "List the cameras and microphones attached."),
    "doctor": Entry(
        "taver.cli.doctor:doctor", "Say what is installed, what is missing, and how to get it."
    ),
    "evaluate": Entry(
        "taver.cli.evaluate:evaluate", "Judge a run on the test people: RMSE, CC and CCC."
    ),
    "export": Entry(
        "taver.cli.export:export", "Hand a trained model on, with its card: ONNX or torch."
    ),
    "faces": Entry(
        "taver.cli.faces:faces", "Find the participant's face in every frame of a session."
    ),
    "init": Entry("taver.cli.init:init", "Make a new study in a folder."),
    "labels": Entry("taver.cli.labels:labels", "Make one ground truth of what raters said."),
    "participant": Entry(
        "taver.cli.participant:participant", "Put people and their consent on file."
    ),
    "predict": Entry("taver.cli.predict:predict", "Predict a session with a trained run."),
    "session": Entry("taver.cli.session:session", "List, check and rescue recordings."),
    "simulate": Entry(
        "taver.cli.simulate:simulate", "Record a simulated session, with the truth beside it."
    ),
    "status": Entry("taver.cli.status:status", "Show how far each session has come."),
    "train-baseline": Entry(
        "taver.cli.train_baseline:train_baseline",
        "Train a reference model on a dataset, as in the papers.",
    ),
    "view": Entry("taver.cli.view:view", "Open a session on one time line in Rerun."),
}

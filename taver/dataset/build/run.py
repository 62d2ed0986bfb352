"""The build: planned, compared with what is there, cut block by block, put in place."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from taver.core import lock, receipt
from taver.core.errors import TaverError
from taver.core.progress import Silent
from taver.core.receipt import Stage
from taver.dataset import marks, schema, share, split
from taver.dataset.build import stages
from taver.dataset.build.assembly import Assembly
from taver.dataset.build.chosen import chosen, refuse_rigs
from taver.dataset.build.kept import Kept, kept_of
from taver.dataset.build.leaving import Leaving, attributes_of
from taver.dataset.build.ours import refuse_other_audience
from taver.dataset.build.places import place_at
from taver.dataset.build.plan import plan
from taver.dataset.build.refused import refuse_clips, refuse_full, refuse_useless
from taver.dataset.build.work import forget, work
from taver.dataset.build.workers import check, each, processes, workers
from taver.dataset.edition import Edition
from taver.dataset.read import DEFAULT, Recording
from taver.dataset.select import clips_of
from taver.dataset.stores import local_folder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from taver.core.consent import Audience
    from taver.core.progress import Progress
    from taver.core.study import Study
    from taver.dataset.build.chosen import Chosen
    from taver.dataset.build.places import Place
    from taver.dataset.build.plan import Plan
    from taver.dataset.config import BuildConfig
    from taver.dataset.select import Counts


class Built(NamedTuple):
    """What came of a build."""

    name: str
    recordings: int
    people: int
    slots: int
    counts: Counts
    notes: list[str]
    chunks_written: int = 0
    labels_written: int = 0  # recordings whose labels were
    unchanged: bool = False


def build(
    study: Study,
    target: str,
    config: BuildConfig,
    *,
    audience: Audience,
    names: Sequence[str] = (),
    jobs: int = 1,
    scheduler: str | None = None,
    again: bool = False,  # take nothing over of what is there
    receipts: bool = True,  # note beside the sessions that they are built
    progress: Progress | None = None,
) -> Built:
    """Make the dataset at `target`, or bring it up to date; what was there stays until the end."""
    check(jobs, scheduler)
    place = place_at(target)
    with place.explained(), contextlib.ExitStack() as at_the_end:
        at_the_end.callback(forget)
        before = place.published()
        refuse_other_audience(before, audience, place.name)
        edition = Edition(None if before is None else local_folder(before))
        leaving = Leaving(before, named=bool(names or config.sessions))
        sessions, notes = chosen(study, names, config, audience, leaving)
        refuse_rigs(study, sessions, config)
        split.refuse_folds(
            len({one.session.manifest.participant for one in sessions}), config.split
        )
        bar = stages.bar_of(study, sessions, config, place.name, progress or Silent())
        pool = at_the_end.enter_context(processes(jobs, len(sessions)))
        sessions, made_now = stages.run_missing(
            study, sessions, pool=pool, bar=bar, leaving=leaving
        )
        wanted = plan(study, sessions, config, audience, leaving)
        refuse_clips(wanted, config)
        kept = Kept() if before is None or again else kept_of(before, wanted.recordings)
        attributes = _attributes(wanted, config, audience, before)
        notes += [
            *made_now, *wanted.notes, *kept.notes, *_gone(before, wanted),
            *_divided_anew(before, attributes),
        ]  # fmt: skip
        if before is not None and _unchanged(before, wanted, attributes, kept):
            return _told(place, wanted, _counts(before, wanted, config), notes, unchanged=True)
        refuse_full(place, wanted, kept)
        with place.building() as staging:
            edition.check()
            made = Assembly(staging, kept, attributes)
            blocks = made.missing_blocks(wanted.recordings)
            bar.cutting(sum(block.count for block in blocks))
            with workers(pool, scheduler) as executor:
                for done in each(executor, work, blocks):
                    made.chunks_written += done.chunks
                    bar.advance(done.slots)
            for recording in wanted.recordings:
                made.finish(recording)
            counts = _counts(made.root, wanted, config)
            refuse_useless(counts, config, notes)
            schema.validate(made.root, place.name)
            staging.publish()
    if receipts:
        notes += _leave_receipts(study, sessions, place, config)
    return _told(
        place, wanted, counts, notes,
        chunks_written=made.chunks_written, labels_written=made.labels_written,
    )  # fmt: skip


def _attributes(
    wanted: Plan, config: BuildConfig, audience: Audience, before: Any | None
) -> dict[str, Any]:
    """Return the attributes of the whole; a split that was made before stays."""
    people: dict[str, Any] = {}
    for one in wanted.recordings:
        who = one.attributes["participant"]
        counts = split.histogram(one.labels["arousal"], one.labels["valence"])
        people[who] = people.get(who, 0) + counts
    there = {str(m) for one in wanted.recordings for m in one.cut.modalities}
    earlier = {} if before is None else dict(before.attrs)
    attributes = {
        "modalities": [name for name in schema.PICTURES if name in there],
        "rate_hz": config.rate_hz,
        "size_px": config.size_px,
        "audience": audience.value,
        "splits": split.splits(
            people,
            config.split,
            before=split.still_meant(
                earlier.get("splits") or {}, (earlier.get("made") or {}).get("split"), config.split
            ),
        ),
        "simulated": wanted.simulated,
        "made": {
            "settings": config.told(),
            "software": stages.software(),
            "split": msgspec.to_builtins(config.split),
        },
    }
    return share.stripped_root(attributes, audience)


def _divided_anew(before: Any | None, attributes: dict[str, Any]) -> list[str]:
    """Tell where who tests is not who tested in the dataset that is there."""
    earlier = None if before is None else (dict(before.attrs).get("splits") or {}).get(DEFAULT)
    if earlier is None or earlier == attributes["splits"][DEFAULT]:
        return []
    told = (
        "who trains and who tests was divided anew, because of other people or another [split]: "
        "a model that was trained before may have seen who tests now"
    )
    return [told]


def _gone(before: Any | None, wanted: Plan) -> list[str]:
    """Tell which recordings of the dataset that is there will be in it no more."""
    gone = attributes_of(before).keys() - {one.name for one in wanted.recordings}
    return [f"{name}: no longer in it" for name in sorted(gone)]


def _unchanged(before: Any, wanted: Plan, attributes: dict[str, Any], kept: Kept) -> bool:
    told = {"format": schema.FORMAT, "version": schema.VERSION, **attributes}
    names = {one.name for one in wanted.recordings}
    if dict(before.attrs) != told or kept.pictures != names or kept.labels != names:
        return False
    there = {name: marks.without(told) for name, told in attributes_of(before).items()}
    return there == {one.name: one.attributes for one in wanted.recordings}


def _counts(root: Any, wanted: Plan, config: BuildConfig) -> Counts:
    """Return how many clips the dataset gives, and why not more."""
    recordings = [
        Recording(
            one.name,
            root[schema.RECORDINGS][one.name],
            size_px=config.size_px,
            rate_hz=config.rate_hz,
        )
        for one in wanted.recordings
    ]
    return clips_of(recordings, config.clips)[1]


def _leave_receipts(
    study: Study, sessions: Sequence[Chosen], place: Place, config: BuildConfig
) -> list[str]:
    """Note beside each session that it is built, so that it is known when that is stale.

    The dataset is in place by now: a session that cannot be written to is only told of.
    """
    notes = []
    for one in sessions:
        stages_of = (receipt.path_of(one.session, stage) for stage in (Stage.FACES, Stage.FUSED))
        streams = (path for m in one.modalities for path in one.session.stream_files(m))
        try:
            with lock.held(one.session.folder, f"Session {one.session.name}"):
                receipt.write(
                    study, one.session, Stage.BUILT,
                    inputs=[*streams, *(path for path in stages_of if path.is_file())],
                    outputs=place.outputs(), settings={"store": place.name, **config.told()},
                )  # fmt: skip
        except TaverError as error:
            notes.append(f"{one.session.name}: no receipt that it is built, {error.what}")
    return notes


def _told(place: Place, wanted: Plan, counts: Counts, notes: list[str], **more: Any) -> Built:
    return Built(
        name=place.name,
        recordings=len(wanted.recordings),
        people=len({one.attributes["participant"] for one in wanted.recordings}),
        slots=sum(one.cut.slots for one in wanted.recordings),
        counts=counts,
        notes=notes,
        **more,
    )

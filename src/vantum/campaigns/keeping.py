"""How what was kept long enough goes, once a day."""

from __future__ import annotations

from asyncio import to_thread
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from vantum.campaigns.erasing import blank_lines, without_person, without_words
from vantum.campaigns.jobs import Work
from vantum.dialing.keeping import Keeping, due
from vantum.errors import RecordsError
from vantum.recording.files import FOLDER, KIND
from vantum.settings import Settings
from vantum.store.database import Database
from vantum.store.jobs import Job
from vantum.store.keeping import Kept
from vantum.telephony.settled import FILE, Outcome
from vantum.telephony.unsettled import FOLDER as UNSETTLED


def keeping_of(settings: Settings) -> Keeping:
    """What the operator has set."""
    return Keeping(
        recordings=settings.keep_recordings_days,
        transcripts=settings.keep_transcripts_days,
        calls=settings.keep_calls_days,
        receipts=settings.keep_receipts_days,
        failed_jobs=settings.keep_failed_jobs_days,
    )


def retention_work(database: Database, data_dir: Path, keeping: Keeping) -> Work:
    """What is done about jobs of the kind `retention`, whose subject is a day: 2026-03-01 (UTC).

    It raises RecordsError, also for files; those are read on a thread, as others dial meanwhile.
    """
    kept, lines = Kept(database), data_dir / FILE

    async def tidy(job: Job) -> None:
        now = datetime.strptime(job.subject, "%Y-%m-%d").replace(tzinfo=UTC).timestamp()
        before = due(keeping, now)
        try:
            if moment := before.get("recordings"):
                await to_thread(remove_files, data_dir / FOLDER, f"*{KIND}", moment)
            if moment := before.get("transcripts"):
                await kept.blank_transcripts(moment, without_words)
                await to_thread(blank_lines, lines, _placed_before(moment), without_words)
                await to_thread(remove_files, data_dir / UNSETTLED, "*", moment)
            if moment := before.get("calls"):
                await kept.forget_calls(moment)
                await to_thread(blank_lines, lines, _placed_before(moment), without_person)
                await to_thread(remove_files, data_dir / UNSETTLED, "*", moment)
        except OSError as error:
            raise RecordsError(f"{error.filename}: cannot be tidied: {error.strerror}") from error
        if moment := before.get("receipts"):
            await kept.forget_receipts(moment)
        if moment := before.get("failed_jobs"):
            await kept.forget_failed_jobs(moment)

    return tidy


def _placed_before(moment: float) -> Callable[[Outcome], bool]:
    return lambda one: one.placed_at < moment


def remove_files(folder: Path, like: str, before: float) -> None:
    """Delete those of such names that were written before. Raises OSError."""
    for file in folder.glob(like):
        with suppress(FileNotFoundError):  # a talk that is on record now, or an erased person's
            if file.stat().st_mtime < before:
                file.unlink()

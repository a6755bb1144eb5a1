"""What a job must remember of its batches: one file of requests each, and a list."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any
from uuid import uuid4


@dataclass(frozen=True)
class Batch:
    """Requests that are, or are about to be, at the service."""

    name: str
    """Ours, sent along as metadata, so that it can be found after a crash."""
    remote: str | None = None
    """The service's, once submitted."""
    attempt: int = 1


class BatchState:
    """The open batches of a job, in `batches.json` beside their files of requests.

    The list is replaced whole, so that it is never half written; a file of requests that
    it does not name is left from a crash and is deleted.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._list = folder / "batches.json"
        folder.mkdir(parents=True, exist_ok=True)
        rows = json.loads(self._list.read_text("utf-8")) if self._list.exists() else []
        self._open = {row["name"]: Batch(**row) for row in rows}
        for path in folder.glob("*.jsonl"):
            if path.stem not in self._open:
                path.unlink()

    def open(self) -> list[Batch]:
        """Batches not yet collected."""
        return list(self._open.values())

    def at_service(self) -> list[Batch]:
        """Those that are submitted."""
        return [batch for batch in self.open() if batch.remote is not None]

    def here(self) -> list[Batch]:
        """Those that are to be submitted."""
        return [batch for batch in self.open() if batch.remote is None]

    def file(self, batch: Batch) -> Path:
        """Its requests, a line each."""
        return self._folder / f"{batch.name}.jsonl"

    def requests(self, batch: Batch) -> Iterator[dict[str, Any]]:
        """Its requests."""
        with self.file(batch).open(encoding="utf-8") as file:
            for line in file:
                yield json.loads(line)

    def texts(self, batch: Batch) -> dict[str, list[str]]:
        """Texts of each request."""
        return {each["custom_id"]: each["body"]["input"] for each in self.requests(batch)}

    def line_names(self) -> set[str]:
        """Requests that are in an open batch."""
        return {name for batch in self.open() for name in self.texts(batch)}

    def write(
        self,
        lines: Iterator[tuple[str, dict[str, Any]]],
        most_inputs: int,
        most_bytes: int,
    ) -> Batch | None:
        """Fill a batch from `lines`; None if nothing is left of them."""
        batch = Batch(uuid4().hex)
        inputs = size = 0
        with self.file(batch).open("w", encoding="utf-8") as file:
            for _, request in lines:
                text = json.dumps(request) + "\n"
                file.write(text)
                inputs += len(request["body"]["input"])
                size += len(text)
                # a line of the largest size may still follow
                if inputs + 100 > most_inputs or size + len(text) * 2 > most_bytes:
                    break
        if not inputs:
            self.file(batch).unlink()
            return None
        self._keep(batch)
        return batch

    def close(self, batch: Batch, done: set[str], *, attempt: int) -> Batch | None:
        """Put a new batch of the requests that are not done in its place, if there are any.

        Both happen at once, so that a request never is in two batches.
        """
        left = [each for each in self.requests(batch) if each["custom_id"] not in done]
        again = Batch(uuid4().hex, attempt=attempt) if left else None
        if again is not None:
            lines = "".join(json.dumps(each) + "\n" for each in left)
            self.file(again).write_text(lines, encoding="utf-8")
            self._open[again.name] = again
        del self._open[batch.name]
        self._save()
        self.file(batch).unlink()
        return again

    def submitted(self, name: str, remote: str) -> None:
        """Write down the service's name of a batch."""
        self._keep(replace(self._open[name], remote=remote))

    def _keep(self, batch: Batch) -> None:
        self._open[batch.name] = batch
        self._save()

    def _save(self) -> None:
        partial = self._list.with_suffix(".partial")
        rows = [asdict(batch) for batch in self._open.values()]
        partial.write_text(json.dumps(rows, indent=1), encoding="utf-8")
        partial.replace(self._list)

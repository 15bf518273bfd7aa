"""A person's sitting: what is asked next, what was answered, one step back. Knows files, nothing of HTTP."""

from __future__ import annotations

import threading
from typing import Any, Final

from pipeline.report.page.markup import visible
from pipeline.review import answers
from pipeline.review.agreement import PIPELINE, Agreement, agreements
from pipeline.review.answers import ANSWERS, MAX_SECONDS, WITHDRAWN, Answer, Session
from pipeline.review.causes import QUESTIONS
from pipeline.review.queue import Candidate, Queue
from pipeline.review.shown import shown
from pipeline.rooms.tombstones import Tombstones

VERDICT_HIDDEN: Final = {"pipeline": "", "reason": "", "boundary": "", "distance": 0, "signals": []}
"""What of a document is not told before a blind answer; the evidence is: the question is about it."""


class Stale(ValueError):
    """The answer is not to the document that is being asked: another window was faster, or it was taken down."""


class WrongAnswer(ValueError):
    """What is no answer."""


class Sitting:
    """The queue of one person, safe for threads. What was answered before is asked again only if it changed.

    blind: what the pipeline said of a document, and what it measured, is told after the answer. Whoever takes that back
    has seen it, and so has whoever was asked before: their answer is kept as not blind.
    """

    def __init__(self, data: str, queue: Queue, who: str, blind: bool = False) -> None:
        """Raises ConfigError for a file of answers that is none, and for a name that is none."""
        self.data, self.queue, self.who, self.blind = data, queue, who, blind
        self._told: dict[str, Any] | None = None
        self._lock = threading.Lock()
        self._shown: tuple[Candidate, dict[str, Any]] | None = None
        given = answers.read(data)  # before a session is opened: a broken file leaves nothing behind
        self._session = Session(data, who, queue.about)
        self._seen = self._answered(given)
        mine = [each for each in answers.standing(given) if (each.who, each.about) == (who, queue.about)]
        known = {(each.doc_id, each.fingerprint): place for place, each in enumerate(mine)}
        asked_before = {each.doc_id for each in mine}
        done: list[tuple[int, Candidate]] = []
        self._todo: list[Candidate] = []
        for candidate in queue.candidates:
            place = None
            if candidate.doc_id in asked_before:
                place = known.get((candidate.doc_id, answers.fingerprint(candidate.read(data)["text"])))
            if place is None:
                self._todo.append(candidate)
            else:
                done.append((place, candidate))
        self._done = [candidate for _, candidate in sorted(done, key=lambda pair: pair[0])]

    def _answered(self, given: list[Answer]) -> set[str]:
        """The documents of which this person ever said something about this subject."""
        return {each.doc_id for each in given if (each.who, each.about) == (self.who, self.queue.about)}

    def state(self) -> dict[str, Any]:
        """What the page shows: how far it is, and the document; None, and the agreement, where all are answered."""
        with self._lock:
            return self._state()

    def _state(self) -> dict[str, Any]:
        item = self._current()
        return {
            "about": self.queue.about,
            "question": QUESTIONS[self.queue.about],
            "who": self.who,
            "done": len(self._done),
            "total": len(self._done) + len(self._todo),
            "item": item,
            "blind": self.blind,
            "told": self._told,
            "agreement": [told(each) for each in self._agreements()] if item is None else [],
        }

    def _agreements(self) -> list[Agreement]:
        return [each for each in agreements(answers.read(self.data)) if each.about == self.queue.about]

    def _current(self) -> dict[str, Any] | None:
        """The next document, those that were taken down meanwhile passed over."""
        gone = Tombstones.read(self.data).doc_ids
        self._todo = [candidate for candidate in self._todo if candidate.doc_id not in gone]
        if not self._todo:
            return None
        if self._shown is None or self._shown[0] is not self._todo[0]:
            item = shown(self._todo[0], self.queue.about, self._todo[0].read(self.data))
            if self.blind:
                item |= VERDICT_HIDDEN
            self._shown = (self._todo[0], item)
        return self._shown[1]

    def answer(self, doc_id: str, fingerprint: str, answer: str, seconds: float) -> dict[str, Any]:
        """Keep an answer to the document that is being asked; returns the next state. Raises WrongAnswer, Stale."""
        if answer not in ANSWERS or not 0 <= seconds <= MAX_SECONDS:
            raise WrongAnswer(f"{answer}: an answer is {', '.join(ANSWERS)}, within a day")
        with self._lock:
            item = self._current()
            if item is None or (item["doc_id"], item["fingerprint"]) != (doc_id, fingerprint):
                raise Stale(doc_id)
            candidate = self._todo[0]
            if self.blind:  # another window of this person may have told it meanwhile
                self._seen |= self._answered(answers.read(self.data))
            self._keep(candidate, fingerprint, answer, round(seconds))
            self._done.append(self._todo.pop(0))
            self._seen.add(candidate.doc_id)
            if self.blind:
                reason = visible(candidate.reason)
                self._told = {"answer": answer, "pipeline": candidate.pipeline, "reason": reason}
            return self._state()

    def skip(self, doc_id: str) -> dict[str, Any]:
        """Ask that document last; nothing is kept of it. Raises Stale as `answer` does."""
        with self._lock:
            item = self._current()
            if item is None or item["doc_id"] != doc_id:
                raise Stale(doc_id)
            self._todo.append(self._todo.pop(0))
            return self._state()

    def back(self) -> dict[str, Any]:
        """Withdraw the last answer and ask that document again; nothing happens where there is none."""
        with self._lock:
            gone = Tombstones.read(self.data).doc_ids
            self._done = [candidate for candidate in self._done if candidate.doc_id not in gone]
            if self._done:
                candidate = self._done[-1]
                self._keep(candidate, answers.fingerprint(candidate.read(self.data)["text"]), WITHDRAWN, 0)
                self._todo.insert(0, self._done.pop())
                self._told = None
            return self._state()

    def _keep(self, candidate: Candidate, fingerprint: str, answer: str, seconds: int) -> None:
        self._session.add(
            Answer(
                doc_id=candidate.doc_id,
                fingerprint=fingerprint,
                source=candidate.source,
                about=self.queue.about,
                answer=answer,
                who=self.who,
                when=answers.now(),
                seconds=seconds,
                pipeline=candidate.pipeline,
                reason=candidate.reason,
                boundary=candidate.cause.name,
                distance=candidate.distance,
                run=self.queue.run,
                blind=self.blind and candidate.doc_id not in self._seen,
            )
        )

    def close(self) -> None:
        """Waits for an answer that is being written; a sitting without one leaves nothing behind."""
        with self._lock:
            self._session.close()


def told(found: Agreement) -> str:
    """An agreement in a sentence."""
    share, low, high = found.share
    sides = f"{found.first} and {found.second}, verdict {'hidden' if found.blind else 'seen'}"
    line = f"{sides}: {found.equal:,} of {found.documents:,} answers equal, {share:.0%} ({low:.0%} to {high:.0%})"
    if found.kappa is None:
        return f"{line}; kappa is not defined, since both gave one answer only"
    kappa, low, high = found.kappa
    line += f", kappa {kappa:.2f} ({low:.2f} to {high:.2f})"
    return f"{line}; of documents near a boundary, not of all" if found.second == PIPELINE else line

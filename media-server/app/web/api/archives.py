"""What a link has received as one archive, for its owner: whole, in part, from any byte on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial

from flask import Response, request

from app.core.disposition import content_disposition
from app.core.errors import InvalidPath, InvalidRequest
from app.core.ranges import Span
from app.services.received.archive import Archive
from app.services.received.archives import Wanted, folder_parts, named
from app.web.api.sending import Parts, Sent, ranged
from app.web.wire.context import services
from app.web.wire.declaring import ZIP
from app.web.wire.file_queries import MAX_LINKS, MAX_SELECTIONS, ArchiveQuery, ArchivesQuery
from app.web.wire.json_body import parse
from app.web.wire.ownership import acting
from app.web.wire.taken import note_archive


def archive(hash: str) -> Response:
    """The reply with the archive that the query of this request asks for. Raises what ``Archives.make`` raises, Busy where too many
    are being sent, RangeNotSatisfiable, InvalidRequest."""
    wanted = _wanted(hash)
    with ExitStack() as stack:
        here = services()
        stack.enter_context(here.ground.bounds.archives.place(""))
        link = here.links.file_requests.link(hash)
        made = here.received.archives.make(hash, wanted)
        stack.callback(made.close)
        taken = _notes(made, wanted.choice.since)
        return sent_archive(made, stack, named(link), lambda span: note_archive(hash, made, span), taken)


def archive_of_many() -> Response:
    """The same of several links, which are all within reach. Raises RequestNotFound besides."""
    hashes = parse(ArchivesQuery, request.args.to_dict()).hashes
    if not 0 < len(hashes) <= MAX_LINKS:
        sentence = f"Name between one link and {MAX_LINKS}, by their hashes, apart by commas."
        raise InvalidRequest(sentence, fields={"links": sentence})
    here, reach = services(), acting().reach
    for hash in hashes:
        here.links.whose.link(hash, reach)
    with ExitStack() as stack:
        stack.enter_context(here.ground.bounds.archives.place(""))
        made = here.received.archives.make_of_many(hashes)
        stack.callback(made.close)
        return sent_archive(made, stack, "files.zip", lambda span: _note_each(hashes, made, span), _notes(made))


def _note_each(hashes: Sequence[str], made: Archive, span: Span | None) -> None:
    for hash in hashes:
        note_archive(hash, made, span)


def _notes(made: Archive, since: float | None = None) -> Callable[[], None]:
    """What notes that all of an archive has gone out to whoever makes this request."""
    return partial(services().received.archives.taken, made, acting(), since)


def sent_archive(
    made: Archive,
    stack: ExitStack,
    name: str,
    begins: Callable[[Span | None], Sent | None],
    taken: Callable[[], None] = lambda: None,
) -> Response:
    """The reply with an archive, or with the part of it that is asked for; ``stack`` is closed once it was sent, and ``taken`` called
    where that was its end. Raises RangeNotSatisfiable, and what ``begins`` raises (see ``ranged``)."""

    def parts(span: Span) -> Parts:
        yield from made.parts(span)
        # Whoever sends asks for more once what he has has gone out.
        if span.stop == made.size:
            taken()

    reply = ranged(made.size, made.etag, parts, stack, begins)
    reply.headers["Content-Type"] = ZIP
    reply.headers["Content-Disposition"] = content_disposition(name)
    reply.headers["X-Content-Type-Options"] = "nosniff"
    return reply


def _wanted(hash: str) -> Wanted:
    query = parse(ArchiveQuery, request.args.to_dict())
    try:
        folder = folder_parts(query.folder) if query.folder else ()
    except InvalidPath as error:
        raise InvalidRequest(error.message, fields={"folder": error.message}) from None
    selections = services().received.selections
    chosen, named = query.upload_ids, query.selections
    if named is not None:
        found = selections.find(hash, _some(named, "selection"))
        chosen = found if chosen is None else tuple(each for each in found if each in set(chosen))
    but = selections.find(hash, _some(query.all_but, "but"))
    if chosen is not None and (query.q or query.sender is not None or query.type is not None):
        sentence = "Name files, or say which by q, sender and type; not both."
        raise InvalidRequest(sentence, fields={"files": sentence})
    return Wanted(folder=folder, choice=query.choice, upload_ids=chosen, but=frozenset(but))


def _some(names: tuple[str, ...], field: str) -> tuple[str, ...]:
    if len(names) > MAX_SELECTIONS:
        sentence = f"An address names {MAX_SELECTIONS} selections at most."
        raise InvalidRequest(sentence, fields={field: sentence})
    return names

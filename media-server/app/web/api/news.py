"""News: whether anything has happened, for pages that are open."""

from __future__ import annotations

import json
import time
from collections import OrderedDict
from collections.abc import Callable, Collection

from flask import Blueprint, Response, current_app, jsonify, request
from flask.blueprints import BlueprintSetupState

from app.web.api.events import figures_told
from app.web.server.streams import Saying, Topic
from app.web.wire import replies
from app.web.wire.figures import FollowQuery
from app.web.wire.json_body import parse
from app.web.wire.ownership import acting, owner_required
from app.web.wire.reach import chooses_by_reach, judge_admin
from app.web.wire.streamed import streamed

LOOK_SECONDS = 1.0
"""How often it is looked for what happened in other processes."""
SAME_LOOK_SECONDS = 0.1
OWN_LOOK_SECONDS = 5.0
"""How often the links of some are looked at although nothing has happened: an upload that has just begun makes no event."""
_MOST_REMEMBERED = 256
_NEWS = "droppr.news"

Owners = frozenset[str] | None

news = Blueprint("news", __name__, url_prefix="/api/droppr")


class News:
    """A number that is another one once anything has happened: to all links, or to those of some owners.

    ``look`` is for one thread, which asks for many at once: however many that are, the newest event is looked for once, and their
    links after that alone where there is one.
    """

    def __init__(
        self,
        newest: Callable[[], int],
        moved: Callable[[Collection[str]], int],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._newest = newest
        self._moved = moved
        self._clock = clock
        self._seen: tuple[float, int] | None = None
        self._remembered: OrderedDict[frozenset[str], tuple[float, int, int]] = OrderedDict()

    def now(self, owners: Owners) -> int:
        """Raises Busy."""
        return self._newest() if owners is None else self._moved(owners)

    def look(self, owners: Owners) -> int:
        """The same, remembered for a moment. Raises Busy."""
        now = self._clock()
        if self._seen is None or now - self._seen[0] >= SAME_LOOK_SECONDS:
            self._seen = now, self._newest()
        newest = self._seen[1]
        if owners is None:
            return newest
        known = self._remembered.pop(owners, None)
        if known is None or known[1] != newest or now - known[0] >= OWN_LOOK_SECONDS:
            known = now, newest, self._moved(owners)
        self._remembered[owners] = known
        if len(self._remembered) > _MOST_REMEMBERED:
            self._remembered.popitem(last=False)
        return known[2]


@news.record_once
def _know(state: BlueprintSetupState) -> None:
    # Of an app that only tells its routes there is nothing else.
    extensions = state.app.extensions
    extensions[_NEWS] = News(
        lambda: extensions["droppr"].readers.newest(),
        lambda owners: extensions["droppr"].links.file_requests.moved(owners),
    )


@news.get("/news")
@owner_required
@chooses_by_reach
def ask() -> Response:
    """What open desks ask every other second where no stream tells them, and no more than this while nothing happens."""
    return jsonify(replies.NewsReply(news=_news().now(acting().reach.owners)))


@news.get("/news/stream")
@owner_required
@chooses_by_reach
def follow() -> Response:
    """The same as it changes, and for admins how busy the server is. Ids are the numbers, so who comes back knows by the first whether
    they have missed anything."""
    found, owners = _news(), acting().reach.owners
    topic = Topic(("news", owners), lambda: _saying(found.look(owners)), LOOK_SECONDS, hears=True)
    told = [(topic, _saying(found.now(owners)))]
    if parse(FollowQuery, request.args.to_dict()).figures:
        judge_admin(acting())
        told.append(figures_told("figures"))
    return streamed(*told)


def _saying(number: int) -> Saying:
    return Saying(json.dumps(replies.NewsReply(news=number), separators=(",", ":"), allow_nan=False), str(number))


def _news() -> News:
    found: News = current_app.extensions[_NEWS]
    return found

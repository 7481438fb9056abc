"""What chats read of the pages that people are sent, straight and through nginx."""

from __future__ import annotations

from tests.support.client import Client, Reply

PAGE = {"Accept": "text/html", "Accept-Language": "de"}


def page(client: Client, hash: str) -> Reply:
    return client.call("GET", f"/request/{hash}", headers=PAGE).expect(200)


def test_a_page_tells_chats_what_it_is_for_where_its_owner_says_so(way_in: Client) -> None:
    usual = way_in.make_link(title="Tax <2026>", asker="Roth & Partners")
    plain = page(way_in, usual.hash)
    assert b"og:" not in plain.body
    assert b"Tax" not in plain.body
    assert b"Roth" not in plain.body
    link = way_in.make_link(title="Tax <2026>", asker="Roth & Partners", chat_preview="yes")
    reply = page(way_in, link.hash)
    head, _, _ = reply.body.decode().partition("</head>")
    assert '<meta property="og:title" content="Tax &lt;2026&gt;">' in head
    assert '<meta property="og:site_name" content="Roth &amp; Partners">' in head
    assert 'content="Roth &amp; Partners asks you for files."' in head
    # But for that it is the same page, in the reader's language, and nothing else of it is another.
    tags = head[head.index('<meta property="og:') :]
    assert reply.body.decode().replace(tags, "") == plain.body.decode()
    for name in ("Content-Security-Policy", "X-Frame-Options", "X-Robots-Tag", "Content-Type"):
        assert reply.headers[name] == plain.headers[name], name
    # One of each: what nginx adds itself is not there twice.
    assert reply.headers["Link"] == plain.headers["Link"].replace(usual.hash, link.hash)
    assert reply.headers["Cache-Control"] == "no-store"
    assert reply.headers.get("WWW-Authenticate") is None
    assert way_in.call("HEAD", f"/request/{link.hash}", headers=PAGE).status == 200
    for changes in ({"chat_preview": "no"}, {"chat_preview": "yes", "password": "long and secret"}):
        link.change(**changes).expect(200)
        assert b"og:" not in page(way_in, link.hash).body
    link.change(password="", active=False).expect(200)
    assert b"og:" not in way_in.call("GET", f"/request/{link.hash}", headers=PAGE).body
    link.change(chat_preview="perhaps").expect(400, "invalid_request")


def test_shared_files_tell_chats_what_they_are_where_their_link_does(way_in: Client) -> None:
    link = way_in.make_link(title="Inbox", chat_preview="yes")
    link.deliver("a.txt", b"text")
    made = {}
    for name, more in (("open", {}), ("locked", {"password": "long and secret"})):
        body = {"link": link.hash, "title": "Drafts <3>", "sharer": "Ann", **more}
        made[name] = way_in.call("POST", "/api/droppr/shares", json=body, owner=True).expect(201).json["hash"]

    def told(name: str) -> str:
        return way_in.call("GET", f"/download/{made[name]}", headers=PAGE).expect(200).body.decode()

    assert '<meta property="og:title" content="Drafts &lt;3&gt;">' in told("open")
    assert 'content="Ann shares these files with you."' in told("open")
    assert "Inbox" not in told("open")
    assert "og:" not in told("locked")
    link.change(chat_preview="server").expect(200)
    assert "og:" not in told("open")

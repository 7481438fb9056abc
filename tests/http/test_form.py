"""One small file as an HTML form sends it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
import urllib3

from tests.support.client import Client, Link
from tests.support.files import MIB, content, files_below, windows_program


def test_a_form_delivers_a_file(link: Link) -> None:
    reply = link.form("a.txt", b"hello")
    assert reply.status in (200, 201), reply.body
    assert {name: reply.json[name] for name in ("name", "path", "size")} == {
        "name": "a.txt",
        "path": "a.txt",
        "size": 5,
    }
    assert (link.disk / "a.txt").read_bytes() == b"hello"
    assert [(each["path"], each["size"]) for each in link.files()] == [("a.txt", 5)]


def test_a_form_keeps_the_folder_of_its_file(link: Link) -> None:
    reply = link.form("ignored.txt", b"x", relative_path="Ordner/日本 語.txt")
    assert (reply.json["path"], reply.json["name"]) == ("Ordner/日本 語.txt", "日本 語.txt")
    assert (link.disk / "Ordner/日本 語.txt").read_bytes() == b"x"


def test_a_form_takes_any_bytes(link: Link) -> None:
    data = b"\r\n--boundary\r\n" + content(3 * MIB) + b"\r\n--"
    assert link.form("bytes.bin", data).json["size"] == len(data)
    assert (link.disk / "bytes.bin").read_bytes() == data


def test_a_form_takes_an_empty_file(link: Link) -> None:
    assert link.form("empty.txt", b"").json["size"] == 0
    assert (link.disk / "empty.txt").read_bytes() == b""


def test_a_form_without_a_file_is_refused(link: Link) -> None:
    for body, kind in [
        (b"", "multipart/form-data; boundary=x"),
        (b"--x--\r\n", "multipart/form-data; boundary=x"),
        (b"--x\r\nContent-Disposition: form-data; name=a\r\n\r\nb\r\n--x--\r\n", "multipart/form-data; boundary=x"),
        (b"garbage", "multipart/form-data"),
        (b"garbage", "multipart/form-data; boundary=x"),
        (b"a=b", "application/x-www-form-urlencoded"),
        (b"{}", "application/json"),
    ]:
        reply = link.client.call("POST", f"{link.path}/upload", body=body, headers={"Content-Type": kind})
        assert reply.status in (400, 415), (body, kind, reply)
        assert reply.code
    assert files_below(link.disk) == {}


def test_a_file_in_another_field_is_told_where_it_belongs(link: Link) -> None:
    def part(name: str) -> bytes:
        head = f'--x\r\nContent-Disposition: form-data; name="{name}"; filename="a.txt"\r\n\r\n'
        return head.encode() + b"hello\r\n"

    for names, wrong in [(("files",), "the file belongs in 'file'"), (("file", "files"), "one file too many")]:
        body = b"".join(map(part, names)) + b"--x--\r\n"
        headers = {"Content-Type": "multipart/form-data; boundary=x"}
        refused = link.client.call("POST", f"{link.path}/upload", body=body, headers=headers)
        assert refused.expect(400, "invalid_request").json["fields"] == {"files": wrong}
    assert files_below(link.disk) == {}


@pytest.mark.parametrize(
    ("sent", "name"),
    [
        (b"M\xfcller.txt", "Müller.txt"),
        ("Müller.txt".encode(), "Müller.txt"),
        (b"C:\\Users\\me\\x.jpg", "x.jpg"),
        (b"C:\\\\Users\\\\me\\\\x.jpg", "x.jpg"),
        (b"\\\\server\\share\\M\xfcller.jpg", "Müller.jpg"),
        (b"back\\slash.txt", "back\\slash.txt"),
        (b"back\\\\slash.txt", "back\\slash.txt"),
        (b'a \\"quote\\".txt', 'a "quote".txt'),
        (b"a;filename=b.txt", "a;filename=b.txt"),
    ],
)
def test_a_form_may_name_its_file_as_old_clients_do(link: Link, sent: bytes, name: str) -> None:
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="%s"\r\n\r\n' % sent
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    reply = link.client.call("POST", f"{link.path}/upload", body=head + b"hello\r\n--x--\r\n", headers=headers)
    assert reply.expect(200).json["path"] == name
    assert [each["path"] for each in link.files()] == [name]


@pytest.mark.parametrize("second", ["file", "file[]", "other"])
def test_a_second_file_of_a_form_is_refused_and_not_lost(link: Link, second: str) -> None:
    fields = [("file", ("a.txt", b"a")), (second, ("b.txt", b"b"))]
    body, kind = urllib3.encode_multipart_formdata(fields)
    reply = link.client.call("POST", f"{link.path}/upload", body=body, headers={"Content-Type": kind})
    reply.expect(400, "invalid_request")
    assert link.files() == []


def test_a_form_cut_short_delivers_nothing(link: Link) -> None:
    for cut in (b"", b"\r\n", b"\r\n--x"):
        body = b'--x\r\nContent-Disposition: form-data; name="file"; filename="cut.txt"\r\n\r\nhalf of it' + cut
        headers = {"Content-Type": "multipart/form-data; boundary=x"}
        reply = link.client.call("POST", f"{link.path}/upload", body=body, headers=headers)
        assert reply.status == 400, (cut, reply)
    assert files_below(link.disk) == {}
    assert link.files() == []


def test_a_form_is_held_to_the_limits_of_its_link(client: Client) -> None:
    link = client.make_link(max_file_size=10, max_files=1, allowed_extensions=["txt"])
    link.form("a.txt", b"x" * 11).expect(413, "file_too_large")
    link.form("a.exe", b"x").expect(415, "type_not_allowed")
    link.form("a.txt", b"x", relative_path="../a.txt").expect(400, "invalid_path")
    assert link.form("a.txt", b"x" * 10).status in (200, 201)
    link.form("b.txt", b"x").expect(413, "request_full")
    assert list(files_below(link.disk)) == ["a.txt"]


def test_a_form_is_judged_by_its_content(client: Client) -> None:
    link = client.make_link(allowed_extensions=["jpg"], max_files=1)
    link.form("photo.jpg", windows_program()).expect(415, "type_not_allowed")
    assert files_below(link.disk) == {}
    assert link.open("next.jpg", 1).status == 201, "the refused file takes no place"


def test_a_form_needs_the_password(client: Client) -> None:
    link = client.make_link(password="ünlock", captcha="never")
    link.form("a.txt", b"x").expect(401, "password_required")
    link.form("a.txt", b"x", {"X-Request-Password": "wrong"}).expect(401, "password_invalid")
    assert link.form("a.txt", b"x", {"X-Request-Password": "%C3%BCnlock"}).status in (200, 201)


def test_forms_with_one_name_become_several_files(link: Link) -> None:
    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda n: link.form("a.txt", b"%d" % n), range(8)))
    assert len({reply.json["path"] for reply in replies}) == 8
    assert sorted(path.read_bytes() for path in files_below(link.disk).values()) == [b"%d" % n for n in range(8)]

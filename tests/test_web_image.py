"""A stranger's address leads to public servers only, and to one sentence where it does not."""

from __future__ import annotations

import contextlib
import gzip
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpcore2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_web import IMAGE, PUBLIC, Answer, Cable, Web, redirect, reply

from lessons.images import web_image
from lessons.images.opening import MOST_BYTES
from lessons.images.public_address import checked, is_public

CERTIFICATE = Path(__file__).parent / "pictures.org.pem"


@pytest.fixture
def web() -> Iterator[Web]:
    """An internet of this test's own."""
    web = Web()
    yield web
    web.close()


# -- what is fetched ----------------------------------------------------------------------------


@pytest.mark.parametrize("address", ["http://pictures.org", "  http://pictures.org/  "])
def test_a_image_comes_as_it_is(web: Web, address: str) -> None:
    assert web.fetch(address) == IMAGE
    assert web.connected == [(PUBLIC, 80)]


def test_a_whole_address_reaches_the_server_and_nothing_of_this_reader(web: Web) -> None:
    web.answers["/a%20b/%C3%A4.png?size=3&x=%22"] = reply(IMAGE)
    assert web.fetch('http://Pictures.org/a b/ä.png?size=3&x="#here') == IMAGE
    [request] = web.requests
    assert "Host: pictures.org\r\n" in request
    assert "cookie" not in request.lower()
    assert "referer" not in request.lower()


def test_pieces_and_bodies_without_a_length_come_whole(web: Web) -> None:
    half = len(IMAGE) // 2
    pieces = b"".join(b"%x\r\n%b\r\n" % (len(p), p) for p in (IMAGE[:half], IMAGE[half:], b""))
    web.answers["/pieces"] = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + pieces
    web.answers["/end"] = b"HTTP/1.0 200 OK\r\n\r\n" + IMAGE
    assert web.fetch("http://pictures.org/pieces") == IMAGE
    assert web.fetch("http://pictures.org/end") == IMAGE


def test_three_redirects_are_followed_and_a_fourth_is_not(web: Web) -> None:
    web.names["other.org"] = ["93.184.216.35"]
    web.answers["/1"] = redirect("http://other.org/2")
    web.answers["/2"] = redirect("/3")
    web.answers["/3"] = redirect("//pictures.org/")
    web.answers["/0"] = redirect("/1")
    assert web.fetch("http://pictures.org/1") == IMAGE
    assert [host for host, _ in web.connected] == [PUBLIC, "93.184.216.35", "93.184.216.35", PUBLIC]
    assert "more than 3 times" in web.refusal("http://pictures.org/0")


def test_the_next_answer_is_tried_where_one_does_not_connect(web: Web) -> None:
    web.names["pictures.org"] = ["2606:2800:220:1::1", PUBLIC]
    cable = Cable(web)

    def connect(host: str, *more: Any) -> Any:
        if ":" in host:
            raise httpcore2.ConnectError("no route")
        return Cable.connect_tcp(cable, host, *more)

    cable.connect_tcp = connect  # type: ignore[method-assign]
    fetched = web_image.fetch("http://pictures.org", resolve=web.resolve, network=cable)
    assert fetched == IMAGE


# -- where it never goes ------------------------------------------------------------------------

NOT_PUBLIC = [
    *("127.0.0.1", "127.8.9.1", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1"),
    *("169.254.169.254", "100.64.0.1", "198.18.0.1", "192.0.0.8", "192.0.2.1", "224.0.0.1"),
    *("240.0.0.1", "255.255.255.255", "192.88.99.1", "203.0.113.9"),
    *("::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "ff02::1"),
    *("::ffff:127.0.0.1", "::ffff:93.184.216.34", "::127.0.0.1", "64:ff9b::7f00:1"),
    *("64:ff9b:1::1", "2002:7f00:1::", "2001::1", "2001:db8::1", "fec0::1", "100::1", "3fff::1"),
    *("", "pictures.org", "127.1", "0x7f000001", "2130706433", "0177.0.0.1", "1.2.3.4.5"),
]


@pytest.mark.parametrize("number", NOT_PUBLIC)
def test_this_machine_and_its_neighbours_are_not_public(number: str) -> None:
    assert not is_public(number)


@pytest.mark.parametrize("number", [PUBLIC, "8.8.8.8", "2606:2800:220:1::1", "2001:4860::8888"])
def test_the_open_internet_is_public(number: str) -> None:
    assert is_public(number)


@pytest.mark.parametrize("number", [n for n in NOT_PUBLIC if n[:1].isdigit() or ":" in n])
def test_no_address_leads_to_a_number_that_is_not_public(web: Web, number: str) -> None:
    host = f"[{number}]" if ":" in number else number
    assert "address" in web.refusal(f"http://{host}/")
    web.answers["/on"] = redirect(f"http://{host}/")
    assert "address" in web.refusal("http://pictures.org/on")
    assert web.connected == [(PUBLIC, 80)]
    assert web.asked == ["pictures.org"]


@pytest.mark.parametrize("number", ["127.0.0.1", "10.1.2.3", "169.254.169.254", "::1", "fe80::1"])
@pytest.mark.parametrize("answers", [["{}"], [PUBLIC, "{}"], ["{}", PUBLIC]])
def test_no_name_leads_to_a_number_that_is_not_public(
    web: Web, number: str, answers: list[str]
) -> None:
    web.names["inside.org"] = [answer.format(number) for answer in answers]
    assert "no public web address" in web.refusal("http://inside.org/")
    web.answers["/on"] = redirect("http://inside.org/")
    assert "no public web address" in web.refusal("http://pictures.org/on")
    assert web.connected == [(PUBLIC, 80)]


def test_a_name_that_changes_its_mind_is_asked_once_and_the_answer_is_what_is_connected_to(
    web: Web,
) -> None:
    answers = iter([[PUBLIC], ["127.0.0.1"]])
    fetched = web_image.fetch(
        "http://pictures.org", resolve=lambda *_: next(answers), network=Cable(web)
    )
    assert fetched == IMAGE
    assert web.connected == [(PUBLIC, 80)]


def test_a_name_that_stands_for_nothing_is_refused(web: Web) -> None:
    web.names["empty.org"] = []
    assert "no public web address" in web.refusal("http://empty.org")
    assert "no server of this name" in web.refusal("http://nowhere.org")


@pytest.mark.parametrize(
    "address",
    [
        *("ftp://pictures.org", "file:///etc/passwd", "data:image/png;base64,", "javascript://a.b"),
        *("http://localhost/", "http://LOCALHOST./", "http://a.localhost", "http://printer.local"),
        *(
            "http://box.lan",
            "http://db.internal",
            "http://x.home.arpa",
            "http://intranet/",
            "http://",
        ),
        *("http://127.1", "http://0x7f.1", "http://0x7f000001", "http://2130706433"),
        *("http://0177.0.0.1", "http://1.2.3.4.5", "http://１２７.０.０.１", "http://127。0。0。1"),
        *("http://user@pictures.org", "http://user:word@pictures.org", "http://@pictures.org"),
        *("http://pictures.org:8501", "http://pictures.org:22", "http://pictures.org:0"),
        *("http://pictures.org:99999", "http://pictures.org:x", "http://[::1", "http://[x]/"),
        *(
            "http://pictures.org\\@10.0.0.1/",
            "http://pictures..org",
            "http://-a.org",
            "http://a_.b-",
        ),
        *("http://" + "a" * 64 + ".org", "http://pictures.org/" + "a" * 2000, "", " ", "x" * 3000),
        *("http://pic tures.org", "http://pictures.org%00.a.com", "http://pictures.org%2f.b.com"),
        *("https:///pictures.org", "//pictures.org", "http:pictures.org", "http:///a"),
    ],
)
def test_what_is_no_plain_address_is_refused_before_anything_is_asked(
    web: Web, address: str
) -> None:
    web.refusal(address)
    assert web.asked == []
    assert web.connected == []


PARTS = ["http://", "https://", "a", ".", "org", "@", ":", "/", "[", "]", "%", "\\", "?", "#", "-"]
PARTS += ["\uff11", "\u3002", "0x", "127", "\u200b", "xn--", "\xdf", "\ud800", " ", "\n", "\0", "_"]


SENTENCES = {
    "An address must begin with https:// or http://.",
    "An address with a name or password in it is not taken.",
    "Only the usual ports of the web are allowed, 80 and 443.",
    "This is no public web address.",
    "This is no web address.",
}


@given(st.lists(st.sampled_from(PARTS), max_size=9).map("".join))
def test_whatever_is_typed_is_an_address_or_has_its_sentence(typed: str) -> None:
    said = ""
    try:
        host = checked(typed).host
    except ValueError as refusal:
        said = str(refusal)
    assert said in SENTENCES or (host.isascii() and b"." in host)


def test_an_address_without_its_beginning_is_taken_as_https() -> None:
    assert checked("https://pictures.org").scheme == b"https"
    web = Web()
    with contextlib.closing(web):
        assert "no server of this name" in web.refusal("elsewhere.org/cat.png")
        assert web.asked == ["elsewhere.org"]


def test_a_proxy_of_the_system_is_not_asked(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert web.fetch("http://pictures.org") == IMAGE


# -- servers that misbehave ---------------------------------------------------------------------


def endless(connection: socket.socket) -> None:
    """Send a body that never ends."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        connection.sendall(b"10000\r\n" + bytes(0x10000) + b"\r\n")


def endless_headers(connection: socket.socket) -> None:
    """Send headers that never end."""
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    while True:
        connection.sendall(b"X-More: " + bytes(1000).replace(b"\0", b"x") + b"\r\n")


def silence(connection: socket.socket) -> None:
    """Say nothing until the other side hangs up."""
    connection.recv(1)


def drip(content: bytes) -> Answer:
    """Send a byte now and then, each well within any single wait."""

    def answer(connection: socket.socket) -> None:
        for byte in content * 1000:
            connection.sendall(bytes([byte]))
            time.sleep(0.02)

    return answer


def test_a_body_that_never_ends_is_cut_off(web: Web) -> None:
    web.answers["/"] = endless
    assert "at most 12 MB" in web.refusal("http://pictures.org")


def test_a_promise_of_too_much_is_refused_without_reading_it(web: Web) -> None:
    web.answers["/"] = reply(IMAGE, length=10**12)
    assert "at most 12 MB" in web.refusal("http://pictures.org")


def test_a_file_of_exactly_the_largest_size_is_taken(web: Web) -> None:
    most = bytes(MOST_BYTES)
    web.answers["/"] = reply(most)
    assert web.fetch("http://pictures.org") == most
    web.answers["/"] = reply(most + b"\0")
    assert "at most 12 MB" in web.refusal("http://pictures.org")


@pytest.mark.parametrize(
    "answer",
    [
        silence,
        drip(b"HTTP/1.1 200 OK\r\nX-A: b\r\n"),
        drip(b"H"),
        lambda connection: (connection.sendall(reply(length=9999)), drip(b"x")(connection)),
        lambda connection: drip(b"HTTP/1.1 100 Continue\r\n\r\n")(connection),
    ],
    ids=["silent", "slow headers", "slow first line", "slow body", "endless promises"],
)
def test_all_waiting_together_has_one_end(web: Web, answer: Answer) -> None:
    web.answers["/"] = answer
    start = time.monotonic()
    assert "in time (0.6 s)" in web.refusal("http://pictures.org", seconds=0.6)
    assert time.monotonic() - start < 3


def test_redirects_share_the_one_time(web: Web) -> None:
    def late(connection: socket.socket) -> None:
        time.sleep(0.4)
        connection.sendall(redirect("/"))

    web.answers["/"] = late
    assert "in time (0.6 s)" in web.refusal("http://pictures.org", seconds=0.6)


def test_a_slow_name_counts_as_waiting(web: Web) -> None:
    answered = threading.Event()

    def resolve(_host: str, _port: int) -> list[str]:
        answered.wait(10)
        return [PUBLIC]

    start = time.monotonic()
    with pytest.raises(ValueError, match="in time"):
        web_image.fetch("http://pictures.org", resolve=resolve, network=Cable(web), seconds=0.2)
    assert time.monotonic() - start < 3
    answered.set()
    assert web.connected == []


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (reply(status="404 Not Found"), "status 404"),
        (reply(status="500 Oops"), "status 500"),
        (reply(status="204 No Content"), "status 204"),
        (reply(b"<title>", "Content-Type: Text/HTML; charset=utf-8"), "leads to a page"),
        (reply(IMAGE, length=9999), "broke off"),
        (b"SSH-2.0-OpenSSH_9.6\r\n", "does not speak HTTP"),
        (b"", "broke off"),
        (reply(IMAGE)[:20], "broke off"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n", "broke off"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nx", "broke off"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "broke off"),
        (endless_headers, "broke off"),
        (redirect(""), "more than 3 times"),
        (redirect("http://[x"), "no"),
        (redirect("file:///etc/passwd"), "must begin with"),
        (redirect("gopher://pictures.org/"), "must begin with"),
        (redirect("http://pictures.org:6379/"), "usual ports"),
        (redirect("http://\xe4\x01"), "address"),
    ],
)
def test_every_misbehaviour_has_its_sentence(web: Web, answer: bytes | Answer, words: str) -> None:
    web.answers["/"] = answer
    assert words in web.refusal("http://pictures.org")


def test_what_is_packed_is_not_unpacked(web: Web) -> None:
    packed = gzip.compress(IMAGE)
    web.answers["/"] = reply(packed, "Content-Encoding: gzip")
    assert web.fetch("http://pictures.org") == packed
    assert "Accept-Encoding: identity\r\n" in web.requests[0]


def test_what_comes_is_opened_as_an_upload_is(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_image, "_resolve", web.resolve)
    cable = Cable(web)
    monkeypatch.setattr(httpcore2, "SyncBackend", lambda: cable)
    assert web_image.load("http://pictures.org")[0, 0].tolist() == [255, 0, 0]
    web.answers["/"] = reply(b"GIF89a", "Content-Type: image/png")
    with pytest.raises(ValueError, match="no PNG, JPEG or WebP"):
        web_image.load("http://pictures.org")


def test_a_server_that_does_not_answer_is_said(web: Web) -> None:
    web.close()
    assert "does not answer" in web.refusal("http://pictures.org")


# -- proof of identity, and limits --------------------------------------------------------------


@pytest.fixture
def trusting(web: Web) -> ssl.SSLContext:
    """The web speaks TLS as pictures.org; this trusts its certificate and no other."""
    web.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    web.tls.load_cert_chain(CERTIFICATE)
    return ssl.create_default_context(cafile=str(CERTIFICATE))


def test_a_server_proves_that_it_has_the_name_in_the_address(
    web: Web, trusting: ssl.SSLContext
) -> None:
    web.names["other.org"] = [PUBLIC]
    assert web.fetch("https://pictures.org", tls=trusting) == IMAGE
    assert web.connected == [(PUBLIC, 443)]
    assert "could not prove" in web.refusal("https://other.org", tls=trusting)
    assert "could not prove" in web.refusal(f"https://{PUBLIC}", tls=trusting)


@pytest.mark.usefixtures("trusting")
def test_by_default_the_systems_certificates_count(web: Web) -> None:
    assert "could not prove" in web.refusal("https://pictures.org")


def test_a_few_fetches_run_at_the_same_time_and_no_more(web: Web) -> None:
    go = threading.Event()

    def wait(connection: socket.socket) -> None:
        go.wait(10)
        connection.sendall(reply(IMAGE))

    web.answers["/"] = wait
    got: list[bytes] = []
    readers = [
        threading.Thread(target=lambda: got.append(web.fetch("http://pictures.org")))
        for _ in range(web_image.AT_ONCE)
    ]
    for reader in readers:
        reader.start()
    while len(web.requests) < web_image.AT_ONCE:
        time.sleep(0.01)
    assert "Try again" in web.refusal("http://pictures.org")
    go.set()
    for reader in readers:
        reader.join(10)
    assert got == [IMAGE] * web_image.AT_ONCE
    assert web.fetch("http://pictures.org") == IMAGE


@pytest.mark.parametrize("word", ["off", "OFF", "0", "no", "false"])
def test_it_can_be_switched_off(web: Web, monkeypatch: pytest.MonkeyPatch, word: str) -> None:
    assert web_image.allowed()
    monkeypatch.setenv(web_image.SETTING, word)
    assert not web_image.allowed()
    assert "does not fetch" in web.refusal("http://pictures.org")
    assert web.asked == []

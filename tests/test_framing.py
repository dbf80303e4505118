"""Looking at pages of others: whom the service never asks, how long and how much it listens, and what headers mean."""

import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from heatmaps import framing
from heatmaps.framing import Framing, TooManyAtOnce, Verdict, framing_of
from heatmaps.framing.looking import MOST_BYTES, NothingSeen, Seen, look
from heatmaps.framing.network import INTERNET, Network, NotFoundInTime, addresses_of, is_public
from heatmaps.framing.places import BadPlace, Place, place_of
from heatmaps.framing.policies import BlockedBy, blocked_by
from tests import sites

# In these tests one local address is the internet, and all others are what must not be asked.
INSIDE, OUTSIDE = "127.0.0.1", "127.0.0.2"
ANY_PORT = range(1, 65_536)
VIEWER = place_of("https://heatmaps.example/", ANY_PORT)


def words(text: str) -> list[str]:
    return text.split()


class Names:
    """What names stand for, each answer but the last given once; and how often each was looked up."""

    def __init__(self, **answers: list[str] | list[list[str]]) -> None:
        self._answers = {
            name.replace("_", "."): list(answer) if isinstance(answer[0], list) else [answer]
            for name, answer in answers.items()
        }
        self.asked: list[str] = []

    def __call__(self, host: str, seconds: float) -> list[str]:
        self.asked.append(host)
        answers = self._answers.get(host, [[host]])
        return answers.pop(0) if len(answers) > 1 else answers[0]


def world(names: Callable[[str, float], list[str]], *ports: int, authority: str | None = None) -> Network:
    return Network(addresses_of=names, is_open=lambda one: one == OUTSIDE, ports=frozenset(ports), authority=authority)


@pytest.fixture
def shop() -> Iterator[sites.Site]:
    """A site of the internet."""
    with sites.up(sites.Site(pages={"/": (200, {}, "hello")}), address=OUTSIDE) as site:
        yield site


@pytest.fixture
def inside(shop: sites.Site) -> Iterator[sites.Site]:
    """One that only this machine reaches, at the same port."""
    with sites.up(sites.Site(port=shop.port, pages={"/": (200, {}, "secret")}), address=INSIDE) as site:
        yield site


SHOP = Names(shop_example=[OUTSIDE])


def seen(shop: sites.Site, path: str = "/", *, names: Names = SHOP, seconds: float = 5.0) -> Seen:
    network = world(names, shop.port)
    return look(place_of(f"http://shop.example:{shop.port}{path}", network.ports), network, seconds=seconds)


# --- Whom it asks ---------------------------------------------------------------------------------------------------


CLOSED = words("""
0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 100.64.0.1 100.100.100.200 100.127.255.255 127.0.0.1 127.255.255.255 169.254.0.1
169.254.169.254 172.16.0.1 172.31.255.255 192.0.0.1 192.0.0.9 192.0.0.192 192.0.2.1 192.88.99.1 192.168.0.1
192.168.255.255 198.18.0.1 198.19.255.255 198.51.100.7 203.0.113.7 224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255
168.63.129.16
:: ::1 ::7f00:1 ::8.8.8.8 ::ffff:127.0.0.1 ::ffff:8.8.8.8 ::ffff:0:8.8.8.8 64:ff9b::127.0.0.1 64:ff9b::10.0.0.1
64:ff9b::169.254.169.254 64:ff9b:1::8.8.8.8 100::1 2001::1 2001:0:808:808:: 2001:2::1 2001:10::1 2001:20::1 2001:db8::1
2002:7f00:1:: 2002:808:808::1 3fff::1 5f00::1 fc00::1 fd00::1 fd00:ec2::254 fe80::1 fe80::1%eth0 fec0::1 ff02::1 ff0e::1
2a00:1450:4001::5efe:10.0.0.1 2a00:1450:4001:0:200:5efe:a00:1
localhost 127.1 0x7f000001 2130706433 1.2.3 x
""")


@pytest.mark.parametrize("address", [*CLOSED, ""])
def test_an_address_that_is_not_of_the_internet_is_closed(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        *("8.8.8.8", "1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255"),
        *("172.15.255.255", "172.32.0.0", "192.167.255.255", "223.255.255.255"),
        *("2a00:1450:4001:81b::200e", "2606:4700::1111", "64:ff9b::8.8.8.8"),
    ],
)
def test_an_address_of_the_internet_is_open(address: str) -> None:
    assert is_public(address)


def reference(one: IPv4Address) -> bool:
    """By the bytes: what IANA lists as special, and one cloud's address for its own machines."""
    a, b, c, d = one.packed
    return not (
        a in {0, 10, 127}
        or a >= 224
        or (a == 100 and b // 64 == 1)
        or (a == 168 and (b, c, d) == (63, 129, 16))
        or (a == 169 and b == 254)
        or (a == 172 and b // 16 == 1)
        or (a == 192 and (b == 168 or (b, c) in {(0, 0), (0, 2), (88, 99)}))
        or (a == 198 and (b in {18, 19} or (b, c) == (51, 100)))
        or (a == 203 and (b, c) == (0, 113))
    )


# Half of them near the edges of what is closed.
IPV4 = st.one_of(
    st.integers(0, 2**32 - 1),
    st.tuples(
        st.sampled_from([0, 9, 10, 11, 100, 126, 127, 168, 169, 172, 192, 198, 203, 223, 224]),
        st.sampled_from([0, 15, 16, 18, 19, 31, 32, 51, 63, 64, 88, 127, 128, 168, 254]),
        st.sampled_from([0, 2, 99, 100, 113, 129, 169]),
        st.integers(0, 255),
    ).map(lambda four: int.from_bytes(bytes(four))),
).map(IPv4Address)
# How addresses of IPv6 carry one of IPv4.
CARRIERS: list[Callable[[int], int]] = [
    lambda four: four,
    lambda four: 0xFFFF << 32 | four,
    lambda four: 0xFFFF << 48 | four,
    lambda four: 0x64FF9B << 96 | four,
    lambda four: 0x64FF9B0001 << 80 | four,
    lambda four: 0x2002 << 112 | four << 80 | 1,
    lambda four: 0x20010000 << 96 | 0x08080808 << 64 | four ^ 0xFFFFFFFF,
    lambda four: 0x20010000 << 96 | four << 64 | 0xF7F7F7F7,
    lambda four: 0x2A001450 << 96 | 0x5EFE << 32 | four,
    lambda four: 0x2A001450 << 96 | 0x02005EFE << 32 | four,
]


@given(address=IPV4)
@example(address=IPv4Address("168.63.129.16"))
def test_addresses_are_judged_as_a_plain_reference_does(address: IPv4Address) -> None:
    assert is_public(str(address)) is reference(address)


@given(address=IPV4, carrier=st.sampled_from(CARRIERS))
def test_no_form_of_ipv6_carries_a_closed_address(address: IPv4Address, carrier: Callable[[int], int]) -> None:
    assert not is_public(str(IPv6Address(carrier(int(address))))) or reference(address)


@given(number=st.integers(0, 2**128 - 1))
def test_only_addresses_that_networks_are_given_are_open(number: int) -> None:
    address = IPv6Address(number)
    nat64 = number >> 32 == 0x64FF9B << 64
    assert not is_public(str(address)) or number >> 125 == 1 or nat64


ODD_FORMS = words("""
127.0.0.1 127.1 2130706433 0x7f000001 0x7f.0.0.1 0177.0.0.1 017700000001 localhost 0
[::1] [::ffff:127.0.0.1] [::ffff:7f00:1]
""")


@pytest.mark.parametrize("host", ODD_FORMS)
def test_this_machine_is_not_asked_however_it_is_written(host: str) -> None:
    """With the real lookup and the real guard."""
    with sites.up(sites.Site(), address=INSIDE) as site:
        network = Network(ports=frozenset({site.port}))
        place = place_of(f"http://{host}:{site.port}/", network.ports)
        with pytest.raises(NothingSeen, match=r"not an address of the internet|NotFoundInTime"):
            look(place, network)
        assert site.asked == []
        # Without the guard, most of these forms would have arrived.
        if host in {"127.0.0.1", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "localhost"}:
            assert look(place, Network(ports=network.ports, is_open=lambda _: True)).status == 404
            assert len(site.asked) == 1


def test_the_internet_is_asked_at_two_ports() -> None:
    assert INTERNET.ports == {80, 443}
    assert INTERNET.is_open is is_public
    assert INTERNET.addresses_of is addresses_of
    assert INTERNET.authority is None


def test_a_name_is_looked_up_once_and_what_was_found_is_asked(shop: sites.Site, inside: sites.Site) -> None:
    """A name whose answer changes between the judgement and the connection."""
    names = Names(shop_example=[[OUTSIDE], [INSIDE]])
    assert seen(shop, names=names).status == 200
    assert names.asked == ["shop.example"]
    assert (len(shop.asked), inside.asked) == (1, [])
    # The next look sees the other answer, and judges that.
    with pytest.raises(NothingSeen, match="not an address of the internet"):
        seen(shop, names=names)
    assert inside.asked == []


def test_a_name_with_one_closed_address_is_not_asked(shop: sites.Site, inside: sites.Site) -> None:
    with pytest.raises(NothingSeen, match="not an address of the internet"):
        seen(shop, names=Names(shop_example=[OUTSIDE, INSIDE]))
    assert shop.asked == inside.asked == []


def test_the_next_address_is_asked_when_one_is_out_of_order(shop: sites.Site) -> None:
    network = Network(
        addresses_of=Names(shop_example=["127.0.0.3", OUTSIDE]),
        is_open=lambda one: one != INSIDE,
        ports=frozenset({shop.port}),
    )
    assert look(place_of(f"http://shop.example:{shop.port}/", network.ports), network).status == 200


# --- Redirects ------------------------------------------------------------------------------------------------------


def test_redirects_are_followed_and_each_is_judged_anew(shop: sites.Site, inside: sites.Site) -> None:
    names = Names(shop_example=[OUTSIDE], www_shop_example=[OUTSIDE], trap_example=[INSIDE])
    port = shop.port
    shop.pages |= {
        "/old": (301, {"Location": f"http://www.shop.example:{port}/new"}, ""),
        "/new": (302, {"Location": "page?a=b#part"}, ""),
        "/page": (200, {"X-Frame-Options": "DENY"}, ""),
    }
    found = seen(shop, "/old", names=names)
    assert (found.status, found.place.url) == (200, f"http://www.shop.example:{port}/page?a=b")
    assert shop.paths() == ["/old", "/new", "/page?a=b"]
    for trap in (
        f"http://127.0.0.1:{port}/",
        f"http://trap.example:{port}/",
        f"//trap.example:{port}/",
        f"http://[::ffff:127.0.0.1]:{port}/",
        f"http://2130706433:{port}/",
        "http://shop.example:22/",
        "http://shop.example/",
        "https://shop.example/",
        "file:///etc/passwd",
        "ftp://shop.example/",
        "gopher://127.0.0.1:6379/_INFO",
        f"http://ann:secret@shop.example:{port}/",
        "http://",
        "http://[",
        f"http://shop.example:{port}/\\@trap.example",
    ):
        shop.pages["/trap"] = (307, {"Location": trap}, "")
        with pytest.raises(NothingSeen) as nothing:
            seen(shop, "/trap", names=names)
        assert nothing.value.status == 307, trap
    assert inside.asked == []


def test_a_name_that_changes_on_the_way_is_judged_again(shop: sites.Site, inside: sites.Site) -> None:
    shop.pages["/again"] = (302, {"Location": "/"}, "")
    with pytest.raises(NothingSeen, match="not an address of the internet"):
        seen(shop, "/again", names=Names(shop_example=[[OUTSIDE], [INSIDE]]))
    assert inside.asked == []


def test_five_redirects_are_followed_and_no_sixth(shop: sites.Site) -> None:
    for number in range(1, 7):
        shop.pages[f"/{number}"] = (308, {"Location": f"/{number - 1}" if number > 1 else "/"}, "")
    assert seen(shop, "/5").status == 200
    assert len(shop.asked) == 6
    with pytest.raises(NothingSeen, match="Too many redirects"):
        seen(shop, "/6")
    shop.pages["/loop"] = (302, {"Location": "/loop"}, "")
    with pytest.raises(NothingSeen, match="Too many redirects"):
        seen(shop, "/loop")


def test_a_redirect_to_nowhere_is_a_reply(shop: sites.Site) -> None:
    shop.pages["/304"] = (304, {"X-Frame-Options": "DENY"}, "")
    shop.pages["/302"] = (302, {}, "")
    assert [seen(shop, path).status for path in ("/304", "/302")] == [304, 302]


# --- How much, and how long -----------------------------------------------------------------------------------------


def test_what_is_sent_tells_who_asks_and_nothing_else(shop: sites.Site, monkeypatch: pytest.MonkeyPatch) -> None:
    # None of what programs usually go by.
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9/")
    seen(shop, "/?a=%20b&c=é")
    ((path, headers),) = shop.asked
    assert path == "/?a=%20b&c=%C3%A9"
    assert headers.keys() == {"host", "user-agent", "accept", "accept-encoding", "connection"}
    assert headers["host"] == f"shop.example:{shop.port}"
    assert headers["user-agent"].startswith("heatmaps-service/")


def dripping(text: bytes, each: float = 0.05) -> Callable[[BaseHTTPRequestHandler], None]:
    def drip(handler: BaseHTTPRequestHandler) -> None:
        for byte in text:
            handler.wfile.write(bytes([byte]))
            handler.wfile.flush()
            time.sleep(each)

    return drip


@contextmanager
def within(seconds: float) -> Iterator[None]:
    began = time.monotonic()
    yield
    assert time.monotonic() - began < seconds


def test_a_site_that_drips_is_not_waited_for(shop: sites.Site) -> None:
    shop.pages["/"] = dripping(b"HTTP/1.1 200 OK\r\n" + b"X-Header: 1\r\n" * 100)
    with within(5), pytest.raises(NothingSeen, match="TimeoutError"):
        seen(shop, seconds=0.5)
    # Nor one that redirects for ever so slowly.
    shop.pages["/"] = dripping(b"HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n", 0.006)
    with within(5), pytest.raises(NothingSeen, match="TimeoutError"):
        seen(shop, seconds=0.5)
    assert len(shop.asked) > 2


def test_a_site_has_five_seconds_in_all(shop: sites.Site) -> None:
    shop.pages["/"] = dripping(b"HTTP/1.1 200 OK\r\n" * 100, 0.1)
    began = time.monotonic()
    network = world(SHOP, shop.port)
    with pytest.raises(NothingSeen, match="TimeoutError"):
        look(place_of(f"http://shop.example:{shop.port}/", network.ports), network)
    # All that the site drips takes three minutes.
    assert 4.9 < time.monotonic() - began < 20


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_site_that_says_nothing_is_not_waited_for(scheme: str) -> None:
    with socket.create_server((OUTSIDE, 0)) as silent:
        port = silent.getsockname()[1]
        network = world(SHOP, port)
        with within(5), pytest.raises(NothingSeen, match="TimeoutError"):
            look(place_of(f"{scheme}://shop.example:{port}/", network.ports), network, seconds=0.5)


def test_a_lookup_takes_of_the_same_time(shop: sites.Site) -> None:
    left: list[float] = []

    def slowly(host: str, seconds: float) -> list[str]:
        left.append(seconds)
        time.sleep(0.3)
        return [OUTSIDE]

    shop.pages["/"] = (302, {"Location": "/"}, "")
    network = world(slowly, shop.port)
    with within(5), pytest.raises(NothingSeen, match="TimeoutError"):
        look(place_of(f"http://shop.example:{shop.port}/", network.ports), network, seconds=0.5)
    assert left[0] > left[1] > 0


def test_a_name_that_nobody_knows_is_told_apart_from_an_address() -> None:
    assert addresses_of("127.0.0.1", 5) == ["127.0.0.1"]
    for name in ("nowhere.invalid", "x" * 64 + ".example"):
        with within(6), pytest.raises(NotFoundInTime):
            addresses_of(name, 5)
    with pytest.raises(NotFoundInTime):
        addresses_of("nowhere.invalid", 0)


def test_64_kib_of_headers_are_read_and_no_more(shop: sites.Site) -> None:
    line = b"X-Padding: " + b"x" * 1011 + b"\r\n"
    assert len(line) == 1024

    def reply(handler: BaseHTTPRequestHandler, lines: int) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n" + line * lines + b"X-Frame-Options: DENY\r\n\r\n")

    shop.pages |= {"/63": lambda handler: reply(handler, 63), "/64": lambda handler: reply(handler, 64)}
    assert seen(shop, "/63").values("x-frame-options") == ["DENY"]
    with pytest.raises(NothingSeen, match="longer than 64 KiB"):
        seen(shop, "/64")
    sent = 0

    def without_end(handler: BaseHTTPRequestHandler) -> None:
        nonlocal sent
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
        while sent < 200 * MOST_BYTES:
            handler.wfile.write(line)
            sent += len(line)

    shop.pages["/endless"] = without_end
    with within(4), pytest.raises(NothingSeen, match="longer than 64 KiB"):
        seen(shop, "/endless")
    # More than we read may be on its way, in the buffers of the system.
    time.sleep(0.2)
    assert sent < 200 * MOST_BYTES


def test_a_body_is_not_read(shop: sites.Site) -> None:
    def without_end(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Frame-Options: DENY\r\n\r\n")
        while True:
            handler.wfile.write(b"x" * 65_536)

    shop.pages["/"] = without_end
    with within(3):
        assert seen(shop).headers == [("x-frame-options", "DENY")]


@pytest.mark.parametrize(
    "reply",
    [
        *(b"", b"\r\n\r\n", b"SSH-2.0-OpenSSH_9.2\r\n\r\n", b"HTTP/1.1 2000 OK\r\n\r\n", b"HTTP/1.1 200 OK\r\n"),
        *(b"220 mail ESMTP\r\n", b"\x00" * 100, b"HTTP/1.1\r\n\r\n", b"-ERR unknown command\r\n\r\n"),
    ],
)
def test_what_is_not_http_is_no_page(reply: bytes, shop: sites.Site) -> None:
    shop.pages["/"] = lambda handler: handler.wfile.write(reply)
    with pytest.raises(NothingSeen):
        seen(shop)


def test_heads_are_read_as_browsers_read_them(shop: sites.Site) -> None:
    shop.pages["/"] = lambda handler: (
        handler.wfile.write(
            b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 404 Not Found\n"
            b"x-frame-OPTIONS :  deny \nContent-Security-Policy: frame-ancestors\n 'none'\n"
            b"nonsense\n: x\nB\xe9: \xff\n\n"
        )
        and None
    )
    found = seen(shop)
    assert found.status == 404
    assert found.headers == [
        ("x-frame-options", "deny"),
        ("content-security-policy", "frame-ancestors 'none'"),
        ("", "x"),
        ("bé", "ÿ"),
    ]


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """For shop.example, by nobody else."""
    directory = tmp_path_factory.mktemp("certificate")
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=shop.example"
    more = ["-addext", "subjectAltName=DNS:shop.example", "-keyout", "key.pem", "-out", "certificate.pem"]
    subprocess.run([*command.split(), *more], cwd=directory, check=True, capture_output=True)  # noqa: S603
    return directory


def test_a_certificate_has_to_be_of_the_name_and_of_a_known_authority(certificate: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "certificate.pem", certificate / "key.pem")
    authority = (certificate / "certificate.pem").read_text()
    names = Names(shop_example=[OUTSIDE], other_example=[OUTSIDE])
    with sites.up(sites.Site(pages={"/": (200, {}, "")}), address=OUTSIDE, tls=context) as site:
        known, unknown = (world(names, site.port, authority=one) for one in (authority, None))
        assert look(place_of(f"https://shop.example:{site.port}/", ANY_PORT), known).status == 200
        for name, network in (("other.example", known), ("shop.example", unknown)):
            with pytest.raises(NothingSeen, match="CERTIFICATE_VERIFY_FAILED"):
                look(place_of(f"https://{name}:{site.port}/", ANY_PORT), network)
        # And plain HTTP is no answer to it, nor it to plain HTTP.
        with pytest.raises(NothingSeen):
            look(place_of(f"http://shop.example:{site.port}/", ANY_PORT), known)
        assert len(site.asked) == 1


def test_few_pages_are_looked_at_at_once(shop: sites.Site) -> None:
    page = place_of(f"http://shop.example:{shop.port}/", ANY_PORT)
    network = world(SHOP, shop.port)
    taken = 0
    while framing._looks.acquire(blocking=False):
        taken += 1
    assert taken == 8
    with pytest.raises(TooManyAtOnce):
        framing_of(page, VIEWER, network)
    framing._looks.release(taken)
    assert framing_of(page, VIEWER, network) == Framing(verdict=Verdict.ALLOWED, status=200)
    # Each place comes back, also where nothing was seen.
    nowhere = world(Names(shop_example=[INSIDE]), shop.port)
    for _ in range(10):
        assert framing_of(page, VIEWER, nowhere).verdict is Verdict.UNKNOWN


# --- Addresses of pages ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "as_asked"),
    [
        ("http://shop.example", "http://shop.example/"),
        ("HTTPS://Shop.Example:443/a?b#c", "https://shop.example/a?b"),
        ("http://shop.example:80/a%20b", "http://shop.example/a%20b"),
        ("https://bücher.example/ä?ö", "https://xn--bcher-kva.example/%C3%A4?%C3%B6"),
        ("http://[2A00:1450::1]/", "http://[2a00:1450::1]/"),
        ("http://shop.example./", "http://shop.example./"),
        ('http://shop.example/"<>', "http://shop.example/%22%3C%3E"),
    ],
)
def test_a_url_is_asked_for_as_browsers_do(url: str, as_asked: str) -> None:
    assert place_of(url, INTERNET.ports).url == as_asked


@pytest.mark.parametrize(
    "url",
    [
        *words("""
            shop.example /path //shop.example/ ftp://shop.example/ file:///etc/passwd data:text/html,x
            http:// http:/shop.example http:shop.example http:///path http://ann@shop.example/ http://ann:x@shop.example/
            http://@shop.example/ http://:x@shop.example/ http://shop.example:22/ http://shop.example:8080/
            http://shop.example:0/ http://shop.example:99999/ http://shop.example:x/ http://[::1 http://[fe80::1%25eth0]/
            http://[x]/ http://shop.example\\@evil.example/ http://*/ http://*.shop.example/ http://shop..example/
            http://-shop.example/ http://straße.example/ http://shop%2eexample/
        """),
        # Digits of another script, which are taken for those of an address.
        "http://\uff11\uff12\uff17.0.0.1/",
        "http://shop.example/a b",
        "http://shop.example/\r\nHost: x",
        "http://shop.example/\x00",
        " http://shop.example/",
        "http://shop.example/" + "x" * 8_000,
        "http://" + "x" * 300 + ".example/",
        "\u200bhttp://shop.example/",
    ],
)
def test_what_is_not_asked_for_is_said(url: str) -> None:
    with pytest.raises(BadPlace) as bad:
        place_of(url, INTERNET.ports)
    assert str(bad.value).endswith(".")


@given(url=st.one_of(st.text(), st.text().map("http://{}".format), st.text().map("http://shop.example/{}".format)))
def test_no_url_breaks_out_of_the_request_line(url: str) -> None:
    try:
        place = place_of(url, ANY_PORT)
    except BadPlace:
        return
    assert place.url.isascii()
    assert not set(place.url) & set(" \r\n\t\0")


# --- What headers mean ----------------------------------------------------------------------------------------------

PAGE = place_of("https://shop.example/pricing", ANY_PORT)


def framed(*headers: tuple[str, str], page: Place = PAGE, viewer: Place = VIEWER) -> str | None:
    policies = [value for name, value in headers if name == "csp"]
    return blocked_by(page, policies, [value for name, value in headers if name == "xfo"], viewer)


@pytest.mark.parametrize(
    ("values", "is_allowed"),
    [
        ([], True),
        (["DENY"], False),
        (["deny"], False),
        (["SAMEORIGIN"], False),
        (["SameOrigin", "sameorigin"], False),
        (["ALLOW-FROM https://heatmaps.example"], True),
        (["ALLOWALL"], True),
        (["nonsense"], True),
        ([""], True),
        (["SAMEORIGIN, DENY"], False),
        (["SAMEORIGIN", "nonsense"], False),
        (["nonsense", "more of it"], True),
        (["ALLOWALL", "nonsense"], False),
    ],
)
def test_x_frame_options_are_read_as_browsers_read_them(values: list[str], is_allowed: bool) -> None:
    by = framed(*(("xfo", value) for value in values))
    assert by == (None if is_allowed else BlockedBy.X_FRAME_OPTIONS)


def test_x_frame_options_allow_the_same_origin() -> None:
    assert framed(("xfo", "SAMEORIGIN"), viewer=PAGE) is None
    assert framed(("xfo", "DENY"), viewer=PAGE) is BlockedBy.X_FRAME_OPTIONS
    other_port = place_of("https://shop.example:8443/", ANY_PORT)
    assert framed(("xfo", "SAMEORIGIN"), viewer=other_port) is BlockedBy.X_FRAME_OPTIONS


@pytest.mark.parametrize(
    ("policies", "is_allowed"),
    [
        (["frame-ancestors *"], True),
        (["frame-ancestors 'none'"], False),
        (["frame-ancestors"], False),
        (["frame-ancestors 'self'"], False),
        (["frame-ancestors 'self' https://heatmaps.example"], True),
        (["FRAME-ANCESTORS HTTPS://HEATMAPS.EXAMPLE"], True),
        (["default-src 'none'; frame-ancestors https:"], True),
        (["default-src 'none'; frame-ancestors http:;"], True),
        (["frame-ancestors heatmaps.example"], True),
        (["frame-ancestors *.example"], True),
        (["frame-ancestors *.heatmaps.example"], False),
        (["frame-ancestors heatmaps.example:443"], True),
        (["frame-ancestors heatmaps.example:*"], True),
        (["frame-ancestors http://heatmaps.example:80"], True),
        (["frame-ancestors heatmaps.example:8443"], False),
        (["frame-ancestors https://heatmaps.example/"], True),
        (["frame-ancestors https://heatmaps.example/app"], False),
        (["frame-ancestors wss: data: blob:"], False),
        (["frame-ancestors 'unsafe-inline' 'nonce-x' ??? https://"], False),
        # The first of a policy counts, and all policies have to agree.
        (["frame-ancestors *; frame-ancestors 'none'"], True),
        (["frame-ancestors *", "frame-ancestors 'none'"], False),
        (["frame-ancestors *, frame-ancestors 'none'"], False),
        (["default-src 'none', frame-ancestors https:"], True),
        # None of them says anything of frames.
        (["default-src 'none'; frame-src 'none'; child-src 'none'"], True),
        (["", ";;", ","], True),
        (["frame-ancestors-x 'none'"], True),
    ],
)
def test_frame_ancestors_are_read_as_browsers_read_them(policies: list[str], is_allowed: bool) -> None:
    by = framed(*(("csp", policy) for policy in policies))
    assert by == (None if is_allowed else BlockedBy.FRAME_ANCESTORS)


def test_frame_ancestors_go_before_x_frame_options() -> None:
    assert framed(("csp", "frame-ancestors *"), ("xfo", "DENY")) is None
    assert framed(("csp", "frame-ancestors 'none'"), ("xfo", "ALLOWALL")) is BlockedBy.FRAME_ANCESTORS
    assert framed(("csp", "default-src 'none'"), ("xfo", "DENY")) is BlockedBy.X_FRAME_OPTIONS


HOSTS = ["heatmaps.example", "stats.heatmaps.example", "shop.example", "xheatmaps.example"]
ORIGINS = st.builds(
    lambda scheme, host, port: place_of(f"{scheme}://{host}{port}/", ANY_PORT),
    st.sampled_from(["http", "https"]),
    st.sampled_from(HOSTS),
    st.sampled_from(["", ":8443", ":80", ":443"]),
)
SOURCES = st.tuples(
    st.sampled_from(["", "http://", "https://", "wss://"]),
    st.sampled_from(["*", "*.heatmaps.example", "*.example", *HOSTS]),
    st.sampled_from(["", ":*", ":80", ":443", ":8443"]),
)
USUAL_PORTS = {"http": 80, "https": 443}


def takes_in(source: tuple[str, str, str], page: Place, viewer: Place) -> bool:
    """The rules of CSP 3 for schemes, hosts and ports, one after the other, on parts that were never a text."""
    scheme, host, port = source
    if source == ("", "*", ""):
        return True
    wanted = scheme.removesuffix("://") or page.scheme
    if wanted != viewer.scheme and (wanted, viewer.scheme) != ("http", "https"):
        return False
    if host.startswith("*."):
        # A subdomain, and not the domain itself.
        labels, last = viewer.host.split("."), host.split(".")[1:]
        if len(labels) <= len(last) or labels[-len(last) :] != last:
            return False
    elif host not in {"*", viewer.host}:
        return False
    fitting = {":*", f":{viewer.port}"}
    if viewer.port == USUAL_PORTS[viewer.scheme]:
        fitting |= {"", ":80"} if viewer.scheme == "https" else {""}
    return port in fitting


@given(lists=st.lists(st.lists(SOURCES, max_size=3), min_size=1, max_size=3), page=ORIGINS, viewer=ORIGINS)
def test_frame_ancestors_are_as_a_plain_reference_has_them(
    lists: list[list[tuple[str, str, str]]], page: Place, viewer: Place
) -> None:
    policies = ["frame-ancestors " + " ".join("".join(source) for source in sources) for sources in lists]
    expected = all(any(takes_in(source, page, viewer) for source in sources) for sources in lists)
    assert (framed(*(("csp", policy) for policy in policies), page=page, viewer=viewer) is None) is expected


@given(page=ORIGINS, viewer=ORIGINS)
def test_the_page_itself_is_its_origin_or_a_more_secure_one(page: Place, viewer: Place) -> None:
    allowed = framed(("csp", "frame-ancestors 'self'"), page=page, viewer=viewer) is None
    if page.origin == viewer.origin:
        assert allowed
    elif allowed:
        assert (page.host, page.scheme, viewer.scheme) == (viewer.host, "http", "https")


@given(policies=st.lists(st.text()), options=st.lists(st.text()))
def test_no_header_is_too_odd_to_be_read(policies: list[str], options: list[str]) -> None:
    blocked_by(PAGE, policies, options, VIEWER)
    blocked_by(PAGE, [f"frame-ancestors {policy}" for policy in policies], options, VIEWER)

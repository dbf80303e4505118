"""Pictures of pages: drawn anew when they come, listed, shown, removed, and nobody else's."""

import http.client
import io
import struct
import zlib
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlencode

import orjson
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from pytest_django import Settings

from heatmaps.access import scopes
from heatmaps.api import pictures as api_of_pictures
from heatmaps.drawing.recoding import MOST_PIXELS, BadPicture, recoded
from heatmaps.models import PersonalAPIKey, Picture, Project, Share, User
from heatmaps.models import pictures as model_of_pictures
from heatmaps.models.pictures import MAX_BYTES
from tests.conftest import Api, body, document
from tests.processes import Service, served

PAGE = "https://shop.example/pricing"
PICTURES = "/api/projects/1/heatmaps/pictures/"
RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 160, 0), (0, 0, 255), (255, 255, 255)
SECRET = b"<script>alert(document.domain)</script>"


@pytest.fixture
def writer(user: User) -> Api:
    """Ann's key with heatmap:write."""
    return Api(PersonalAPIKey.make(user, "writes", scopes=[scopes.WRITE])[1])


def drawing(width: int = 360, height: int = 90, mode: str = "RGB") -> Image.Image:
    """Red at the top left, green at the top right, blue below."""
    image = Image.new("RGB", (width, height), BLUE)
    image.paste(RED, (0, 0, width // 2, height // 2))
    image.paste(GREEN, (width // 2, 0, width, height // 2))
    return image.convert(mode)


def file(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    written = io.BytesIO()
    image.save(written, kind, **options)
    return written.getvalue()


def upload(api: Api, content: bytes, kind: str = "png", path: str = PICTURES, **parameters: Any) -> Any:
    """The reply to a picture; of PAGE at 1440 px unless it says otherwise."""
    asked = {"url_page": PAGE, "width": "1440"} | parameters
    return api.ask("POST", path, asked, content, content_type=kind if "/" in kind else f"image/{kind}")


def kept(api: Api, content: bytes | None = None, kind: str = "png", **parameters: Any) -> Any:
    """The reply to a picture that has to be taken."""
    response = upload(api, file(drawing()) if content is None else content, kind, **parameters)
    assert response.status_code == 201, body(response)
    return document(response)


def refusal(response: Any) -> tuple[int, str, str]:
    told = document(response)
    return response.status_code, told["code"], told["detail"]


def shown(api: Api, one: int) -> Image.Image:
    response = api.get(f"{PICTURES}{one}/")
    assert response.status_code == 200, body(response)
    return Image.open(io.BytesIO(body(response)))


def listed(api: Api, **parameters: str) -> list[Any]:
    found: list[Any] = document(api.get(PICTURES, parameters))["results"]
    return found


def is_near(one: Any, other: tuple[int, int, int]) -> bool:
    """Lossy pictures are a little off, most of all near an edge."""
    return all(abs(a - b) < 40 for a, b in zip(one, other, strict=True))


# --- Upload, list, show, remove --------------------------------------------------------------------------------------


def test_a_picture_is_kept_listed_shown_and_removed(writer: Api, project: Project) -> None:
    one = kept(writer, url_page=f"{PAGE}/?utm_source=x#top")
    row = Picture.objects.get()
    assert one == {
        "id": row.pk,
        "url_page": PAGE,
        "width": 1440,
        # 360 by 90 pixels.
        "height": 360,
        "bytes": row.size,
        "created_at": row.created_at.isoformat().replace("+00:00", "Z"),
    }
    assert document(writer.get(PICTURES)) == {"count": 1, "next": None, "previous": None, "results": [one]}
    response = writer.get(f"{PICTURES}{row.pk}/", accept_encoding="gzip")
    image = Image.open(io.BytesIO(body(response)))
    assert (image.format, image.size, len(body(response))) == ("WEBP", (360, 90), one["bytes"])
    assert is_near(image.getpixel((20, 20)), RED)
    assert is_near(image.getpixel((20, 70)), BLUE)
    assert writer.ask("DELETE", f"{PICTURES}{row.pk}/").status_code == 204
    assert listed(writer) == []
    for method in ("GET", "DELETE"):
        assert refusal(writer.ask(method, f"{PICTURES}{row.pk}/"))[::2] == (404, "Picture not found.")


def test_what_a_browser_may_do_with_it_is_nothing_but_show_it(writer: Api, project: Project) -> None:
    response = writer.get(f"{PICTURES}{kept(writer)['id']}/", accept_encoding="gzip, zstd")
    assert {
        name: response[name]
        for name in ("Content-Type", "Content-Security-Policy", "X-Content-Type-Options", "Cache-Control")
    } == {
        "Content-Type": "image/webp",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-cache",
    }
    assert response["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "Content-Encoding" not in response
    assert {"Authorization", "Cookie"} <= set(response["Vary"].split(", "))


def test_it_is_sent_again_only_when_it_is_another_one(writer: Api, project: Project) -> None:
    path = f"{PICTURES}{kept(writer)['id']}/"
    tag = writer.get(path)["ETag"]
    for known in (tag, f'"other", {tag}', f"W/{tag}, {tag}", "*"):
        response = writer.get(path, if_none_match=known)
        assert (response.status_code, body(response), response["ETag"]) == (304, b"", tag)
    assert writer.get(path, if_none_match='"other"').status_code == 200
    assert writer.get(path, if_none_match="\x22").status_code == 200
    other = drawing()
    other.paste(WHITE, (0, 0, 100, 90))
    kept(writer, file(other))
    response = writer.get(path, if_none_match=tag)
    assert (response.status_code, response["ETag"] == tag) == (200, False)


def test_who_accepts_no_picture_gets_none(writer: Api, project: Project) -> None:
    path = f"{PICTURES}{kept(writer)['id']}/"
    for accepted in ("*/*", "image/*", "image/webp", "image/avif,image/webp;q=0.8", "application/json"):
        assert writer.get(path, accept=accepted).status_code == 200
    assert writer.get(path, accept="text/html").status_code == 406


def test_another_one_of_the_page_and_width_takes_its_place(writer: Api, user: User, project: Project) -> None:
    first = kept(writer)
    second = kept(writer, file(drawing(400, 400)), url_page="HTTPS://Shop.example:443/%70ricing/?a=1")
    assert (second["id"], second["height"]) == (first["id"], 1440)
    assert shown(writer, second["id"]).size == (400, 400)
    assert Picture.objects.get().created_by == user
    others = [kept(writer, width="390"), kept(writer, url_page=f"{PAGE}#/cart"), kept(writer, url_page="https://a.b/")]
    assert len({first["id"], *(one["id"] for one in others)}) == 4
    assert [one["id"] for one in listed(writer)] == [one["id"] for one in [*reversed(others), second]]
    assert [one["id"] for one in listed(writer, url_page=f"{PAGE}?b=2")] == [others[0]["id"], first["id"]]
    assert listed(writer, url_page="https://shop.example/other") == []


@pytest.mark.parametrize(
    ("url", "page"),
    [
        ("https://bücher.example/é", "https://bücher.example/é"),
        ("https://xn--bcher-kva.example/%C3%A9/", "https://bücher.example/é"),
        ("/pricing/", "/pricing"),
        ("https://shop.example/a%00b", "https://shop.example/a%00b"),
        ("https://shop.example/%FF", "https://shop.example/%FF"),
        ("https://shop.example/a%20", "https://shop.example/a%20"),
        ("https://shop.example/a%2Fb", "https://shop.example/a%2Fb"),
        ("/", "/"),
    ],
)
def test_a_picture_is_found_by_every_url_of_its_page(writer: Api, project: Project, url: str, page: str) -> None:
    one = kept(writer, url_page=url)
    assert one["url_page"] == page
    for same in (url, page, f"{url}?x=1"):
        assert listed(writer, url_page=same) == [one]
        one = kept(writer, url_page=same)
    assert Picture.objects.count() == 1


def test_environments_are_the_same_projects(writer: Api, project: Project) -> None:
    path = PICTURES.replace("projects", "environments")
    one = document(upload(writer, file(drawing()), path=path))
    assert document(writer.get(path))["results"] == listed(writer) == [one]
    assert writer.ask("DELETE", f"{path}{one['id']}/").status_code == 204


def test_names_that_are_unknown_are_told(writer: Api, project: Project) -> None:
    assert upload(writer, file(drawing()), url=PAGE)["Heatmaps-Ignored"] == "url"
    assert writer.get(PICTURES, {"page": PAGE})["Heatmaps-Ignored"] == "page"


def test_listing_reads_no_bytes(writer: Api, project: Project) -> None:
    kept(writer)
    with CaptureQueriesContext(connection) as queries:
        listed(writer)
        Project.objects.get(pk=1).delete()
    about = [query["sql"] for query in queries.captured_queries if "heatmaps_picture" in query["sql"]]
    assert about
    assert not any('"content"' in sql for sql in about)
    assert not Picture.objects.exists()


# --- What is refused -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parameters", "attr"),
    [
        ({"url_page": ""}, "url_page"),
        ({"url_page": "x" * 10_001}, "url_page"),
        ({"url_page": "https://shop.example/\0"}, "url_page"),
        ({"width": ""}, "width"),
        ({"width": "319"}, "width"),
        ({"width": "3841"}, "width"),
        ({"width": "1440.5"}, "width"),
        ({"width": "9" * 2_000}, "width"),
        ({"width": "NaN"}, "width"),
    ],
)
def test_what_is_wrong_with_a_parameter_is_told_by_its_name(
    writer: Api, project: Project, parameters: dict[str, str], attr: str
) -> None:
    response = upload(writer, file(drawing()), **parameters)
    assert (response.status_code, document(response)["attr"]) == (400, attr), body(response)
    assert not Picture.objects.exists()


def test_both_parameters_have_to_be_there(writer: Api, project: Project) -> None:
    for given_ in ({"url_page": PAGE}, {"width": "1440"}, {}):
        response = writer.ask("POST", PICTURES, given_, file(drawing()), content_type="image/png")
        assert (response.status_code, document(response)["code"]) == (400, "required")


@pytest.mark.parametrize("kind", ["application/json", "image/svg+xml", "image/gif", "multipart/form-data", "text/html"])
def test_another_type_is_refused_before_anything_is_read(
    writer: Api, session: Api, project: Project, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api_of_pictures, "recoded", None)
    for api in (writer, session):
        assert refusal(upload(api, b"--x\r\n", kind)) == (
            415,
            "unsupported_media_type",
            "Send the picture itself, as image/png, image/jpeg or image/webp.",
        )


def test_a_longer_body_is_refused_by_its_length(
    writer: Api, session: Api, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api_of_pictures, "recoded", None)
    for api in (writer, session):
        assert refusal(upload(api, b"x" * (MAX_BYTES + 1))) == (
            413,
            "request_too_large",
            "The picture has more than 10,485,760 bytes.",
        )


def test_one_of_just_the_most_bytes_is_taken(writer: Api, session: Api, project: Project) -> None:
    whole = file(drawing())
    padded = whole + b"\0" * (MAX_BYTES - len(whole))
    for api in (writer, session):
        assert kept(api, padded)["bytes"] < 10_000
    # A key in the query opens it, too, whose body is no place to look for one.
    parameters = {"url_page": PAGE, "width": "500", "personal_api_key": writer.key}
    assert Api(None).ask("POST", PICTURES, parameters, padded, content_type="image/png").status_code == 201


@pytest.mark.parametrize(
    "content",
    [b"GIF89a", SECRET, b"\x89PNG\r\n\x1a\n", b"RIFF\x10\0\0\0WEBPVP8 ", b"\xff\xd8\xff", b"BM" + b"\0" * 60],
)
def test_what_is_no_picture_is_refused(writer: Api, project: Project, content: bytes) -> None:
    status, code, detail = refusal(upload(writer, content))
    assert (status, code) == (400, "parse_error")
    assert detail in {"The body is no picture in PNG, JPEG or WebP.", "The picture is damaged or cut off."}


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_picture_that_is_cut_off_is_refused(writer: Api, project: Project, kind: str) -> None:
    whole = file(Image.effect_noise((300, 300), 90).convert("RGB"), kind)
    for part in (0.3, 0.9):
        assert upload(writer, whole[: int(len(whole) * part)], kind.lower()).status_code == 400
    assert upload(writer, whole, kind.lower()).status_code == 201


def png_chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png_of(width: int, height: int, *chunks: bytes) -> bytes:
    """A PNG that says it is of a size, and has nothing of it."""
    head = png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    pixels = png_chunk(b"IDAT", zlib.compress(b"\0" * 1_000))
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(chunks) + pixels + png_chunk(b"IEND", b"")


def webp_of(width: int, height: int) -> bytes:
    def three(number: int) -> bytes:
        return struct.pack("<I", number - 1)[:3]

    extended = b"VP8X" + struct.pack("<I", 10) + b"\x02\0\0\0" + three(width) + three(height)
    animation = b"ANIM" + struct.pack("<I", 6) + b"\0" * 6
    content = b"WEBP" + extended + animation
    return b"RIFF" + struct.pack("<I", len(content)) + content


TOO_LARGE = "The picture may have 20 megapixels, and 65,500 pixels along a side."


@pytest.mark.parametrize(
    "content",
    [
        png_of(20_001, 1_000),
        png_of(5_000, 4_001),
        png_of(65_501, 1),
        png_of(1, 65_501),
        png_of(40_000, 40_000),
        png_of(2**31 - 1, 2**31 - 1),
        file(Image.new("L", (4_473, 4_473)), "JPEG"),
        file(Image.new("1", (4_473, 4_473))),
    ],
    ids=len,
)
def test_one_that_is_too_large_is_refused_by_what_its_header_says(
    writer: Api, project: Project, content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def decoded(*_: Any) -> None:
        raise AssertionError

    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", decoded)
    assert refusal(upload(writer, content)) == (400, "parse_error", TOO_LARGE)


@pytest.mark.parametrize("size", [(16_383, 16_383), (2**24, 2**24), (5_000, 4_001)])
def test_a_webp_that_is_too_large_is_refused(writer: Api, project: Project, size: tuple[int, int]) -> None:
    """One that has no frames is refused for that; those with some are as large as they say."""
    assert upload(writer, webp_of(*size), "webp").status_code == 400
    frames = [Image.new("RGB", (4_473, 4_473), colour) for colour in ("red", "blue")]
    animated = file(frames[0], "WEBP", save_all=True, append_images=frames[1:], method=0, quality=0)
    assert refusal(upload(writer, animated, "webp")) == (400, "parse_error", TOO_LARGE)


def test_texts_that_unpack_to_more_are_not_unpacked(writer: Api, project: Project) -> None:
    bomb = zlib.compress(b"\0" * 200_000_000, 9)
    for chunk in (png_chunk(b"zTXt", b"a\0\0" + bomb), png_chunk(b"iCCP", b"a\0\0" + bomb)):
        whole = file(drawing())
        at = whole.index(b"IDAT") - 4
        assert upload(writer, whole[:at] + chunk + whole[at:]).status_code in {201, 400}


def test_one_of_just_the_most_pixels_is_taken() -> None:
    drawn = recoded(file(Image.new("L", (4_000, MOST_PIXELS // 4_000), 200)))
    assert (drawn.width * drawn.height, drawn.format) == (MOST_PIXELS, "webp")


def test_a_page_that_would_be_too_tall_is_refused(writer: Api, project: Project) -> None:
    narrow = file(Image.new("L", (10, 1_000)))
    response = upload(writer, narrow, width="601")
    assert (response.status_code, document(response)["attr"], document(response)["detail"]) == (
        400,
        "width",
        "At this width the page is 60,100 px tall; at most 60,000 px are shown.",
    )
    assert kept(writer, narrow, width="600")["height"] == 60_000
    assert kept(writer, file(Image.new("L", (10_000, 1))), width="320")["height"] == 1


def test_there_is_room_for_so_many_bytes(
    writer: Api, project: Project, other_project: Project, settings: Settings
) -> None:
    size = kept(writer)["bytes"]
    settings.PICTURES_MAX_BYTES = 2 * size
    kept(writer, width="400")
    status, code, detail = refusal(upload(writer, file(drawing()), width="500"))
    assert (status, code) == (409, "no_room")
    assert detail == (
        f"The project's pictures may have {2 * size:,} bytes together, and there may be 1,000 of them. Remove some."
    )
    # One that takes another's place needs no more room, and other projects have their own.
    kept(writer)
    assert kept_for(other_project) is not None
    settings.PICTURES_MAX_BYTES = 0
    assert upload(writer, file(drawing())).status_code == 409
    assert Picture.objects.filter(project=project).count() == 2


def kept_for(project: Project) -> Picture | None:
    drawn = recoded(file(drawing()))
    return Picture.keep(project.pk, PAGE, width=1440, height=360, drawn=drawn, created_by_id=None)


def test_there_are_no_more_than_so_many(writer: Api, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_of_pictures, "MOST_PICTURES", 2)
    for width in ("400", "500", "400"):
        kept(writer, width=width)
    assert upload(writer, file(drawing()), width="600").status_code == 409


def test_a_project_that_goes_meanwhile_is_not_found(
    writer: Api, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slowly(content: bytes) -> Any:
        Project.objects.filter(pk=1).delete()
        return recoded(content)

    monkeypatch.setattr(api_of_pictures, "recoded", slowly)
    assert upload(writer, file(drawing())).status_code == 404


def test_only_some_are_read_at_once(writer: Api, project: Project, settings: Settings) -> None:
    settings.CLICKHOUSE_QUEUE_SECONDS = 0
    with api_of_pictures._place(2):
        response = upload(writer, file(drawing()))
    assert (response.status_code, response["Retry-After"]) == (503, "1")
    assert "pictures are being read" in document(response)["detail"]
    kept(writer)


# --- What becomes of a file ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_nothing_of_the_file_is_kept_but_what_is_seen(kind: str) -> None:
    exif = Image.Exif()
    exif[0x010E] = SECRET.decode()
    options: dict[str, Any] = {"exif": exif.tobytes(), "icc_profile": SECRET}
    if kind == "PNG":
        options["pnginfo"] = PngInfo()
        options["pnginfo"].add_text("comment", SECRET.decode())
    elif kind == "JPEG":
        options |= {"comment": SECRET, "quality": 95}
    else:
        options |= {"xmp": SECRET, "lossless": True}
    for image in (drawing(), drawing(400, 16_000 if kind == "WEBP" else 17_000)):
        sent = file(image, kind, **options) + SECRET
        assert sent.count(b"<script>") >= 2
        drawn = recoded(sent)
        assert b"<script>" not in drawn.content
        again = Image.open(io.BytesIO(drawn.content))
        assert not {"exif", "icc_profile", "xmp", "comment"} & set(again.info)
        assert is_near(again.convert("RGB").getpixel((20, 20)), RED)


@pytest.mark.parametrize(
    ("kind", "mode"),
    [
        *(("PNG", mode) for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16")),
        *(("JPEG", mode) for mode in ("L", "RGB", "CMYK", "YCbCr")),
        *(("WEBP", mode) for mode in ("RGB", "RGBA", "L")),
    ],
)
def test_pictures_of_every_kind_look_the_same(kind: str, mode: str) -> None:
    if mode.startswith("I"):
        image = Image.new("I", (360, 90), 65_535)
        image.paste(32_768, (0, 0, 180, 90))
        image = image.convert(mode)
        expected: Any = (127, 127, 127)
    else:
        image = drawing(mode=mode)
        seen = drawing().convert("L" if mode in {"1", "L", "LA"} else "RGB").convert("RGB")
        expected = seen.getpixel((20, 20))
    drawn = Image.open(io.BytesIO(recoded(file(image, kind)).content)).convert("RGB")
    assert (drawn.size, drawn.mode) == ((360, 90), "RGB")
    if mode != "1":
        assert is_near(drawn.getpixel((20, 20)), expected), drawn.getpixel((20, 20))


def test_what_can_be_seen_through_is_on_white() -> None:
    clear = Image.new("RGBA", (100, 100), (0, 0, 0, 0))
    half = Image.new("RGBA", (100, 100), (255, 0, 0, 128))
    grey = Image.new("LA", (100, 100), (0, 0))
    palette = Image.new("P", (100, 100), 3)
    palette.putpalette([0, 0, 0] * 256)
    cases: list[tuple[bytes, tuple[int, int, int]]] = [
        (file(clear), WHITE),
        (file(clear, "WEBP"), WHITE),
        (file(half), (255, 127, 127)),
        (file(grey), WHITE),
        (file(palette, transparency=3), WHITE),
        (file(Image.new("RGB", (100, 100), (1, 2, 3)), transparency=(1, 2, 3)), WHITE),
        (file(Image.new("L", (100, 100), 7), transparency=7), WHITE),
        (file(Image.new("1", (100, 100), 1), transparency=0), WHITE),
    ]
    for content, expected in cases:
        drawn = Image.open(io.BytesIO(recoded(content).content))
        assert is_near(drawn.convert("RGB").getpixel((50, 50)), expected)


@pytest.mark.parametrize("orientation", range(1, 10))
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_picture_stands_upright(kind: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    drawn = recoded(file(drawing(), kind, exif=exif.tobytes()))
    image = Image.open(io.BytesIO(drawn.content)).convert("RGB")
    is_turned = orientation in range(5, 9)
    assert image.size == (drawn.width, drawn.height) == ((90, 360) if is_turned else (360, 90))
    # Where the corner that was the top left one is now.
    corner = {2: "tr", 3: "br", 4: "bl", 6: "tr", 7: "br", 8: "bl"}.get(orientation, "tl")
    place = (image.width - 20 if "r" in corner else 20, image.height - 20 if "b" in corner else 20)
    assert is_near(image.getpixel(place), RED)


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
def test_orientation_that_cannot_be_read_is_none() -> None:
    drawn = recoded(file(drawing(), "JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\x7f"))
    assert (drawn.width, drawn.height) == (360, 90)


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_of_a_moving_picture_the_first_frame_is_kept(kind: str) -> None:
    frames = [Image.new("RGB", (200, 100), colour) for colour in (RED, GREEN, BLUE)]
    drawn = recoded(file(frames[0], kind, save_all=True, append_images=frames[1:], duration=100))
    image = Image.open(io.BytesIO(drawn.content))
    assert getattr(image, "n_frames", 1) == 1
    assert is_near(image.convert("RGB").getpixel((50, 50)), RED)


@pytest.mark.parametrize(("height", "kind"), [(16_383, "webp"), (16_384, "jpeg")])
def test_what_is_too_tall_for_webp_is_jpeg(writer: Api, project: Project, height: int, kind: Literal["webp"]) -> None:
    one = kept(writer, file(Image.new("L", (800, height), 90)), width="800")
    response = writer.get(f"{PICTURES}{one['id']}/", accept_encoding="gzip")
    assert (response["Content-Type"], "Content-Encoding" in response) == (f"image/{kind}", False)
    assert (one["height"], Image.open(io.BytesIO(body(response))).size) == (height, (800, height))


KINDS = st.sampled_from([("PNG", "png"), ("JPEG", "jpeg"), ("WEBP", "webp")])


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    kind=KINDS,
    size=st.tuples(st.integers(1, 500), st.integers(1, 500)),
    width=st.integers(320, 3840),
    path=st.text(max_size=20),
)
def test_what_is_uploaded_is_listed_shown_and_removed(
    writer: Api, kind: tuple[str, str], size: tuple[int, int], width: int, path: str
) -> None:
    url = "https://shop.example/" + path.replace("\0", "").encode("utf-8", "ignore").decode().strip()
    response = upload(writer, file(drawing(*size), kind[0]), kind[1], url_page=url, width=str(width))
    height = max(1, round(size[1] * width / size[0]))
    if height > 60_000:
        assert response.status_code == 400
        return
    one = document(response)
    assert (response.status_code, one["width"], one["height"]) == (201, width, height), one
    assert listed(writer, url_page=url) == listed(writer, url_page=one["url_page"]) == [one]
    assert shown(writer, one["id"]).size == size
    assert writer.ask("DELETE", f"{PICTURES}{one['id']}/").status_code == 204
    assert listed(writer, url_page=url) == []


WHOLE = [file(drawing(60, 40), kind) for kind in ("PNG", "JPEG", "WEBP")]


@settings(max_examples=400, deadline=None)
@given(
    whole=st.sampled_from(WHOLE),
    changes=st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), max_size=12),
    ends=st.integers(0, 10_000),
)
def test_whatever_comes_is_a_picture_or_refused(whole: bytes, changes: list[tuple[int, int]], ends: int) -> None:
    content = bytearray(whole)
    for place, value in changes:
        content[place % len(content)] = value
    # Anything but this kind of error fails here.
    with suppress(BadPicture):
        drawn = recoded(bytes(content[: ends % len(content) or None]))
        assert Image.open(io.BytesIO(drawn.content)).size == (drawn.width, drawn.height)


# --- Whose they are --------------------------------------------------------------------------------------------------


def test_pictures_of_another_project_are_neither_seen_nor_removed(
    writer: Api, project: Project, other_project: Project
) -> None:
    theirs = kept_for(other_project)
    assert theirs
    assert listed(writer) == listed(writer, url_page=PAGE) == []
    for method in ("GET", "DELETE"):
        assert writer.ask(method, f"{PICTURES}{theirs.pk}/").status_code == 404
        assert writer.ask(method, f"/api/projects/2/heatmaps/pictures/{theirs.pk}/").status_code == 403
    assert writer.get("/api/projects/2/heatmaps/pictures/").status_code == 403
    assert upload(writer, file(drawing()), path="/api/projects/2/heatmaps/pictures/").status_code == 403
    kept(writer)
    assert Picture.objects.filter(pk=theirs.pk).get().sha256 == theirs.sha256


@pytest.mark.parametrize("which", ["0", "x", "9" * 30, "²", "1.0", "-1"])
def test_a_picture_that_is_not_there_is_not_found(writer: Api, project: Project, which: str) -> None:
    kept(writer)
    for method in ("GET", "DELETE"):
        assert writer.ask(method, f"{PICTURES}{which}/").status_code == 404


def test_a_key_that_only_reads_shows_them_and_changes_nothing(api: Api, writer: Api, project: Project) -> None:
    one = kept(writer)
    assert listed(api) == [one]
    assert shown(api, one["id"]).size == (360, 90)
    for response in (upload(api, file(drawing())), api.ask("DELETE", f"{PICTURES}{one['id']}/")):
        assert refusal(response)[::2] == (403, "API key missing required scope 'heatmap:write'")
    assert listed(api) == [one]


def test_share_tokens_open_none_of_it(writer: Api, project: Project) -> None:
    one = kept(writer)
    holder = Api(Share.make(project, "url_page", PAGE, lasts=timedelta(hours=1))[1])
    assert upload(holder, file(drawing())).status_code == 403
    for path in (PICTURES, f"{PICTURES}{one['id']}/"):
        for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
            assert holder.ask(method, path, {"url_page": PAGE}).status_code in {403, 405}


def test_nobody_in_particular_gets_nothing(anonymous: Api, project: Project) -> None:
    theirs = kept_for(project)
    assert theirs
    assert upload(anonymous, file(drawing())).status_code == 401
    for method, path in (("GET", ""), ("GET", f"{theirs.pk}/"), ("DELETE", f"{theirs.pk}/")):
        assert anonymous.ask(method, PICTURES + path).status_code == 401


def test_a_session_uploads_with_its_csrf_token(session: Api, project: Project) -> None:
    one = kept(session)
    strict = type(session.client)(enforce_csrf_checks=True)
    strict.force_login(User.objects.get())
    target = f"{PICTURES}?{urlencode({'url_page': PAGE, 'width': 500})}"
    for response in (
        strict.post(target, file(drawing()), "image/png"),
        # Nor does a form of another site get it in by a field.
        strict.post(target, {"csrfmiddlewaretoken": "x" * 64}),
        strict.post(target, "csrfmiddlewaretoken=x", "application/x-www-form-urlencoded"),
        strict.delete(f"{PICTURES}{one['id']}/"),
    ):
        assert response.status_code == 403
    assert listed(session) == [one]
    token = strict.get("/").cookies["csrftoken"].value
    headers = {"X-CSRFToken": token}
    assert strict.post(target, file(drawing()), "image/png", headers=headers).status_code == 201
    assert strict.delete(f"{PICTURES}{one['id']}/", headers=headers).status_code == 204


def test_they_stay_when_who_made_them_leaves(writer: Api, user: User, project: Project) -> None:
    kept(writer)
    user.delete()
    assert Picture.objects.get().created_by is None


def test_the_log_tells_of_them(writer: Api, project: Project, caplog: pytest.LogCaptureFixture) -> None:
    one = kept(writer)
    kept(writer)
    writer.ask("DELETE", f"{PICTURES}{one['id']}/")
    lines: list[Any] = [record.msg for record in caplog.records if "picture of a page" in str(record.msg)]
    assert [line["event"] for line in lines] == [
        "A picture of a page was added",
        "A picture of a page was replaced",
        "A picture of a page was removed",
    ]
    for line in lines:
        about = {name: line[name] for name in ("picture", "project", "url_page", "width", "bytes", "made_by")}
        assert list(about.values()) == [one["id"], 1, PAGE, 1440, one["bytes"], "ann@example.com"]


# --- As it is served -------------------------------------------------------------------------------------------------


def test_a_picture_goes_through_a_file_that_does_not_stay(tmp_path: Path) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    service = Service(directory=tmp_path, environment={"TMPDIR": str(temporary)})
    service.migrate()
    service.make_project()
    made = service.result("create_api_key", "--user", "ann@example.com", "--scope", "heatmap:write", "--json")
    key = orjson.loads(made)["key"]
    whole = file(Image.effect_noise((1_440, 3_000), 90), "PNG")
    assert 2 * 1024**2 < len(whole) < MAX_BYTES
    target = f"{PICTURES}?{urlencode({'url_page': PAGE, 'width': 1440})}"

    def send(port: int, content: Any, **headers: str) -> tuple[int, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        try:
            connection.request("POST", target, content, {"Content-Type": "image/png", **headers})
            reply = connection.getresponse()
            return reply.status, orjson.loads(reply.read())
        finally:
            connection.close()

    authorized = {"Authorization": f"Bearer {key}"}
    with served(service) as port:
        status, one = send(port, whole, **authorized)
        assert (status, one["height"]) == (201, 3_000)
        pieces = (whole[at : at + 100_000] for at in range(0, len(whole), 100_000))
        assert send(port, pieces, **authorized)[0] == 201
        for refused, content, headers in (
            (401, whole, {}),
            (401, whole, {"Cookie": "sessionid=x"}),
            (413, b"x" * (MAX_BYTES + 1), authorized),
            (413, (b"x" * 1_000_000 for _ in range(11)), authorized),
        ):
            status, told = send(port, content, **headers)
            assert (status, set(told)) == (refused, {"type", "code", "detail", "attr"})
        assert list(temporary.glob("heatmaps-import-*")) == []
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        connection.request("GET", f"{PICTURES}{one['id']}/", headers=authorized)
        reply = connection.getresponse()
        assert (reply.status, reply.getheader("Content-Type")) == (200, "image/webp")
        assert Image.open(io.BytesIO(reply.read())).size == (1_440, 3_000)
        connection.request("HEAD", f"{PICTURES}{one['id']}/", headers=authorized)
        assert connection.getresponse().status == 200
        connection.close()

"""Selectors: whatever way a name is written, it is read as that name."""

from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from heatmaps.population.selectors import MAX_LENGTH, BadSelector, Compound, Within, parse

# A compound as it is meant: tag, and pieces in their order: (".", name), ("#", name) or (attribute, value).
Piece = tuple[str, str]
HEXADECIMAL = "0123456789abcdefABCDEF"
WHITESPACE = [" ", "\t", "\n", "\r\n", "\f"]
COMBINATORS = {Within.ANCESTOR: [" ", "\n  ", " /* b > c */ "], Within.PARENT: [">", " > ", "\t>\n", "/* */>"]}

names = st.text(
    st.sampled_from([*"aZ09-_.:#[]()'\"\\/*+~>=,; \t\n@$^|", "é", "ß", "🙂", "\U000f0000", "\U0010ffff", "\x7f"])
    | st.characters(exclude_characters="\0", exclude_categories=["Cs"]),
    min_size=1,
    max_size=6,
)


@st.composite
def written_names(draw: st.DrawFn, name: str) -> str:
    """An identifier in one of the ways that CSS has for it, each character plain, or escaped in one of two forms."""
    text = ""
    for place, character in enumerate(name):
        is_plain = character.isalnum() or character in "-_" or ord(character) >= 0x80
        is_bound = place < 2 and ((character.isdigit() and character.isascii()) or character == "-")
        forms = ["hexadecimal"]
        if is_plain and not is_bound:
            forms.append("plain")
        if character not in HEXADECIMAL and character not in "\n\r\f":
            forms.append("escaped")
        text += _written(draw, character, draw(st.sampled_from(forms)), name[place + 1 : place + 2])
    return text


@st.composite
def written_strings(draw: st.DrawFn, value: str) -> str:
    quote = draw(st.sampled_from(["'", '"']))
    text = ""
    for place, character in enumerate(value):
        forms = ["hexadecimal"]
        if character not in f"{quote}\\\n\r\f":
            forms.append("plain")
        if character not in HEXADECIMAL and character not in "\n\r\f":
            forms.append("escaped")
        text += _written(draw, character, draw(st.sampled_from(forms)), value[place + 1 : place + 2])
        text += draw(st.sampled_from(["", "", "", "\\\n"]))
    return quote + text + quote


def _written(draw: st.DrawFn, character: str, form: str, following: str) -> str:
    if form == "plain":
        return character
    if form == "escaped":
        return f"\\{character}"
    # Whitespace after the digits is no part of the name. Six digits end without it.
    code = draw(st.sampled_from([f"{ord(character):x}", f"{ord(character):X}", f"{ord(character):06x}"]))
    needs_end = len(code) < 6 or not following or following.isspace()
    return f"\\{code}{draw(st.sampled_from(WHITESPACE)) if needs_end or draw(st.booleans()) else ''}"


@st.composite
def compounds(draw: st.DrawFn) -> tuple[str | None, list[Piece], str]:
    """Tag and pieces, and how they are written."""
    tag = draw(st.none() | names)
    text = draw(st.sampled_from(["*", "*"])) if tag is None else draw(written_names(tag))
    pieces: list[Piece] = []
    for kind in draw(st.lists(st.sampled_from([".", "#", "["]), max_size=3)):
        if kind == "[":
            name, value = draw(names), draw(names | st.just(""))
            written = draw(written_strings(value) | written_names(value)) if value else '""'
            between = draw(st.sampled_from(["", " "]))
            text += f"[{between}{draw(written_names(name))}{between}={between}{written}{between}]"
            pieces.append((name, value))
        else:
            name = draw(names)
            text += kind + draw(written_names(name))
            pieces.append((kind, name))
    return tag, pieces, text


@st.composite
def selectors(draw: st.DrawFn) -> tuple[str, tuple[Compound, ...]]:
    text, meant, within = "", list[Compound](), Within.PAGE
    for place in range(draw(st.integers(1, 3))):
        if place:
            within = draw(st.sampled_from(list(COMBINATORS)))
            text += draw(st.sampled_from(COMBINATORS[within]))
        tag, pieces, written = draw(compounds())
        text += written
        meant.append(
            Compound(
                None if tag is None else in_lower_case(tag),
                tuple(name for kind, name in pieces if kind == "."),
                tuple(("id" if kind == "#" else in_lower_case(kind), name) for kind, name in pieces if kind != "."),
                within,
            )
        )
    return text, tuple(meant)


def in_lower_case(text: str) -> str:
    return "".join(character.lower() if character.isascii() else character for character in text)


@settings(deadline=None)
@given(one=selectors())
def test_a_selector_is_read_as_it_was_meant(one: tuple[str, tuple[Compound, ...]]) -> None:
    text, meant = one
    if text == text.strip() and len(text) <= MAX_LENGTH:
        assert parse(text) == meant


def only(**parts: Any) -> tuple[Compound, ...]:
    return (Compound(**({"tag": None, "classes": (), "attributes": (), "within": Within.PAGE} | parts)),)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        (r"#\31 23", only(attributes=(("id", "123"),))),
        (r"#\000031 23", only(attributes=(("id", "123"),))),
        (r"#\00003123", only(attributes=(("id", "123"),))),
        (r".\32xl", only(classes=("2xl",))),
        (r".\32 xl\:p-4", only(classes=("2xl:p-4",))),
        (r".\33 \33", only(classes=("33",))),
        (r".\5c 31", only(classes=(r"\31",))),
        (r".\\31", only(classes=(r"\31",))),
        (r".\E9 t\0000e9", only(classes=("été",))),
        (r".\0", only(classes=("\ufffd",))),
        (r".\d800 a", only(classes=("\ufffda",))),
        (r".\ffffff", only(classes=("\ufffd",))),
        (r'[title="a\A b"]', only(attributes=(("title", "a\nb"),))),
        (r'[title="a\"b\\"]', only(attributes=(("title", 'a"b\\'),))),
        ('[title="a\\\nb"]', only(attributes=(("title", "ab"),))),
        ("[title=a s]", only(attributes=(("title", "a"),))),
        # No names by the standard, and written all the same.
        (".1x", only(classes=("1x",))),
        (".--x", only(classes=("--x",))),
        ("#1x", only(attributes=(("id", "1x"),))),
        ("[data-id=12]", only(attributes=(("data-id", "12"),))),
        ("[data-id = -1]", only(attributes=(("data-id", "-1"),))),
        ("[data-id='=1.2']", only(attributes=(("data-id", "=1.2"),))),
    ],
)
def test_escapes_are_those_of_css(text: str, meant: tuple[Compound, ...]) -> None:
    assert parse(text) == meant


@settings(deadline=None)
@given(text=st.text("ab1-.#:[]()'\"\\*>+~|=,/ \n\U000f0000", max_size=30) | st.text(max_size=10))
@example(text=":is(" * 250)
@example(text=":has(" * 200)
@example(text=".a" * 500)
@example(text="a " * 500)
@example(text="\\")
@example(text="'\\")
def test_any_text_is_a_selector_or_refused_in_a_sentence(text: str) -> None:
    try:
        parts = parse(text)
    except BadSelector as error:
        sentence = str(error)
        assert sentence.startswith(("The selector ", "A selector ")), sentence
        assert sentence.endswith("."), sentence
        assert len(sentence) < 200, sentence
    else:
        for part in parts:
            for name in (part.tag or "", *part.classes, *(text for pair in part.attributes for text in pair)):
                name.encode()
                assert "\0" not in name or "\0" in text

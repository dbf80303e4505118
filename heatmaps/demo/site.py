"""The demo's pages: what is on each, and where. All lengths are CSS px.

Both the made-up visitors and the pages' HTML take places from here, so that heat lies where the buttons are.
"""

from heatmaps.demo.pages import Box, Element, Page

ORIGIN = "https://demo.example.com"
# Where this service serves the pages, while the demo runs.
HOME = "/demo"
DESKTOP_WIDTH = 1440
MOBILE_WIDTH = 390
# For so many days the shop has looked as it does now: what people click changed with that.
NEW_DAYS = 7
# Windows, not screens: what the browser leaves to the page. Each with its share of the visitors.
DESKTOP_WINDOWS = {
    (1280, 633): 12,
    (1366, 657): 20,
    (1440, 789): 18,
    (1536, 730): 24,
    (1920, 969): 20,
    (2560, 1305): 6,
}
MOBILE_WINDOWS = {
    (360, 668): 22,
    (375, 667): 10,
    (390, 763): 28,
    (393, 742): 18,
    (412, 785): 14,
    (430, 839): 8,
}

NAVIGATION = (
    Element("logo", (40, 12, 140, 40), (16, 10, 110, 36), 2, to="/", is_fixed=True),
    Element("menu", None, (338, 10, 40, 36), 4, is_fixed=True),
    Element("Coffee", (560, 16, 84, 32), (16, 72, 358, 44), 7, to="/coffee", is_fixed=True),
    Element("Subscription", (672, 16, 120, 32), (16, 120, 358, 44), 4, to="/subscription", is_fixed=True),
    Element("Blog", (820, 16, 60, 32), (16, 168, 358, 44), 3, to="/blog/", is_fixed=True),
    Element("About", (908, 16, 70, 32), (16, 216, 358, 44), 2, to="/about", is_fixed=True),
    Element("Cart", (1340, 16, 60, 32), (282, 10, 44, 36), 3, to="/cart", is_fixed=True),
    Element("chat", (1364, -76, 56, 56), (320, -70, 54, 54), 1.5, is_fixed=True),
)


def article(path: str, *, entry: float, heights: tuple[int, int], picture: Box, next_post: str) -> Page:
    """A post of the blog: a long column of text that few read to its end."""
    desktop, mobile = heights
    return Page(
        path=path,
        entry=entry,
        patience=0.27,
        heights=heights,
        reading=((380, 220, 680, desktop - 700), (20, 180, 350, mobile - 900)),
        elements=(
            *NAVIGATION,
            Element("picture", picture, (0, 320, 390, 240), 9, is_dead=True),
            Element("table of contents", (120, 300, 200, 260), (20, 600, 350, 180), 8),
            Element("shop link in the text", (420, 1380, 180, 24), (40, 2100, 200, 24), 6, to="/coffee"),
            Element("next post", (380, desktop - 420, 680, 120), (20, mobile - 640, 350, 140), 1.2, to=next_post),
            Element("newsletter", (380, desktop - 240, 420, 48), (20, mobile - 420, 350, 48), 0.3),
        ),
        suffixes=(("/", 0.12), ("?utm_source=newsletter&utm_medium=email", 0.1), ("#comments", 0.04)),
    )


def product(path: str, *, entry: float) -> Page:
    """A coffee. Its picture shows a magnifier, and does not grow."""
    return Page(
        path=path,
        entry=entry,
        patience=0.45,
        heights=(3000, 4300),
        reading=((800, 140, 520, 1300), (20, 620, 350, 1500)),
        elements=(
            *NAVIGATION,
            Element("picture", (120, 140, 600, 600), (0, 64, 390, 390), 5, is_dead=True),
            Element("magnifier in the picture", (656, 676, 48, 48), (336, 400, 44, 44), 9, is_dead=True),
            Element("Add to cart", (800, 520, 300, 56), (20, 720, 350, 56), 22, to="/cart"),
            Element("grind", (800, 360, 420, 48), (20, 560, 350, 48), 9),
            Element("size", (800, 430, 420, 48), (20, 624, 350, 48), 8),
            Element("reviews", (800, 1180, 200, 40), (20, 1700, 200, 40), 4),
            Element("similar coffee", (120, 2100, 380, 420), (20, 2900, 350, 380), 3, to="/coffee"),
        ),
        suffixes=(("/", 0.06), ("?ref=instagram", 0.08)),
    )


PAGES = (
    Page(
        path="/",
        entry=40,
        patience=0.4,
        heights=(4200, 6800),
        reading=((120, 180, 700, 3400), (24, 120, 342, 5600)),
        elements=(
            *NAVIGATION,
            Element("Shop now", (120, 452, 200, 56), (24, 468, 342, 52), 34, to="/coffee"),
            Element("Read our story", (344, 452, 180, 56), (24, 536, 342, 52), 4, to="/about", new_weight=1.5),
            Element("Yirgacheffe", (80, 980, 400, 380), (24, 1020, 342, 400), 6, to="/coffee/ethiopia-yirgacheffe"),
            Element("Huila", (520, 980, 400, 380), (24, 1460, 342, 400), 4, to="/coffee/colombia-huila"),
            Element("all coffees", (960, 980, 400, 380), (24, 1900, 342, 400), 3, to="/coffee"),
            Element(
                "Try the subscription", (560, 1820, 320, 56), (24, 2900, 342, 56), 6, to="/subscription", new_weight=18
            ),
            Element("brewing guide", (80, 2560, 400, 300), (24, 3800, 342, 300), 3, to="/blog/brewing-guide"),
            Element("newsletter", (480, 3640, 380, 48), (24, 6000, 342, 48), 1.5),
            Element("contact", (120, 4100, 100, 24), (24, 6600, 100, 24), 1, to="/contact"),
        ),
        suffixes=(("?utm_source=newsletter&utm_medium=email", 0.1), ("?gclid=demo", 0.08), ("#reviews", 0.03)),
    ),
    Page(
        path="/coffee",
        entry=12,
        patience=0.55,
        heights=(2600, 5200),
        reading=((80, 160, 1280, 2100), (20, 140, 350, 4600)),
        elements=(
            *NAVIGATION,
            Element("Yirgacheffe", (200, 680, 160, 44), (110, 640, 170, 44), 18, to="/coffee/ethiopia-yirgacheffe"),
            Element("Huila", (640, 680, 160, 44), (110, 1120, 170, 44), 12, to="/coffee/colombia-huila"),
            Element("sold out", (960, 320, 400, 420), (20, 1220, 350, 440), 5, is_dead=True),
            Element("sort", (1180, 200, 180, 44), (20, 160, 165, 44), 8),
            Element("roast", (80, 200, 420, 44), (200, 160, 170, 44), 9),
            Element("next page", (680, 2300, 80, 44), (150, 4700, 90, 44), 2, to="/coffee"),
            # The roaster's own people keep the shop tidy here. They make this the hottest spot of the page, until
            # they are filtered out.
            Element("Edit", (1388, 116, 20, 20), None, 400, to="/coffee", is_for_staff=True),
        ),
        suffixes=(("/", 0.12), ("?sort=price", 0.1), ("?page=2", 0.06), ("?sort=price&roast=light", 0.04)),
    ),
    product("/coffee/ethiopia-yirgacheffe", entry=5),
    product("/coffee/colombia-huila", entry=4),
    Page(
        path="/subscription",
        entry=7,
        patience=0.5,
        heights=(3400, 4900),
        reading=((120, 160, 800, 2900), (24, 120, 342, 4300)),
        elements=(
            *NAVIGATION,
            Element("250 g", (120, 760, 360, 56), (24, 900, 342, 56), 6, to="/cart"),
            Element("500 g", (540, 760, 360, 56), (24, 1360, 342, 56), 20, to="/cart", new_weight=11),
            Element("1 kg", (960, 760, 360, 56), (24, 1820, 342, 56), 7, to="/cart", new_weight=16),
            Element("every two weeks or four", (540, 400, 360, 48), (24, 420, 342, 48), 10),
            Element("questions", (120, 2000, 1200, 480), (24, 3000, 342, 700), 6),
        ),
        suffixes=(("/", 0.1), ("?plan=500", 0.06)),
    ),
    Page(
        path="/cart",
        entry=1,
        patience=0.8,
        heights=(1300, 1500),
        reading=((120, 140, 800, 600), (20, 90, 350, 700)),
        elements=(
            *NAVIGATION,
            Element("Check out", (980, 520, 340, 56), (20, 820, 350, 56), 30, to="/checkout"),
            Element("quantity", (640, 220, 120, 40), (230, 260, 140, 40), 8),
            Element("remove", (860, 220, 40, 40), (330, 200, 40, 40), 4),
            Element("keep shopping", (120, 620, 180, 40), (20, 900, 350, 44), 5, to="/coffee"),
        ),
    ),
    Page(
        path="/checkout",
        entry=0.5,
        patience=0.9,
        heights=(1700, 2300),
        reading=((160, 140, 620, 1100), (20, 90, 350, 1500)),
        elements=(
            Element("logo", (40, 12, 140, 40), (16, 10, 110, 36), 1, to="/", is_fixed=True),
            Element("address", (160, 220, 620, 380), (20, 180, 350, 520), 20),
            Element("payment", (160, 700, 620, 200), (20, 800, 350, 240), 12),
            Element("voucher", (900, 420, 240, 44), (20, 1180, 220, 44), 6),
            Element("Redeem voucher", (1160, 420, 120, 44), (256, 1180, 114, 44), 16, is_broken=True),
            Element("Pay now", (900, 620, 380, 60), (20, 1420, 350, 60), 22, to="/thanks"),
            Element("back to the cart", (160, 1300, 160, 32), (20, 1540, 350, 44), 4, to="/cart"),
        ),
        suffixes=(("?step=payment", 0.15),),
    ),
    Page(
        path="/thanks",
        entry=0,
        patience=0.9,
        heights=(1200, 1300),
        reading=((380, 160, 680, 500), (20, 100, 350, 600)),
        elements=(
            *NAVIGATION,
            Element("track the parcel", (560, 420, 320, 56), (20, 480, 350, 56), 14),
            Element("brewing guide", (560, 620, 320, 44), (20, 640, 350, 44), 8, to="/blog/brewing-guide"),
        ),
    ),
    Page(
        path="/blog/",
        entry=3,
        patience=0.5,
        heights=(2800, 3900),
        reading=((160, 160, 1100, 2300), (20, 100, 350, 3400)),
        elements=(
            *NAVIGATION,
            Element("brewing guide", (160, 220, 1120, 420), (20, 160, 350, 480), 16, to="/blog/brewing-guide"),
            Element("grind size", (160, 720, 540, 380), (20, 700, 350, 420), 9, to="/blog/grind-size"),
            Element("water", (740, 720, 540, 380), (20, 1180, 350, 420), 6, to="/blog/water-matters"),
            Element("new roastery", (160, 1160, 540, 380), (20, 1660, 350, 420), 3, to="/blog/our-new-roastery"),
        ),
        suffixes=(("?page=2", 0.05),),
    ),
    article(
        "/blog/brewing-guide",
        entry=22,
        heights=(9200, 13400),
        picture=(380, 520, 680, 380),
        next_post="/blog/grind-size",
    ),
    article(
        "/blog/grind-size",
        entry=12,
        heights=(6400, 9600),
        picture=(380, 760, 680, 380),
        next_post="/blog/water-matters",
    ),
    article(
        "/blog/water-matters",
        entry=4,
        heights=(5200, 7800),
        picture=(380, 640, 680, 420),
        next_post="/blog/our-new-roastery",
    ),
    article(
        "/blog/our-new-roastery",
        entry=2,
        heights=(4400, 6200),
        picture=(300, 420, 840, 480),
        next_post="/blog/brewing-guide",
    ),
    Page(
        path="/about",
        entry=2,
        patience=0.5,
        heights=(3600, 5000),
        reading=((380, 220, 680, 2900), (20, 160, 350, 4400)),
        elements=(
            *NAVIGATION,
            Element("the roastery", (200, 400, 1040, 520), (0, 300, 390, 280), 7, is_dead=True),
            Element("visit us", (380, 2400, 240, 48), (20, 3400, 350, 48), 6, to="/contact"),
            Element("to the coffees", (640, 2400, 240, 48), (20, 3464, 350, 48), 5, to="/coffee"),
        ),
    ),
    Page(
        path="/contact",
        entry=2,
        patience=0.7,
        heights=(1500, 1900),
        reading=((380, 200, 680, 800), (20, 120, 350, 1100)),
        elements=(
            *NAVIGATION,
            Element("message", (380, 360, 680, 320), (20, 320, 350, 360), 16),
            Element("Send", (380, 720, 200, 52), (20, 720, 350, 52), 10),
            Element("map", (380, 860, 680, 320), (20, 900, 350, 320), 6),
        ),
    ),
)
PAYMENT_DONE = "/thanks"


def url(path: str) -> str:
    return ORIGIN + path

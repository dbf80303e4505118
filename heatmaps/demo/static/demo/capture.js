// Sends what visitors of this page do to the service that serves it, in the wire format of posthog-js.
(() => {
  if (window.top !== window) return; // Framed by the viewer, the page has no visitor.
  const { token } = /** @type {HTMLScriptElement} */ (document.currentScript).dataset;
  const url = /** @type {HTMLLinkElement} */ (document.querySelector("link[rel=canonical]")).href;
  const visitor = (localStorage.demoVisitor ||= crypto.randomUUID());
  const session = (sessionStorage.demoSession ||= crypto.randomUUID());
  const points = /** @type {object[]} */ ([]);
  let [deepest, resting] = [scrollY, 0];
  /** @param {string} event @param {object} [more] */
  const send = (event, more) => {
    const properties = { token, $current_url: url, $host: new URL(url).host, $session_id: session,
      $viewport_width: innerWidth, $viewport_height: innerHeight, ...more };
    const sent = { uuid: crypto.randomUUID(), event, distinct_id: visitor, properties };
    navigator.sendBeacon("/e/?beacon=1", JSON.stringify([sent]));
  };
  const sendPoints = () => points.length && send("$$heatmap", { $heatmap_data: { [url]: points.splice(0) } });
  /** What an element is, and what it says itself. @param {Element} element */
  const told = (element) => {
    const siblings = [...(element.parentElement?.children ?? [element])];
    const said = [...element.childNodes].map((node) => (node instanceof Text ? node.data : "")).join("");
    const attributes = [...element.attributes]
      .filter(({ name }) => name !== "style" && name !== "data-element")
      // On the site itself there is nothing in front of a page's path.
      .map(({ name, value }) => [`attr__${name}`, name === "href" ? value.replace(/^\/demo(?=\/)/, "") : value]);
    return { tag_name: element.localName, ...Object.fromEntries(attributes), $el_text: said.replace(/\s+/g, " ").trim(),
      nth_child: siblings.indexOf(element) + 1,
      nth_of_type: siblings.filter((one) => one.localName === element.localName).indexOf(element) + 1 };
  };
  /** What was clicked, and all that it is in. @param {MouseEvent} event */
  const autocapture = ({ target }) => {
    if (!(target instanceof Element) || target.localName === "heatmaps-overlay") return;
    const elements = [];
    for (let one = /** @type {Element | null} */ (target); one; one = one.parentElement) elements.push(told(one));
    send("$autocapture", { $event_type: "click", $elements: elements });
  };
  /** @param {string} type @param {MouseEvent} event */
  const keep = (type, { clientX, clientY, target }) => {
    let around = target instanceof Element ? target : null;
    if (around?.localName === "heatmaps-overlay") return; // Whoever looks at the map is no visitor of its panel.
    while (around && getComputedStyle(around).position !== "fixed") around = around.parentElement;
    const [left, top] = around ? [0, 0] : [scrollX, scrollY];
    points.push({ type, target_fixed: around !== null, x: clientX + left, y: clientY + top });
  };

  addEventListener("click", (event) => keep("click", event), true);
  addEventListener("click", autocapture, true);
  addEventListener("mousemove", (event) => {
    clearTimeout(resting);
    resting = window.setTimeout(keep, 500, "mousemove", event);
  });
  addEventListener("scroll", () => (deepest = Math.max(deepest, scrollY)));
  setInterval(sendPoints, 1000);
  addEventListener("pagehide", () => {
    sendPoints();
    send("$pageleave", { $prev_pageview_pathname: new URL(url).pathname, $prev_pageview_max_scroll: deepest });
  });
  send("$pageview");
})();

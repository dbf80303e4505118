// Opens the map over a page whose address asks for it. Until then it does nothing, and asks nothing.
(() => {
  const { src, dataset } = /** @type {HTMLScriptElement} */ (document.currentScript);
  const look = async () => {
    const { hash, href } = location;
    const [whole, before, token, more] = /([#&])heatmap=(phs_[\w-]+)(&?)/.exec(hash) ?? [];
    if (!whole) return;
    history.replaceState(history.state, "", href.slice(0, -hash.length) + hash.replace(whole, more && before));
    const { open } = /** @type {typeof import("./main.js")} */ (await import(`${new URL("./main.js", src)}`));
    open({ token, root: `${new URL(".", src)}`, url: dataset.url });
  };
  addEventListener("hashchange", look);
  look();
})();

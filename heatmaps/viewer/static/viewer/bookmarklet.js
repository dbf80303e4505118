// The overlay for pages that do not have its script: a bookmark that puts it there, as far as the page's policy allows.

/**
 * What a bookmark of it does: it loads the script, which takes the token from the page's address. Where none is there any
 * more, it asks for the link.
 * @param {string} script the address of the overlay's script
 */
export function bookmarklet(script) {
  const code = `(() => {
    const tag = document.createElement("script");
    tag.src = ${JSON.stringify(script)};
    tag.onerror = () => alert("This page does not let scripts of ${new URL(script).host} in.");
    if (!/heatmap=phs_/.test(location.hash)) {
      const token = /phs_[\\w-]+/.exec(prompt("The share link of this page:") || "");
      if (!token) return;
      history.replaceState(history.state, "", location.href + "#heatmap=" + token[0]);
    }
    document.head.append(tag);
  })()`;
  return `javascript:${encodeURIComponent(code.replace(/\n\s*/g, " "))}`;
}

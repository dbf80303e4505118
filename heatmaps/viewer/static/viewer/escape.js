// Escape closes what is open: one thing at a time, the innermost first.

/**
 * Each closes something and says whether there was anything to close; the first that says so is the last that is asked.
 * Whatever closes by itself takes the key for itself: dialogs and popovers, and those who call `preventDefault`.
 * @param {(() => boolean)[]} closers
 */
export function bind(closers) {
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.defaultPrevented || event.isComposing) return;
    if (document.querySelector("dialog[open], :popover-open")) return;
    if (closers.some((close) => close())) event.preventDefault();
  });
}

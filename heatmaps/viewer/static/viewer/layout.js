// What has no room in a narrow window: the filters become a sheet from below, rare tools a menu.
import { $ } from "./elements.js";

const controls = $("controls");
const sheet = /** @type {HTMLDialogElement} */ ($("filters"));
const menu = $("menu");

/** The filters are the same form, which goes to where there is room for it. */
function openSheet() {
  sheet.append(controls);
  sheet.showModal();
  $("toggle-controls").setAttribute("aria-expanded", "true");
}

function putBack() {
  $("viewer").prepend(controls);
  $("toggle-controls").setAttribute("aria-expanded", "false");
}

// What leads out of the menu; the other tools do their work in it.
const WAYS_OUT = "#copy-link, #share, #copy-curl, #forget-key";

/** Whatever opens over the menu takes its place, and gives the focus back to the button of the menu. @param {Event} event */
function leaveMenu({ target }) {
  if (!(target instanceof Element && target.closest(WAYS_OUT)) || !menu.matches(":popover-open")) return;
  menu.hidePopover();
  $("more").focus();
}

export function bind() {
  $("toggle-controls").addEventListener("click", openSheet);
  $("close-filters").addEventListener("click", () => sheet.close());
  sheet.addEventListener("close", putBack);
  // Nothing of the sheet itself is free, so that a press on it is one beside it.
  sheet.addEventListener("click", ({ target }) => target === sheet && sheet.close());
  menu.addEventListener("click", leaveMenu, { capture: true });
  // In a window that has become wide, both have their own place.
  matchMedia("(min-width: 760px)").addEventListener("change", () => sheet.open && sheet.close());
  matchMedia("(min-width: 1200px)").addEventListener("change", () => menu.hidePopover());
}

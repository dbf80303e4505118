// Shares the page that is looked at: makes a token, shows it once with the link that opens the map on the page itself, and
// lists the tokens of the project, which can be revoked.
import { ask, Refused, send } from "./api.js";
import { bookmarklet } from "./bookmarklet.js";
import { act } from "./cards.js";
import { offer } from "./copying.js";
import { current, path } from "./current.js";
import { $, input, make, select } from "./elements.js";
import { showError } from "./signing_in.js";
import { frameAddress } from "./state.js";
import { readable } from "./words.js";

/** @typedef {import("./state.js").State} State */
/**
 * @typedef {{
 *   id: number, mask: string, label: string, url_page: string | null, url_exact: string | null,
 *   url_pattern: string | null, expires_at: string, is_expired: boolean, last_used_at: string | null,
 * }} Share
 */

const FEW_VISITORS = 5;
const DAYS = /** @type {const} */ ([["1", "a day"], ["7", "7 days"], ["30", "30 days"]]);
const DAY_SECONDS = 86_400;

/** @type {HTMLDialogElement | null} */
let dialog = null;
// What is shared: as it was when the dialog was opened, which shows it.
let shared = current();

export function bind() {
  $("share").addEventListener("click", () => void open());
}

/** The dialog with links of what is looked at. */
export async function open() {
  dialog ??= made();
  shared = current();
  const { page, url, pattern } = shared;
  input("share-url").value = pattern || page || url;
  $("share-kind").textContent = pattern ? "URL pattern" : "Page";
  $("share-made").hidden = true;
  say("");
  dialog.showModal();
  input("share-label").focus();
  await list();
}

/** The dialog, which is made when it is first asked for. */
function made() {
  const found = make("dialog", { id: "share-dialog", className: "shares" });
  found.setAttribute("aria-labelledby", "share-title");
  const form = make("form", { method: "dialog" });
  const url = make("input", { id: "share-url", type: "text", readOnly: true });
  const label = make("input", { id: "share-label", type: "text", maxLength: 200, placeholder: "Ann", autocomplete: "off" });
  const days = make("select", { id: "share-days" });
  days.append(...DAYS.map(([value, textContent]) => make("option", { value, textContent, selected: value === "7" })));
  const visitors = make("input", { id: "share-visitors", type: "number", min: "1", max: "1000", required: true });
  visitors.value = String(FEW_VISITORS);
  const fields = make("div", { className: "share-fields" });
  fields.append(
    field("share-url", "Page", url, "share-kind"),
    field("share-label", "For whom", label),
    field("share-days", "Expires after", days),
    field("share-visitors", "Leave out places with fewer visitors than", visitors),
  );
  const row = make("div", { className: "row" });
  row.append(
    make("span", { id: "share-said", className: "hint" }),
    make("span", { className: "gap" }),
    make("button", { type: "submit", className: "primary", textContent: "Make a link" }),
    act("Close", () => found.close()),
  );
  $in(row, "share-said").setAttribute("role", "status");
  form.append(
    make("h2", { id: "share-title", textContent: "Share this page" }),
    make("p", {
      className: "hint",
      textContent:
        "Whoever has the link sees the map of this page, over the page itself where that has the overlay’s script, and " +
        "nothing else: no other page, and no visitor.",
    }),
    fields,
    row,
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void makeOne();
  });
  found.append(form, result(), make("h3", { id: "shares-title", textContent: "Links of this project" }));
  found.append(make("ul", { id: "shares-list", className: "share-list" }));
  // The way back leads away from what is shared.
  addEventListener("popstate", () => found.close());
  document.body.append(found);
  return found;
}

/** Where the new token and its link are shown. */
function result() {
  const box = make("div", { id: "share-made", className: "share-made", hidden: true });
  const link = make("input", { id: "share-link", type: "text", readOnly: true });
  const token = make("input", { id: "share-token", type: "text", readOnly: true });
  const row = make("div", { className: "row" });
  const open_ = make("a", { id: "share-open", className: "button", target: "_blank", rel: "noopener noreferrer" });
  open_.textContent = "Open on the page";
  row.append(make("span", { className: "gap" }), act("Copy link", () => copy("share-link")), open_);
  const once = make("p", { className: "hint", textContent: "Keep them now: they are not shown again." });
  box.append(field("share-link", "Link", link), field("share-token", "Token", token), once, row, elsewhere());
  return box;
}

/** For pages without the overlay's script. */
function elsewhere() {
  const href = bookmarklet(String(new URL(`${document.body.dataset.root ?? "/"}overlay.js`, location.href)));
  const mark = make("a", { id: "share-bookmarklet", className: "button", textContent: "Heatmap", href });
  // Here it would do nothing.
  mark.addEventListener("click", (event) => {
    event.preventDefault();
    offer("Bookmarklet", "Make a bookmark with this as its address, and press it on the page.", href);
  });
  const words = make("p", { className: "hint" });
  words.append("Pages without the script: drag ", mark, " to your bookmarks, open the link, and press the bookmark.");
  return words;
}

/**
 * @param {string} id
 * @param {string} words
 * @param {HTMLElement} control
 * @param {string} [wordsId]
 */
function field(id, words, control, wordsId) {
  const box = make("div");
  const label = make("label", { htmlFor: id, textContent: words });
  if (wordsId) label.id = wordsId;
  box.append(label, control);
  return box;
}

/** @param {HTMLElement} box @param {string} id */
function $in(box, id) {
  return /** @type {HTMLElement} */ (box.querySelector(`#${id}`));
}

async function makeOne() {
  const state = shared;
  try {
    const share = await send("POST", path("heatmaps/shares/"), {
      ...pages(state),
      label: input("share-label").value.trim(),
      expires_in: Number(select("share-days").value) * DAY_SECONDS,
      min_visitors: input("share-visitors").valueAsNumber,
    });
    if (shared === state) show(/** @type {{ token: string }} */ (share).token, state);
    say("");
    await list();
  } catch (error) {
    refused(error);
  }
}

/** What is looked at, as a share has it. @param {State} state */
function pages({ page, url, pattern }) {
  if (pattern) return { url_pattern: pattern };
  return page ? { url_page: page } : { url_exact: url };
}

/** @param {string} token @param {State} state */
function show(token, { page, url, site }) {
  const there = url || page;
  const here = frameAddress(there, site, location.href);
  // What this service itself serves in the place of the page may read what the token opens; other sites may not.
  const address = site && here && new URL(here).origin === location.origin ? here : there;
  // A pattern may be looked at with no page below; then there is nothing to open.
  const link = address && `${address}#heatmap=${token}`;
  $("share-made").hidden = false;
  input("share-token").value = token;
  input("share-link").value = link;
  const open_ = $("share-open");
  open_.hidden = !/^https?:/i.test(link);
  if (open_.hidden) open_.removeAttribute("href");
  else open_.setAttribute("href", link);
  input(link ? "share-link" : "share-token").select();
}

async function list() {
  try {
    const { results } = /** @type {{ results: Share[] }} */ (await ask(path("heatmaps/shares/")));
    $("shares-title").hidden = !results.length;
    $("shares-list").replaceChildren(...results.map(entry));
  } catch (error) {
    $("shares-title").hidden = true;
    $("shares-list").replaceChildren();
    refused(error);
  }
}

/** @param {Share} share */
function entry(share) {
  const item = make("li");
  const words = make("span");
  const name = share.label || share.mask;
  const ends = `${share.is_expired ? "expired" : "expires"} ${day(share.expires_at)}`;
  const used = share.last_used_at ? `last used ${day(share.last_used_at)}` : "never used";
  const page = share.url_page ?? share.url_exact;
  words.title = page ?? share.url_pattern ?? "";
  words.append(
    page === null ? (share.url_pattern ?? "") : readable(page),
    make("small", { textContent: [share.label, share.mask, ends, used].filter(Boolean).join(" · ") }),
  );
  const revoke = act("Revoke", () => revokeOne(share));
  revoke.setAttribute("aria-label", `Revoke ${name}`);
  item.append(words, revoke);
  return item;
}

/** @param {string} moment */
const day = (moment) => new Date(moment).toLocaleDateString("en-GB", { day: "numeric", month: "short", year: "numeric" });

/** @param {Share} share */
async function revokeOne(share) {
  try {
    await send("DELETE", path(`heatmaps/shares/${share.id}/`));
    say(`Revoked ${share.label || share.mask}.`);
    $("share-made").hidden = true;
    await list();
  } catch (error) {
    refused(error);
  }
}

/** @param {string} id */
async function copy(id) {
  input(id).select();
  // Only pages on https or on this very machine may write to the clipboard themselves.
  try {
    await navigator.clipboard.writeText(input(id).value);
    say("Copied");
  } catch {
    say("Selected; copy it with the keyboard");
  }
}

/** @param {unknown} error */
function refused(error) {
  if (!(error instanceof Refused) || error.status === 401) {
    dialog?.close();
    showError(error);
  } else if (error.status === 403) say("Your key may only read. One with the scope heatmap:write makes links.");
  else say(error.message);
}

/** @param {string} sentence */
function say(sentence) {
  $("share-said").textContent = sentence;
}

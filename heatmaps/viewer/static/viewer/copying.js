// Offers words to be copied, in a dialog where they can be read as well.

const $ = (id) => document.getElementById(id);

export function offer(heading, hint, words) {
  $("copy-title").textContent = heading;
  $("copy-hint").textContent = hint;
  $("copy-text").value = words;
  $("copied").textContent = "";
  $("copy-dialog").showModal();
  $("copy-text").select();
}

$("copy").addEventListener("click", async () => {
  $("copy-text").select();
  // Only pages on https or on this very machine may write to the clipboard themselves.
  try {
    await navigator.clipboard.writeText($("copy-text").value);
    $("copied").textContent = "Copied";
  } catch {
    $("copied").textContent = "Selected; copy it with the keyboard";
  }
});

// The theme: light, dark, or as the system has it. A plain script, so that it is done before the first paint.
{
  const KEY = "heatmaps.theme";
  const THEMES = ["light", "dark"];
  const root = document.documentElement;

  /** What was chosen; "" for as the system has it. */
  const chosen = () => {
    // Browsers can be told to keep nothing.
    try {
      return localStorage.getItem(KEY) ?? "";
    } catch {
      return "";
    }
  };

  /** @param {string} theme */
  const apply = (theme) => {
    if (THEMES.includes(theme)) root.dataset.theme = theme;
    else delete root.dataset.theme;
  };

  /** @param {string} theme */
  const remember = (theme) => {
    try {
      if (theme) localStorage.setItem(KEY, theme);
      else localStorage.removeItem(KEY);
    } catch {
      // Then it holds for this page alone.
    }
  };

  apply(chosen());
  document.addEventListener("DOMContentLoaded", () => {
    const field = document.getElementById("theme");
    if (!(field instanceof HTMLSelectElement)) return;
    field.value = root.dataset.theme ?? "";
    field.addEventListener("change", () => {
      apply(field.value);
      remember(field.value);
    });
    // Another tab of the viewer has chosen.
    addEventListener("storage", ({ key }) => {
      if (key !== KEY) return;
      apply(chosen());
      field.value = root.dataset.theme ?? "";
    });
  });
}

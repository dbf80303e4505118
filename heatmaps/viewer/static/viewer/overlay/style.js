// How the overlay looks. A sheet that is made here is no inline style, so a page's strict policy allows it.

const CSS = `
:host {
  all: initial !important; position: absolute !important; display: block !important; left: 0 !important; top: 0 !important;
  width: 0 !important; height: 0 !important; z-index: 2147483647 !important; pointer-events: none !important;
  direction: ltr !important; color-scheme: light dark !important;
  font: 14px/1.45 system-ui, -apple-system, "Segoe UI", sans-serif !important;
}
*, ::before, ::after { box-sizing: border-box; }
[hidden] { display: none !important; }
.sheet, .screen { position: absolute; left: 0; top: 0; overflow: hidden; }
.screen { position: fixed; inset: 0; }
.is-inner { position: fixed; }
canvas { position: absolute; left: 0; top: 0; }
.bands { width: 100%; height: 100%; }
.fold { position: absolute; inset: auto 0; border-top: 2px dashed #11131c; outline: 1px solid #fff8; }
.fold span, .marks b, .tip { position: absolute; background: #11131c; color: #fff; font-size: 12px; padding: 3px 9px; border-radius: 5px; white-space: nowrap; }
.fold span { left: 8px; top: 4px; }
.marks b { right: 14px; translate: 0 -50%; font-variant-numeric: tabular-nums; }
.tip { position: fixed; max-width: 280px; white-space: normal; }
.panel {
  --ink: #1d2130; --soft: #565d70; --line: #c9cedb; --paper: #fff; --accent: #5b2a9e;
  position: fixed; right: 16px; bottom: 16px; width: 264px; max-height: calc(100vh - 32px); overflow-y: auto; pointer-events: auto;
  color: var(--ink); background: var(--paper); border: 1px solid var(--line); border-radius: 10px;
  box-shadow: 0 6px 28px #14182840; padding: 10px 14px; accent-color: var(--accent); outline: none;
}
.head { display: flex; align-items: center; gap: 8px; }
h2 { flex: 1; font-size: 14px; font-weight: 650; margin: 0; }
.said { margin: 4px 0; overflow-wrap: anywhere; }
.said small { display: block; color: var(--soft); font-size: 12px; }
summary { cursor: pointer; padding: 4px 0; font-weight: 550; }
label { display: block; font-size: 12.5px; color: var(--soft); margin-top: 8px; }
.check { display: flex; align-items: center; gap: 7px; min-height: 26px; color: var(--ink); }
.check input { margin: 0; width: 16px; height: 16px; flex: none; }
select, input[type="range"] { display: block; width: 100%; margin: 3px 0 0; }
select, button { font: inherit; color: var(--ink); background: var(--paper); border: 1px solid var(--line); border-radius: 6px; padding: 4px 8px; min-height: 32px; }
button { cursor: pointer; }
.panel :focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
@media (prefers-color-scheme: dark) {
  .panel { --ink: #eceef5; --soft: #a9b0c3; --line: #4a5166; --paper: #1b1e2a; --accent: #b99af0; }
}
@media (max-width: 560px) {
  .panel { left: 0; right: 0; bottom: 0; width: auto; max-height: 60vh; border-radius: 10px 10px 0 0; border-width: 1px 0 0; padding-bottom: max(10px, env(safe-area-inset-bottom)); }
}
@media print { :host { display: none !important; } }
`;

/** @param {ShadowRoot} root */
export function dress(root) {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(CSS);
  root.adoptedStyleSheets = [sheet];
}

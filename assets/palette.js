// The palette: opened with Ctrl or Cmd and K, narrowed while one types, walked through by arrows.
// Every entry is a link, or presses what is on the page anyway.
(() => {
  "use strict";

  const find = (selector) => document.querySelector(selector);
  const palette = () => find("#palette");
  const box = () => find("#palette-box");
  const entries = () => [...document.querySelectorAll("#palette [data-entry]")];
  const isShown = (element) => element.getClientRects().length > 0;
  const visible = () => entries().filter((one) => !one.hidden);

  // What a key finds on an order's own page (`order.js`), which has no menu at a row.
  const ON_PAGE = {
    e: ".steps .btn.primary",
    a: '[data-desk="assign"]',
    t: '[data-desk="tag"]',
    c: "#comment",
    h: '[data-desk="hold"], [data-desk="release"]',
    i: "#priority",
  };

  let at = 0;
  let before = null;

  const canDo = (does) => {
    if (!does) return true;
    if (does.startsWith("key:")) {
      const there = ON_PAGE[does.slice(4)] ?? "none";
      return [...document.querySelectorAll(`#menu-form, ${there}`)].some(
        (one) => one.id === "menu-form" || isShown(one),
      );
    }
    // Some are on the page only to be pressed from here.
    return [...document.querySelectorAll(does)].some((one) => isShown(one) || one.dataset.unseen);
  };

  const mark = () => {
    const shown = visible();
    at = Math.min(Math.max(at, 0), Math.max(shown.length - 1, 0));
    entries().forEach((one) => one.setAttribute("aria-selected", "false"));
    const entry = shown[at];
    if (entry) {
      entry.id ||= `palette-entry-${entries().indexOf(entry)}`;
      entry.setAttribute("aria-selected", "true");
      entry.scrollIntoView({ block: "nearest" });
      box().setAttribute("aria-activedescendant", entry.id);
    } else box().removeAttribute("aria-activedescendant");
  };

  // Each word that was typed begins a word of the entry.
  const fits = (entry, words) => {
    const text = ` ${entry.textContent.toLowerCase()}`;
    return words.every((word) => text.includes(` ${word}`));
  };

  const narrow = () => {
    const typed = box().value.trim();
    const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
    const found = find("#palette-list").dataset.foundFor;
    for (const entry of entries()) {
      entry.hidden = entry.dataset.order
        ? !typed || found !== typed
        : !fits(entry, words) || !canDo(entry.dataset.does);
    }
    for (const group of document.querySelectorAll("#palette [data-group]")) {
      group.hidden = ![...group.querySelectorAll("[data-entry]")].some((one) => !one.hidden);
    }
    const isWaiting = typed.length > 1 && found !== typed;
    find(".palette-none").hidden = visible().length > 0 || isWaiting;
    mark();
  };

  const open = () => {
    if (!palette() || palette().open) return;
    before = document.activeElement;
    palette().showModal();
    box().select();
    find("#palette-look").click();
    at = 0;
    narrow();
  };
  const close = () => {
    palette().close();
    if (before?.isConnected) before.focus({ preventScroll: true });
  };

  const run = (entry) => {
    if (!entry) return;
    const does = entry.dataset.does;
    close();
    if (!does) return;
    // After the palette is gone: what is pressed may open something itself.
    setTimeout(() => {
      if (does.startsWith("key:")) {
        const has = document.activeElement ?? document.body;
        const target = has.matches("input, textarea, select") ? document.body : has;
        target.dispatchEvent(new KeyboardEvent("keydown", { key: does.slice(4), bubbles: true }));
        return;
      }
      const button = [...document.querySelectorAll(does)].find(isShown) ?? find(does);
      button?.focus({ preventScroll: true });
      button?.click();
    }, 0);
  };

  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === "k") {
      if (!palette()) return;
      event.preventDefault();
      if (palette().open) close();
      else open();
      return;
    }
    if (!palette()?.open) return;
    const by = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 }[event.key];
    if (by) {
      event.preventDefault();
      const count = visible().length;
      at = Math.abs(by) === 1 ? (at + by + count) % Math.max(count, 1) : at + by;
      mark();
    } else if (event.key === "Enter" && !event.isComposing) {
      event.preventDefault();
      visible()[at]?.click();
    }
  });
  document.addEventListener("input", (event) => {
    if (event.target.id !== "palette-box") return;
    at = 0;
    narrow();
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest?.("[data-palette]")) open();
    if (event.target.id === "palette") close();
    const entry = event.target.closest?.("#palette [data-entry]");
    if (entry) run(entry);
  });
  // What the server found meanwhile.
  new MutationObserver((changes) => {
    if (!palette()?.open) return;
    const list = find("#palette-list");
    if (changes.some((one) => list.contains(one.target) && one.attributeName !== "hidden")) narrow();
  }).observe(document.documentElement, {
    subtree: true,
    childList: true,
    attributes: true,
    attributeFilter: ["data-found-for"],
  });
})();

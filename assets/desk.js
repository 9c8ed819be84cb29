// What the desk does in the browser itself: keys, rows that open, timers that rest while the tab
// is hidden. Everything here only presses buttons and follows links that are on the page anyway.
(() => {
  "use strict";

  const find = (selector) => document.querySelector(selector);
  const all = (selector) => [...document.querySelectorAll(selector)];
  const isShown = (element) => element.getClientRects().length > 0;

  // ---- timers ----

  const pressedAt = new WeakMap();

  const tick = (isReturn) => {
    // Without a connection they would pile up, and all be sent at once when it is back.
    if (document.hidden || document.documentElement.dataset.lost) return;
    const now = performance.now();
    for (const button of all("[data-every]")) {
      if (!pressedAt.has(button)) pressedAt.set(button, now);
      const isDue = now - pressedAt.get(button) >= Number(button.dataset.every);
      if (isDue || isReturn) {
        pressedAt.set(button, now);
        button.click();
      }
    }
  };
  setInterval(() => tick(false), 200);
  document.addEventListener("visibilitychange", () => tick(true));

  // ---- the sidebar: on a low screen the lit entry is brought into sight, once ----

  let lit = null;
  setInterval(() => {
    const entry = find(".side .nav.on");
    if (entry && entry !== lit) entry.scrollIntoView({ block: "nearest" });
    lit = entry;
  }, 300);

  // ---- rows ----

  document.addEventListener("click", (event) => {
    const row = event.target.closest("[data-row]");
    if (!row || event.target.closest("a, button, input, select, label")) return;
    if (String(window.getSelection())) return;
    const link = row.querySelector("[data-open]");
    if (link && (event.ctrlKey || event.metaKey)) openTab(link);
    else link?.click();
  });

  // In a tab a row's thing has a page of its own, where it has one; a plain click opens it beside.
  const ownPage = (link) => (link.dataset.open?.startsWith("/") ? link.dataset.open : link.href);
  const openTab = (link) => window.open(ownPage(link), "_blank", "noopener");
  const intoTab = (event) => {
    const link = event.target.closest?.("[data-open]");
    const isTab = event.button === 1 || (event.button === 0 && (event.ctrlKey || event.metaKey));
    if (!link || !isTab || ownPage(link) === link.href) return;
    event.preventDefault();
    event.stopPropagation();
    openTab(link);
  };
  document.addEventListener("click", intoTab, true);
  document.addEventListener("auxclick", (event) => {
    const row = event.button === 1 && event.target.closest?.("[data-row]");
    if (row && !event.target.closest("a, button")) openTab(row.querySelector("[data-open]"));
    else intoTab(event);
  });

  // ---- the way back to the list ----

  let opened = "";
  // Whether the panel that is open was opened from the list before it: then Back closes it.
  let isOpenedHere = false;

  document.addEventListener(
    "click",
    (event) => {
      const isPlain = !(event.ctrlKey || event.metaKey || event.shiftKey);
      const link = event.target.closest?.("[data-open]");
      if (link && isPlain) {
        opened = link.getAttribute("href");
        isOpenedHere ||= !find("[data-panel]");
      }
      if (event.target.closest?.("[data-close]") && isPlain && isOpenedHere) {
        event.preventDefault();
        event.stopPropagation();
        history.back();
      }
      // Back, rather than a new visit: the filters, the page and the place in it are kept.
      if (event.target.closest?.("[data-up]") && isPlain && location.pathname === opened) {
        event.preventDefault();
        event.stopPropagation();
        history.back();
      }
    },
    true,
  );

  window.addEventListener("popstate", () => {
    isOpenedHere = false;
    const until = performance.now() + 2000;
    const wait = setInterval(() => {
      const link = all("[data-open]").find((one) => one.getAttribute("href") === opened);
      if (link) {
        link.focus({ preventScroll: true });
        link.closest("[data-row]")?.scrollIntoView({ block: "center" });
      }
      if (link || performance.now() > until) clearInterval(wait);
    }, 30);
  });

  const show = (link) => {
    link.focus({ preventScroll: true });
    link.closest("[data-row]")?.scrollIntoView({ block: "nearest" });
  };

  // A held key passes many rows: beside the list only the one is opened at which it rests.
  let isResting = 0;
  const openSoon = (link) => {
    clearTimeout(isResting);
    isResting = setTimeout(() => link.isConnected && link.click(), 90);
  };

  // Over the edge of a page the walk goes on at the other end of the next one.
  let isTurning = false;
  const turn = (by) => {
    const rowOf = (link) => link?.closest("[data-row]")?.dataset.row;
    const last = rowOf(all("[data-open]").find(isShown));
    if (isTurning || !press(`[data-page="${by > 0 ? "n" : "p"}"]`)) return;
    isTurning = true;
    const until = performance.now() + 5000;
    const wait = setInterval(() => {
      const links = all("[data-open]").filter(isShown);
      const isNew = links.length > 0 && rowOf(links[0]) !== last;
      if (isNew) show(links[by > 0 ? 0 : links.length - 1]);
      if (!isNew && performance.now() < until) return;
      clearInterval(wait);
      isTurning = false;
    }, 30);
  };

  // A row that is drawn anew loses the focus: the hand is still where it was.
  let lastRow = "";
  document.addEventListener("focusin", (event) => {
    lastRow = event.target.closest?.("[data-row]")?.dataset.row ?? "";
  });
  const rowAtHand = () => {
    if (document.activeElement !== document.body) return document.activeElement?.closest("[data-row]");
    return lastRow ? find(`[data-row="${CSS.escape(lastRow)}"]`) : null;
  };

  const step = (by) => {
    const links = all("[data-open]").filter(isShown);
    if (!links.length) return;
    const shown = find("[data-row].opened [data-open]");
    const focused = rowAtHand()?.querySelector("[data-open]");
    const at = links.indexOf(focused ?? shown);
    const next = at < 0 ? (by > 0 ? 0 : links.length - 1) : at + by;
    if (!links[next] && !find("[data-panel]")) return turn(by);
    const link = links[Math.min(Math.max(next, 0), links.length - 1)];
    show(link);
    if (find("[data-panel]") && link !== shown) openSoon(link);
  };

  // ---- choosing rows ----

  const pick = (isRange) => {
    const box = rowAtHand()?.querySelector("[data-pick]");
    box?.dispatchEvent(new MouseEvent("click", { bubbles: true, shiftKey: isRange }));
  };

  // Shift and a click choose a range; the browser would mark the text between as well.
  document.addEventListener("mousedown", (event) => {
    if (event.shiftKey && event.target.closest("[data-pick]")) event.preventDefault();
  });

  // ---- search ----

  const focusSearch = () => {
    const box = find("#search");
    if (!box) return false;
    box.focus();
    box.select();
    return true;
  };

  const openSearch = () => {
    if (focusSearch()) return;
    find('[data-go="o"]')?.click();
    const until = performance.now() + 3000;
    const wait = setInterval(() => {
      if (focusSearch() || performance.now() > until) clearInterval(wait);
    }, 30);
  };

  // ---- keys ----

  const isTyping = (element) =>
    element.closest("input, textarea, select, [contenteditable='true']") !== null;
  const isBusy = () =>
    find("[role='dialog']:not([popover]), dialog[open], [popover]:popover-open") !== null;

  const press = (selector) => {
    const element = all(selector).find(isShown);
    element?.click();
    return Boolean(element);
  };
  // Where there is a list of orders, its small menu (`grid.js`).
  const inPlace = (kind) => {
    // An order that is open has a field for it, which also shows what was said before.
    const hasField = kind === "comment" && find("[data-panel]") && !find(".choice-line");
    return Boolean(find("#menu-form") && !hasField && window.deskMenu?.(kind));
  };
  const showKeys = () => find("#keys")?.showModal();

  // Arrows walk through an open menu, as they do in menus of the system.
  const walk = (event) => {
    const open = isTyping(event.target) ? null : all(".pop").find(isShown);
    const menu = event.target.closest(".pop") ?? open;
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!menu || !by || isTyping(event.target)) return;
    const items = [...menu.querySelectorAll(".item, .seg")].filter(isShown);
    const at = items.indexOf(document.activeElement);
    event.preventDefault();
    items[(at + by + items.length + (at < 0 && by < 0 ? 1 : 0)) % items.length]?.focus();
  };

  const KEYS = {
    "/": openSearch,
    "?": showKeys,
    j: () => step(1),
    k: () => step(-1),
    n: () => press('[data-page="n"]'),
    p: () => press('[data-page="p"]'),
    u: () => press("[data-up]") || press("[data-close]"),
    e: () => press('[data-bulk="status"]') || inPlace("status") || press(".steps .btn.primary"),
    a: () => inPlace("assign"),
    t: () => inPlace("tag"),
    h: () => inPlace("hold"),
    c: () => inPlace("comment"),
    i: () => inPlace("priority"),
    x: () => pick(false),
    X: () => pick(true),
    Escape: () => press("[data-close]") || press("[data-none]"),
  };
  let isGoing = 0;

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (isTyping(event.target)) {
      if (event.key === "Escape" && event.target.id === "search") {
        // The browser would empty the box; leaving it should keep what was found.
        event.preventDefault();
        event.target.blur();
      }
      return;
    }
    walk(event);
    if (isBusy()) return;
    const isLetter = /^[a-z]$/.test(event.key);
    const place =
      isGoing && performance.now() - isGoing < 1200 && isLetter && find(`[data-go="${event.key}"]`);
    if (place) {
      isGoing = 0;
      event.preventDefault();
      place.click();
      return;
    }
    isGoing = event.key === "g" ? performance.now() : 0;
    const run = KEYS[event.key];
    // What finds nothing here to do leaves the key to the page's own script.
    if (run && run() !== false) event.preventDefault();
  });

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-help]")) showKeys();
    // A click beside the list of keys closes it, as with every other dialog.
    if (event.target.id === "keys") event.target.close();
    const person = event.target.closest("[data-fill]");
    if (person) {
      find("#email").value = person.dataset.fill;
      find("#password").value = person.dataset.password;
      find("#password").form.querySelector("[type=submit]").focus();
    }
  });

  // ---- the question before a grave step ----

  let focusedBefore = null;
  document.addEventListener("focusin", (event) => {
    if (!event.target.closest(".confirm, [data-radix-focus-guard]")) focusedBefore = event.target;
  });
  // No button of its own opened that dialog: the focus goes back to where it was.
  window.deskFocusBack = () => {
    if (document.activeElement === document.body) focusedBefore?.focus();
  };

  // ---- the way out ----

  // The tab's name on the server goes with the person, so that the next one starts afresh.
  document.addEventListener("submit", (event) => {
    if (event.target.closest("[data-sign-out]")) sessionStorage.clear();
  });
})();

// The page of an order: drafts that survive a lost connection, names behind an @, and its keys.
(() => {
  "use strict";

  const find = (selector) => document.querySelector(selector);
  const isShown = (element) => element.getClientRects().length > 0;

  // ---- drafts ----

  // A draft is kept in this tab until the server has a newer turn of the field: for a comment the
  // newest one of the person, so that neither a refusal nor a lost connection costs a word.
  const sent = new Map();
  const keyOf = (field) => `draft:${field.dataset.draft}`;

  const restore = (field) => {
    const key = keyOf(field);
    const turn = field.dataset.turn;
    if (sent.has(key) && sent.get(key) !== turn) {
      sent.delete(key);
      sessionStorage.removeItem(key);
      field.value = "";
      return;
    }
    const draft = sessionStorage.getItem(key);
    if (draft !== null && field.dataset.seen !== key) field.value = draft;
    if (draft === null && field.dataset.seen && field.dataset.seen !== key) field.value = "";
    field.dataset.seen = key;
  };

  const restoreAll = () => document.querySelectorAll("[data-draft]").forEach(restore);
  new MutationObserver(restoreAll).observe(document.documentElement, {
    subtree: true,
    childList: true,
    attributes: true,
    attributeFilter: ["data-turn", "data-draft"],
  });

  document.addEventListener("input", (event) => {
    const field = event.target;
    if (!field.dataset?.draft) return;
    if (field.value) sessionStorage.setItem(keyOf(field), field.value);
    else sessionStorage.removeItem(keyOf(field));
    suggest(field);
  });

  document.addEventListener("submit", (event) => {
    const field = event.target.querySelector("[data-draft]");
    if (field) sent.set(keyOf(field), field.dataset.turn);
    closeList();
  });

  // ---- names behind an @ ----

  let list = null;
  let chosen = 0;

  const closeList = () => {
    list?.remove();
    list = null;
  };

  const begun = (field) => {
    const before = field.value.slice(0, field.selectionStart);
    return /(?:^|\s)@([^@\n]{0,40})$/.exec(before)?.[1];
  };

  const choose = (field, name) => {
    const word = begun(field);
    if (word === undefined) return;
    const at = field.selectionStart - word.length;
    field.setRangeText(`${name} `, at, field.selectionStart, "end");
    sessionStorage.setItem(keyOf(field), field.value);
    closeList();
    field.focus();
  };

  const mark = () => {
    [...list.children].forEach((item, at) => {
      item.setAttribute("aria-selected", String(at === chosen));
      if (at === chosen) item.scrollIntoView({ block: "nearest" });
    });
  };

  const suggest = (field) => {
    closeList();
    const word = begun(field)?.toLowerCase();
    if (word === undefined) return;
    const names = (field.dataset.names ?? "").split("\n").filter(Boolean);
    const fits = (name) => ` ${name.toLowerCase()}`.includes(` ${word}`);
    const fitting = names.filter((name) => fits(name) && name.toLowerCase() !== word).slice(0, 8);
    if (!fitting.length) return;
    list = document.createElement("div");
    list.className = "mention-list";
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-label", "Colleagues");
    for (const name of fitting) {
      const item = document.createElement("div");
      item.className = "mention";
      item.setAttribute("role", "option");
      item.textContent = name;
      item.addEventListener("mousedown", (event) => {
        event.preventDefault();
        choose(field, name);
      });
      list.append(item);
    }
    list.style.top = `${field.offsetTop + field.offsetHeight + 2}px`;
    list.style.left = `${field.offsetLeft}px`;
    field.parentElement.append(list);
    chosen = 0;
    mark();
  };

  document.addEventListener("focusout", (event) => {
    if (event.target.dataset?.draft) closeList();
  });

  document.addEventListener(
    "keydown",
    (event) => {
      const field = event.target;
      if (!field.dataset?.draft || event.isComposing) return;
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
        event.preventDefault();
        field.form?.requestSubmit();
        return;
      }
      if (!list) return;
      const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (by) chosen = (chosen + by + list.children.length) % list.children.length;
      else if (event.key === "Enter" || event.key === "Tab")
        choose(field, list.children[chosen].textContent);
      else if (event.key === "Escape") closeList();
      else return;
      event.preventDefault();
      event.stopPropagation();
      if (list) mark();
    },
    true,
  );

  // ---- keys ----

  const focusOn = (selector) => {
    const element = find(selector);
    if (!element || !isShown(element)) return false;
    element.scrollIntoView({ block: "center" });
    element.focus();
    return true;
  };
  const press = (selector) => {
    const element = find(selector);
    if (!element || !isShown(element)) return false;
    element.click();
    return true;
  };
  const KEYS = {
    a: () => focusOn('[data-desk="assign"]'),
    t: () => press('[data-desk="tag"]'),
    c: () => focusOn("#comment"),
    // Releasing lets it go on at once: the key only leads there.
    h: () => press('[data-desk="hold"]') || focusOn('[data-desk="release"]'),
    i: () => focusOn("#priority"),
  };
  // Not 0: that is when the page began, and in its first second every letter would name a place.
  let wentAt = -Infinity;

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.target.closest("input, textarea, select, [contenteditable='true']")) return;
    if (find("[role='dialog'], dialog[open]")) return;
    // After a g, a letter names a place (`desk.js`).
    const isPlace = performance.now() - wentAt < 1200;
    wentAt = event.key === "g" ? performance.now() : -Infinity;
    if (!isPlace && !event.defaultPrevented && KEYS[event.key]?.()) event.preventDefault();
  });
})();

// The table of orders in the browser itself: measures of columns, their order, rows that open
// beside the list, and choices that show before the server has said so.
(() => {
  "use strict";

  const find = (selector) => document.querySelector(selector);
  const table = () => find("[data-grid]");
  const heads = () => [...document.querySelectorAll("[data-column]")];

  // ---- what the head of the table says to the server ----

  const say = (deed, column, value) => {
    const form = find("#layout-form");
    if (!form) return;
    form.elements.deed.value = deed;
    form.elements.column.value = column;
    form.elements.value.value = String(value);
    form.requestSubmit();
  };

  // ---- resizing ----

  // The tracks as they are now, with one of them in pixels; the server's answer is the same.
  const withWidth = (at, width) => {
    const tracks = table().style.getPropertyValue("--tracks").match(/minmax\([^)]*\)|\S+/g) ?? [];
    tracks[at] = `${width}px`;
    return tracks.join(" ");
  };

  const MIN = 64;
  const MAX = 640;
  let held = null;

  document.addEventListener("pointerdown", (event) => {
    const grip = event.target.closest?.("[data-grip]");
    if (!grip || event.button !== 0) return;
    event.preventDefault();
    const head = grip.closest("th");
    const at = [...head.parentElement.children].indexOf(head);
    held = { grip, head, at, from: event.clientX, width: head.offsetWidth, now: head.offsetWidth };
    grip.classList.add("held");
    grip.setPointerCapture(event.pointerId);
  });
  document.addEventListener("pointermove", (event) => {
    if (!held) return;
    const width = held.width + event.clientX - held.from;
    held.now = Math.round(Math.min(Math.max(width, MIN), MAX));
    table().style.setProperty("--tracks", withWidth(held.at, held.now));
  });
  const release = () => {
    if (!held) return;
    held.grip.classList.remove("held");
    if (held.now !== held.width) say("size", held.head.dataset.column, held.now);
    held = null;
  };
  document.addEventListener("pointerup", release);
  document.addEventListener("pointercancel", release);
  document.addEventListener("dblclick", (event) => {
    const grip = event.target.closest?.("[data-grip]");
    if (grip) say("size", grip.dataset.grip, 0);
  });

  // ---- moving a column ----

  let carried = null;
  const unmark = () => {
    for (const head of heads()) head.classList.remove("drop-before", "drop-after", "carried");
  };
  const isAfter = (head, event) => {
    const box = head.getBoundingClientRect();
    return event.clientX > box.left + box.width / 2;
  };

  document.addEventListener("dragstart", (event) => {
    const head = event.target.closest?.("[data-column]");
    if (!head) return;
    if (held) {
      event.preventDefault();
      return;
    }
    carried = head;
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", head.textContent);
    head.classList.add("carried");
  });
  document.addEventListener("dragover", (event) => {
    const head = event.target.closest?.("[data-column]");
    if (!carried || !head) return;
    event.preventDefault();
    for (const one of heads()) one.classList.remove("drop-before", "drop-after");
    if (head !== carried) head.classList.add(isAfter(head, event) ? "drop-after" : "drop-before");
  });
  document.addEventListener("drop", (event) => {
    const head = event.target.closest?.("[data-column]");
    if (!carried || !head) return;
    event.preventDefault();
    const names = heads().map((one) => one.dataset.column);
    const name = carried.dataset.column;
    const rest = names.filter((one) => one !== name);
    const to = rest.indexOf(head.dataset.column) + (isAfter(head, event) ? 1 : 0);
    if (head !== carried && names.indexOf(name) !== to) say("place", name, to);
  });
  document.addEventListener("dragend", () => {
    carried = null;
    unmark();
  });

  // Alt and an arrow move the column whose head has the focus; with Shift they size it.
  document.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const head = event.target.closest?.("[data-column]");
    if (!by || !head || !event.altKey) return;
    event.preventDefault();
    const name = head.dataset.column;
    if (event.shiftKey) say("wider", name, by);
    else say("place", name, heads().map((one) => one.dataset.column).indexOf(name) + by);
  });

  // ---- pinned columns throw a shadow once something lies beneath them ----

  document.addEventListener(
    "scroll",
    (event) => {
      const area = event.target;
      if (area.classList?.contains("orders-scroll")) {
        area.classList.toggle("scrolled", area.scrollLeft > 0);
      }
    },
    true,
  );

  // ---- choices show at once ----

  // The server answers a moment later with the same; if it refuses, its answer takes this back.
  let last = null;
  document.addEventListener(
    "click",
    (event) => {
      const box = event.target.closest?.("[data-pick]");
      if (!box) return;
      const boxes = [...document.querySelectorAll("[data-pick]")];
      const isOn = box.getAttribute("aria-checked") !== "true";
      const from = event.shiftKey && last ? boxes.indexOf(last) : -1;
      const at = boxes.indexOf(box);
      const [start, end] = from < 0 ? [at, at] : [Math.min(from, at), Math.max(from, at)];
      for (const one of boxes.slice(start, end + 1)) one.setAttribute("aria-checked", String(isOn));
      last = box;
    },
    true,
  );

  // ---- the small menu at a row ----

  const menu = () => find("#row-menu");
  let rowOf = null;

  const place = (anchor) => {
    const box = anchor.getBoundingClientRect();
    const isLow = box.bottom > innerHeight * 0.6;
    menu().style.left = `${Math.max(8, Math.min(box.left, innerWidth - 316))}px`;
    menu().style.top = isLow ? "auto" : `${box.bottom + 4}px`;
    menu().style.bottom = isLow ? `${innerHeight - box.top + 4}px` : "auto";
  };

  // `many`: what is chosen, where something is; else the row of `anchor`, or the order beside it.
  const ask = (kind, anchor, many) => {
    const form = find("#menu-form");
    if (!form || !anchor) return false;
    const row = anchor.closest("[data-row]");
    form.elements.kind.value = kind;
    form.elements.order.value = row?.dataset.row ?? find("[data-panel]")?.dataset.panel ?? "";
    form.elements.many.value = many ? "1" : "";
    // Afterwards the focus goes back to the row in hand, also from the bar of what is chosen.
    rowOf = row ?? document.activeElement?.closest("[data-row]") ?? null;
    place(anchor);
    menu().classList.add("waiting");
    if (!menu().matches(":popover-open")) menu().showPopover();
    menu().focus();
    form.requestSubmit();
    return true;
  };

  // A key acts on what is chosen, else on the row in hand, else on the order beside the list.
  const askByKey = (kind) => {
    const bar = find(".choice-line");
    if (bar) return ask(kind, bar, true);
    const row = document.activeElement?.closest("[data-row]") ?? find("[data-row].opened");
    const cell = row?.querySelector(`[data-menu="${kind}"]`) ?? row?.querySelector("[data-open]");
    return ask(kind, cell ?? find(".order-panel-head"), false);
  };
  window.deskMenu = askByKey;

  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-menu]");
    if (button) ask(button.dataset.menu, button, button.closest(".choice") !== null);
  });

  // What the server brings gets the focus; what it has done closes the menu.
  let done = "0";
  const settle = () => {
    const box = menu();
    if (!box) return;
    if (box.dataset.done !== done) {
      done = box.dataset.done;
      if (box.matches(":popover-open")) box.hidePopover();
      const link = rowOf?.isConnected && rowOf.querySelector("[data-open]");
      if (link) link.focus({ preventScroll: true });
      return;
    }
    if (!box.matches(":popover-open") || box.querySelector(":focus")) return;
    const first = box.querySelector(".item, textarea, select, input:not([type=hidden]), .btn");
    if (!first) return;
    box.classList.remove("waiting");
    first.focus();
  };
  new MutationObserver((changes) => {
    if (changes.some((one) => menu()?.contains(one.target))) settle();
  }).observe(document.documentElement, {
    subtree: true,
    childList: true,
    attributes: true,
    attributeFilter: ["data-done"],
  });

  // A letter leads to the next line that begins with it, as in menus of the system.
  document.addEventListener("keydown", (event) => {
    const box = event.target.closest?.("#row-menu");
    if (!box || event.target.matches("input, textarea, select")) {
      if (box && event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
        event.target.form?.requestSubmit();
      }
      return;
    }
    if (event.key.length !== 1 || event.key === " " || event.ctrlKey || event.metaKey) return;
    const items = [...box.querySelectorAll(".item")];
    const at = items.indexOf(document.activeElement);
    const begins = (one) => one.textContent.trim().toLowerCase().startsWith(event.key);
    [...items.slice(at + 1), ...items.slice(0, at + 1)].find(begins)?.focus();
  });
})();

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
})();

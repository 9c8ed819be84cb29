// What is typed into a longer form stays in this tab until the server has it: a lost connection, a
// reload, a restart of the server or a dialog that was closed by mistake cost no word.
//
// A form says `data-keep`: whose fields these are (`hold-17`). Where the same element serves again
// after a success, `data-turn` changes with it; everywhere else a form that was sent and is gone
// has arrived.
(() => {
  "use strict";

  const PREFIX = "draft:form:";
  const OF = "draft:person";
  const FIELDS = "input[name], textarea[name], select[name]";

  const forms = () => [...document.querySelectorAll("form[data-keep]")];
  const keyOf = (form) => PREFIX + form.dataset.keep;
  const read = (key) => JSON.parse(sessionStorage.getItem(key) ?? "null") ?? {};
  const write = (key, draft) =>
    Object.keys(draft).length
      ? sessionStorage.setItem(key, JSON.stringify(draft))
      : sessionStorage.removeItem(key);

  // ---- names of fields ----

  // Lines of an order are told apart by their place: their keys do not outlive the server.
  const nameOf = (field) => {
    const line = field.closest("[data-line]");
    if (!line) return field.name;
    const lines = [...field.form.querySelectorAll("[data-line]")];
    return `line.${lines.indexOf(line)}.${field.dataset.part}`;
  };
  const isKept = (field) => field.matches(FIELDS) && !["password", "file"].includes(field.type);
  const valueOf = (field) => (field.type === "checkbox" ? field.checked : field.value);

  const fill = (field, value) => {
    if (field.type === "checkbox") field.checked = value;
    else if (field.type === "radio") field.checked = field.value === value;
    else field.value = value;
  };

  // ---- keeping ----

  const keep = (event) => {
    const form = event.target.form;
    if (!form?.dataset?.keep || !isKept(event.target)) return;
    // Whoever types on was refused.
    sent.delete(keyOf(form));
    const draft = read(keyOf(form));
    draft[nameOf(event.target)] = valueOf(event.target);
    // What names this press to the server: sent twice, it is done once.
    for (const one of form.querySelectorAll("input[data-press]")) draft[one.name] = one.value;
    write(keyOf(form), draft);
  };
  document.addEventListener("input", keep);
  document.addEventListener("change", keep);

  // A line that is taken away moves those after it up.
  const keepLines = (form) => {
    const draft = read(keyOf(form));
    const rest = Object.entries(draft).filter(([name]) => !name.startsWith("line."));
    const parts = [...form.querySelectorAll("[data-line] [data-part]")];
    const lines = parts.map((field) => [nameOf(field), valueOf(field)]);
    write(keyOf(form), Object.fromEntries([...rest, ...lines]));
  };

  // ---- bringing back ----

  const seen = new WeakMap();
  const sent = new Map();
  // Which lines a form had, and whether the person is taking one of them away.
  const lines = new WeakMap();
  const dropping = new WeakSet();

  const linesOf = (form) =>
    [...form.querySelectorAll("[data-line] [data-part]")].map((one) => one.name).join();

  const restore = (form, isOfLines) => {
    const draft = read(keyOf(form));
    const fields = [...form.querySelectorAll(FIELDS)];
    let isMissing = false;
    for (const [name, value] of Object.entries(draft)) {
      const found = fields.filter((one) => nameOf(one) === name);
      const isLine = name.startsWith("line.");
      if (isOfLines && !isLine && !found.some((one) => one.dataset.press)) continue;
      for (const field of found) fill(field, value);
      isMissing ||= isLine && !found.length;
    }
    // One line at a time: each comes from the server.
    if (isMissing) form.querySelector("[data-more]")?.click();
    else if (Object.keys(draft).length) form.dispatchEvent(new Event("input", { bubbles: true }));
  };

  const arrived = (key) => {
    sessionStorage.removeItem(key);
    sent.delete(key);
  };

  const look = () => {
    const shown = forms();
    // Whether the server still heard it is not known: rather twice on the screen than lost.
    if (document.documentElement.dataset.lost) sent.clear();
    for (const [key, turn] of sent) {
      const form = shown.find((one) => keyOf(one) === key);
      if (form && (form.dataset.turn ?? "") === turn) continue;
      arrived(key);
      form?.reset();
    }
    for (const form of shown) {
      const key = keyOf(form);
      const now = linesOf(form);
      const before = lines.get(form);
      lines.set(form, now);
      if (seen.get(form) !== key) {
        // The same element may serve the next order: what was typed for the last one is kept.
        if (seen.has(form)) form.reset();
        seen.set(form, key);
        restore(form, false);
      } else if (now !== before) {
        // Taken away by the person, or drawn anew by a server that began anew.
        if (dropping.delete(form)) keepLines(form);
        else restore(form, true);
      }
    }
  };

  document.addEventListener("click", (event) => {
    const form = event.target.closest?.("[data-line] button")?.closest("form[data-keep]");
    if (form) dropping.add(form);
  });

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.dataset?.keep) sent.set(keyOf(form), form.dataset.turn ?? "");
  });
  // What chooses anew for a whole form takes the place of what was kept of it.
  document.addEventListener("click", (event) => {
    const form = event.target.closest?.("[data-fresh]")?.closest("form[data-keep]");
    if (form) arrived(keyOf(form));
  });

  // ---- whose drafts these are ----

  const ours = () => {
    const person = document.querySelector("#connection")?.dataset.person;
    const before = sessionStorage.getItem(OF);
    if (!person || person === before) return;
    if (before) {
      for (const key of Object.keys(sessionStorage)) {
        if (key.startsWith("draft:")) sessionStorage.removeItem(key);
      }
    }
    sessionStorage.setItem(OF, person);
  };

  new MutationObserver(() => {
    ours();
    look();
  }).observe(document.documentElement, {
    subtree: true,
    childList: true,
    attributes: true,
    attributeFilter: ["data-turn", "data-keep", "data-person", "data-lost"],
  });
})();

// The connection: a bar that says when it is lost and when everything is up to date again; until
// then nothing is done by halves. It also keeps the last view for the time without one (`sw.js`).
(() => {
  "use strict";

  const find = (selector) => document.querySelector(selector);
  // What Reflex and the server say of the connection (`ui/shared/connection.py`).
  const facts = () => find("#connection")?.dataset ?? {};
  const root = document.documentElement;

  // ---- the bar ----

  const LOST = "Connection lost, trying again";
  const BACK = "Back again, everything is up to date";
  const BACK_MS = 4000;
  const WAIT_MS = 8000;

  let heardAt = Date.now();
  let isLost = false;
  let beatBefore = "";
  let hiding = 0;
  let givingUp = 0;

  const clock = (at) =>
    new Intl.DateTimeFormat("en-GB", {
      hour: "2-digit",
      minute: "2-digit",
      timeZone: facts().zone || undefined,
    }).format(at);

  const bar = () => {
    let element = find("#connection-bar");
    if (!element) {
      element = document.createElement("div");
      element.id = "connection-bar";
      element.setAttribute("role", "status");
      element.setAttribute("aria-live", "polite");
      (find(".radix-themes") ?? document.body).append(element);
    }
    return element;
  };
  const say = (text, look) => {
    clearTimeout(hiding);
    const element = bar();
    element.className = look;
    if (element.textContent !== text) element.textContent = text;
  };
  const hide = () => say("", "");

  const asOf = () => `as of ${clock(heardAt)}, read only`;
  const sayLost = () =>
    say(navigator.onLine ? `${LOST}: ${asOf()}` : `Offline: ${asOf()}`, "is-lost");

  const lose = () => {
    const wasLost = isLost;
    if (!wasLost) beatBefore = facts().beat;
    isLost = true;
    root.dataset.lost = "1";
    clearTimeout(givingUp);
    if (!wasLost) sayLost();
  };

  // Back is said when the server has answered anew, not when a wire is plugged in.
  const settle = () => {
    const { errors, beat, ready } = facts();
    if (Number(errors) > 0 || !navigator.onLine) {
      lose();
      return;
    }
    if (!isLost) {
      if (ready === "true") heardAt = Date.now();
      return;
    }
    const hasFrame = Boolean(find(".app"));
    if (hasFrame && (beat === beatBefore || ready !== "true")) return;
    clearTimeout(givingUp);
    isLost = false;
    heardAt = Date.now();
    delete root.dataset.lost;
    say(BACK, "is-back");
    hiding = setTimeout(hide, BACK_MS);
  };

  new MutationObserver(settle).observe(root, {
    subtree: true,
    childList: true,
    attributes: true,
    attributeFilter: ["data-errors", "data-beat", "data-ready", "data-build"],
  });
  addEventListener("offline", () => {
    lose();
    sayLost();
  });
  addEventListener("online", () => {
    if (!isLost) return;
    // Whether the socket outlived it is not known from outside: the frame asks, and if no answer
    // comes the page begins anew, from its address and from what was typed.
    delete root.dataset.lost;
    document.dispatchEvent(new Event("visibilitychange"));
    givingUp = setTimeout(() => isLost && navigator.onLine && location.reload(), WAIT_MS);
    settle();
  });

  // ---- read only, while nobody would hear it ----

  const DOES = "button, a[href], select, input[type=checkbox], input[type=radio], [role=button]";
  const CALM = "#connection-bar, #keys, [data-help], [data-palette], [data-sign-out]";

  const isTyped = (element) =>
    element.closest("form[data-keep]") && !element.closest("[type=submit], a[href]");

  const stop = (event) => {
    if (!isLost || !root.dataset.lost) return;
    const target = event.target.closest?.(event.type === "submit" ? "form" : DOES);
    if (!target || target.closest(CALM) || isTyped(target)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (event.isTrusted) {
      const why = navigator.onLine ? "the connection is lost" : "you are offline";
      say(`Not done: ${why}. What you typed is kept.`, "is-lost");
      hiding = setTimeout(() => isLost && sayLost(), BACK_MS);
    }
  };
  for (const kind of ["click", "submit", "change"]) addEventListener(kind, stop, true);

  // ---- a page older than the server ----

  let build = "";
  const look = () => {
    const now = facts().build;
    if (!now || now === build) return;
    if (build) {
      say("A new version of the desk is here: loading it", "is-lost");
      location.reload();
    }
    build = now;
  };
  new MutationObserver(look).observe(root, {
    subtree: true,
    attributes: true,
    attributeFilter: ["data-build"],
  });

  // ---- the last view ----

  const SHELL = "desk-shell";
  const VIEW = "desk-view";
  // The same in `sw.js`.
  const LONGEST_MS = 8 * 3600 * 1000;
  const EVERY_MS = 5000;
  const HIDDEN = "•••";
  const CONTACT = /[\w.+-]+@[\w-]+(\.[\w-]+)+|\+\d[\d ()-]{7,}\d/g;

  const canKeep = "caches" in window && "serviceWorker" in navigator;
  const forget = () => canKeep && caches.delete(VIEW);

  // What can be read, without what could be pressed, and without ways to reach a person.
  const readable = () => {
    const copy = find("#content").cloneNode(true);
    const drop = "script, [data-every], [role=dialog], [popover], [hidden], .pop";
    for (const one of copy.querySelectorAll(drop)) one.remove();
    for (const one of copy.querySelectorAll("[data-personal]")) one.textContent = HIDDEN;
    for (const one of copy.querySelectorAll("input, textarea")) one.removeAttribute("value");
    for (const one of copy.querySelectorAll("textarea")) one.textContent = "";
    for (const one of copy.querySelectorAll("button, input, textarea, select")) {
      one.setAttribute("disabled", "");
    }
    for (const one of copy.querySelectorAll("*")) {
      for (const { name } of [...one.attributes]) {
        if (name === "href" || name === "title" || name === "action" || name.startsWith("on")) {
          one.removeAttribute(name);
        }
      }
    }
    const texts = document.createTreeWalker(copy, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
      const node = texts.currentNode;
      if (CONTACT.test(node.data)) node.data = node.data.replace(CONTACT, HIDDEN);
      CONTACT.lastIndex = 0;
    }
    return copy.outerHTML;
  };

  const keep = async () => {
    const { ready, beat } = facts();
    if (!canKeep || isLost || ready !== "true" || !beat || !find(".app #content")) return;
    const styles = [...document.querySelectorAll('link[rel="stylesheet"]')].map((one) => one.href);
    const view = {
      html: readable(),
      at: Date.now(),
      clock: clock(Date.now()),
      title: document.title,
      theme: root.classList.contains("dark") ? "dark" : "light",
      styles,
    };
    const kept = await caches.open(VIEW);
    await kept.put("/last-view", new Response(JSON.stringify(view)));
    await keepStyles(styles);
  };

  let keptStyles = "";
  const keepStyles = async (styles) => {
    if (styles.join() === keptStyles) return;
    const shell = await caches.open(SHELL);
    await shell.addAll(styles);
    for (const one of await shell.keys()) {
      if (one.url.endsWith(".css") && !styles.includes(one.url)) await shell.delete(one);
    }
    keptStyles = styles.join();
  };

  const forgetOld = async () => {
    const answer = await (await caches.open(VIEW)).match("/last-view");
    const view = await answer?.json().catch(() => null);
    if (answer && !(Date.now() - view?.at < LONGEST_MS)) await forget();
  };

  let isChanged = true;
  new MutationObserver(() => {
    isChanged = true;
  }).observe(root, { subtree: true, childList: true, characterData: true });
  const keepSoon = () => {
    // Whoever is asked to sign in is nobody yet: what the last person saw is not for them.
    if (find(".login")) forget();
    if (!isChanged || document.hidden || !find(".app")) return;
    isChanged = false;
    (window.requestIdleCallback ?? setTimeout)(() => keep().catch(() => {}));
  };

  if (canKeep) {
    addEventListener("load", () => {
      navigator.serviceWorker.register("/sw.js").catch(() => {});
      forgetOld().catch(() => {});
      setInterval(keepSoon, EVERY_MS);
    });
    document.addEventListener(
      "submit",
      (event) => {
        if (event.target.closest("[data-sign-out]")) forget();
      },
      true,
    );
  }
})();

// The worker behind the installed desk: while there is no connection it shows the last view, to be
// read only. It keeps no script of the pages, so that after a deploy nobody runs an old one.
"use strict";

const SHELL = "desk-shell";
const VIEW = "desk-view";
const KEPT = "/last-view";
// The same in `connection.js`: what is kept of orders and people is gone after a working day.
const LONGEST_MS = 8 * 3600 * 1000;
// The same file, whoever asks and however: a font is asked for in another way than a style.
const ANY = { ignoreSearch: true, ignoreVary: true };
const ALWAYS = [
  "/offline.js",
  "/icon.svg",
  "/fonts/inter.woff2",
  "/fonts/inter-ext.woff2",
  "/fonts/jetbrains-mono.woff2",
];

self.addEventListener("install", (event) => {
  self.skipWaiting();
  event.waitUntil(caches.open(SHELL).then((shell) => shell.addAll(ALWAYS)));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(Promise.all([self.clients.claim(), kept()]));
});

self.addEventListener("fetch", (event) => {
  const request = event.request;
  const url = new URL(request.url);
  if (url.origin !== self.location.origin) return;
  if (request.method === "POST" && url.pathname === "/auth/logout") {
    // Also where the page's own script did not get to it.
    event.waitUntil(caches.delete(VIEW));
    return;
  }
  if (request.method !== "GET") return;
  if (request.mode === "navigate") {
    event.respondWith(fetch(request).catch(() => lastView()));
  } else if (["style", "font", "image"].includes(request.destination) || isShell(url)) {
    event.respondWith(
      fetch(request).catch(async () => {
        const found = await (await caches.open(SHELL)).match(request, ANY);
        return found ?? Response.error();
      }),
    );
  }
});

const isShell = (url) => ALWAYS.includes(url.pathname);

// What is kept, or nothing; what is too old is deleted by whoever looks.
const kept = async () => {
  const answer = await (await caches.open(VIEW)).match(KEPT);
  const view = await answer?.json().catch(() => null);
  if (view && Date.now() - view.at < LONGEST_MS) return view;
  await caches.delete(VIEW);
  return null;
};

const plain = (text) =>
  String(text).replace(/[&<>"']/g, (one) => `&#${one.codePointAt(0)};`);

const lastView = async () => {
  const view = await kept();
  const styles = view?.styles ?? [];
  const theme = view?.theme === "dark" ? "dark" : "light";
  const said = view
    ? `Offline: as of ${plain(view.clock)}, read only`
    : "Offline: nothing is kept from before. The desk opens again with the connection.";
  const html = `<!doctype html>
<html lang="en" class="${theme}" style="color-scheme: ${theme}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${plain(view?.title ?? "Offline")}</title>
<link rel="icon" href="/icon.svg" type="image/svg+xml">
${styles.map((one) => `<link rel="stylesheet" href="${plain(one)}">`).join("\n")}
<script src="/offline.js" defer></script>
</head>
<body>
<div class="radix-themes ${theme}" data-accent-color="indigo" data-gray-color="slate">
<div id="connection-bar" class="is-lost" role="status">
<span>${said}</span> <button type="button" class="btn" data-again>Try again</button>
</div>
<div class="app offline">${view?.html ?? ""}</div>
</div>
</body>
</html>`;
  return new Response(html, {
    headers: {
      "content-type": "text/html; charset=utf-8",
      "cache-control": "no-store",
      // What was kept is only looked at: no script stands in it that could run.
      "content-security-policy":
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; " +
        "img-src 'self' data:; font-src 'self'; connect-src 'self'; " +
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
      "x-content-type-options": "nosniff",
    },
  });
};

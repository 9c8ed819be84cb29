// Pulls levers, and asks for the page again every two seconds.
"use strict";

const said = document.getElementById("said");
let asking = false;

function say(text, isBad) {
  said.textContent = text;
  said.className = isBad ? "bad" : "";
  clearTimeout(say.timer);
  if (!isBad) say.timer = setTimeout(() => (said.textContent = ""), 3000);
}

async function refresh() {
  if (asking || document.hidden) return;
  asking = true;
  try {
    const answer = await fetch(location.href, { cache: "no-store" });
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const part of document.querySelectorAll("[data-live]")) {
      const other = fresh.getElementById(part.id);
      // What somebody is about to press or has open stays under their hand.
      if (!other || part.innerHTML === other.innerHTML) continue;
      if (part.querySelector("select:focus")) continue;
      const focused = part.contains(document.activeElement)
        ? document.activeElement.getAttribute("aria-label") || document.activeElement.textContent
        : null;
      part.innerHTML = other.innerHTML;
      if (focused !== null) {
        const again = [...part.querySelectorAll("button, a")].find(
          (one) => (one.getAttribute("aria-label") || one.textContent).split(":")[0] === focused.split(":")[0],
        );
        if (again) again.focus();
      }
    }
    if (said.classList.contains("away")) say("", false);
  } catch {
    say("The sandbox does not answer.", true);
    said.classList.add("away");
  } finally {
    asking = false;
  }
}

async function pull(lever, method, body, words) {
  try {
    const answer = await fetch(`/_sandbox/${lever}`, {
      method,
      headers: { "content-type": "application/json" },
      body: method === "DELETE" ? undefined : body,
    });
    const told = await answer.json();
    if (answer.ok) say(`Done: ${words}`, false);
    else say(typeof told.error === "string" ? told.error : "The lever refused.", true);
  } catch {
    say("The sandbox does not answer.", true);
  }
  await refresh();
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-lever]");
  if (!button) return;
  const words = button.getAttribute("aria-label") || button.textContent;
  pull(button.dataset.lever, button.dataset.method, button.dataset.body, words);
});

document.addEventListener("change", (event) => {
  const chooser = event.target.closest("select[data-lever]");
  if (!chooser || !chooser.value) return;
  const to = chooser.value;
  chooser.value = "";
  chooser.blur();
  pull(chooser.dataset.lever, "POST", JSON.stringify({ to }), to);
});

// On a phone the channels stand in a row that is longer than the screen.
document.querySelector("nav a[aria-current]")?.scrollIntoView({ inline: "center", block: "nearest" });
setInterval(refresh, 2000);

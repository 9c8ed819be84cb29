// Sends a chosen or dropped file to the API, shows how far it is, and opens the file's page.
(() => {
  "use strict";

  const form = () => document.querySelector("[data-drop]");
  const input = () => document.querySelector("[data-upload]");

  const say = (text, isBad) => {
    const line = document.querySelector("[data-upload-said]");
    if (!line) return;
    line.textContent = text;
    line.classList.toggle("mistake", Boolean(isBad));
  };

  const showBar = (percent) => {
    const bar = form()?.querySelector("progress");
    if (!bar) return;
    bar.hidden = percent === null;
    bar.value = percent ?? 0;
  };

  let isSending = false;

  const fail = (text) => {
    isSending = false;
    showBar(null);
    say(text, true);
    if (input()) input().value = "";
  };

  const wordsOf = (request) => {
    try {
      return JSON.parse(request.responseText).message;
    } catch {
      return request.status === 413
        ? "The file is too large."
        : "The upload did not arrive. Try again.";
    }
  };

  const send = (file) => {
    if (!file || isSending) return;
    const most = Number(input()?.dataset.upload ?? 50);
    if (file.size > most * 1024 * 1024) {
      fail(`The file is larger than ${most} MB, which is the most.`);
      return;
    }
    isSending = true;
    say(`Uploading ${file.name}`);
    showBar(0);
    const body = new FormData();
    body.append("file", file);
    const request = new XMLHttpRequest();
    request.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable) showBar(Math.round((event.loaded * 100) / event.total));
    });
    request.addEventListener("error", () => fail("The server does not answer. Try again."));
    request.addEventListener("load", () => {
      if (request.status === 401) location.assign("/login?next=%2Fimports");
      else if (request.status === 201) {
        location.assign(`/imports?file=${JSON.parse(request.responseText).id}`);
      } else fail(wordsOf(request));
    });
    request.open("POST", "/api/v1/documents");
    request.send(body);
  };

  document.addEventListener("change", (event) => {
    if (event.target.matches?.("[data-upload]")) send(event.target.files[0]);
  });
  document.addEventListener("submit", (event) => {
    if (!event.target.matches?.("[data-drop]")) return;
    event.preventDefault();
    send(input()?.files[0]);
  });

  // The whole page takes the file: nobody aims well with a file under the hand.
  const holdsFile = (event) => form() && [...(event.dataTransfer?.types ?? [])].includes("Files");
  const mark = (isOver) => form()?.classList.toggle("over", isOver);

  document.addEventListener("dragover", (event) => {
    if (!holdsFile(event)) return;
    event.preventDefault();
    mark(true);
  });
  document.addEventListener("dragleave", (event) => {
    if (event.relatedTarget === null) mark(false);
  });
  document.addEventListener("drop", (event) => {
    if (!holdsFile(event)) return;
    event.preventDefault();
    mark(false);
    if (event.dataTransfer.files.length > 1) fail("One file at a time, please.");
    else send(event.dataTransfer.files[0]);
  });
})();

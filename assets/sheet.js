// A chosen CSV file fills the field that a sheet is pasted into: it is seen before it is taken.
(() => {
  "use strict";

  // The way of a page to its server carries about a megabyte at once.
  const MOST = 900_000;

  const say = (input, text) => {
    const line = input.closest("form")?.querySelector("[data-sheet-said]");
    if (line) line.textContent = text;
  };

  // Spreadsheets on Windows still write their own alphabet.
  const textOf = (bytes) => {
    try {
      return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    } catch {
      return new TextDecoder("windows-1252").decode(bytes);
    }
  };

  const read = async (input) => {
    const file = input.files?.[0];
    const field = input.closest("form")?.querySelector(`[name="${input.dataset.sheetFile}"]`);
    if (!file || !field) return;
    if (file.size > MOST) {
      say(input, "The file is larger than 900 kB: take it in parts, or over REST.");
      return;
    }
    const bytes = new Uint8Array(await file.arrayBuffer());
    if (bytes[0] === 0x50 && bytes[1] === 0x4b) {
      say(input, "This is an Excel workbook: save it as CSV first.");
      return;
    }
    field.value = textOf(bytes).trimEnd();
    const lines = field.value ? field.value.split("\n").length : 0;
    say(input, `${file.name}: ${lines.toLocaleString("en-IN")} ${lines === 1 ? "line" : "lines"}. Look, then take them.`);
    field.focus();
  };

  document.addEventListener("change", (event) => {
    if (event.target.matches?.("[data-sheet-file]")) read(event.target);
  });
})();

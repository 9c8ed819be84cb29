// The theme that the person chose, in whichever browser they sign in.
// The browser keeps its own copy, so that a page is drawn right before the server has answered.
(() => {
  "use strict";

  let applied = "";
  const apply = () => {
    const kept = document.querySelector("#theme")?.dataset.kept ?? "";
    if (!kept || kept === applied) return;
    applied = kept;
    if (localStorage.getItem("theme") === kept) return;
    document.querySelector(`[data-do="theme-${kept}"]`)?.click();
  };
  new MutationObserver(apply).observe(document.documentElement, {
    subtree: true,
    childList: true,
    attributes: true,
    attributeFilter: ["data-kept"],
  });
  apply();
})();

// On the page that is shown while there is no connection: the way back.
(() => {
  "use strict";

  const again = () => location.reload();
  addEventListener("online", again);
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-again]")) again();
  });
})();

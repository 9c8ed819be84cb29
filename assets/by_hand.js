/* The total of an order that is being written: summed while it is typed, as the server will. */
(() => {
  const minor = (text) => {
    const plain = text.replace(/[₹,\s]/g, "");
    return /^\d+(\.\d{0,2})?$/.test(plain) ? Math.round(Number(plain) * 100) : 0;
  };
  const money = (amount) =>
    (amount < 0 ? "−" : "") +
    "₹" +
    (Math.abs(amount) / 100).toLocaleString("en-IN", {
      minimumFractionDigits: 2,
      maximumFractionDigits: 2,
    });
  const sum = (form) => {
    let total = minor(form.elements.shipping.value) - minor(form.elements.discount.value);
    for (const line of form.querySelectorAll("[data-line]")) {
      const part = (name) => line.querySelector(`[data-part="${name}"]`).value.trim();
      if (/^\d+$/.test(part("quantity"))) total += Number(part("quantity")) * minor(part("price"));
    }
    const shown = form.querySelector("[data-total]");
    if (shown.textContent !== money(total)) shown.textContent = money(total);
  };
  const all = () => document.querySelectorAll("form[data-sums]").forEach(sum);
  document.addEventListener("input", (event) => {
    const form = event.target.form;
    if (form?.matches("[data-sums]")) sum(form);
  });
  // Lines come and go, and the form itself is drawn late.
  new MutationObserver(all).observe(document.documentElement, { childList: true, subtree: true });
})();

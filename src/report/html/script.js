"use strict";
(() => {
  // A link into something folded unfolds it.
  const reveal = () => {
    const target = location.hash.length > 1 && document.getElementById(location.hash.slice(1));
    if (!target) return;
    for (let at = target; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
    target.scrollIntoView();
  };
  addEventListener("hashchange", reveal);
  reveal();

  // Show only the flows with one verdict: rows and columns without any go, other cells step back.
  const filter = document.querySelector(".filter");
  if (filter) {
    const show = (wanted) => {
      for (const button of filter.querySelectorAll("button"))
        button.setAttribute("aria-pressed", String(button.dataset.show === wanted));
      const fits = (cell) => !wanted || cell.classList.contains(wanted);
      for (const table of document.querySelectorAll(".matrix table")) {
        const rows = [...table.tBodies[0].rows];
        const columns = table.tHead.rows[0].cells.length;
        for (let column = 1; column < columns; column += 1) {
          const hide = !rows.some((row) => row.cells[column].classList.contains("cell") && fits(row.cells[column]));
          for (const row of [table.tHead.rows[0], ...rows]) row.cells[column].hidden = hide;
        }
        for (const row of rows) {
          const cells = [...row.cells].slice(1);
          for (const cell of cells) cell.classList.toggle("back", !fits(cell));
          row.hidden = !cells.some((cell) => cell.classList.contains("cell") && fits(cell));
        }
        table.closest(".matrix").hidden = rows.every((row) => row.hidden);
      }
    };
    filter.addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (button) show(button.dataset.show);
    });
    filter.hidden = false;
  }

  for (const button of document.querySelectorAll("button.copy")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      const code = button.parentElement.querySelector("code");
      let done = true;
      try {
        await navigator.clipboard.writeText(code.textContent);
      } catch {
        const range = document.createRange();
        range.selectNodeContents(code);
        getSelection().removeAllRanges();
        getSelection().addRange(range);
        done = document.execCommand("copy");
      }
      button.textContent = done ? "copied" : "selected";
      setTimeout(() => { button.textContent = "copy"; }, 2000);
    });
  }

  // Only what does scroll is a stop for the keyboard.
  const sizes = new ResizeObserver((entries) => {
    for (const { target } of entries)
      target.tabIndex = target.scrollWidth > target.clientWidth || target.scrollHeight > target.clientHeight ? 0 : -1;
  });
  for (const one of document.querySelectorAll(".scroll")) sizes.observe(one);

  // Print everything, then fold again what was folded.
  let folded = [];
  addEventListener("beforeprint", () => {
    folded = [...document.querySelectorAll("details:not([open])")];
    for (const one of folded) one.open = true;
  });
  addEventListener("afterprint", () => {
    for (const one of folded) one.open = false;
  });
})();

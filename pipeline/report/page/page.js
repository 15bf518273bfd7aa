"use strict";
/* The page reads without this script; it adds sorting, and opens the fold that a link points into. */

const measure = () => document.querySelector("input[name=measure]:checked").value;

/* What a cell sorts by: its exact number in the chosen measure, or its text. */
function key(row, column) {
  const cell = row.cells[column];
  const data = cell.querySelector(`data.m-${measure()}`) || cell.querySelector("data");
  return data ? Number(data.value) : cell.textContent.trim();
}

function sort(table, column, order) {
  const sign = order === "ascending" ? 1 : -1;
  for (const body of table.querySelectorAll("tbody.sortable")) {
    const rows = Array.from(body.rows, (row) => [key(row, column), row]);
    rows.sort(([a], [b]) => sign * (typeof a === "number" ? a - b : a < b ? -1 : a > b ? 1 : 0));
    body.append(...rows.map(([, row]) => row));
  }
}

function sorted(table) {
  return table.querySelector("th[aria-sort=ascending], th[aria-sort=descending]");
}

for (const button of document.querySelectorAll("th[aria-sort] button")) {
  button.addEventListener("click", () => {
    const head = button.closest("th");
    const table = head.closest("table");
    const first = head.classList.contains("n") ? "descending" : "ascending";
    const second = first === "ascending" ? "descending" : "ascending";
    const order = head.getAttribute("aria-sort") === first ? second : first;
    const before = sorted(table);
    if (before) before.setAttribute("aria-sort", "none");
    head.setAttribute("aria-sort", order);
    sort(table, head.cellIndex, order);
  });
}

/* Another measure, another order of the same column. */
for (const radio of document.querySelectorAll("input[name=measure]")) {
  radio.addEventListener("change", () => {
    for (const table of document.querySelectorAll("table.reasons")) {
      const head = sorted(table);
      if (head) sort(table, head.cellIndex, head.getAttribute("aria-sort"));
    }
  });
}

function open_target() {
  const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (target instanceof HTMLDetailsElement) target.open = true;
}
addEventListener("hashchange", open_target);
open_target();

/* On paper everything is open. */
addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((fold) => (fold.open = true)));

"use strict";

// Sorting and filtering of tables, and words beside the marks of charts. The page is
// whole without this script: what only it can serve is made or shown here.

function valueOf(row, column) {
  const cell = row.cells[column];
  const value = cell.dataset.value;
  return value === undefined ? cell.textContent : Number(value);
}

function isMissing(row, column) {
  return row.cells[column].dataset.missing !== undefined;
}

function sortBy(table, column, isDescending) {
  const sign = isDescending ? -1 : 1;
  const rows = Array.from(table.tBodies[0].rows);
  rows.sort((one, other) => {
    const gaps = isMissing(one, column) - isMissing(other, column);
    if (gaps !== 0) return gaps; // what has no value comes last either way
    const [a, b] = [valueOf(one, column), valueOf(other, column)];
    if (typeof a === "number" && typeof b === "number") return sign * (a - b);
    return sign * String(a).localeCompare(String(b), undefined, { numeric: true });
  });
  table.tBodies[0].append(...rows);
}

function makeSortable(table, tell) {
  const heads = Array.from(table.tHead.rows[0].cells);
  heads.forEach((head, column) => {
    if (head.dataset.plain !== undefined) return;
    const name = head.dataset.name;
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const before = head.getAttribute("aria-sort");
      const first = head.classList.contains("number") ? "descending" : "ascending";
      const other = first === "ascending" ? "descending" : "ascending";
      const order = before === first ? other : first;
      heads.forEach((each) => each.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", order);
      sortBy(table, column, order === "descending");
      tell(`sorted by ${name}, ${order}`);
    });
  });
}

function makeFilterable(table, controls, tell) {
  const search = controls.querySelector("input[type=search]");
  const best = controls.querySelector("input[type=checkbox]");
  const rows = Array.from(table.tBodies[0].rows);
  const apply = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const row of rows) {
      const text = row.textContent.toLowerCase();
      const isFront = row.classList.contains("strong");
      row.hidden =
        !words.every((word) => text.includes(word)) || (best?.checked && !isFront);
      count += row.hidden ? 0 : 1;
    }
    tell(`${count} of ${rows.length} rows`);
  };
  search.addEventListener("input", apply);
  best?.addEventListener("change", apply);
  controls.hidden = false;
  apply();
}

for (const part of document.querySelectorAll("[data-table]")) {
  const table = part.querySelector("table");
  const controls = part.querySelector(".controls");
  const status = part.querySelector("[role=status]");
  const told = { order: "", rows: "" };
  const tell = (what) => (text) => {
    told[what] = text;
    status.textContent = [told.rows, told.order].filter(Boolean).join(", ");
  };
  makeSortable(table, tell("order"));
  makeFilterable(table, controls, tell("rows"));
}

const tip = document.getElementById("tip");

function showTip(event) {
  const mark = event.target.closest?.(".picture svg [aria-label]");
  tip.hidden = !mark || mark.getAttribute("role") !== "graphics-symbol";
  if (tip.hidden) return;
  tip.textContent = mark.getAttribute("aria-label");
  const box = tip.getBoundingClientRect();
  const left = Math.min(event.clientX + 12, innerWidth - box.width - 8);
  const above = event.clientY - box.height - 12;
  tip.style.left = `${Math.max(8, left)}px`;
  tip.style.top = `${above < 8 ? event.clientY + 16 : above}px`;
}

document.addEventListener("pointerover", showTip);
document.addEventListener("pointerdown", showTip);

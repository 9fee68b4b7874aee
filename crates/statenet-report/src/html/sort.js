// A click on a column's name sorts the table by it, a second one the other way. What has no value comes last.
for (const button of document.querySelectorAll("table.sortable th button")) {
  button.addEventListener("click", () => {
    const head = button.closest("th");
    const body = head.closest("table").tBodies[0];
    const column = head.cellIndex;
    const numeric = head.classList.contains("number");
    const first = numeric ? "descending" : "ascending";
    const second = numeric ? "ascending" : "descending";
    const order = head.getAttribute("aria-sort") === first ? second : first;
    const sign = order === "ascending" ? 1 : -1;
    for (const other of head.parentElement.children) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", order);
    const value = (row) => row.cells[column].dataset.value;
    const text = (row) => row.cells[column].textContent;
    const compare = (a, b) => {
      if (!numeric) return sign * text(a).localeCompare(text(b), undefined, { numeric: true });
      const missing = Number(value(a) === undefined) - Number(value(b) === undefined);
      return missing || sign * (Number(value(a)) - Number(value(b))) || 0;
    };
    body.append(...Array.from(body.rows).sort(compare));
  });
}

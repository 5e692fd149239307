// The results table: sorted by a click, filtered column by column, one page at a time.
(function () {
  "use strict";
  const table = document.getElementById("results");
  if (!table) return;
  const { names, numeric, columns, outcome, faulty } = JSON.parse(document.getElementById("table-data").textContent);
  const total = columns[0].length;
  const pageSize = 50;
  const filters = names.map(() => "");
  let sortedBy = 0, ascending = true, page = 0, rows = [...Array(total).keys()];

  // "" keeps all; ">=5" and the like compare, numbers by size; anything else is searched for.
  function test(column, text) {
    const match = /^(>=|<=|!=|==|=|>|<)\s*(.*)$/.exec(text.trim());
    if (!match) {
      const wanted = text.trim().toLowerCase();
      return (value) => value !== null && String(value).toLowerCase().includes(wanted);
    }
    const [, sign, word] = match;
    const number = Number(word);
    if (numeric[column] && (word === "" || Number.isNaN(number))) return () => true; // still being typed
    const wanted = numeric[column] ? number : word.toLowerCase();
    const compare = {
      ">=": (v) => v >= wanted, "<=": (v) => v <= wanted, ">": (v) => v > wanted, "<": (v) => v < wanted,
      "=": (v) => v === wanted, "==": (v) => v === wanted, "!=": (v) => v !== wanted,
    }[sign];
    return (value) => value !== null && compare(numeric[column] ? value : String(value).toLowerCase());
  }

  function update() {
    const active = filters.flatMap((text, c) => (text.trim() ? [[columns[c], test(c, text)]] : []));
    rows = [];
    for (let r = 0; r < total; r++) if (active.every(([column, holds]) => holds(column[r]))) rows.push(r);
    const values = columns[sortedBy], sign = ascending ? 1 : -1, bySize = names[sortedBy] === "error";
    // Of outcomes, what has not completed comes last, and before that what cannot be.
    const late = (r) => (!outcome[sortedBy] ? 0 : columns[1][r] !== "COMPLETED" ? 2 : faulty[r] ? 1 : 0);
    rows.sort((a, b) => {
      if (late(a) !== late(b)) return late(a) - late(b);
      let x = values[a], y = values[b];
      if (bySize) { x = x === null ? x : Math.abs(x); y = y === null ? y : Math.abs(y); }
      if (x === y) return a - b;
      if (x === null) return 1; // missing last, whichever way
      if (y === null) return -1;
      return (x < y ? -1 : 1) * sign;
    });
    page = 0;
    show();
  }

  function show() {
    const pages = Math.max(1, Math.ceil(rows.length / pageSize));
    const body = document.createElement("tbody");
    for (const r of rows.slice(page * pageSize, (page + 1) * pageSize)) {
      const row = body.insertRow();
      row.className = columns[1][r] + (faulty[r] ? " fault" : "");
      columns.forEach((column, c) => {
        const cell = row.insertCell();
        const value = column[r];
        cell.textContent = value === null ? "" : c === 1 && faulty[r] ? `${value} (fault)` : value;
        if (!numeric[c]) { cell.className = "left"; cell.title = value === null ? "" : value; }
      });
    }
    table.tBodies[0].replaceWith(body);
    table.querySelectorAll("th[aria-sort]").forEach((th, c) => {
      th.setAttribute("aria-sort", c !== sortedBy ? "none" : ascending ? "ascending" : "descending");
      th.firstChild.textContent = names[c] + (c !== sortedBy ? "" : ascending ? " ▲" : " ▼");
    });
    document.getElementById("count").textContent =
      `${rows.length} of ${total} jobs, page ${page + 1} of ${pages}`;
    document.getElementById("previous").disabled = page === 0;
    document.getElementById("next").disabled = page + 1 >= pages;
  }

  const head = table.tHead.insertRow();
  names.forEach((name, c) => {
    const th = document.createElement("th");
    th.scope = "col";
    th.setAttribute("aria-sort", "none");
    if (!numeric[c]) th.className = "left";
    const button = document.createElement("button");
    button.type = "button";
    button.addEventListener("click", () => {
      ascending = sortedBy === c ? !ascending : true;
      sortedBy = c;
      update();
    });
    const input = document.createElement("input");
    input.type = "text";
    input.placeholder = numeric[c] ? ">=…" : "contains…";
    input.setAttribute("aria-label", `Filter ${name}`);
    input.addEventListener("input", () => { filters[c] = input.value; update(); });
    th.append(button, input);
    head.append(th);
  });
  document.getElementById("previous").addEventListener("click", () => { page--; show(); });
  document.getElementById("next").addEventListener("click", () => { page++; show(); });
  update();
})();

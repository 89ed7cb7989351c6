"use strict";
// Shows the values of a chart where the pointer is, or where the arrow keys have led. A chart says in its data what its axes are.
(() => {
  const text = (value) => (value === null ? "-" : String(Number(value.toPrecision(5))));

  // The places of all lines, ascending, each once.
  const places = (lines) => [...new Set(lines.flatMap((line) => line.x))].sort((a, b) => a - b);

  const nearest = (numbers, wanted) =>
    numbers.reduce((best, one) => (Math.abs(one - wanted) < Math.abs(best - wanted) ? one : best), numbers[0]);

  const prepare = (figure) => {
    const data = JSON.parse(figure.querySelector(".chart-data").textContent);
    const plot = figure.querySelector(".plot");
    const [low, high, left, right] = data.x;
    const all = places(data.lines);
    let shown = null;
    const cursor = document.createElementNS("http://www.w3.org/2000/svg", "path");
    cursor.setAttribute("class", "cursor");
    plot.append(cursor);
    const hint = document.createElement("div");
    hint.className = "hint";
    hint.hidden = true;
    figure.append(hint);

    const hide = () => {
      shown = null;
      hint.hidden = true;
      cursor.removeAttribute("d");
    };

    const show = (x) => {
      shown = x;
      const at = left + ((x - low) / (high - low)) * (right - left);
      cursor.setAttribute("d", `M${at} ${data.y[2]}V${data.y[3]}`);
      const table = document.createElement("table");
      const add = (name, value) => {
        const row = table.insertRow();
        row.insertCell().textContent = name;
        const cell = row.insertCell();
        cell.className = "number";
        cell.textContent = value;
      };
      add(data.name, text(x));
      for (const line of data.lines) {
        const place = line.x.indexOf(x);
        if (place >= 0) add(line.name, text(line.y[place]));
      }
      hint.replaceChildren(table);
      hint.hidden = false;
      const box = plot.getBoundingClientRect();
      const around = figure.getBoundingClientRect();
      const here = box.left - around.left + (at / plot.viewBox.baseVal.width) * box.width;
      const room = around.width - hint.offsetWidth;
      hint.style.left = `${Math.max(0, here + 12 > room ? here - hint.offsetWidth - 12 : here + 12)}px`;
      hint.style.top = `${box.top - around.top + 14}px`;
    };

    plot.addEventListener("pointermove", (event) => {
      const box = plot.getBoundingClientRect();
      const at = ((event.clientX - box.left) / box.width) * plot.viewBox.baseVal.width;
      show(nearest(all, low + ((at - left) / (right - left)) * (high - low)));
    });
    plot.addEventListener("pointerleave", hide);
    figure.addEventListener("blur", hide);
    figure.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (step === undefined) return;
      event.preventDefault();
      const next = shown === null ? (step > 0 ? 0 : all.length - 1) : all.indexOf(shown) + step;
      if (next >= 0 && next < all.length) show(all[next]);
    });
  };

  document.querySelectorAll(".chart").forEach(prepare);
  // What is folded up is printed, too.
  addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((one) => (one.open = true)));
})();

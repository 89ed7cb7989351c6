"use strict";
// Says of which sample a point of the maps is, and shows its class in all of them. The points of every map stand in one order.
(() => {
  const frame = document.querySelector(".maps");
  if (!frame) return;
  const data = JSON.parse(frame.querySelector(".map-data").textContent);
  const maps = [...frame.querySelectorAll(".map")];
  const circles = maps.map((map) => [...map.querySelectorAll("circle")]);
  const hint = document.createElement("div");
  hint.className = "hint";
  hint.hidden = true;
  frame.append(hint);

  const members = new Map();
  data.class_of.forEach((one, i) => members.set(one, [...(members.get(one) || []), i]));

  const clear = () => {
    hint.hidden = true;
    maps.forEach((map) => map.classList.remove("looked"));
    frame.querySelectorAll(".same, .at").forEach((one) => one.classList.remove("same", "at"));
  };

  const show_class = (number) => {
    clear();
    maps.forEach((map) => map.classList.add("looked"));
    for (const points of circles) for (const i of members.get(number)) points[i].classList.add("same");
  };

  const show_point = (i, event) => {
    show_class(data.class_of[i]);
    for (const points of circles) points[i].classList.add("at");
    const parts = [];
    if (data.pictures[i]) {
      const picture = document.createElement("img");
      picture.src = `data:image/jpeg;base64,${data.pictures[i]}`;
      picture.alt = "";
      parts.push(picture);
    }
    const strong = document.createElement("b");
    strong.textContent = data.classes[data.class_of[i]];
    const name = document.createElement("div");
    name.className = "soft";
    name.textContent = data.names[i];
    hint.replaceChildren(...parts, strong, name);
    hint.hidden = false;
    const around = frame.getBoundingClientRect();
    const x = event.clientX - around.left;
    const y = event.clientY - around.top;
    hint.style.left = `${x + 18 + hint.offsetWidth > around.width ? x - hint.offsetWidth - 14 : x + 14}px`;
    hint.style.top = `${y + 14}px`;
  };

  // The nearest point within a few pixels, which a pointer cannot hit otherwise.
  const nearest = (m, event) => {
    const svg = maps[m].querySelector("svg");
    const box = svg.getBoundingClientRect();
    const scale = svg.viewBox.baseVal.width / box.width;
    const x = (event.clientX - box.left) * scale;
    const y = (event.clientY - box.top) * scale;
    let best = -1;
    let least = (14 * scale) ** 2;
    circles[m].forEach((one, i) => {
      const distance = (one.cx.baseVal.value - x) ** 2 + (one.cy.baseVal.value - y) ** 2;
      if (distance >= least) return;
      least = distance;
      best = i;
    });
    return best;
  };

  maps.forEach((map, m) => {
    const svg = map.querySelector("svg");
    svg.addEventListener("pointermove", (event) => {
      const i = nearest(m, event);
      if (i < 0) clear();
      else show_point(i, event);
    });
    svg.addEventListener("pointerleave", clear);
  });
  frame.parentElement.querySelectorAll("[data-class]").forEach((one) => {
    const number = Number(one.dataset.class);
    for (const name of ["pointerenter", "focus"]) one.addEventListener(name, () => show_class(number));
    for (const name of ["pointerleave", "blur"]) one.addEventListener(name, clear);
  });
})();

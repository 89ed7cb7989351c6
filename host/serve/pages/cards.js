// The grid of items: what a card shows, the marks on cards, and the keys that move among them.
import { showThumbnail } from "./api.js";

export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined) made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
}

/** A picture of an item, or its words where it has none. */
export function thumbnail(id, words) {
  const image = element("img", { alt: "", loading: "lazy", decoding: "async" });
  image.addEventListener("error", () => image.replaceWith(element("span", {}, words)));
  showThumbnail(image, id);
  return image;
}

const shownDistance = (distance) => distance.toPrecision(4);

/** Cards of items in a list. `marks`: id -> "like" or "unlike", of all lists. `follow(id)`: somebody goes on from one.
 *  `marked(id)`: its mark has changed. */
export class Cards {
  constructor(list, { marks, follow, marked }) {
    this.list = list;
    this.marks = marks;
    this.follow = follow;
    this.marked = marked;
    this.shown = new Map();  // id -> {"item", "card"}, in their order
    list.addEventListener("click", (event) => this.clicked(event));
    list.addEventListener("keydown", (event) => this.pressed(event));
    list.addEventListener("focusin", (event) => this.reached(event.target.closest(".card")));
  }

  clear() {
    this.list.replaceChildren();
    this.shown.clear();
  }

  /** Adds those that are not there yet: an approximate index may find one twice on its way down. Returns how many. */
  add(items) {
    const fresh = items.filter((item) => !this.shown.has(item.id));
    for (const item of fresh) {
      const card = this.card(item);
      this.shown.set(item.id, { item, card });
      this.list.append(card);
    }
    if (fresh.length && !this.list.querySelector("a[tabindex='0']")) this.reached(this.list.firstElementChild);
    return fresh.length;
  }

  card(item) {
    const name = item.class || item.id;
    const far = item.distance === undefined ? "" : shownDistance(item.distance);
    const label = [name, far && `distance ${far}`, item.class ? item.id : ""].filter(Boolean).join(", ");
    const button = (how, sign, words) =>
      element("button", { type: "button", class: how === "like" ? "plus" : "minus", "data-mark": how, tabindex: "-1",
                          "aria-label": `${words}: ${name}`, title: words }, sign);
    const card = element("li", { class: "card", "data-id": item.id },
      element("a", { href: `?id=${encodeURIComponent(item.id)}`, tabindex: "-1", "aria-label": label, title: item.id },
        element("div", { class: "frame" }, thumbnail(item.id, name)),
        element("div", { class: "words" }, element("strong", {}, name), element("small", {}, item.class ? item.id : ""))),
      element("span", { class: "note", "aria-hidden": "true" }),
      element("span", { class: "distance", "aria-hidden": "true" }, far),
      element("div", { class: "mark" }, button("like", "+", "More like this"), button("unlike", "\u2212", "Less like this")));
    this.show(card);
    return card;
  }

  /** Says something of a card, in view and in the name of its link; "" takes it away. */
  note(card, words) {
    const note = card.querySelector(".note"), link = card.querySelector("a");
    if (note.textContent === words) return;
    const label = link.getAttribute("aria-label");
    const plain = note.textContent ? label.slice(0, -`, ${note.textContent}`.length) : label;
    link.setAttribute("aria-label", words ? `${plain}, ${words}` : plain);
    note.textContent = words;
    card.classList.toggle("noted", words !== "");
  }

  showMark(id) {
    const shown = this.shown.get(id);
    if (shown) this.show(shown.card);
  }

  show(card) {
    const mark = this.marks.get(card.dataset.id);
    for (const how of ["like", "unlike"]) {
      card.classList.toggle(how, mark === how);
      card.querySelector(`[data-mark=${how}]`).setAttribute("aria-pressed", mark === how);
    }
  }

  toggle(card, how) {
    const id = card.dataset.id;
    if (this.marks.get(id) === how) this.marks.delete(id);
    else this.marks.set(id, how);
    this.marked(id);
  }

  clicked(event) {
    const card = event.target.closest(".card");
    const button = event.target.closest("button");
    if (button) return this.toggle(card, button.dataset.mark);
    if (!event.target.closest("a") || event.ctrlKey || event.metaKey || event.shiftKey) return;  // another tab is the browser's
    event.preventDefault();
    this.follow(card.dataset.id);
  }

  /** The tabulator reaches one card of the list, and its buttons; arrows go to the others. */
  reached(card) {
    if (!card) return;
    for (const one of this.list.querySelectorAll("[tabindex='0']")) one.tabIndex = -1;
    for (const one of card.querySelectorAll("a, button")) one.tabIndex = 0;
  }

  columns() {
    return getComputedStyle(this.list).gridTemplateColumns.split(" ").length;
  }

  pressed(event) {
    const card = event.target.closest(".card");
    if (!card || event.ctrlKey || event.metaKey || event.altKey) return;
    const cards = [...this.list.children];
    const at = cards.indexOf(card);
    const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -this.columns(), ArrowDown: this.columns() };
    if (event.key === "+") this.toggle(card, "like");
    else if (event.key === "-") this.toggle(card, "unlike");
    else if (event.key === "Home") cards[0].querySelector("a").focus();
    else if (event.key === "End") cards.at(-1).querySelector("a").focus();
    else if (event.key in steps) cards[at + steps[event.key]]?.querySelector("a").focus();
    else return;
    event.preventDefault();
  }
}

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

/** Cards of items in a list. `follow(id)`: somebody goes on from one. `marked()`: marks have changed. */
export class Cards {
  constructor(list, { follow, marked }) {
    this.list = list;
    this.follow = follow;
    this.marked = marked;
    this.marks = new Map();  // id -> "like" or "unlike"
    this.ids = new Set();
    list.addEventListener("click", (event) => this.clicked(event));
    list.addEventListener("keydown", (event) => this.pressed(event));
    list.addEventListener("focusin", (event) => this.reached(event.target.closest(".card")));
  }

  clear() {
    this.list.replaceChildren();
    this.ids.clear();
  }

  /** Adds those that are not there yet: an approximate index may find one twice on its way down. Returns how many. */
  add(items) {
    const fresh = items.filter((item) => !this.ids.has(item.id));
    for (const item of fresh) {
      this.ids.add(item.id);
      this.list.append(this.card(item));
    }
    if (fresh.length && !this.list.querySelector("a[tabindex='0']")) this.reached(this.list.firstElementChild);
    return fresh.length;
  }

  clearMarks() {
    this.marks.clear();
    for (const card of this.list.children) this.show(card);
    this.marked();
  }

  idsMarked(how) {
    return [...this.marks].filter(([, mark]) => mark === how).map(([id]) => id);
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
      element("span", { class: "distance", "aria-hidden": "true" }, far),
      element("div", { class: "mark" }, button("like", "+", "More like this"), button("unlike", "\u2212", "Less like this")));
    this.show(card);
    return card;
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
    this.show(card);
    this.marked();
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

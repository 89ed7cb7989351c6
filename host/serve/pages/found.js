// A list of what a view shows: by the model as it is, or as it was before it was trained.
import * as api from "./api.js";
import { Cards } from "./cards.js";
import { requestOf } from "./query.js";

const kAtOnce = 48;
const kDeepest = 10000;  // of POST /search

export class Found {
  /** `space`: "tuned" or "base", as POST /search knows them. The rest is for its Cards. */
  constructor(section, space, forCards) {
    this.section = section;
    this.space = space;
    this.cards = new Cards(section.querySelector("ol"), forCards);
    this.clear();
  }

  clear() {
    this.cards.clear();
    this.next = 0;
    this.ends = false;
    this.tell("");
  }

  /** Where two lists stand beside each other, each is a region with a title. */
  showTitle(isShown) {
    const title = this.section.querySelector(".title");
    title.hidden = !isShown;
    if (isShown) this.section.setAttribute("aria-labelledby", title.querySelector("h2").id);
    else this.section.removeAttribute("aria-labelledby");
  }

  tell(text) { this.section.querySelector(".tally").textContent = text; }

  /** Adds the next items of the view. Returns the error where there is one, so that the other list can go on. */
  async more(view, signal) {
    try {
      const { items, next, ends } = await this.fetched(view, signal);
      if (signal.aborted) return null;
      this.next = next;
      this.ends = ends;
      this.cards.add(items);
      return null;
    } catch (error) {
      if (!signal.aborted) this.ends = true;
      return error;
    }
  }

  /** Of a search by distance, without one in the order of the index. */
  async fetched(view, signal) {
    if (view.like.length === 0) {
      const { items, next } = await api.items(kAtOnce, this.next || "", view.where, signal);
      return { items, next, ends: next === null };
    }
    const offset = this.next;
    const { found } = await api.search(requestOf(view, Math.min(kAtOnce, kDeepest - offset), offset, this.space), signal);
    const next = offset + found.length;
    return { items: found, next, ends: found.length < kAtOnce || next >= kDeepest };
  }
}

// What two lists of one query tell of training: which of their items are right, or at least in both.
import { item } from "./api.js";

const kFirst = 10;  // a screen of items; how they are is said beside how all are

/** The classes of the items that are searched for; none for a picture or a text, of which nothing is known. */
export async function classesOf(view, signal) {
  const ids = view.like.filter((part) => part.id !== undefined).map((part) => part.id);
  const items = await Promise.all(ids.map((id) => item(id, signal).catch(() => null)));  // the search says what is wrong
  return new Set(items.map((one) => one?.class).filter(Boolean));
}

function tally(places, count, what, isGrouped) {
  if (count === 0) return "";
  if (isGrouped) return places.length ? `At place ${places[0] + 1}: ${what}.` : `Not among the nearest ${count}: ${what}.`;
  const first = places.filter((place) => place < kFirst).length;
  const all = `${places.length} of the nearest ${count}`;
  return `${count > kFirst ? `${first} of the nearest ${kFirst} and ${all}` : all}: ${what}.`;
}

/** Marks the items of `classes` in each list, or without them those that are in both, and says how many they are. */
export function compare(lists, classes, isGrouped) {
  const words = classes.size ? "same class" : "in both lists";
  const isRight = (one) => (classes.size ? classes.has(one.class) : lists.every(({ cards }) => cards.shown.has(one.id)));
  for (const list of lists) {
    const places = [];
    [...list.cards.shown.values()].forEach(({ item: one, card }, place) => {
      const right = isRight(one);
      if (right) places.push(place);
      list.cards.note(card, right ? words : "");
    });
    list.tell(tally(places, list.cards.shown.size, words, isGrouped && classes.size > 0));
  }
}

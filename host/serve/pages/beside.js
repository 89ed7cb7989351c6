// What two lists of one query tell of training: which of their items are right, or at least in both.
import { item } from "./api.js";

const kFirst = 10;  // a screen of items; how they are is said beside how all are

/** The classes of the items that are searched for; none for a picture or a text, of which nothing is known. */
export async function classesOf(view, signal) {
  const ids = view.like.filter((part) => part.id !== undefined).map((part) => part.id);
  const items = await Promise.all(ids.map((id) => item(id, signal).catch(() => null)));  // the search says what is wrong
  return new Set(items.map((one) => one?.class).filter(Boolean));
}

/** Where each class is found once, the place of the right one says more than how many there are. */
function tally(places, count, isGrouped) {
  if (isGrouped) return places.length ? `at place ${places[0] + 1}` : `not among the nearest ${count}`;
  const first = places.filter((place) => place < kFirst).length;
  const all = `${places.length} of the nearest ${count}`;
  return count > kFirst ? `${first} of the nearest ${kFirst}, ${all}` : all;
}

/** Marks the items of `classes` in each list, or without them those that are in both, and says how many they are. */
export function compare(lists, classes, isGrouped) {
  const [words, title] = classes.size ? ["same class", "Same class"] : ["in both lists", "In both lists"];
  const isRight = (one) => (classes.size ? classes.has(one.class) : lists.every(({ cards }) => cards.shown.has(one.id)));
  for (const list of lists) {
    const places = [];
    [...list.cards.shown.values()].forEach(({ item: one, card }, place) => {
      const right = isRight(one);
      if (right) places.push(place);
      list.cards.note(card, right ? words : "");
    });
    const count = list.cards.shown.size;
    list.tell(count ? `${title}: ${tally(places, count, isGrouped && classes.size > 0)}.` : "");
  }
}

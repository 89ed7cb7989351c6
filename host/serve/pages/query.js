// What is searched for. A view is what the browser's history keeps, so that back goes back, also to a picture:
//   {"like": [part], "unlike": [part], "where", "group", "beside"}, a part: {"id"}, {"text"} or {"vector", "base", "name", "small"}
// "vector" is what the model made of a picture, "base" what it made before it was trained where that is served, and "small"
// a data URI of it. "group": each class once. "beside": what was before training stands beside it.
import { embed, pictureOf } from "./api.js";
import { element, thumbnail } from "./cards.js";

const kSmallSide = 160;

export const nothing = () => ({ like: [], unlike: [], where: "", group: false, beside: false });

/** The view of the page's address: what can be kept as a link. */
export function viewOfAddress() {
  const query = new URLSearchParams(location.search);
  const ids = (name) => query.getAll(name).map((id) => ({ id }));
  return { like: [...query.getAll("text").map((text) => ({ text })), ...ids("id")], unlike: ids("unlike"),
           where: query.get("where") || "", group: query.has("group"), beside: query.has("beside") };
}

export function addressOf(view) {
  const query = new URLSearchParams();
  for (const part of view.like) {
    if (part.text !== undefined) query.append("text", part.text);
    if (part.id !== undefined) query.append("id", part.id);
  }
  for (const part of view.unlike) query.append("unlike", part.id);
  if (view.where) query.set("where", view.where);
  if (view.group) query.set("group", "1");
  if (view.beside) query.set("beside", "1");
  const text = query.toString();
  return text ? `?${text}` : "./";
}

/** The body of POST /search. */
export function requestOf(view, k, offset, space) {
  const numbers = ({ vector, base }) => {
    if (space === "tuned") return vector;
    if (!base) throw new Error("the picture was given when nothing of before training was served; give it again");
    return base;
  };
  const plain = (part) => (part.vector ? { vector: numbers(part) } : part.id !== undefined ? { id: part.id } : { text: part.text });
  const request = { like: view.like.map(plain), k, offset, space };
  if (view.unlike.length) request.unlike = view.unlike.map(plain);
  if (view.where) request.where = view.where;
  if (view.group) request.group_by = "class_name";
  return request;
}

/** A small copy of a picture, as a data URI; "" where the browser cannot read it. */
async function smallCopy(file) {
  try {
    const picture = await createImageBitmap(file);
    const scale = Math.min(1, kSmallSide / Math.max(picture.width, picture.height));
    const canvas = element("canvas");
    canvas.width = Math.max(1, Math.round(picture.width * scale));
    canvas.height = Math.max(1, Math.round(picture.height * scale));
    canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
    picture.close();
    return canvas.toDataURL("image/jpeg", 0.85);
  } catch {
    return "";
  }
}

/** `hasBase`: the picture is also embedded as before training, so that what was then can be shown at any time. */
export async function partOfPicture(file, hasBase) {
  const [vector, base, small] =
    await Promise.all([embed(file, "tuned"), hasBase ? embed(file, "base") : undefined, smallCopy(file)]);
  return { vector, base, name: file.name || "the picture", small };
}

const nameOf = (part) => part.text ?? part.id ?? part.name;

/** Shows the parts of a view in `list`; `remove(kind, place)`: somebody takes one out. */
export function showQuery(list, view, remove) {
  const shown = (part, kind, place) => {
    const name = nameOf(part);
    const sign = kind === "unlike" ? "less like " : "";
    const item = element("li", { class: kind });
    if (part.small) item.append(element("img", { src: part.small, alt: "" }));
    if (part.id !== undefined)
      item.append(element("a", { href: pictureOf(part.id), target: "_blank", rel: "noopener", "aria-label": `The picture of ${name}` },
        thumbnail(part.id, "")));
    const button = element("button", { type: "button", "aria-label": `Remove ${sign}${name}` }, "\u00d7");
    button.addEventListener("click", () => remove(kind, place));
    item.append(element("span", {}, sign + name), button);
    return item;
  };
  list.replaceChildren(...view.like.map((part, i) => shown(part, "like", i)),
    ...view.unlike.map((part, i) => shown(part, "unlike", i)));
}

// The page of the server: what people give becomes a view, a view becomes items.
import * as api from "./api.js";
import { classesOf, compare } from "./beside.js";
import { element } from "./cards.js";
import { Found } from "./found.js";
import { addressOf, nothing, partOfPicture, showQuery, viewOfAddress } from "./query.js";

const kAhead = 600;      // pixels below the window where the next items are fetched
const kBookkeeping = ["row", "file_bytes", "file_time", "file_hash"];  // columns that say nothing to people

const at = (id) => document.getElementById(id);
const marks = new Map();
const forCards = { marks, follow: (id) => go({ ...filters(), like: [{ id }] }), marked: showMarks };
const tuned = new Found(at("tuned"), "tuned", forCards), base = new Found(at("base"), "base", forCards);

let view = nothing();
let lists = [tuned];   // that the view shows
let classes = null;    // promised: those that are searched for, where the lists are compared
let running = new AbortController();
let reads = "";
let hasBase = false;   // what was before training is served, too

function say(text) { at("status").textContent = text; }

function showError(error) {
  if (error?.name === "AbortError") return;
  at("error").textContent = error ? error.message : "";
  at("error").hidden = !error;
  if (error) say("");
}

function filters() {
  return { ...nothing(), where: at("where").value.trim(), group: at("group").checked, beside: at("beside").checked };
}

/** Shows a view as a new place of the history. */
function go(next) {
  history.pushState(next, "", addressOf(next));
  show(next);
  scrollTo(0, 0);
}

function show(next) {
  view = next;
  running.abort();
  running = new AbortController();
  at("where").value = view.where;
  at("group").checked = view.group;
  at("beside").checked = hasBase && view.beside;
  at("group").disabled = at("beside").disabled = view.like.length === 0;
  const text = view.like.find((part) => part.text !== undefined);
  at("text").value = text ? text.text : "";
  showQuery(at("query"), view, remove);
  showLists();
  clearMarks();
  showError(null);
  at("more").hidden = true;
  say("Searching...");
  return more();
}

/** What was before training stands beside it where something is searched for. */
function showLists() {
  const isBeside = hasBase && Boolean(view.beside) && view.like.length > 0;
  lists = isBeside ? [tuned, base] : [tuned];
  classes = isBeside ? classesOf(view, running.signal) : null;
  at("lists").classList.toggle("beside", isBeside);
  base.section.hidden = !isBeside;
  for (const list of [tuned, base]) {
    list.clear();
    list.showTitle(isBeside);
  }
}

function remove(kind, place) {
  const next = { ...view, [kind]: view[kind].filter((_, i) => i !== place) };
  go(next.like.length ? next : { ...next, unlike: [] });
}

let isFetching = null;

/** The next items of each list. Where one fails it ends, and the other goes on. */
async function more() {
  const { signal } = running;
  const open = lists.filter((list) => !list.ends);
  if (open.length === 0 || isFetching === signal) return;
  isFetching = signal;
  const errors = await Promise.all(open.map((list) => list.more(view, signal)));
  const wanted = await classes;
  if (isFetching === signal) isFetching = null;
  if (signal.aborted) return;
  const failed = errors.findIndex(Boolean);
  const isOfBase = open[failed] === base;
  if (failed >= 0) showError(isOfBase ? new Error(`Before training: ${errors[failed].message}`) : errors[failed]);
  if (failed < 0 || isOfBase) sayCount();
  if (wanted) compare(lists, wanted, view.group);
  const ends = lists.every((list) => list.ends);
  at("more").hidden = ends;
  // A tall window may still show the end; the observer tells of changes alone.
  if (!ends && at("more").getBoundingClientRect().top < innerHeight + kAhead) more();
}

function sayCount() {
  const count = tuned.cards.shown.size;
  const items = `${count} ${count === 1 ? "item" : "items"}`;
  const found = view.like.length > 0, ends = tuned.ends;
  if (count === 0) return say(view.where ? "No item fits the condition." : found ? "Nothing was found." : "The index is empty.");
  if (found) say(ends ? `${items} found, the nearest first.` : `The nearest ${items}; more follow below.`);
  else say(ends ? `${items}. Choose one to find what is like it.` : `The first ${items}; choose one to find what is like it.`);
}

const idsMarked = (how) => [...marks].filter(([, mark]) => mark === how).map(([id]) => id);

/** `id`: whose mark has changed; it may stand in both lists. */
function showMarks(id) {
  for (const list of lists) list.cards.showMark(id);
  const like = idsMarked("like").length, unlike = idsMarked("unlike").length;
  at("marks").hidden = like + unlike === 0;
  at("marked").textContent = [like && `${like} more like`, unlike && `${unlike} less like`].filter(Boolean).join(", ");
}

function clearMarks() {
  const ids = [...marks.keys()];
  marks.clear();
  for (const id of ids) showMarks(id);
}

function searchWithMarks() {
  const parts = (how) => idsMarked(how).map((id) => ({ id }));
  const without = (list, marked) => list.filter((part) => !marked.some((one) => one.id === part.id));
  const like = parts("like"), unlike = parts("unlike");
  const next = { ...filters(), like: [...without(view.like, unlike), ...like], unlike: [...without(view.unlike, [...like, ...unlike]), ...unlike] };
  if (next.like.length === 0)
    return showError(new Error("There is nothing to be more like yet: mark one item with +, or give a picture."));
  go(next);
}

async function searchPicture(file) {
  showError(null);
  if (reads !== "image") return showError(new Error(`The model reads ${reads ? `${reads}s` : "nothing yet"}, and no pictures.`));
  say("Looking at the picture...");
  try {
    go({ ...filters(), like: [await partOfPicture(file, hasBase)] });
  } catch (error) {
    showError(error);
  }
}

function submit(event) {
  event.preventDefault();
  const text = at("text").value.trim();
  const others = view.like.filter((part) => part.text === undefined);
  go({ ...filters(), like: text && reads === "text" ? [{ text }, ...others] : others, unlike: view.unlike });
}

function takePictures() {
  const fileOf = (data) => [...(data?.files ?? [])].find((file) => file.type.startsWith("image/")) ?? data?.files?.[0];
  const take = (data) => {
    const file = fileOf(data);
    if (file) searchPicture(file);
    return Boolean(file);
  };
  for (const id of ["file", "camera"]) {
    at(id).addEventListener("change", (event) => {
      take(event.target);
      event.target.value = "";  // so that the same file can be chosen again
    });
  }
  const hasFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
  addEventListener("dragover", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    at("drop").hidden = false;
  });
  addEventListener("dragleave", (event) => { if (!event.relatedTarget) at("drop").hidden = true; });
  addEventListener("drop", (event) => {
    at("drop").hidden = true;
    if (!hasFiles(event)) return;
    event.preventDefault();
    take(event.dataTransfer);
  });
  addEventListener("paste", (event) => { if (take(event.clipboardData)) event.preventDefault(); });
}

/** Columns that a condition can name; a click writes one into it. */
function showColumns(columns) {
  at("columns").replaceChildren("Columns: ", ...columns.map((name) => {
    const button = element("button", { type: "button" }, name);
    button.addEventListener("click", () => {
      const field = at("where");
      const plain = /^[a-z_][a-z0-9_]*$/i.test(name) ? name : `"${name.replaceAll('"', '""')}"`;
      field.setRangeText(plain, field.selectionStart, field.selectionEnd, "end");
      field.focus();
    });
    return button;
  }));
}

function wire() {
  at("search").addEventListener("submit", submit);
  for (const id of ["group", "beside"])
    at(id).addEventListener("change", () => go({ ...view, ...filters(), like: view.like, unlike: view.unlike }));
  at("apply").addEventListener("click", searchWithMarks);
  at("unmark").addEventListener("click", clearMarks);
  at("more").addEventListener("click", more);
  at("home").addEventListener("click", (event) => {
    event.preventDefault();
    go(nothing());
  });
  new IntersectionObserver((seen) => { if (seen.some((one) => one.isIntersecting)) more(); }, { rootMargin: `${kAhead}px` })
    .observe(at("more"));
  addEventListener("popstate", (event) => show(event.state ?? viewOfAddress()));
  takePictures();
}

async function begin() {
  wire();
  try {
    const { model, index, base: before } = await api.info();
    reads = model.reads;
    hasBase = Boolean(before);
    at("besides").hidden = !hasBase;
    document.title = `Kindred: ${model.name}`;
    at("home").textContent = `Kindred: ${model.name}`;
    if (!index) throw new api.ServerError("This server has no index to search in. Start it again with --index.");
    at("what").textContent = `${index.items.toLocaleString()} items, compared by ${index.distance}`;
    at("give").hidden = reads !== "image";
    at("say").hidden = reads !== "text";
    showColumns(index.columns.filter((name) => !kBookkeeping.includes(name)));
    await show(history.state ?? viewOfAddress());
  } catch (error) {
    showError(error);
  }
}

begin();

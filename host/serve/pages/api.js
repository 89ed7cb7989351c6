// Asks the server. Where it wants a key the page asks for one and keeps it until the tab is closed.
const kKept = "kindred-key";

/** A sentence of the server. */
export class ServerError extends Error {}

function withKey(headers = {}) {
  const key = sessionStorage.getItem(kKept);
  return key ? { ...headers, Authorization: `Bearer ${key}` } : headers;
}

let asking = null;

/** Opens the dialog; requests that come meanwhile wait for the same answer. */
function askForKey() {
  asking ??= new Promise((done, failed) => {
    const dialog = document.getElementById("ask");
    const field = document.getElementById("key");
    const was = sessionStorage.getItem(kKept);
    document.getElementById("refused").textContent = was ? "The server does not know this key." : "";
    field.value = "";
    dialog.returnValue = "";
    dialog.addEventListener("close", () => {
      asking = null;
      if (!field.value) return failed(new ServerError("The server needs a key. Load the page again to give one."));
      sessionStorage.setItem(kKept, field.value.trim());
      done();
    }, { once: true });
    dialog.showModal();
  });
  return asking;
}

async function answered(path, options) {
  for (;;) {
    const used = sessionStorage.getItem(kKept);
    let response;
    try {
      response = await fetch(path, { ...options, headers: withKey(options.headers) });
    } catch (error) {
      if (error.name === "AbortError") throw error;
      throw new ServerError("The server does not answer. Is it still running?");
    }
    if (response.status !== 401) return response;
    if (used === sessionStorage.getItem(kKept)) await askForKey();  // else another request has got a new one
  }
}

async function json(path, options = {}) {
  const response = await answered(path, options);
  const body = await response.json().catch(() => null);
  if (!response.ok) throw new ServerError(body?.error?.message || `The server answers ${response.status}.`);
  return body;
}

export const info = () => json("info");

/** {"found", "distance"}. */
export function search(request, signal) {
  return json("search", { method: "POST", body: JSON.stringify(request), headers: { "Content-Type": "application/json" }, signal });
}

/** {"items", "next"}; `after` and `where` may be "". */
export function items(limit, after, where, signal) {
  const query = new URLSearchParams({ limit });
  if (after) query.set("after", after);
  if (where) query.set("where", where);
  return json(`items?${query}`, { signal });
}

export const item = (id, signal) => json(`items/${encodeURIComponent(id)}`, { signal });

/** The numbers of the embedding of a picture: a file of any kind, of which the server says what it thinks. */
export async function embed(file, space) {
  const type = file.type.startsWith("image/") ? file.type : "application/octet-stream";
  const request = { method: "POST", body: file, headers: { "Content-Type": type } };
  return (await json(`embed?space=${space}`, request)).embeddings[0];
}

export const pictureOf = (id) => `items/${encodeURIComponent(id)}/picture`;

/** Shows the thumbnail of an item in `image`. Where there is a key the browser cannot fetch it by itself. */
export async function showThumbnail(image, id) {
  const path = `items/${encodeURIComponent(id)}/thumbnail`;
  if (!sessionStorage.getItem(kKept)) {
    image.src = path;
    return;
  }
  const response = await answered(path, {}).catch(() => null);
  if (!response?.ok) return image.dispatchEvent(new Event("error"));
  image.src = URL.createObjectURL(await response.blob());
  image.addEventListener("load", () => URL.revokeObjectURL(image.src), { once: true });
}

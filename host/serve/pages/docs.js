"use strict";

function element(name, text, parent) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (parent) parent.append(made);
  return made;
}

/** Puts the schemas in place of what refers to them. */
function resolved(schema, all) {
  if (Array.isArray(schema)) return schema.map((one) => resolved(one, all));
  if (schema === null || typeof schema !== "object") return schema;
  if (schema.$ref) return resolved(all[schema.$ref.split("/").pop()], all);
  return Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, resolved(value, all)]));
}

function showContent(title, content, all, parent) {
  for (const [type, { schema }] of Object.entries(content || {})) {
    element("h4", `${title}: ${type}`, parent);
    if (schema) element("pre", JSON.stringify(resolved(schema, all), null, 2), parent);
  }
}

function showRoute(path, method, route, all, parent) {
  const box = element("details", undefined, parent);
  const head = element("summary", undefined, box);
  const name = element("span", method.toUpperCase(), head);
  name.className = "method";
  element("code", path, head);
  head.append(" ", route.summary || "");
  if (route.description) element("p", route.description, box);
  if (route.parameters) {
    const table = element("table", undefined, box);
    for (const one of route.parameters) {
      const row = element("tr", undefined, table);
      element("code", one.name, element("td", undefined, row));
      element("td", one.in, row);
      element("td", one.description || "", row);
    }
  }
  if (route.requestBody) showContent("Request", route.requestBody.content, all, box);
  for (const [status, response] of Object.entries(route.responses || {})) {
    element("p", `${status}: ${response.description}`, box);
    showContent("Answer", response.content, all, box);
  }
}

fetch("openapi.json").then((answer) => answer.json()).then((api) => {
  document.getElementById("title").textContent = `${api.info.title}, version ${api.info.version}`;
  const routes = document.getElementById("routes");
  routes.textContent = "";
  for (const [path, methods] of Object.entries(api.paths))
    for (const [method, route] of Object.entries(methods)) showRoute(path, method, route, api.components.schemas, routes);
}).catch((error) => { document.getElementById("routes").textContent = `openapi.json cannot be read: ${error}`; });

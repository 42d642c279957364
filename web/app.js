// The page's behaviour: text in, a stream of the rewrite out; the newest keystroke wins.
"use strict";

const PAUSE_MS = 250; // without a keystroke, before a text is sent

const byId = (id) => document.getElementById(id);
const state = {
  language: "en",
  preset: "grammar",
  presets: [],
  request: null, // AbortController of the rewrite in work
  pause: 0, // timer
  text: "",
  edits: [],
  rejected: new Set(), // indices of edits that are not wanted
  result: null, // the event "result": everything is known
};
const words = () => WORDS[state.language];
const keys = new KeyDialog(byId("key-dialog"), () => { showKeyButton(); begin().then(rewrite); });

// ---- Asking the server, with the key if there is one. Without the right one the person is asked for it.
async function ask(path, { headers, ...options } = {}) {
  const response = await fetch(path, { ...options, headers: { ...headers, ...keys.headers } });
  if (response.status === 401) {
    byId("key").hidden = false;
    keys.open(keys.key ? words().keyUnknown : words().keyWanted);
    throw new KeyWanted(words().keyWanted);
  }
  return response;
}

function showKeyButton() {
  if (keys.key) byId("key").hidden = false;
}

// ---- What is remembered from one visit to the next: choices, never text.
function remember(key, value) {
  try { localStorage.setItem(`riposte.${key}`, value); } catch { /* a browser may forbid it */ }
}
function recall(key) {
  try { return localStorage.getItem(`riposte.${key}`); } catch { return null; }
}

// ---- Showing
function show() {
  const done = state.result !== null;
  renderResult(byId("result"), state, words(), toggle);
  byId("changes").textContent = done ? words().changes(state.edits.length) : state.request ? words().working : "";
  for (const id of ["accept", "reject"]) byId(id).disabled = !done || state.edits.length === 0;
  byId("copy").disabled = !done;
  if (done) renderChecks(byId("checks"), state.result.checks, words());
}

function showTimes(total, cached) {
  const times = state.result.timings;
  const parts = {
    wait: times.queue_ms,
    read: times.prefill_ms,
    write: times.decode_ms,
    way: Math.max(0, total - times.total_ms),
  };
  byId("times").hidden = false;
  byId("times-text").replaceChildren(
    ...Object.entries(parts).map(([name, time]) => {
      byId(`bar-${name}`).style.flexGrow = time;
      const key = document.createElement("span");
      key.className = `key ${name}`;
      const number = document.createElement("strong");
      number.textContent = `${milliseconds(time)} ms`;
      key.append(number, ` ${words()[name]}`);
      return key;
    }),
  );
  showTokens(cached);
}

// Where the tokens came from, and which sentences nobody had to compute.
function showTokens(cached) {
  const { tokens, sentences } = state.result;
  const kinds = Object.entries(tokens).filter(([, count]) => count > 0);
  byId("token-bar").hidden = cached;
  byId("token-bar").replaceChildren(
    ...kinds.map(([kind, count]) => {
      const share = document.createElement("span");
      share.className = `tokens-${kind}`;
      share.style.flexGrow = count;
      return share;
    }),
  );
  const said = cached
    ? [words().cached]
    : kinds.map(([kind, count]) => {
        const key = document.createElement("span");
        key.className = `key tokens-${kind}`;
        const number = document.createElement("strong");
        number.textContent = count;
        key.append(number, ` ${words().tokenNames[kind]}`);
        return key;
      });
  if (!cached && sentences.computed < sentences.total) said.push(words().sentences(sentences));
  byId("tokens-text").replaceChildren(...said);
  byId("trace").hidden = cached;
  renderTrace(byId("trace-text"), state.result.text, state.result.origins, words());
}

function showFailure(why) {
  const item = document.createElement("li");
  item.className = "failed";
  item.textContent = words().failed(why);
  byId("checks").replaceChildren(item);
  byId("result").classList.remove("waiting");
}

function toggle(index) {
  if (!state.rejected.delete(index)) state.rejected.add(index);
  show();
}

// ---- Rewriting
async function* events(response) {
  const decoder = new TextDecoder();
  let pending = "";
  for (const reader = response.body.getReader(); ;) {
    const { value, done } = await reader.read();
    if (done) return;
    pending += decoder.decode(value, { stream: true });
    const whole = pending.split("\n\n");
    pending = whole.pop();
    for (const event of whole) {
      const match = /^event: (.*)\ndata: (.*)$/.exec(event);
      if (match) yield { name: match[1], data: JSON.parse(match[2]) };
    }
  }
}

function take({ name, data }, fresh) {
  if (fresh.first) {
    // The old result stays until there is something new to show.
    Object.assign(state, { text: "", edits: [], rejected: new Set(), result: null });
    byId("result").classList.remove("waiting");
    byId("checks").replaceChildren();
    fresh.first = false;
  }
  if (name === "text") state.text += data.text;
  if (name === "edit") state.edits.push(data);
  if (name === "result") state.result = data;
  if (name === "error") throw new Error(data.error.message);
}

async function rewrite() {
  clearTimeout(state.pause);
  state.request?.abort();
  state.request = null;
  const text = byId("source").value;
  if (text.trim() === "") {
    Object.assign(state, { text: "", edits: [], rejected: new Set(), result: null });
    byId("checks").replaceChildren();
    byId("times").hidden = true;
    return show();
  }
  const request = new AbortController();
  state.request = request;
  byId("result").classList.add("waiting");
  byId("changes").textContent = words().working;
  const begin = performance.now();
  try {
    const response = await ask("/v1/rewrite", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ text, preset: state.preset, language: state.language, stream: true, origins: true }),
      signal: request.signal,
    });
    if (!response.ok) throw new Error((await response.json()).error.message);
    const fresh = { first: true };
    for await (const event of events(response)) {
      take(event, fresh);
      show();
    }
    state.request = null;
    const cached = state.result.usage.prompt_tokens === state.result.usage.prompt_tokens_details.cached_tokens;
    showTimes(performance.now() - begin, cached);
    show();
  } catch (error) {
    if (request.signal.aborted) return; // a newer keystroke came
    state.request = null;
    showFailure(error.message);
  }
}

function rewriteSoon() {
  byId("count").textContent = words().characters(Array.from(byId("source").value).length);
  clearTimeout(state.pause);
  state.pause = setTimeout(rewrite, PAUSE_MS);
}

// Browsers give the clipboard to pages from this machine or over TLS only; elsewhere the old way has to do.
async function copyText(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const area = document.createElement("textarea");
  area.value = text;
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}

// ---- Choices
function showPresets() {
  const here = state.presets.filter((preset) => preset.language === state.language);
  if (!here.some((preset) => preset.id === state.preset)) state.preset = here[0]?.id ?? "grammar";
  byId("presets").replaceChildren(
    ...here.map((preset) => {
      const label = document.createElement("label");
      label.className = "preset";
      label.title = preset.summary;
      const radio = document.createElement("input");
      Object.assign(radio, { type: "radio", name: "preset", value: preset.id, checked: preset.id === state.preset });
      radio.addEventListener("change", () => {
        state.preset = preset.id;
        remember("preset", preset.id);
        rewrite();
      });
      const name = document.createElement("span");
      name.textContent = words().names[preset.id] ?? preset.id;
      label.append(radio, name);
      return label;
    }),
  );
}

function speak(language) {
  state.language = language;
  document.documentElement.lang = language;
  byId("language").value = language;
  byId("result").lang = language;
  byId("source").lang = language;
  for (const element of document.querySelectorAll("[data-words]")) element.textContent = words()[element.dataset.words];
  byId("source").placeholder = words().placeholder;
  byId("count").textContent = words().characters(Array.from(byId("source").value).length);
  showPresets();
  show();
}

function setTheme(theme) {
  if (theme) document.documentElement.dataset.theme = theme;
}

// ---- Beginning
async function begin() {
  try {
    state.presets = (await (await ask("/v1/presets")).json()).data;
    byId("checks").replaceChildren();
    showPresets();
  } catch (error) {
    showFailure(error.message);
  }
}

byId("key").addEventListener("click", () => keys.open());
byId("source").addEventListener("input", rewriteSoon);
byId("source").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) rewrite();
});
byId("example").addEventListener("click", () => {
  byId("source").value = words().sample;
  rewriteSoon();
  rewrite();
});
byId("accept").addEventListener("click", () => { state.rejected.clear(); show(); });
byId("reject").addEventListener("click", () => { state.rejected = new Set(state.edits.keys()); show(); });
byId("copy").addEventListener("click", async () => {
  await copyText(chosenText(state.text, state.edits, state.rejected));
  byId("copy").textContent = words().copied;
  setTimeout(() => { byId("copy").textContent = words().copy; }, 1500);
});
byId("language").addEventListener("change", (event) => {
  remember("language", event.target.value);
  speak(event.target.value);
  rewrite();
});
byId("theme").addEventListener("click", () => {
  const dark = getComputedStyle(document.documentElement).getPropertyValue("--paper").trim() === "#16181b";
  setTheme(dark ? "light" : "dark");
  remember("theme", dark ? "light" : "dark");
});
setTheme(recall("theme"));
state.preset = recall("preset") ?? "grammar";
speak(recall("language") ?? (navigator.language.startsWith("de") ? "de" : "en"));
showKeyButton();
begin();

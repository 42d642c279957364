// The API key of a server that has keys: asked for once, kept for this visit or, if the person wants it, on this device.
"use strict";

const KEY = "riposte.key";

// Where a key may be kept; a browser may forbid either.
function storages() {
  return ["sessionStorage", "localStorage"].flatMap((name) => {
    try { return [window[name]]; } catch { return []; }
  });
}

function recallKey() {
  for (const storage of storages()) {
    const key = storage.getItem(KEY);
    if (key) return key;
  }
  return "";
}

function isOnThisDevice() {
  try { return localStorage.getItem(KEY) !== null; } catch { return false; }
}

function forgetKey() {
  for (const storage of storages()) storage.removeItem(KEY);
}

function rememberKey(key, onThisDevice) {
  forgetKey();
  try { (onThisDevice ? localStorage : sessionStorage).setItem(KEY, key); } catch { /* then for this page alone */ }
}

// The server wants another key than it got; the person is asked already.
class KeyWanted extends Error {}

class KeyDialog {
  // `onKey` is called with what changed: a key is there, or gone.
  constructor(dialog, onKey) {
    this.dialog = dialog;
    this.key = recallKey();
    this.onKey = onKey;
    const part = (name) => dialog.querySelector(`#key-${name}`);
    Object.assign(this, { field: part("field"), stay: part("stay"), why: part("why"), forget: part("forget") });
    dialog.querySelector("form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#take(this.field.value.trim());
    });
    part("cancel").addEventListener("click", () => dialog.close());
    this.forget.addEventListener("click", () => this.#take(""));
  }

  get headers() {
    return this.key ? { Authorization: `Bearer ${this.key}` } : {};
  }

  // `why`: in the person's language; empty if nobody but the person wants it open.
  open(why = "") {
    this.why.textContent = why;
    this.field.value = this.key;
    this.field.setAttribute("aria-invalid", String(why !== "" && this.key !== ""));
    this.stay.checked = isOnThisDevice();
    this.forget.hidden = this.key === "";
    if (!this.dialog.open) this.dialog.showModal();
    this.field.focus();
    this.field.select();
  }

  #take(key) {
    this.key = key;
    if (key) rememberKey(key, this.stay.checked);
    else forgetKey();
    this.dialog.close();
    this.onKey();
  }
}

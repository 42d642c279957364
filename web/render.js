// From a rewrite, as the server tells it, to what can be seen: text with its edits marked. Offsets count
// characters (code points), so texts are handled as arrays of them.
"use strict";

// The result up to where it is known, cut at its edits: [{text}, {edit, index}, ...].
function segments(text, edits) {
  const characters = Array.from(text);
  const pieces = [];
  let shown = 0;
  edits.forEach((edit, index) => {
    if (edit.result.begin > shown) pieces.push({ text: characters.slice(shown, edit.result.begin).join("") });
    pieces.push({ edit, index });
    shown = edit.result.end;
  });
  if (shown < characters.length) pieces.push({ text: characters.slice(shown).join("") });
  return pieces;
}

// The text with the accepted edits made and the others undone.
function chosenText(text, edits, rejected) {
  return segments(text, edits)
    .map((piece) => piece.text ?? (rejected.has(piece.index) ? piece.edit.source.text : piece.edit.result.text))
    .join("");
}

// What only white space would not show.
function visible(text) {
  return text.trim() === "" ? text.replace(/ /g, "\u00a0").replace(/\n/g, "\u21b5\n") : text;
}

function editButton({ edit, index }, rejected, words, onToggle) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = `edit ${edit.kind}`;
  button.setAttribute("aria-pressed", String(!rejected.has(index)));
  button.setAttribute("aria-label", words.edit[edit.kind](edit.source.text, edit.result.text));
  for (const [tag, side] of [["del", edit.source], ["ins", edit.result]]) {
    if (side.text === "") continue;
    const mark = document.createElement(tag);
    mark.textContent = visible(side.text);
    button.append(mark);
  }
  button.addEventListener("click", () => onToggle(index));
  return button;
}

// Shows it in `element`. The edit that had the focus keeps it.
function renderResult(element, { text, edits, rejected }, words, onToggle) {
  const focused = [...element.querySelectorAll(".edit")].indexOf(document.activeElement);
  element.replaceChildren(
    ...segments(text, edits).map((piece) =>
      piece.edit ? editButton(piece, rejected, words, onToggle) : document.createTextNode(piece.text)),
  );
  if (focused >= 0) element.querySelectorAll(".edit")[focused]?.focus();
}

function renderChecks(element, checks, words) {
  element.replaceChildren(
    ...checks.map((check) => {
      const item = document.createElement("li");
      item.textContent = words[check.problem](check.text);
      return item;
    }),
  );
}

// The result's tokens, each marked by where it came from. Who listens hears the origin once for each run of equal ones.
function renderTrace(element, text, origins, words) {
  const characters = Array.from(text);
  let shown = 0;
  let run = null;
  const plain = (end) => {
    if (end > shown) (run ?? element).append(characters.slice(shown, end).join(""));
    shown = Math.max(shown, end);
  };
  element.replaceChildren();
  for (const { begin, end, origin } of origins) {
    plain(begin);
    if (!run || run.dataset.origin !== origin) {
      run = document.createElement("span");
      run.dataset.origin = origin;
      run.className = `run tokens-${origin}`;
      const name = document.createElement("span");
      name.className = "hidden";
      name.textContent = ` ${words.tokenNames[origin]}: `;
      run.append(name);
      element.append(run);
    }
    const token = document.createElement("span");
    token.className = "token";
    token.title = words.tokenNames[origin];
    token.textContent = characters.slice(begin, end).join("");
    run.append(token);
    shown = end;
  }
  run = null;
  plain(characters.length);
}

// Milliseconds as a person reads them: "0.4", "87", "1204".
function milliseconds(time) {
  return time < 10 ? time.toFixed(1) : String(Math.round(time));
}

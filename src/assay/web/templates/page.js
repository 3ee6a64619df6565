// Keys, and the next item without loading the page anew. Without this script every form works by itself.
"use strict";

const main = document.getElementById("main");
const spoken = document.getElementById("said");
const kept = window.sessionStorage;
let busy = false;

const at = (selector) => main.querySelector(selector);
const isField = (element) => element.matches("input:not([type=hidden]), select, textarea");

function say(text) {
  spoken.textContent = text;
  const notice = at("[data-said]");
  if (notice) {
    notice.textContent = text;
    notice.hidden = !text;
  }
}

// The token stands behind the #, which browsers send to nobody. It goes from there into the form, and away.
function frontPage() {
  const form = document.getElementById("enter");
  if (!form) return;
  const token = window.location.hash.slice(1);
  if (token) {
    form.elements.token.value = token;
    window.history.replaceState(null, "", window.location.pathname);
  }
  document.getElementById("token-row").hidden = Boolean(form.elements.token.value);
  form.elements.person.value = form.elements.person.value || kept.getItem("person") || "";
  form.addEventListener("submit", () => kept.setItem("person", form.elements.person.value));
}

// What is typed and not yet sent outlives a reload, and a server that is gone.
function draft(form) {
  return "draft " + form.elements.item.value;
}

function keepDraft(form) {
  const fields = ["kind", "severity", "note"].map((name) => form.elements[name].value);
  kept.setItem(draft(form), JSON.stringify(fields));
}

function ready() {
  const form = document.getElementById("answer");
  if (!form) return;
  document.getElementById("keys").hidden = false;
  const fields = JSON.parse(kept.getItem(draft(form)) || "null");
  if (fields) ["kind", "severity", "note"].forEach((name, i) => { form.elements[name].value = fields[i]; });
  form.addEventListener("input", () => keepDraft(form));
}

async function send(form, button) {
  if (busy) return;
  busy = true;
  const data = new URLSearchParams(new FormData(form));
  if (button && button.name) data.set(button.name, button.value);
  try {
    const reply = await fetch(form.action, {
      method: "POST", body: data, headers: { "X-Assay": "part" }, redirect: "error",
    });
    const html = await reply.text();
    if (!reply.ok) {
      const page = new DOMParser().parseFromString(html, "text/html");
      const reason = page.querySelector(".notice") || page.body;
      say(reason.textContent.trim());
      return;
    }
    if (form.id === "answer") kept.removeItem(draft(form));
    // The server has escaped every text in it, and the policy of the page runs no script from it.
    main.innerHTML = html;
    ready();
    const notice = at("[data-said]");
    spoken.textContent = notice ? notice.textContent : "";
    const place = document.getElementById("place");
    if (place) place.focus({ preventScroll: true });
    window.scrollTo(0, 0);
  } catch {
    say("The server can't be reached, and this answer is not kept yet. Start it again and open the address it prints; "
      + "what you typed comes back, and so does everything that was confirmed.");
  } finally {
    busy = false;
  }
}

function wrongFirst() {
  const form = document.getElementById("answer");
  const wrong = form.querySelector(".wrong");
  if (wrong.getAttribute("aria-pressed") === "true") return send(form, wrong);
  wrong.setAttribute("aria-pressed", "true");
  say("Wrong. Say the kind, then Enter.");
  form.elements.kind.focus();
}

function nextSeverity(form) {
  const chosen = form.elements.severity;
  chosen.selectedIndex = (chosen.selectedIndex + 1) % chosen.options.length;
  keepDraft(form);
  say("Severity: " + chosen.options[chosen.selectedIndex].text);
}

function inField(event, form) {
  if (event.key === "Escape") {
    event.target.blur();
    document.getElementById("place").focus();
  }
  if (event.key !== "Enter" || event.isComposing || event.target.tagName === "SELECT") return;
  event.preventDefault();
  const wrong = form.querySelector(".wrong");
  if (wrong.getAttribute("aria-pressed") === "true") send(form, wrong);
  else say("Esc, then 1, 2 or 3.");
}

function pressed(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  const form = document.getElementById("answer");
  if (form && form.contains(event.target) && isField(event.target)) return inField(event, form);
  if (isField(event.target)) return;
  const button = main.querySelector(`button[data-key="${CSS.escape(event.key)}"]:not(:disabled)`);
  if (button) {
    event.preventDefault();
    return send(button.form, button);
  }
  if (!form) return;
  const act = {
    1: () => send(form, form.querySelector(".right")),
    2: wrongFirst,
    3: () => send(form, form.querySelector(".unsure")),
    Enter: () => form.querySelector(".wrong").getAttribute("aria-pressed") === "true"
      && !event.target.matches("a, button") && send(form, form.querySelector(".wrong")),
    s: () => nextSeverity(form),
    n: () => form.elements.note.focus(),
  }[event.key];
  if (!act) return;
  if (event.key !== "Enter") event.preventDefault();
  act();
}

document.addEventListener("keydown", pressed);
main.addEventListener("submit", (event) => {
  if (event.target.id === "enter") return;
  event.preventDefault();
  send(event.target, event.submitter);
});
// A new address pasted over the front page changes only what is behind the #, and loads nothing.
window.addEventListener("hashchange", frontPage);
frontPage();
ready();

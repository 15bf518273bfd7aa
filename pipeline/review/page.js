"use strict";
/* Strangers' texts are written as text nodes and in no other way. */

const part = (id) => document.getElementById(id);
const KEYS = { k: "keep", d: "drop", u: "unsure", s: "skip", b: "back" };
const FENCE = /^ {0,3}(`{3,}|~{3,})(.*)/s;
let item = null;
let busy = true;
let looked = 0; /* milliseconds for which the document was in sight */
let since = null;

function element(name, text, kind) {
  const made = document.createElement(name);
  made.textContent = text;
  if (kind) made.className = kind;
  return made;
}

/* The pieces of a text as elements; what stands between fences is code, over pieces, and begins anew behind a gap. */
function written(pieces) {
  const made = [];
  let fence = null;
  let start = true; /* of a line */
  for (const [text, kind] of pieces) {
    if (kind === 2) {
      made.push(element("p", text, "gap"));
      [fence, start] = [null, true];
      continue;
    }
    let run = "";
    let code = fence !== null;
    const close = (next) => {
      if (run) made.push(element(kind ? "mark" : "span", run, code ? "code" : ""));
      [run, code] = ["", next];
    };
    for (const line of text.split(/(?<=\n)/)) {
      const found = start && line.match(FENCE);
      const ends = fence && found && found[1][0] === fence[0] && found[1].length >= fence.length && !found[2].trim();
      if (found && !fence) {
        close(true);
        fence = found[1];
        run += line;
      } else {
        run += line;
        if (ends) {
          close(false);
          fence = null;
        }
      }
      start = line.endsWith("\n");
    }
    close(false);
  }
  return made;
}

function listed(signals) {
  return signals.map(([name, value, near]) => {
    const row = element("div", "", near ? "near" : "");
    row.append(element("dt", name), element("dd", value));
    return row;
  });
}

function fate(reason, pipeline) {
  if (reason !== "kept") return `dropped: ${reason}`;
  return pipeline === "drop" ? "kept, on the side of drop" : "kept";
}

function watch() {
  if (since !== null) looked += performance.now() - since;
  since = document.visibilityState === "visible" ? performance.now() : null;
}

function show(state) {
  item = state.item;
  looked = 0;
  since = document.visibilityState === "visible" ? performance.now() : null;
  part("trouble").hidden = true;
  part("question").textContent = state.question;
  document.title = `${state.done} of ${state.total} · Review`;
  part("progress").textContent = `${state.done} of ${state.total} answered by ${state.who}`;
  part("bar").max = Math.max(1, state.total);
  part("bar").value = state.done;
  part("item").hidden = item === null;
  part("end").hidden = item !== null;
  part("back").disabled = state.done === 0;
  part("told").hidden = state.told === null;
  if (state.told) part("told").textContent = `Your ${state.told.answer}; the pipeline: ${fate(state.told.reason, state.told.pipeline)}`;
  for (const answer of ["keep", "drop", "unsure", "skip"]) part(answer).disabled = item === null;
  part("agreement").replaceChildren(...state.agreement.map((line) => element("li", line)));
  if (item === null) return;
  part("source").textContent = item.source;
  part("doc").textContent = item.doc_id;
  part("title").textContent = item.title;
  part("url").textContent = item.url;
  part("verdict").textContent = state.blind ? "What the pipeline said is told after your answer." : fate(item.reason, item.pipeline);
  part("verdict").className = item.pipeline;
  part("boundary").hidden = state.blind;
  part("boundary").textContent = `${item.boundary} (distance ${(item.distance / 100).toFixed(2)} %)`;
  part("evidence").replaceChildren(...item.evidence.map((line) => element("li", line)));
  const others = item.signals.filter(([, , near]) => !near);
  part("signals").replaceChildren(...listed(item.signals.filter(([, , near]) => near)));
  part("others").replaceChildren(...listed(others));
  part("more").hidden = others.length === 0;
  part("more").querySelector("summary").textContent = `${others.length} more values were measured`;
  part("text").classList.toggle("code", item.is_code);
  part("text").replaceChildren(...written(item.pieces));
  part("text").scrollTop = 0;
  scrollTo(0, 0);
  const mark = part("text").querySelector("mark");
  if (mark) part("text").scrollTop = mark.offsetTop - part("text").offsetTop - part("text").clientHeight / 3;
}

async function ask(path, body) {
  busy = true;
  try {
    const options = body && { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
    let reply = await fetch(path, { ...options, redirect: "error" });
    if (reply.status === 409) reply = await fetch("state"); /* another window was faster */
    if (!reply.ok) throw new Error(await reply.text());
    show(await reply.json());
  } catch (error) {
    part("trouble").textContent = `Not kept: ${error.message}. Is the command still running? What was answered before is on disk.`;
    part("trouble").hidden = false;
  } finally {
    busy = false;
  }
}

function act(what) {
  if (busy || part(what).disabled) return;
  watch();
  if (what === "back") ask("back", {});
  else if (what === "skip") ask("skip", { doc_id: item.doc_id });
  else ask("answer", { doc_id: item.doc_id, fingerprint: item.fingerprint, answer: what, seconds: Math.min(86400, Math.round(looked / 1000)) });
}

for (const what of Object.values(KEYS)) part(what).addEventListener("click", () => act(what));
addEventListener("keydown", (event) => {
  const what = KEYS[event.key.toLowerCase()];
  if (!what || event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  act(what);
});
document.addEventListener("visibilitychange", watch);
ask("state");

// Shows what an invitation offers, and accepts it. What is shown is set as text, never as HTML.
"use strict";

const form = document.querySelector("form");
const button = form.querySelector("button");
const newcomer = document.getElementById("newcomer");
const outcome = document.getElementById("outcome");
const token = location.hash.slice(1);
history.replaceState(null, "", location.pathname);

async function send(address, fields) {
  try {
    const answer = await fetch(address, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ ...fields, token }),
    });
    const found = await answer.json();
    if (answer.ok) {
      return found;
    }
    outcome.textContent = found.fields?.[0]?.message ?? found.message;
  } catch {
    outcome.textContent = "The server cannot be reached. Please try again in a moment.";
  }
  return null;
}

async function show() {
  if (!token) {
    outcome.textContent = "Please open the link in the mail once more, as a whole.";
    return;
  }
  const offer = await send(form.dataset.offer, {});
  if (offer) {
    const line = `${offer.business} would like ${offer.email} to join its team. Role: ${offer.role}.`;
    document.getElementById("lead").textContent = line;
    newcomer.hidden = newcomer.disabled = !offer.new;
    form.hidden = false;
  }
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  button.disabled = true;
  if (await send(form.dataset.action, Object.fromEntries(new FormData(form)))) {
    form.hidden = true;
    outcome.textContent = form.dataset.done;
  }
  button.disabled = false;
});

show();

// Sends the page's form to the API. What is shown is set as text, never as HTML.
"use strict";

const form = document.querySelector("form");
const outcome = document.getElementById("outcome");
const token = location.hash.slice(1);
history.replaceState(null, "", location.pathname);

form.hidden = "byLink" in form.dataset && !token;
if (form.hidden) {
  outcome.textContent = "Please open the link in the mail once more, as a whole.";
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = form.querySelector("button");
  const body = Object.fromEntries(new FormData(form));
  if ("byLink" in form.dataset) {
    body.token = token;
  }
  button.disabled = true;
  try {
    const answer = await fetch(form.dataset.action, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    form.hidden = answer.ok;
    if (answer.ok) {
      outcome.textContent = form.dataset.done;
    } else {
      const problem = await answer.json();
      outcome.textContent = problem.fields?.[0]?.message ?? problem.message;
    }
  } catch {
    outcome.textContent = "The server cannot be reached. Please try again in a moment.";
  }
  button.disabled = false;
});

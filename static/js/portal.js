// The portal works without this file; it only polishes. One module, no dependency.

const all = (selector) => document.querySelectorAll(selector);

// A button beside each password field shows or hides what was typed.
for (const input of all("input[type=password][data-reveal]")) {
  const button = document.createElement("button");
  const paint = (shown) => {
    input.type = shown ? "text" : "password";
    button.textContent = shown ? input.dataset.conceal : input.dataset.reveal;
    button.setAttribute("aria-pressed", String(shown));
  };
  button.type = "button";
  button.setAttribute("aria-controls", input.id);
  button.addEventListener("click", () => paint(input.type === "password"));
  // A browser must never keep a password as a plain text field's history.
  input.form?.addEventListener("submit", () => paint(false));
  paint(false);
  input.after(button);
}

// After a refused form, focus goes to the summary of errors.
document.querySelector("[data-focus]")?.focus();

// Copy: <button data-copy="text" data-copied="Copied">.
for (const button of all("[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const target = button.querySelector("[data-label]") ?? button;
    const before = target.textContent;
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
    } catch {
      return;
    }
    target.textContent = button.dataset.copied;
    setTimeout(() => { target.textContent = before; }, 2000);
  });
}

// Share: the system's sheet where there is one, else the address is copied by the button above.
for (const button of all("[data-share]")) {
  if (!navigator.share) continue;
  button.hidden = false;
  button.addEventListener("click", () => navigator.share({ title: document.title, url: location.href }).catch(() => {}));
}

for (const button of all("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => print());
}

// The last hours of a trial, counted on the server's clock: the page carries the server's time.
const countdown = (element) => {
  const { countdownEnd, countdownNow, hours, minutes, over } = element.dataset;
  const end = Date.parse(countdownEnd);
  const shift = Date.parse(countdownNow) - Date.now();
  const tick = () => {
    const left = Math.ceil((end - Date.now() - shift) / 60000);
    if (left > 1440) return;
    if (left <= 0) {
      element.textContent = over;
      return;
    }
    const [h, m] = [Math.floor(left / 60), left % 60];
    const text = h ? hours : minutes;
    element.textContent = text.replace("{h}", h).replace("{m}", h ? String(m).padStart(2, "0") : m);
    setTimeout(tick, 60000 - ((Date.now() + shift) % 60000));
  };
  tick();
};
all("[data-countdown-end]").forEach(countdown);

// A private page brought back by the Back button after signing out must not show again what it showed.
addEventListener("pageshow", (event) => {
  if (event.persisted && document.body.hasAttribute("data-private")) location.reload();
});

// The portal works without this file; it only polishes. One module, no dependency.

const all = (selector) => document.querySelectorAll(selector);
document.documentElement.dataset.js = "";

// One quiet line at the foot of the window, seen and announced, for what a button has just done.
const toast = document.createElement("div");
toast.className = "toast";
toast.setAttribute("role", "status");
document.body.append(toast);
let toastEnd;
const say = (text) => {
  toast.textContent = text;
  clearTimeout(toastEnd);
  toastEnd = setTimeout(() => { toast.textContent = ""; }, 4000);
};

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
  // Sent as a password again, so that no browser keeps it among the texts it proposes.
  input.form?.addEventListener("submit", () => paint(false));
  paint(false);
  input.after(button);
}

// After a refused form, focus goes to the summary of errors.
document.querySelector("[data-focus]")?.focus();

const copy = async (text, done) => {
  try {
    await navigator.clipboard.writeText(text);
    say(done);
  } catch {
    // Refused by the browser: the text stays on the page, to be selected by hand.
  }
};

for (const button of all("[data-copy]")) {
  button.addEventListener("click", () => copy(button.dataset.copy, button.dataset.copied));
}

// The system's own sheet where there is one, else the address goes to the clipboard.
for (const button of all("[data-share]")) {
  button.addEventListener("click", () => {
    const url = button.dataset.share || location.href;
    if (navigator.share) navigator.share({ title: document.title, url }).catch(() => {});
    else copy(url, button.dataset.copied);
  });
}

for (const button of all("[data-print]")) button.addEventListener("click", () => print());

// The bookmark of an article, without leaving what one reads; when that fails the form is sent as without a script.
for (const form of all("form[data-save]")) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const data = new FormData(form);
    data.set("quiet", "1");
    const answer = await fetch(form.action, { method: "POST", body: data, redirect: "manual" }).catch(() => null);
    if (answer?.status !== 204) {
      form.submit();
      return;
    }
    const saved = form.elements.saved.value === "1";
    form.elements.saved.value = saved ? "0" : "1";
    form.querySelector("button").setAttribute("aria-pressed", String(saved));
    say(saved ? form.dataset.save : form.dataset.unsave);
  });
}

// On a phone the back office's navigation is one line that scrolls: the current entry is brought into view.
const here = document.querySelector(".side [aria-current]");
if (here) here.closest("ul").scrollLeft = here.offsetLeft - 24;

// The last hours of a trial, on the server's clock: the page carries the server's time.
const countdown = (element) => {
  const { countdownEnd, countdownNow, hours, minutes, over } = element.dataset;
  const end = Date.parse(countdownEnd);
  const shift = Date.parse(countdownNow) - Date.now();
  const tick = () => {
    const now = Date.now() + shift;
    const left = Math.ceil((end - now) / 60000);
    if (left > 1440) return;
    if (left <= 0) {
      element.textContent = over;
      return;
    }
    const h = Math.floor(left / 60);
    const m = left % 60;
    element.textContent = h
      ? hours.replace("{h}", h).replace("{m}", String(m).padStart(2, "0"))
      : minutes.replace("{m}", m);
    setTimeout(tick, 60000 - (now % 60000));
  };
  tick();
};
all("[data-countdown-end]").forEach(countdown);

// Days end at midnight in Paris: whoever keeps another time reads so.
const now = new Date();
if (now.toLocaleString("en", { timeZone: "Europe/Paris" }) !== now.toLocaleString("en")) {
  all("[data-elsewhere]").forEach((words) => { words.hidden = false; });
}

// A private page brought back by the Back button after signing out must not show again what it showed.
addEventListener("pageshow", (event) => {
  if (event.persisted && document.body.hasAttribute("data-private")) location.reload();
});

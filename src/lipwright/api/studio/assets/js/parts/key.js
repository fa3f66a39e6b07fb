// Ask for a key when the service wants one.

import { button, h } from "../dom.js";
import { key } from "../http.js";
import { say } from "../words.js";

/** The dialog `<studio-key>`; `ask(refusal)` resolves to whether there is a key now. */
export class KeyDialog extends HTMLElement {
  connectedCallback() {
    this.field = h("input", {
      type: "password",
      id: "key",
      autocomplete: "off",
      spellcheck: "false",
      required: true,
      "aria-describedby": "key-about key-wrong",
    });
    this.wrong = h("p", { class: "wrong", id: "key-wrong", role: "alert" });
    const form = h(
      "form",
      { onsubmit: (event) => this.take(event) },
      h("h2", { id: "key-title", t: "key.title" }),
      h("p", { id: "key-about", class: "soft", t: "key.about" }),
      h("label", { for: "key", t: "key.label" }),
      this.field,
      this.wrong,
      h(
        "div",
        { class: "row end" },
        button("cancel", null, () => this.dialog.close()),
        h("button", { type: "submit", class: "button main", t: "key.use" }),
      ),
    );
    this.dialog = h(
      "dialog",
      { class: "sheet", "aria-labelledby": "key-title", onclose: () => this.done() },
      form,
    );
    this.append(this.dialog);
  }

  ask(refusal) {
    this.wrong.textContent = "";
    if (key.get())
      say(this.wrong, refusal.reason === "credentials_expired" ? "key.expired" : "key.wrong");
    this.given = false;
    this.dialog.showModal();
    this.field.select();
    return new Promise((resolve) => (this.resolve = resolve));
  }

  take(event) {
    event.preventDefault();
    key.set(this.field.value.trim());
    this.given = true;
    this.dialog.close();
  }

  done() {
    this.field.value = "";
    this.resolve?.(this.given);
    document.dispatchEvent(new Event("key"));
  }
}

customElements.define("studio-key", KeyDialog);

// Have it made: what it costs, what the server wants to be told, and the button.

import { announce } from "../announce.js";
import { button, h } from "../dom.js";
import { about, create } from "../service.js";
import { say } from "../words.js";
import { again, notice } from "./notice.js";

/** `<studio-order>`: fires "made" with the task's id. */
export class Order extends HTMLElement {
  async show(project) {
    this.project = project;
    const server = await about();
    this.make = button("order.make", "spark", () => this.order(), { kind: "main wide big" });
    this.why = h("p", { class: "soft center", id: "order-why" });
    this.make.setAttribute("aria-describedby", "order-why");
    this.price = server.prices.lipsync;
    this.consent = check("order.consent", (on) =>
      project.change({ options: { ...project.options, consent: on } }),
    );
    this.mustConsent = server.require_consent;
    const watermark = check("order.watermark", (on) =>
      project.change({ options: { ...project.options, watermark: on } }),
    );
    const engine = h(
      "select",
      {
        id: "engine",
        onchange: () => project.change({ options: { ...project.options, engine: engine.value } }),
      },
      h("option", { value: "", t: "order.engine.default" }),
      ...server.engines.map((name) => h("option", { value: name }, name)),
    );
    this.problem = h("div", {});
    this.append(
      ...(this.mustConsent ? [this.consent] : []),
      h(
        "details",
        { class: "more" },
        h("summary", { t: "order.more" }),
        watermark,
        server.engines.length > 1 ? h("label", {}, h("span", { t: "order.engine" }), engine) : null,
      ),
      this.problem,
      this.make,
      this.why,
    );
    this.listeners = new AbortController();
    project.addEventListener("change", () => this.follow(), { signal: this.listeners.signal });
    this.follow();
  }

  disconnectedCallback() {
    this.listeners?.abort();
  }

  get missing() {
    if (!this.project.lines.length) return "order.why.lines";
    if (this.mustConsent && !this.project.options.consent) return "order.why.consent";
    return null;
  }

  follow() {
    // It stays focusable, so that everybody can learn what is missing.
    this.make.setAttribute("aria-disabled", String(Boolean(this.missing)));
    if (this.missing) say(this.why, this.missing);
    else if (this.price === "0") say(this.why, "order.free");
    else say(this.why, "order.price", { price: this.price });
    this.once = null; // another order, another idempotency key
  }

  async order() {
    if (this.missing || this.busy) {
      if (this.missing) announce(this.missing);
      return;
    }
    this.busy = true;
    this.make.classList.add("busy");
    this.problem.replaceChildren();
    this.once ??= crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`;
    try {
      const body = await this.project.order();
      const { task_id: id } = await create(body, this.once);
      this.dispatchEvent(new CustomEvent("made", { detail: { id } }));
    } catch (error) {
      this.refused(error);
    } finally {
      this.busy = false;
      this.make.classList.remove("busy");
    }
  }

  refused(error) {
    const renew = button("order.renew", "redo", async () => {
      try {
        await this.project.renew();
        this.problem.replaceChildren();
      } catch (problem) {
        this.refused(problem);
      }
    });
    const isOld = error.reason === "expired_session" || error.reason === "unknown_session";
    this.problem.replaceChildren(notice(error, isOld ? renew : again(() => this.order())));
  }
}

function check(key, act) {
  const input = h("input", { type: "checkbox", onchange: () => act(input.checked) });
  return h("label", { class: "check" }, input, h("span", { t: key }));
}

customElements.define("studio-order", Order);

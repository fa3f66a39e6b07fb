// Make elements. Text never becomes markup here, so nothing that a server or a file says can.

import { bind } from "./words.js";

const SVG = "http://www.w3.org/2000/svg";

/**
 * Make an element.
 *
 * Attributes: `on…` is a listener, `t` a dictionary key for the text, `t-…` one for an attribute
 * (`t-aria-label`), `class` and the like are attributes, true and false switch one on and off.
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "t") bind(element, "text", value);
    else if (name.startsWith("t-")) bind(element, name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child != null));
  return element;
}

/** Make one of the icons of icons.svg; what it means is said by the text or label beside it. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `/studio/icons.svg#${name}`);
  svg.append(use);
  return svg;
}

/** Make a button with an icon and words; `quiet` leaves the words to screen readers and tooltips. */
export function button(key, iconName, onclick, { kind = "", quiet = false, ...more } = {}) {
  const words = quiet ? { "t-aria-label": key, "t-title": key } : {};
  return h(
    "button",
    {
      type: "button",
      class: `button ${kind} ${quiet ? "round" : ""}`.trim(),
      onclick,
      ...words,
      ...more,
    },
    iconName ? icon(iconName) : null,
    quiet ? null : h("span", { t: key }),
  );
}

/** Set a CSS variable through the object model, which a strict style policy allows. */
export function setVariable(element, name, value) {
  element.style.setProperty(`--${name}`, value);
}

// Numbers, times and sizes as people write them.

import { language } from "./words.js";

/** The visitor's own way of writing dates and numbers, in the language of the page. */
const locale = () => navigator.languages.find((name) => name.startsWith(language)) ?? language;

/** Write ms as m:ss.t, as on a tape counter. */
export function clock(ms, digits = 1) {
  const unit = 10 ** (3 - digits);
  const whole = Math.max(0, Math.round(ms / unit)) * unit;
  const minutes = Math.floor(whole / 60_000);
  return `${minutes}:${((whole % 60_000) / 1000).toFixed(digits).padStart(digits ? digits + 3 : 2, "0")}`;
}

/** Write ms as seconds without superfluous digits. */
export function seconds(ms) {
  return number(Math.round(ms / 10) / 100);
}

/** Write a number in the visitor's language. */
export function number(value) {
  return new Intl.NumberFormat(locale()).format(value);
}

/** Write a number of bytes as MB. */
export function megabytes(bytes) {
  const digits = bytes < 10_000_000 ? 1 : 0;
  return `${new Intl.NumberFormat(locale(), { maximumFractionDigits: digits }).format(bytes / 1e6)} MB`;
}

/** Write a factor as percent. */
export function percent(factor) {
  return new Intl.NumberFormat(locale(), { style: "percent" }).format(factor);
}

/** Write a Unix time in ms as a day, and as the time of day if that is today. */
export function moment(unixMs) {
  const date = new Date(unixMs);
  const today = date.toDateString() === new Date().toDateString();
  const style = today ? { timeStyle: "short" } : { dateStyle: "medium" };
  return new Intl.DateTimeFormat(locale(), style).format(date);
}

/** Write a Unix time in ms as a day. */
export function day(unixMs) {
  return new Intl.DateTimeFormat(locale(), { dateStyle: "medium" }).format(new Date(unixMs));
}

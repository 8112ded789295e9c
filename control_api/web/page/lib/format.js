// Numbers and times for people. Times keep the clock of the house: the offset that the API sends
// says what its wall clock showed, and that is shown, wherever the reader is.

import { locale, t } from "./i18n.js";

const ISO = /^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}:\d{2})/;

export const dayOf = (iso) => ISO.exec(iso)?.[1] ?? "";
export const clockOf = (iso, withSeconds = false) => (ISO.exec(iso)?.[2] ?? "").slice(0, withSeconds ? 8 : 5);

// Milliseconds between UTC and the clock of that time stamp.
export function offsetOf(iso) {
  const found = /([+-])(\d{2}):(\d{2})$/.exec(iso);
  if (!found) return 0;
  const [, sign, hours, minutes] = found;
  return (sign === "-" ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000;
}

// The house's clock `seconds` after a time stamp: {day, clock} with milliseconds where asked for.
export function later(iso, seconds, digits = 0) {
  const moment = new Date(Date.parse(iso) + offsetOf(iso) + Math.floor(seconds * 1000 + 1e-6));
  const [day, clock] = moment.toISOString().split("T");
  return { day, clock: clock.slice(0, digits ? 9 + digits : 8) };
}

export function longDay(day, options = { weekday: "long", day: "numeric", month: "long" }) {
  const [year, month, date] = day.split("-").map(Number);
  const moment = new Date(Date.UTC(year, month - 1, date));
  return new Intl.DateTimeFormat(locale(), { ...options, timeZone: "UTC" }).format(moment);
}

// "20:31"; with its day if that is not today where the time stamp is from.
export function dayAndClock(iso, now = Date.now()) {
  const isToday = dayOf(iso) === new Date(now + offsetOf(iso)).toISOString().slice(0, 10);
  return isToday ? clockOf(iso) : `${longDay(dayOf(iso), { weekday: "short", day: "numeric", month: "short" })} ${clockOf(iso)}`;
}

// By the clock of this device: what comes without the house's. `then` in milliseconds; a day that
// is not today's is told too.
export function clockHere(then, now = new Date()) {
  const moment = new Date(then);
  const dateStyle = moment.toDateString() === now.toDateString() ? undefined : "short";
  return new Intl.DateTimeFormat(locale(), { dateStyle, timeStyle: "short" }).format(moment);
}

// 3725 -> "1:02:05"
export function duration(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (n) => String(n).padStart(2, "0");
  return h ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

export function number(value, digits = 0) {
  const options = { maximumFractionDigits: digits, minimumFractionDigits: digits };
  return new Intl.NumberFormat(locale(), options).format(value);
}

const scaled = (value, units, step) => {
  let at = 0;
  while (value >= step && at < units.length - 1) {
    value /= step;
    at += 1;
  }
  return `${number(value, value < 10 && at ? 1 : 0)} ${units[at]}`;
};

export const bytes = (value) => scaled(value, ["B", "kB", "MB", "GB", "TB"], 1000);
export const bitrate = (value) => scaled(value, ["bit/s", "kbit/s", "Mbit/s", "Gbit/s"], 1000);
export const percent = (ratio) => `${number(ratio * 100)} %`;

// "3 min ago", "in 2 h"; `then` in milliseconds.
export function ago(then, now = Date.now()) {
  const seconds = (then - now) / 1000;
  const units = [["day", 86_400], ["hour", 3_600], ["minute", 60], ["second", 1]];
  const [unit, size] = units.find(([, size]) => Math.abs(seconds) >= size) ?? ["second", 1];
  const words = new Intl.RelativeTimeFormat(locale(), { numeric: "auto", style: "short" });
  return Math.abs(seconds) < 5 ? t("time.now") : words.format(Math.round(seconds / size), unit);
}

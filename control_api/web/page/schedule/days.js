// Dates as text, YYYY-MM-DD, and minutes of a day. Pure.

export const WEEKDAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
export const DAY_MINUTES = 1440;

export function plus(day, days) {
  const moment = new Date(`${day}T00:00:00Z`);
  moment.setUTCDate(moment.getUTCDate() + days);
  return moment.toISOString().slice(0, 10);
}

export const weekdayOf = (day) => WEEKDAYS[(new Date(`${day}T00:00:00Z`).getUTCDay() + 6) % 7];
export const mondayOf = (day) => plus(day, -WEEKDAYS.indexOf(weekdayOf(day)));
export const daysFrom = (day, count = 7) => Array.from({ length: count }, (_, at) => plus(day, at));

// "19:50" -> 1190 and back; beyond midnight it is the next day's.
export function minutesOf(clock) {
  const [hours, minutes] = clock.split(":").map(Number);
  return hours * 60 + minutes;
}

export function clockOfMinutes(minutes) {
  const within = ((minutes % DAY_MINUTES) + DAY_MINUTES) % DAY_MINUTES;
  return `${String(Math.floor(within / 60)).padStart(2, "0")}:${String(within % 60).padStart(2, "0")}`;
}

// Today by the clock of this device, which is rarely another than the house's.
export function today() {
  const now = new Date();
  return new Date(now.getTime() - now.getTimezoneOffset() * 60_000).toISOString().slice(0, 10);
}

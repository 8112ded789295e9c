// Faults that concern the recording of all studios, from studios' faults and the health report.

import { t } from "../lib/i18n.js";

// Told once for all studios, not in each; the most severe first.
export const GENERAL = ["recorder_not_running", "database_replaced", "database_unwritable", "plan_unwritable"];
const ORDER = ["recorder_not_running", "other_leitstand", ...GENERAL.slice(1)];
const WARNINGS = ["database_unwritable", "plan_unwritable"];
const OF_CHECK = { recorder: "recorder_not_running", database: "database_unwritable", journal: "plan_unwritable" };
const TODO = { recorder_not_running: "recorder", other_leitstand: "other_leitstand", database_replaced: "replaced", database_unwritable: "database", plan_unwritable: "database" };

export const isGeneral = (check) => check.name in OF_CHECK;

// `statuses` of studios and the `checks` that fail -> what is wrong, as the list of troubles takes it.
export function grave(statuses, checks) {
  const found = new Map();
  const note = (code, since, { studio = "", host = "", detail = "" }) => {
    const key = `${code} ${studio}`;
    const before = found.get(key);
    found.set(key, { code, studio, host, detail, ...before, since: Math.min(since, before?.since ?? since) });
  };
  for (const { studio, faults } of statuses)
    for (const { code, params, since } of faults)
      if (code === "other_leitstand") note(code, Date.parse(since), { ...params, studio });
      else if (GENERAL.includes(code)) note(code, Date.parse(since), params);
  for (const { name, reason, since } of checks) if (name in OF_CHECK) note(OF_CHECK[name], Date.parse(since), { detail: reason });
  return told([...found.values()]);
}

function told(faults) {
  const codes = faults.map(({ code }) => code);
  // Its journal is not known while the recorder is away, and waits while the database is.
  const isCause = codes.includes("recorder_not_running") || codes.includes("database_unwritable");
  return faults
    .filter(({ code, studio }) => !(isCause && code === "plan_unwritable" && !studio))
    .sort((a, b) => ORDER.indexOf(a.code) - ORDER.indexOf(b.code) || a.since - b.since)
    .map(asTrouble);
}

function asTrouble({ code, studio, host, detail, since }) {
  const isWarning = WARNINGS.includes(code);
  return { key: `${code} ${studio}`, text: t(`room.grave.${code}`, { studio, host }), todo: t(`room.todo.${TODO[code]}`), since, detail: isWarning ? detail : "", isWarning };
}

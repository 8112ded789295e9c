import admin from "./en/admin.js";
import common from "./en/common.js";
import evenings from "./en/evenings.js";
import reasons from "./en/reasons.js";
import room from "./en/room.js";
import schedule from "./en/schedule.js";
import streams from "./en/streams.js";

export default { ...common, ...reasons, ...room, ...streams, ...evenings, ...schedule, ...admin };

import admin from "./de/admin.js";
import common from "./de/common.js";
import evenings from "./de/evenings.js";
import reasons from "./de/reasons.js";
import room from "./de/room.js";
import schedule from "./de/schedule.js";
import streams from "./de/streams.js";

export default { ...common, ...reasons, ...room, ...streams, ...evenings, ...schedule, ...admin };

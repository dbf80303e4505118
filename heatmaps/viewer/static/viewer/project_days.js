// Days and times of the project that is looked at, now.
import { zone } from "./current.js";
import { spanWords } from "./spans.js";

/** When and where it is asked. @returns {import("./zones.js").At} */
export const here = () => ({ now: new Date(), zone: zone() });

/** The span that is looked at, as it stands among other words. @param {import("./state.js").State} state */
export const days = (state) => spanWords(state, here());

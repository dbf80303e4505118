// Why a picture is empty: the same question is asked again without each of its filters.
import { ask } from "./api.js";
import { band, filters, withoutEmpty, withoutSlashes } from "./state.js";
import { days, widths } from "./words.js";

const FILTERS = [
  {
    isOn: ({ date_from, date_to }) => date_from !== "all" || date_to !== "",
    without: { date_from: "all", date_to: "" },
    sentence: (state) => `Dates: ${days(state)}`,
  },
  {
    isOn: (state) => band(state) !== "any",
    without: { width_min: "", width_max: "", width: "" },
    sentence: (state) => `Viewport: ${widths(state)}`,
  },
  {
    isOn: (state) => state.test_accounts !== "",
    without: { test_accounts: "" },
    sentence: () => "Test accounts left out",
  },
  { isOn: (state) => state.cohort !== "", without: { cohort: "" }, sentence: () => "Cohort" },
  {
    isOn: (state) => state.events !== "",
    without: { events: "" },
    sentence: ({ events }) => `Sessions with ${events}`,
  },
];

// The filters that alone emptied it; if there are none, what to change to be rid of all, where that helps; and when the
// last interaction of each type came in, of the page or of the whole project.
export async function explain(state, path, signal) {
  const hasSome = async (without) => {
    const asked = { ...filters({ ...state, ...without }), limit: 1 };
    return (await ask(path("heatmaps/"), asked, { signal })).results.length > 0;
  };
  const on = FILTERS.filter(({ isOn }) => isOn(state));
  const all = Object.assign({}, ...on.map(({ without }) => without));
  const page = withoutSlashes(state.url);
  const [found, together, pages] = await Promise.all([
    Promise.all(on.map(({ without }) => hasSome(without))),
    on.length > 1 ? hasSome(all) : false,
    ask(path("heatmaps/pages/"), withoutEmpty({ date_from: "all", search: state.pattern ? "" : page, limit: 1000 }), {
      signal,
    }),
  ]);
  const seen = pages.results.find(({ url }) => url === page);
  const isOfPage = !state.pattern;
  return {
    reasons: on.filter((_, index) => found[index]).map((one) => ({ ...one, sentence: one.sentence(state) })),
    together: together ? all : null,
    types: isOfPage ? (seen?.types ?? []) : pages.types,
    where: isOfPage ? "Last seen on this page:" : "Last seen in this project:",
  };
}

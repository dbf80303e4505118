// Bands of widths: kinds of screens, on each of which a page looks much the same.

// Multiples of 16 px, the unit in which widths are stored, so that no window is in two bands.
/** @type {Record<string, { width_min: string, width_max: string, widths: string, frame: number }>} */
export const BANDS = {
  any: { width_min: "", width_max: "", widths: "any", frame: 1440 },
  mobile: { width_min: "", width_max: "480", widths: "", frame: 390 },
  tablet: { width_min: "496", width_max: "1024", widths: "", frame: 820 },
  desktop: { width_min: "1040", width_max: "", widths: "", frame: 1440 },
};

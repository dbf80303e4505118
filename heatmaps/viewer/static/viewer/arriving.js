// Reads a list of results while it arrives, a piece at a time: taken apart in one go, a long one would hold the page up.
import { parsed } from "./api.js";
import { slices } from "./counting.js";

/** @typedef {import("./counting.js").Pause} Pause */

const BEGINNING = '{"results":[';
const BETWEEN = "},{";
// Some hundred cells, which take less than a millisecond.
export const PIECE_CHARS = 32_768;

/**
 * A reply of which `results` come first, as the API writes it. Whatever else it is, it is taken apart at its end.
 * @template T
 */
export class Arriving {
  /** @param {AbortSignal} [signal] @param {Pause} [pause] */
  constructor(signal, pause = slices(signal)) {
    this.pause = pause;
    /** @type {T[]} */
    this.results = [];
    /** What is not taken apart yet. */
    this.rest = "";
    this.isList = true;
  }

  /** Takes in what has come. @param {string} text */
  async take(text) {
    if (!this.isList) return;
    this.rest += text;
    if (!this.results.length) this.isList = BEGINNING.startsWith(this.rest.slice(0, BEGINNING.length));
    let from = this.results.length ? 0 : BEGINNING.length;
    while (this.isList && this.rest.length - from > PIECE_CHARS) {
      const end = this.rest.lastIndexOf(BETWEEN, from + PIECE_CHARS);
      this.isList = end >= from && this.add(this.rest.slice(from, end + 1));
      from = end + BETWEEN.length - 1;
      await this.pause();
    }
    if (this.results.length) this.rest = this.rest.slice(from);
  }

  /** Whether a piece of the list was one. @param {string} piece */
  add(piece) {
    try {
      this.results.push(...JSON.parse(`[${piece}]`));
      return true;
    } catch {
      return false;
    }
  }

  /**
   * The whole reply.
   * @param {string} text all that has come
   * @returns {any}
   */
  reply(text) {
    if (!this.isList || !this.results.length) return parsed(text);
    try {
      const { results, ...beside } = JSON.parse(BEGINNING + this.rest);
      this.results.push(...results);
      return { results: this.results, ...beside };
    } catch {
      return parsed(text);
    }
  }
}

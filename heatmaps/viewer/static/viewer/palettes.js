// The colours of the map from cold to hot, as the picture of the API has them. Lightness rises all the way, so that the order
// is seen without telling hues apart.

/** @typedef {number[][]} Stops evenly spaced: red, green and blue */

/** @param {string} named */
const stops = (named) => named.split(" ").map((one) => [0, 2, 4].map((place) => parseInt(one.slice(place, place + 2), 16)));

/** @type {Record<string, Stops>} */
export const PALETTES = {
  // A warm one of its own that begins less dark than its namesake: on a page, black would hide what is below.
  inferno: stops("2c1878 7020a0 c02c78 ec6040 fcac38 fff48c"),
  viridis: stops(
    "440154 470d60 48186a 482374 472d7b 453681 424086 3f4989 3b528b 375a8d 33638d " +
    "2f6a8e 2c728e 297a8e 26818e 23898e 21908c 1f988b 1f9f88 21a685 28ae80 31b57b " +
    "3ebc74 4cc26c 5dc963 6ece58 82d34c 96d83f abdc32 c0df24 d5e21a eae51a fde725",
  ),
  cividis: stops(
    "00224e 00285b 002e6a 043371 1a386f 273e6e 32436d 3b496c 434e6c 4b546c 52596d " +
    "5a5f6e 61656f 686a71 6f7073 757676 7c7b78 848179 8b8778 938d78 9b9376 a39a75 " +
    "aba072 b3a670 bbad6c c3b469 ccba64 d4c15f ddc958 e6d051 efd748 f8df3c fee838",
  ),
};

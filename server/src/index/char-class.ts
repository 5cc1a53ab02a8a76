export const wordByte = 1;
export const digit = 2;

/** 1 where a byte may start a word, 2 where it may only continue one, else 0. Bytes beyond ASCII count as letters. */
export const charClass = (() => {
  const table = new Uint8Array(256);
  table.fill(wordByte, 128);
  table.fill(wordByte, 97, 123);
  table.fill(wordByte, 65, 91);
  table[95] = wordByte;
  table[36] = wordByte;
  table.fill(digit, 48, 58);
  return table;
})();

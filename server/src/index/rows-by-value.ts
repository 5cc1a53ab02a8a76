/** Row numbers sorted by the value of the column, from 0 up to `values`; rows with the same value stay as they stand. */
export function rowsByValue(column: Int32Array, values: number): Int32Array {
  const next = startsByValue(column, values);
  const rows = new Int32Array(column.length);
  for (let row = 0; row < column.length; row++) rows[next[column[row]!]!++] = row;
  return rows;
}

/** By value its first place among the sorted rows, and one more. */
export function startsByValue(column: Int32Array, values: number): Int32Array {
  const starts = new Int32Array(values + 1);
  for (const value of column) starts[value + 1]!++;
  for (let value = 0; value < values; value++) starts[value + 1]! += starts[value]!;
  return starts;
}

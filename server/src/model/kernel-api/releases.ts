/** Releases of the kernel as rows name them: "6.3" or "5.4.12"; what comes after the numbers ("6.12-rc1") is not looked at. */

/** Negative: `a` is older. */
export function compareReleases(a: string, b: string): number {
  const [left, right] = [numbersOf(a), numbersOf(b)];
  for (let index = 0; index < 3; index++) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

const numbersOf = (release: string): readonly number[] => (/^v?(\d+(?:\.\d+)*)/.exec(release)?.[1] ?? "").split(".").map(Number);

export function isInRelease({ since, until }: { readonly since?: string; readonly until?: string }, release: string): boolean {
  return (since === undefined || compareReleases(release, since) >= 0) && (until === undefined || compareReleases(release, until) < 0);
}

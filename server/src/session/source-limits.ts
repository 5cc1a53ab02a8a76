/** Which files are not read, and the words for it. */

/**
 * The largest .c file of Linux 6.12 has 1.2 MB. Register headers of 14 MB exist but hold no code;
 * beyond this size a tree alone would take over 150 MB of memory (18 times the source).
 */
export const sourceBytesMax = 8_000_000;

export const binary = "binary file, not C";

/** `size` in bytes. */
export const tooLarge = (size: number): string => `too large (${megabytes(size)}; the limit is ${megabytes(sourceBytesMax)})`;

function megabytes(bytes: number): string {
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}

export const unreadHeaderWords = (path: string, reason: string): string => `the header ${path}${notRead}${reason}`;

export const isUnreadHeader = (reason: string): boolean => reason.startsWith("the header ") && reason.includes(notRead);

const notRead = " was not read: ";

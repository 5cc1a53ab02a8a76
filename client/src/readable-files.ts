/** Which files the server may have read to it: those of the workspace and of the kernel tree that the settings name. */

/** The parts of a URI that say where it points. */
export type Place = { readonly scheme: string; readonly authority: string; readonly path: string };

/** `kernel` is a path on the machine of the workspace; it counts only where a folder of the workspace lies there too. */
export function isReadable(file: Place, folders: readonly Place[], kernel: string): boolean {
  if (hasDotSegments(file.path)) return false;
  return folders.some((folder) => isSameMachine(file, folder) && (isInside(file.path, folder.path) || (kernel.startsWith("/") && isInside(file.path, kernel))));
}

function isSameMachine(a: Place, b: Place): boolean {
  return a.scheme === b.scheme && a.authority === b.authority;
}

/** The folder itself is not inside. */
function isInside(path: string, folder: string): boolean {
  return path.startsWith(folder.endsWith("/") ? folder : `${folder}/`);
}

/** `..` could lead out again. */
function hasDotSegments(path: string): boolean {
  return path.split(/[/\\]/).some((segment) => segment === ".." || segment === ".");
}

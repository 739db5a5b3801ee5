/**
 * Loads what loads the provider, which prints a warning when Node is newer than the LTS releases that it knows.
 * @param hear gets what a library says while it is loaded
 */
export async function loadQuietly<T>(load: () => Promise<T>, hear: (text: unknown) => void): Promise<T> {
  const warn = globalThis.console.warn.bind(globalThis.console);
  globalThis.console.warn = hear;
  try {
    return await load();
  } finally {
    globalThis.console.warn = warn;
  }
}
